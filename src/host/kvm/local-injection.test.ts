/** Interruptions that user space injects: all kinds, their priorities and limits, and the state of what is pending. */

import { beforeEach, describe, expect, it } from 'vitest';
import { EXT, LOWCORE, PGM, PSW } from '../../machine/index.ts';
import { lctlg, MASK, psw } from '../../machine/testing/index.ts';
import { bytes, codeOf, TestGuest } from '../testing/index.ts';
import type { FloatingInterrupt, LocalInterrupt, MachineCheck } from './interrupt-requests.ts';
import type { Vcpu } from './vcpu.ts';

/** Where the handler of each class of interruptions is: a page of its own. */
const HANDLERS = {
  restart: [LOWCORE.RESTART_NEW_PSW, 0x100],
  external: [LOWCORE.EXTERNAL_NEW_PSW, 0x101],
  program: [LOWCORE.PROGRAM_NEW_PSW, 0x102],
  'machine-check': [LOWCORE.MACHINE_CHECK_NEW_PSW, 0x103],
  io: [LOWCORE.IO_NEW_PSW, 0x104],
} as const;
type Class = keyof typeof HANDLERS;
/** All interruptions are enabled. */
const ENABLED = MASK.PLAIN | PSW.EXTERNAL | PSW.IO | PSW.MACHINE_CHECK;

let guest: TestGuest;
let vcpu: Vcpu;

beforeEach(() => {
  guest = new TestGuest({ vcpus: 2 });
  vcpu = guest.vcpu;
  for (const [at, handler] of Object.values(HANDLERS)) {
    guest.vm.writeGuest(BigInt(at), psw(MASK.DISABLED_WAIT, handler));
  }
  vcpu.setControl(0, 0x6e00n);
  vcpu.setControl(6, 0xff00_0000n);
  vcpu.setControl(14, 0x1f00_0000n);
  vcpu.block.set64(0x30, (1n << 64n) - 1n);
  vcpu.block.set64(0x28, 1n << 40n);
  return () => {
    expect(guest.problems).toEqual([]);
    expect(guest.host.kernel.locks.held).toEqual([]);
  };
});

const at = (location: number, count: number) => guest.vm.readGuest(BigInt(location), count);
const doubleword = (location: number) => new DataView(at(location, 8).buffer).getBigUint64(0);
const halfword = (location: number) => new DataView(at(location, 2).buffer).getUint16(0);
/** Takes the next interruption, with all of them enabled. Returns its class, or null if none is taken. */
function next(mask = ENABLED): Class | null {
  const none = 0x5000n;
  guest.vm.writeGuest(none, bytes(0xb2, 0xb2, 0x05, 0x00));
  guest.vm.writeGuest(0x500n, psw(MASK.DISABLED_WAIT, 0));
  vcpu.setPsw(mask, none);
  guest.run();
  const found = Object.entries(HANDLERS).find(([, [, handler]]) => BigInt(handler) === vcpu.block.pswAddress);
  return (found?.[0] as Class | undefined) ?? null;
}
const inject = (request: LocalInterrupt) => vcpu.inject(request);
const float = (request: FloatingInterrupt) => guest.vm.floating.inject(request);
const check = (mcic: bigint, cr14 = 0x1000_0000n, rest: Partial<MachineCheck> = {}) => ({
  type: 'machine-check' as const,
  ...{
    cr14,
    mcic,
    failingStorageAddress: 0n,
    externalDamageCode: 0,
    fixedLogout: new Uint8Array(16),
    ...rest,
  },
});
const EXIGENT = 1n << 63n;
const REPRESSIBLE = 1n << 56n;

