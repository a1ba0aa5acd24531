/** External interruptions: their priority, the CPU that takes a floating one, and the fields that each stores. */

import { beforeEach, describe, expect, it } from 'vitest';
import { EXT, EXTERNAL_CLASSES, ICPT, LOWCORE, PGM, SIE } from '../../machine/index.ts';
import { code, jump, lctlg, load, MASK, psw, stosm } from '../../machine/testing/index.ts';
import { TestGuest } from '../testing/index.ts';
import type { Vcpu } from './vcpu.ts';

const HANDLER = 0x3_0000;
const DATA = 0x8000;

let guest: TestGuest;
let vcpu: Vcpu;
let other: Vcpu;

beforeEach(() => {
  guest = new TestGuest({ vcpus: 2 });
  ({ vcpu } = guest);
  other = guest.vm.vcpus[1] as Vcpu;
  guest.vm.writeGuest(BigInt(LOWCORE.EXTERNAL_NEW_PSW), psw(MASK.DISABLED_WAIT, HANDLER));
  return () => expect(guest.problems).toEqual([]);
});

const stored = () => {
  const view = new DataView(guest.vm.readGuest(BigInt(LOWCORE.EXTERNAL_PARAMETER), 8).buffer);
  return { parameter: view.getUint32(0), address: view.getUint16(4), code: view.getUint16(6) };
};
const oldAddress = () =>
  new DataView(guest.vm.readGuest(BigInt(LOWCORE.EXTERNAL_OLD_PSW + 8), 8).buffer).getBigUint64(0);

/** Makes an interruption of every class pending at CPU 0, in the order of `codes`. */
function make(codes: readonly number[]): void {
  for (const external of codes) {
    if (external === EXT.EMERGENCY_SIGNAL) vcpu.local.emergencySignal(1);
    if (external === EXT.EXTERNAL_CALL) vcpu.local.externalCall(1);
    if (external === EXT.CLOCK_COMPARATOR)
      guest.host.machine.clock.skipTo(guest.host.machine.clock.tod + 100n);
    if (external === EXT.CPU_TIMER) vcpu.block.set64(SIE.CPU_TIMER, BigInt.asUintN(64, -1n));
    if (external === EXT.SERVICE_SIGNAL) guest.vm.floating.serviceSignal(0x4000);
  }
}

describe('priority', () => {
  const codes = EXTERNAL_CLASSES.map((one) => one.code);

  it('is the architecture’s: emergency signal, external call, clock comparator, CPU timer, service signal', () => {
    expect(codes).toEqual([0x1201, 0x1202, 0x1004, 0x1005, 0x2401]);
  });

  for (let first = 0; first < 5; first++) {
    for (let second = first + 1; second < 5; second++) {
      it(`of 0x${codes[first]?.toString(16)} over 0x${codes[second]?.toString(16)}, whichever came first`, () => {
        for (const order of [
          [first, second],
          [second, first],
        ]) {
          vcpu.reset('clear');
          guest.vm.floating.clear();
          vcpu.block.set64(SIE.CPU_TIMER, 1n << 40n);
          make(order.map((n) => codes[n] as number));
          guest.program([stosm(0x300, 1), jump(0)]);
          vcpu.setControl(
            0,
            BigInt((EXTERNAL_CLASSES[first]?.mask ?? 0) | (EXTERNAL_CLASSES[second]?.mask ?? 0)),
          );
          expect(guest.run()).toMatchObject({ icptcode: ICPT.WAIT });
          expect(stored().code).toBe(codes[first]);
        }
      });
    }
  }

  it('decides the order in which all are taken, one after another', () => {
    make([...codes].reverse());
    const taken: number[] = [];
    // Each handler leaves the others enabled, and its own class disabled.
    let mask = EXTERNAL_CLASSES.reduce((all, one) => all | one.mask, 0);
    for (const _ of codes) {
      vcpu.setPsw(MASK.EXTERNAL, 0x1_0000n);
      vcpu.setControl(0, BigInt(mask));
      guest.run();
      taken.push(stored().code);
      mask &= ~(EXTERNAL_CLASSES.find((one) => one.code === stored().code)?.mask ?? 0);
    }
    expect(taken).toEqual(codes);
  });

  it('holds among those that are enabled at once: they nest before an instruction is executed', () => {
    guest.vm.writeGuest(BigInt(LOWCORE.EXTERNAL_NEW_PSW), psw(MASK.EXTERNAL, HANDLER));
    guest.vm.writeGuest(BigInt(HANDLER), code(jump(0)));
    make([EXT.SERVICE_SIGNAL, EXT.EXTERNAL_CALL, EXT.EMERGENCY_SIGNAL]);
    vcpu.setPsw(MASK.EXTERNAL, 0x1_0000n);
    vcpu.setControl(0, 0x6200n);
    const { executed } = guest.host.machine.cpu(0);
    expect(guest.run(vcpu, 3)).toEqual({ reason: 'KVM_EXIT_INTR' });
    expect(guest.host.machine.cpu(0).executed - executed).toBe(3);
    expect([stored().code, oldAddress()]).toEqual([EXT.SERVICE_SIGNAL, BigInt(HANDLER)]);
    expect([vcpu.local.empty, guest.vm.floating.empty]).toEqual([true, true]);
  });
});