describe('an interruption that is injected', () => {
  it.each<[LocalInterrupt['type'], LocalInterrupt, Class]>([
    ['program', { type: 'program', code: PGM.DATA, dataExceptionCode: 3 }, 'program'],
    ['restart', { type: 'restart' }, 'restart'],
    ['external-call', { type: 'external-call', sender: 1 }, 'external'],
    ['emergency', { type: 'emergency', sender: 1 }, 'external'],
    ['pfault-init', { type: 'pfault-init', token: 7n }, 'external'],
    ['machine-check', check(REPRESSIBLE), 'machine-check'],
  ])('%s is taken once, by its class', (_, request, expected) => {
    inject(request);
    expect(vcpu.pendingInterrupts.map(({ type }) => type)).toEqual([request.type]);
    guest.vcpu.reset('cpu');
    expect(vcpu.pendingInterrupts).toEqual([]);
    inject(request);
    expect(next()).toBe(expected);
    expect(next()).toBe(null);
    expect(vcpu.pendingInterrupts).toEqual([]);
  });

  it('clock interruptions are taken if the clocks are due', () => {
    inject({ type: 'clock-comparator' });
    inject({ type: 'cpu-timer' });
    expect(vcpu.pendingInterrupts).toEqual([{ type: 'cpu-timer' }, { type: 'clock-comparator' }]);
    vcpu.setControl(0, 0x0c00n);
    expect(next()).toBe(null);
    expect(vcpu.pendingInterrupts).toEqual([]);
    vcpu.block.set64(0x28, (1n << 64n) - 1n);
    inject({ type: 'cpu-timer' });
    expect(next()).toBe('external');
    expect(halfword(LOWCORE.EXTERNAL_CODE)).toBe(EXT.CPU_TIMER);
  });

  it('a prefix is set when a stopped CPU runs', () => {
    expect(codeOf(() => inject({ type: 'set-prefix', address: 0x2_0000 }))).toBe('EBUSY');
    vcpu.stopped = true;
    inject({ type: 'set-prefix', address: 0x2_0123 });
    vcpu.stopped = false;
    next();
    expect(vcpu.block.prefix).toBe(0x2_0000);
  });

  it('a stop is performed after all others, and stores the status', () => {
    inject({ type: 'stop', store: true });
    expect(codeOf(() => inject({ type: 'stop', store: false }))).toBe('EBUSY');
    inject({ type: 'emergency', sender: 0 });
    expect(next()).toBe('external');
    expect(vcpu.stopped).toBe(true);
    expect(at(163, 1)).toEqual(bytes(1));
    guest.vm.writeGuest(163n, bytes(0));
    inject({ type: 'stop', store: false });
    expect(at(163, 1)).toEqual(bytes(0));
    inject({ type: 'stop', store: true });
    expect(at(163, 1)).toEqual(bytes(1));
    expect(vcpu.stopping).toBe(false);
  });

  it('senders must exist, and one external call is pending', () => {
    expect(codeOf(() => inject({ type: 'emergency', sender: 2 }))).toBe('EINVAL');
    expect(codeOf(() => inject({ type: 'external-call', sender: 2 }))).toBe('EINVAL');
    inject({ type: 'external-call', sender: 1 });
    expect(codeOf(() => inject({ type: 'external-call', sender: 0 }))).toBe('EBUSY');
    expect(next()).toBe('external');
    expect(at(LOWCORE.EXTERNAL_CPU_ADDRESS, 4)).toEqual(bytes(0, 1, 0x12, 0x02));
  });

  it('services of the host have codes and parameters of their own', () => {
    inject({ type: 'pfault-init', token: 0x1234_5678_9abc_def0n });
    expect(next()).toBe('external');
    expect(at(LOWCORE.EXTERNAL_CPU_ADDRESS, 4)).toEqual(bytes(6, 0, 0x26, 0x03));
    expect(doubleword(LOWCORE.EXTERNAL_PARAMETER_64)).toBe(0x1234_5678_9abc_def0n);
    float({ type: 'virtio', parameter: 5, parameter64: 6n });
    float({ type: 'pfault-done', token: 9n });
    expect(next(MASK.PLAIN)).toBe(null);
    expect(next()).toBe('external');
    expect(at(LOWCORE.EXTERNAL_CPU_ADDRESS, 4)).toEqual(bytes(6, 0x80, 0x26, 0x03));
    expect(doubleword(LOWCORE.EXTERNAL_PARAMETER_64)).toBe(9n);
    expect(next()).toBe('external');
    expect(at(LOWCORE.EXTERNAL_CPU_ADDRESS, 4)).toEqual(bytes(0x0d, 0, 0x26, 0x03));
    expect(at(LOWCORE.EXTERNAL_PARAMETER, 4)).toEqual(bytes(0, 0, 0, 5));
    expect(doubleword(LOWCORE.EXTERNAL_PARAMETER_64)).toBe(6n);
    expect(next()).toBe(null);
    expect(guest.vm.floating.empty).toBe(true);
  });

  it('is taken by priority', () => {
    float({ type: 'io', adapter: false, subchannel: 0x1_0001, parameter: 3, identification: 1 << 27 });
    float({ type: 'virtio', parameter: 0, parameter64: 0n });
    inject({ type: 'pfault-init', token: 0n });
    float({ type: 'service', parameter: 0x8000 });
    inject({ type: 'external-call', sender: 0 });
    inject({ type: 'emergency', sender: 0 });
    float({ type: 'machine-check', cr14: 0x1000_0000n, mcic: 1n << 54n });
    inject({ type: 'program', code: PGM.OPERATION });
    const codes: (number | Class | null)[] = [];
    for (let i = 0; i < 8; i++) {
      const taken = next();
      codes.push(taken === 'external' ? halfword(LOWCORE.EXTERNAL_CODE) : taken);
    }
    const external = [EXT.EMERGENCY_SIGNAL, EXT.EXTERNAL_CALL, EXT.SERVICE_SIGNAL, 0x2603, 0x2603];
    expect(codes).toEqual(['program', 'machine-check', ...external, 'io']);
    expect(next()).toBe(null);
    inject({ type: 'restart' });
    inject({ type: 'emergency', sender: 0 });
    expect(next()).toBe('restart');
    expect(doubleword(LOWCORE.RESTART_OLD_PSW + 8)).toBe(0x101n);
  });

  it('fields out of range, and other kinds, are refused', () => {
    const wrong = (request: object) => codeOf(() => inject(request as LocalInterrupt));
    for (const request of [
      { type: 'io' },
      { type: 'emergency', sender: -1 },
      { type: 'set-prefix', address: 2 ** 32 },
      { type: 'pfault-init', token: 5 },
      { type: 'program', code: 0x1_0000 },
      { type: 'stop' },
      { ...check(0n), fixedLogout: new Uint8Array(15) },
    ])
      expect(
        wrong(request),
        JSON.stringify(request, (_, value) => String(value)),
      ).toBe('EINVAL');
    const floating = (request: object) => codeOf(() => float(request as FloatingInterrupt));
    expect(floating({ type: 'restart' })).toBe('EINVAL');
    expect(floating({ type: 'service', parameter: 2 ** 32 })).toBe('EINVAL');
    expect(floating({ type: 'virtio', parameter: 0, parameter64: 0 })).toBe('EINVAL');
    expect(guest.vm.floating.empty && vcpu.pendingInterrupts.length === 0).toBe(true);
  });
});

describe('a machine check', () => {
  it('stores all that it is about, and the registers', () => {
    const fixedLogout = Uint8Array.from({ length: 16 }, (_, i) => i + 1);
    const rest = { failingStorageAddress: 0x1234n, externalDamageCode: 0x99, fixedLogout };
    vcpu.fpc = 0x0102_0304;
    inject(check(EXIGENT | (1n << 38n), 0n, rest));
    expect(next()).toBe('machine-check');
    expect(doubleword(LOWCORE.MACHINE_CHECK_CODE)).toBe(EXIGENT);
    expect(doubleword(LOWCORE.FAILING_STORAGE_ADDRESS)).toBe(0x1234n);
    expect(at(LOWCORE.EXTERNAL_DAMAGE_CODE, 4)).toEqual(bytes(0, 0, 0, 0x99));
    expect(at(LOWCORE.FIXED_LOGOUT, 16)).toEqual(fixedLogout);
    expect(at(LOWCORE.ARCHITECTURAL_MODE, 1)).toEqual(bytes(1));
    expect(at(0x131c, 4)).toEqual(bytes(1, 2, 3, 4));
  });

  it('exigent comes before a program interruption, and needs no subclass mask', () => {
    vcpu.setControl(14, 0n);
    inject({ type: 'program', code: 1 });
    inject(check(REPRESSIBLE));
    expect(next()).toBe('program');
    expect(next()).toBe(null);
    inject({ type: 'program', code: 1 });
    inject(check(EXIGENT, 0n));
    expect(next(ENABLED & ~PSW.MACHINE_CHECK)).toBe('program');
    inject({ type: 'program', code: 1 });
    expect(next()).toBe('program');
    expect(doubleword(LOWCORE.PROGRAM_OLD_PSW + 8)).toBe(0x103n);
    expect(doubleword(LOWCORE.MACHINE_CHECK_CODE)).toBe(EXIGENT | REPRESSIBLE);
    expect(next()).toBe(null);
  });

  it('of all CPUs is indicated together with that of one', () => {
    inject(check(REPRESSIBLE));
    float({ type: 'machine-check', cr14: ~0n & ((1n << 64n) - 1n), mcic: 1n << 54n });
    expect(guest.vm.floating.machineCheck.cr14).toBe(0x1000_0000n);
    expect(guest.vm.floating.channelReportPending).toBe(true);
    expect(next()).toBe('machine-check');
    expect(doubleword(LOWCORE.MACHINE_CHECK_CODE)).toBe(REPRESSIBLE | (1n << 54n));
    expect(next()).toBe(null);
  });

  it('is taken when the guest enables its subclass', () => {
    vcpu.setControl(14, 0n);
    inject(check(REPRESSIBLE));
    guest.vm.writeGuest(0x600n, bytes(0, 0, 0, 0, 0x10, 0, 0, 0));
    guest.program([lctlg(14, 14, 0x600)]);
    vcpu.setPsw(ENABLED, vcpu.block.pswAddress);
    guest.run();
    expect(vcpu.block.pswAddress).toBe(0x103n);
    expect(vcpu.exits).toBe(2);
  });

  it('saves the guarded-storage registers where there is room', () => {
    vcpu.guarded.set([1n, 2n, 3n]);
    const saved = (designation: bigint) => {
      const area = new Uint8Array(8);
      new DataView(area.buffer).setBigUint64(0, designation);
      guest.vm.writeGuest(BigInt(LOWCORE.EXTENDED_SAVE_AREA), area);
      inject(check(EXIGENT | (1n << 27n), 0n));
      next();
      return (doubleword(LOWCORE.MACHINE_CHECK_CODE) & (1n << 27n)) !== 0n;
    };
    expect(saved(0n)).toBe(false);
    expect(saved(0x3_0000n | 10n)).toBe(false);
    expect(saved(0x4000_0000n | 11n)).toBe(false);
    expect(saved(0x3_0000n | 11n)).toBe(true);
    expect(at(0x3_0408, 24)).toEqual(bytes(...[1, 2, 3].flatMap((n) => [0, 0, 0, 0, 0, 0, 0, n])));
  });
});