describe('what an interruption stores', () => {
  it.each([
    [EXT.EMERGENCY_SIGNAL, { parameter: 0xeeee_eeee, address: 1 }],
    [EXT.EXTERNAL_CALL, { parameter: 0xeeee_eeee, address: 1 }],
    [EXT.CLOCK_COMPARATOR, { parameter: 0xeeee_eeee, address: 0 }],
    [EXT.CPU_TIMER, { parameter: 0xeeee_eeee, address: 0 }],
    [EXT.SERVICE_SIGNAL, { parameter: 0x4000, address: 0 }],
  ])('%i', (external, expected) => {
    guest.vm.writeGuest(BigInt(LOWCORE.EXTERNAL_PARAMETER), new Uint8Array(8).fill(0xee));
    make([external]);
    // While an external call is pending, the host delivers clock interruptions, too.
    vcpu.local.externalCall(1);
    vcpu.setPsw(MASK.EXTERNAL, 0x1_0000n);
    vcpu.setControl(0, BigInt(EXTERNAL_CLASSES.find((one) => one.code === external)?.mask ?? 0));
    guest.run();
    expect(stored()).toEqual({ ...expected, code: external });
  });
});

describe('a load of control register 0', () => {
  it.each([
    ['LCTLG', lctlg(0, 0, 0, 14), 8],
    ['LCTL', [0xb7, 0x00, 0xe0, 0x00], 4],
    ['LCTLG of several registers around 15', lctlg(15, 1, 0, 14), 24],
  ])('%s that enables a pending interruption is followed by it', (_, instruction, size) => {
    const values = new DataView(new ArrayBuffer(24));
    if (size === 24) values.setBigUint64(0, 0xf0fn);
    if (size === 4) values.setUint32(0, 0x200);
    else values.setBigUint64(size === 24 ? 8 : 0, 0x200n);
    guest.vm.writeGuest(BigInt(DATA), new Uint8Array(values.buffer));
    guest.vm.floating.serviceSignal(0x4000);
    guest.program([load(14, DATA), instruction, load(5, 5)]);
    vcpu.block.pswMask = MASK.EXTERNAL;
    vcpu.setControl(0, 0xffff_ffff_0000_00e0n);
    vcpu.setControl(1, 0x11n);
    expect(guest.run()).toMatchObject({ icptcode: ICPT.WAIT });
    expect([vcpu.gr[5], stored().code, oldAddress()]).toEqual([
      0n,
      EXT.SERVICE_SIGNAL,
      0x1_0012n - (size === 4 ? 2n : 0n),
    ]);
    expect(vcpu.control(0)).toBe(size === 4 ? 0xffff_ffff_0000_0200n : 0x200n);
    if (size === 24) expect([vcpu.control(15), vcpu.control(1)]).toEqual([0xf0fn, 0n]);
  });

  it('has its displacement signed, its operand aligned, and its exceptions', () => {
    guest.vm.floating.serviceSignal(0x4000);
    guest.vm.writeGuest(BigInt(LOWCORE.PROGRAM_NEW_PSW), psw(MASK.DISABLED_WAIT, HANDLER));
    guest.vm.writeGuest(BigInt(DATA - 8), psw(0x200n, 0).subarray(0, 8));
    // LCTLG 0,0,-8(14)
    guest.program([load(14, DATA), [0xeb, 0x00, 0xef, 0xf8, 0xff, 0x2f]]);
    vcpu.block.pswMask = MASK.EXTERNAL;
    expect(guest.run()).toMatchObject({ icptcode: ICPT.WAIT });
    expect(stored().code).toBe(EXT.SERVICE_SIGNAL);
    for (const [address, exception] of [
      [DATA + 4, PGM.SPECIFICATION],
      [0x7fff_f000, PGM.ADDRESSING],
    ] as const) {
      guest.vm.floating.serviceSignal(0x4000);
      guest.program([load(14, address), lctlg(0, 0, 0, 14)]);
      vcpu.block.pswMask = MASK.EXTERNAL;
      vcpu.setControl(0, 0xe0n);
      guest.run();
      const program = new DataView(guest.vm.readGuest(BigInt(LOWCORE.PROGRAM_CODE), 2).buffer);
      expect([program.getUint16(0), vcpu.control(0)]).toEqual([exception, 0xe0n]);
    }
  });
});

describe('the service signal', () => {
  const enable = (which: Vcpu, mask: bigint) => {
    which.stopped = false;
    which.setPsw(mask, 0x1_0000n);
    which.setControl(0, 0x200n);
  };
  const loop = () => guest.vm.writeGuest(0x1_0000n, code(jump(0)));

  it('goes to a CPU that waits for it before one that runs', () => {
    loop();
    guest.vm.floating.serviceSignal(0x4000);
    enable(vcpu, MASK.EXTERNAL);
    enable(other, MASK.ENABLED_WAIT);
    expect(guest.run(vcpu, 100)).toEqual({ reason: 'KVM_EXIT_INTR' });
    expect([vcpu.block.pswAddress, other.interruptible]).toEqual([0x1_0000n, true]);
    expect(guest.run(other, 100)).toMatchObject({ icptcode: ICPT.WAIT });
    expect([other.block.pswAddress, guest.vm.floating.empty]).toEqual([BigInt(HANDLER), true]);
  });

  it.each([
    ['is not enabled by control register 0', MASK.ENABLED_WAIT, 0n, false],
    ['is not enabled by its PSW', MASK.DISABLED_WAIT, 0x200n, false],
    ['is stopped', MASK.ENABLED_WAIT, 0x200n, true],
  ])('goes to the CPU that runs when the other %s', (_, mask, control, stopped) => {
    loop();
    enable(vcpu, MASK.EXTERNAL);
    enable(other, mask);
    other.setControl(0, control);
    other.stopped = stopped;
    guest.vm.floating.serviceSignal(0x4000);
    expect(guest.run(vcpu, 100)).toMatchObject({ icptcode: ICPT.WAIT });
    expect(vcpu.block.pswAddress).toBe(BigInt(HANDLER));
  });

  it('is taken by any CPU: the first that enables it', () => {
    loop();
    guest.vm.floating.serviceSignal(0x4000);
    enable(vcpu, MASK.PLAIN);
    expect(guest.run(vcpu, 100)).toEqual({ reason: 'KVM_EXIT_INTR' });
    enable(other, MASK.EXTERNAL);
    expect(guest.run(other, 100)).toMatchObject({ icptcode: ICPT.WAIT });
    expect(guest.vm.floating.empty).toBe(true);
  });
});

describe('a limit of units of work', () => {
  it('counts each interruption that the host delivers; the others stay pending', () => {
    guest.vm.writeGuest(BigInt(LOWCORE.RESTART_NEW_PSW), psw(MASK.DISABLED_WAIT, 0x4_0000));
    guest.vm.writeGuest(BigInt(LOWCORE.EXTERNAL_NEW_PSW), psw(MASK.PLAIN, HANDLER));
    vcpu.setControl(0, BigInt(0x4000 | 0x2000));
    vcpu.setPsw(MASK.EXTERNAL, 0x1_0000n);
    vcpu.local.emergencySignal(1);
    vcpu.restart();
    const cpu = guest.host.machine.cpu(0);
    const before = cpu.executed;
    expect(vcpu.run(cpu, 1)).toEqual({ reason: 'KVM_EXIT_INTR' });
    expect(cpu.executed - before).toBe(1);
    expect(stored().code).toBe(EXT.EMERGENCY_SIGNAL);
    expect(vcpu.restartPending).toBe(true);
    expect(vcpu.run(cpu, 1)).toEqual({ reason: 'KVM_EXIT_INTR' });
    expect(cpu.executed - before).toBe(2);
    expect(vcpu.restartPending).toBe(false);
  });
});