describe('floating interruptions', () => {
  it('of I/O may be pending twice for a subchannel; those of adapters once for a subclass', () => {
    const io = { type: 'io' as const, adapter: false, subchannel: 0, parameter: 3, identification: 2 << 27 };
    float(io);
    float({ ...io, identification: (0x8000_0000 | (2 << 27)) >>> 0 });
    float({ ...io, adapter: true, subchannel: 7 });
    float({ ...io, adapter: true });
    expect(guest.vm.floating.all).toEqual([
      io,
      io,
      { ...io, adapter: true, parameter: 0, identification: 0x9000_0000 },
    ]);
    expect([next(), next(), next(), next()]).toEqual(['io', 'io', 'io', null]);
  });

  it('are as many as Linux allows', () => {
    const virtio = { type: 'virtio' as const, parameter: 0, parameter64: 0n };
    const done = { type: 'pfault-done' as const, token: 0n };
    for (let i = 0; i < 87_381; i++) float(virtio);
    expect(codeOf(() => float(virtio))).toBe('EBUSY');
    for (let i = 0; i < 64 * 255; i++) float(done);
    expect(codeOf(() => float(done))).toBe('EBUSY');
    expect(guest.vm.floating.all).toHaveLength(87_381 + 64 * 255);
    guest.vm.floating.clear();
    expect(guest.vm.floating.all).toEqual([]);
  });
});

describe('the pending interruptions of a CPU', () => {
  const program = { type: 'program' as const, code: PGM.DATA, dataExceptionCode: 5 };

  it('are returned in Linux’s order, and set again', () => {
    vcpu.stopped = true;
    inject({ type: 'external-call', sender: 1 });
    inject({ type: 'emergency', sender: 1 });
    inject({ type: 'emergency', sender: 0 });
    inject(program);
    inject(check(EXIGENT));
    inject({ type: 'pfault-init', token: 4n });
    inject({ type: 'restart' });
    inject({ type: 'set-prefix', address: 0x2000 });
    const list = vcpu.pendingInterrupts;
    expect(list.map(({ type }) => type)).toEqual([
      ...['set-prefix', 'restart', 'pfault-init', 'program', 'machine-check'],
      ...['emergency', 'emergency', 'external-call'],
    ]);
    expect(codeOf(() => vcpu.setPendingInterrupts([]))).toBe('EBUSY');
    const other = guest.vm.vcpus[1] as Vcpu;
    other.setPendingInterrupts(list);
    expect(other.pendingInterrupts).toEqual(list);
    other.reset('cpu');
    expect(other.pendingInterrupts).toEqual([]);
    other.stopped = false;
    expect(
      codeOf(() => other.setPendingInterrupts([program, { type: 'set-prefix', address: 0 }, program])),
    ).toBe('EBUSY');
    expect(other.pendingInterrupts).toHaveLength(1);
  });

  it('are saved and restored', () => {
    vcpu.stopped = true;
    inject(program);
    inject(check(REPRESSIBLE));
    inject({ type: 'pfault-init', token: 4n });
    inject({ type: 'set-prefix', address: 0x2000 });
    float({ type: 'virtio', parameter: 1, parameter64: 2n });
    float({ type: 'pfault-done', token: 3n });
    float({ type: 'machine-check', cr14: 0x1000_0000n, mcic: 1n << 54n });
    const [cpu, machine] = [vcpu.save(), guest.vm.floating.save()];
    const [list, all] = [vcpu.pendingInterrupts, guest.vm.floating.all];
    const other = new TestGuest();
    other.vcpu.restore(cpu);
    other.vm.floating.restore(machine);
    expect(other.vcpu.pendingInterrupts).toEqual(list);
    expect(other.vm.floating.all).toEqual(all);
    expect(codeOf(() => other.vcpu.restore({ ...cpu, injected: [{ type: 'stop' } as never] }))).toBe(
      'EINVAL',
    );
    const { injected: _, ...older } = cpu;
    other.vcpu.restore(older);
    expect(other.vcpu.pendingInterrupts).toEqual([]);
  });
});
