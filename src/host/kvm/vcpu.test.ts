/**
 * Virtual CPUs, with guests of a few instructions: the interceptions that `run` handles, and its exits.
 */

import { beforeEach, describe, expect, it, vi } from 'vitest';
import { EXT, facilityList, ICPT, LOWCORE, PGM, SIE } from '../../machine/index.ts';
import {
  code,
  diag,
  exrl,
  jump,
  lctlg,
  lg,
  load,
  lpswe,
  MASK,
  psw,
  s,
  sckc,
  servc,
  stg,
  stosm,
} from '../../machine/testing/index.ts';
import type { TraceEvent } from '../../trace/index.ts';
import type { Host } from '../host.ts';
import { type Mm, PROT } from '../mm/index.ts';
import { codeOf, frameCounts, makeHost } from '../testing/index.ts';
import type { Exit } from './exits.ts';
import { GuestMemoryFault } from './guest-memory.ts';
import type { Vcpu } from './vcpu.ts';
import type { VirtualMachine } from './vm.ts';

const MIB = 1n << 20n;
const HOME = 0x1000_0000n;
const START = 0x1_0000;
/** The addresses at which the guest's interruption handlers wait. */
const AT = { PROGRAM: 0xbadn, EXTERNAL: 0xe07n, RESTART: 0x4e5n, DONE: 0n } as const;
const DONE = 0x700;
const DATA = 0x8000;

let host: Host;
let mm: Mm;
let vm: VirtualMachine;
let vcpu: Vcpu;

/** A guest of 2 MiB: segments 0 and 1. */
beforeEach(() => {
  const made = makeHost();
  host = made.host;
  mm = host.createMm();
  mm.mmap({ address: HOME, length: 2n * MIB });
  vm = host.createVm(mm);
  vm.setMemoryRegion({ slot: 0, guestPhysAddr: 0n, memorySize: 2n * MIB, userspaceAddr: HOME });
  vcpu = vm.createVcpu();
  lowcore(0);
  return () => {
    expect(made.problems).toEqual([]);
    expect(host.kernel.locks.held).toEqual([]);
  };
});

const write = (address: number, bytes: Uint8Array) => vm.writeGuest(BigInt(address), bytes);
const view = (address: number, length: number) => new DataView(vm.readGuest(BigInt(address), length).buffer);
const get64 = (address: number) => view(address, 8).getBigUint64(0);
const get32 = (address: number) => view(address, 4).getUint32(0);
const get16 = (address: number) => view(address, 2).getUint16(0);
const set64 = (address: number, value: bigint) => write(address, psw(value, 0).subarray(0, 8));

/** Stores new PSWs that wait, disabled, each at another address. */
function lowcore(prefix: number): void {
  write(prefix + DONE, psw(MASK.DISABLED_WAIT, AT.DONE));
  write(prefix + LOWCORE.PROGRAM_NEW_PSW, psw(MASK.DISABLED_WAIT, AT.PROGRAM));
  write(prefix + LOWCORE.EXTERNAL_NEW_PSW, psw(MASK.DISABLED_WAIT, AT.EXTERNAL));
  write(prefix + LOWCORE.RESTART_NEW_PSW, psw(MASK.DISABLED_WAIT, AT.RESTART));
}

/** Stores a program, which ends with DONE, at START, and sets the PSW of the virtual CPU to it. */
function program(...instructions: number[][]): void {
  write(START, code(...instructions, lpswe(DONE)));
  vcpu.setPsw(MASK.PLAIN, BigInt(START));
}
/** As `program`, with EXRL of `instruction` as the last instruction. */
function executing(instruction: number[], ...before: number[][]): void {
  program(...before, exrl(0, 10), lpswe(DONE), instruction);
}
/** Makes tables of the guest that map a segment to the same real addresses, and a program that runs with DAT. */
function translated(...instructions: number[][]): void {
  vcpu.block.set64(SIE.CONTROL_REGISTERS + 8, 0x4_0000n);
  set64(0x4_0000, 0x5_0000n);
  for (let page = 0; page < 256; page++) set64(0x5_0000 + page * 8, BigInt(page) << 12n);
  for (let entry = 1; entry < 512; entry++) set64(0x4_0000 + entry * 8, 0x20n);
  program(...instructions);
  vcpu.block.pswMask = MASK.DAT;
}
const run = (limit = 10_000, which = vcpu): Exit => which.run(host.machine.cpu(which.id), limit);
const userSpace = (icptcode: number) => expect.objectContaining({ reason: 'KVM_EXIT_S390_SIEIC', icptcode });
const memoryFault = (gpa: bigint, write: boolean): Exit => ({
  reason: 'KVM_EXIT_MEMORY_FAULT',
  gpa,
  size: 4096n,
  write,
});
/** Runs to a disabled wait. Returns its address. */
function ends(): bigint {
  expect(run()).toEqual(userSpace(ICPT.WAIT));
  return vcpu.block.pswAddress;
}
/** Runs into a program interruption. Returns its code, instruction length and old instruction address. */
function interrupted() {
  expect(ends()).toBe(AT.PROGRAM);
  return {
    code: get16(LOWCORE.PROGRAM_CODE),
    length: get16(LOWCORE.PROGRAM_ILC),
    address: get64(LOWCORE.PROGRAM_OLD_PSW + 8),
  };
}
const oldCc = () => Number((vcpu.block.pswMask >> 44n) & 3n);
/** Runs up to (not including) the last instruction of the program. Returns the condition code. */
function conditionCode(instructions: number): number {
  expect(run(instructions)).toEqual({ reason: 'KVM_EXIT_INTR' });
  return oldCc();
}

describe('guest memory', () => {
  it('is linked and made present by the guest’s accesses', () => {
    program(load(1, 0x1234), load(2, MIB + 8n), stg(1, 0, 2), lg(3, 0, 2));
    expect([...vm.gmap.segments()].map(({ linked }) => linked)).toEqual([true, false]);
    expect(ends()).toBe(AT.DONE);
    expect([...vm.gmap.segments()].map(({ linked }) => linked)).toEqual([true, true]);
    expect(vcpu.gr[3]).toBe(0x1234n);
    expect(mm.read(HOME + MIB + 8n, 8)).toEqual(psw(0x1234n, 0).subarray(0, 8));
  });

  it('of a slot that the process has not mapped is an exit; once mapped again, the guest continues', () => {
    mm.munmap({ address: HOME + MIB, length: MIB });
    program(load(1, 7), load(2, MIB + 0x3008n), lg(3, 0, 2), stg(1, 0, 2));
    expect(run()).toEqual(memoryFault(MIB + 0x3000n, false));
    expect(run()).toEqual(memoryFault(MIB + 0x3000n, false));
    mm.mmap({ address: HOME + MIB, length: MIB });
    expect(ends()).toBe(AT.DONE);
    expect(get64(Number(MIB) + 0x3008)).toBe(7n);
  });

  it('that the process may only read is an exit on a store', () => {
    mm.mprotect({ address: HOME + MIB, length: MIB, protection: PROT.READ });
    program(load(1, 7), load(2, MIB), lg(3, 0, 2), stg(1, 0, 2));
    expect(run()).toEqual(memoryFault(MIB, true));
    expect(vcpu.gr[3]).toBe(0n);
    mm.mprotect({ address: HOME + MIB, length: MIB, protection: PROT.READ | PROT.WRITE });
    expect(ends()).toBe(AT.DONE);
  });

  it.each([
    ['a fetch', () => lg(1, 0, 2)],
    ['a store', () => stg(1, 0, 2)],
  ])('outside every slot is an addressing exception for %s', (_, instruction) => {
    program(load(2, 2n * MIB), instruction());
    expect(interrupted()).toEqual({ code: PGM.ADDRESSING, length: 6, address: BigInt(START + 18) });
  });

  it('an exception that the host injects stores the breaking-event address, as the machine does', () => {
    write(LOWCORE.BREAKING_EVENT_ADDRESS, new Uint8Array(8).fill(0xff));
    program(jump(4), load(2, 2n * MIB), lg(1, 0, 2));
    expect(interrupted().code).toBe(PGM.ADDRESSING);
    expect(get64(LOWCORE.BREAKING_EVENT_ADDRESS)).toBe(BigInt(START));
  });

  it('outside every slot is an addressing exception for an instruction', () => {
    program();
    vcpu.setPsw(MASK.PLAIN, 2n * MIB);
    expect(interrupted()).toEqual({ code: PGM.ADDRESSING, length: 2, address: 2n * MIB + 2n });
  });

  it('without the program handler causes a loop that ends with an exit', () => {
    program(load(2, 2n * MIB), lg(1, 0, 2));
    write(LOWCORE.PROGRAM_NEW_PSW, psw(MASK.PLAIN, 5n * MIB));
    expect(run()).toEqual(userSpace(ICPT.PROGRAM));
    expect(vcpu.block.get16(SIE.PROGRAM_CODE)).toBe(PGM.ADDRESSING);
    expect(vcpu.block.pswAddress).toBe(5n * MIB);
  });

  it('that cannot be allocated throws ENOMEM, and the guest continues later', () => {
    program(load(1, 7), load(2, MIB), stg(1, 0, 2));
    for (let n = 1; ; n++) {
      host.kernel.frames.failIn(n);
      const thrown = codeOf(run);
      const fired = host.kernel.frames.failing === 0;
      host.kernel.frames.failIn(0);
      if (!fired) {
        expect([thrown, n]).toEqual(['ok', 3]);
        break;
      }
      expect(thrown).toBe('ENOMEM');
    }
    expect(vcpu.block.pswAddress).toBe(AT.DONE);
    expect(get64(Number(MIB))).toBe(7n);
  });
});

describe('the prefix area', () => {
  it('is made present at the first run', () => {
    const fresh = host.createVm(mm);
    fresh.setMemoryRegion({ slot: 0, guestPhysAddr: 0n, memorySize: MIB, userspaceAddr: HOME + MIB });
    const cpu = fresh.createVcpu();
    cpu.setPsw(MASK.DISABLED_WAIT, 5n);
    expect(run(10, cpu)).toEqual(userSpace(ICPT.WAIT));
    expect(cpu.block.pswAddress).toBe(5n);
    expect([...fresh.gmap.segments()][0]?.linked).toBe(true);
  });

  it('whose memory was unmapped is an exit', () => {
    program();
    mm.munmap({ address: HOME + 4096n, length: 4096n });
    expect(run()).toEqual(memoryFault(4096n, true));
    mm.mmap({ address: HOME + 4096n, length: 4096n });
    expect(ends()).toBe(AT.DONE);
  });

  it('whose memory was unmapped keeps an interruption pending', () => {
    program();
    vcpu.block.pswMask = MASK.EXTERNAL;
    vcpu.block.set64(SIE.CONTROL_REGISTERS, 0x4000n);
    vcpu.local.emergencySignal(3);
    mm.munmap({ address: HOME, length: 4096n });
    expect(run()).toEqual(memoryFault(0n, true));
    mm.mmap({ address: HOME, length: 4096n });
    lowcore(0);
    expect(ends()).toBe(AT.EXTERNAL);
    expect(get16(LOWCORE.EXTERNAL_CPU_ADDRESS)).toBe(3);
  });

  it('outside every slot is an exit, too', () => {
    program();
    vcpu.block.prefix = 0x40_0000;
    expect(run()).toEqual(memoryFault(0x40_0000n, true));
  });
});

describe('external interruptions', () => {
  /** Name, code, subclass mask, the CPU address and the parameter stored, and how it is made pending. */
  const CASES = [
    ['service signal', EXT.SERVICE_SIGNAL, 0x200n, 0, 0x1238, () => vm.floating.serviceSignal(0x1238)],
    ['emergency signal', EXT.EMERGENCY_SIGNAL, 0x4000n, 2, null, () => vcpu.local.emergencySignal(2)],
    ['external call', EXT.EXTERNAL_CALL, 0x2000n, 2, null, () => void vcpu.local.externalCall(2)],
  ] as const;
  const nothingPending = () => vcpu.local.empty && vm.floating.empty;

  it.each(CASES)(
    '%s: delivered when the PSW and control register 0 enable it',
    (_, external, mask, address, parameter, make) => {
      program();
      write(LOWCORE.EXTERNAL_PARAMETER, new Uint8Array(8).fill(0xee));
      vcpu.block.pswMask = MASK.EXTERNAL;
      vcpu.block.set64(SIE.CONTROL_REGISTERS, mask);
      make();
      expect(ends()).toBe(AT.EXTERNAL);
      expect(get16(LOWCORE.EXTERNAL_CODE)).toBe(external);
      expect(get16(LOWCORE.EXTERNAL_CPU_ADDRESS)).toBe(address);
      expect(get64(LOWCORE.EXTERNAL_OLD_PSW + 8)).toBe(BigInt(START));
      expect(get32(LOWCORE.EXTERNAL_PARAMETER)).toBe(parameter ?? 0xeeee_eeee);
      expect(nothingPending()).toBe(true);
    },
  );

  it.each(CASES)(
    '%s: waits until control register 0 enables it',
    (_, _code, mask, _address, _parameter, make) => {
      set64(DATA, mask);
      program(load(1, 1), lctlg(0, 0, 0, 14), jump(0));
      vcpu.gr[14] = BigInt(DATA);
      vcpu.block.pswMask = MASK.EXTERNAL;
      vcpu.block.set64(SIE.CONTROL_REGISTERS, 0xe0n);
      make();
      expect(run(1)).toEqual({ reason: 'KVM_EXIT_INTR' });
      expect(nothingPending()).toBe(false);
      expect(ends()).toBe(AT.EXTERNAL);
      expect(get64(LOWCORE.EXTERNAL_OLD_PSW + 8)).toBe(BigInt(START + 18));
    },
  );

  it('waits until the PSW enables it', () => {
    program(load(1, 1), stosm(0x300, 3));
    vcpu.block.set64(SIE.CONTROL_REGISTERS, 0x200n);
    vm.floating.serviceSignal(1);
    expect(ends()).toBe(AT.EXTERNAL);
    expect(get64(LOWCORE.EXTERNAL_OLD_PSW + 8)).toBe(BigInt(START + 16));
  });

  it('is never taken by a guest that does not enable it', () => {
    program(load(1, 1));
    vm.floating.serviceSignal(1);
    expect(ends()).toBe(AT.DONE);
    expect(nothingPending()).toBe(false);
  });

  it('service signals are merged: the first SCCB address, all event bits', () => {
    vm.floating.serviceSignal(1);
    vm.floating.serviceSignal(0x8000_0000);
    vm.floating.serviceSignal(0x4002);
    expect(vm.floating.parameter).toBe(0x8000_0003);
  });

  it('ends a wait', () => {
    vcpu.setPsw(MASK.ENABLED_WAIT, 4n);
    vcpu.block.set64(SIE.CONTROL_REGISTERS, 0x200n);
    expect(run()).toEqual({ reason: 'KVM_EXIT_HLT', until: null });
    vm.floating.serviceSignal(1);
    expect(ends()).toBe(AT.EXTERNAL);
  });
});

describe('waits and limits', () => {
  it('the exit of an enabled wait has the time of the next clock interruption, which ends the wait', () => {
    set64(DATA, 0x10_0000n);
    program(load(2, DATA), sckc(0, 2), load(3, 0x900), lpswe(0, 3));
    write(0x900, psw(MASK.ENABLED_WAIT, 0x77));
    vcpu.block.set64(SIE.CONTROL_REGISTERS, 0x800n);
    expect(run()).toEqual({ reason: 'KVM_EXIT_HLT', until: 0x10_0001n });
    host.machine.clock.skipTo(0x10_0001n);
    expect(ends()).toBe(AT.EXTERNAL);
    expect(get16(LOWCORE.EXTERNAL_CODE)).toBe(EXT.CLOCK_COMPARATOR);
  });

  it('also for a guest whose clock is behind or ahead of the machine’s', () => {
    for (const time of [0n, 1n << 60n]) {
      host.machine.clock.skipTo(1n << 50n);
      set64(DATA, time);
      set64(DATA + 8, time + 0x10_0000n);
      program(load(2, DATA), s(0xb204, 0, 2), sckc(8, 2), load(3, 0x900), lpswe(0, 3));
      write(0x900, psw(MASK.ENABLED_WAIT, 0x77));
      vcpu.block.set64(SIE.CONTROL_REGISTERS, 0x800n);
      const before = host.machine.clock.tod;
      const exit = run();
      if (exit.reason !== 'KVM_EXIT_HLT' || exit.until === null) throw new Error(exit.reason);
      const left = exit.until - before;
      expect(left > 0x10_0000n && left < 0x10_1000n).toBe(true);
      host.machine.clock.skipTo(exit.until);
      expect(ends()).toBe(AT.EXTERNAL);
    }
  });

  it('a comparator that nothing enables never ends a wait', () => {
    vcpu.setPsw(MASK.ENABLED_WAIT, 4n);
    vcpu.block.set64(SIE.CONTROL_REGISTERS, 0n);
    expect(run()).toEqual({ reason: 'KVM_EXIT_HLT', until: null });
    vcpu.setPsw(0x0202_0001_8000_0000n, 4n);
    expect(run()).toEqual({ reason: 'KVM_EXIT_HLT', until: null });
  });

  it('a disabled wait is an exit to user space', () => {
    vcpu.setPsw(MASK.DISABLED_WAIT, 0x123n);
    expect(run()).toEqual(userSpace(ICPT.WAIT));
  });

  it('returns at its limit, and continues at the same instruction', () => {
    program(load(1, 1), load(2, 2), load(3, 3));
    expect(run(3)).toEqual({ reason: 'KVM_EXIT_INTR' });
    expect(vcpu.block.pswAddress).toBe(BigInt(START + 18));
    expect(ends()).toBe(AT.DONE);
    expect([...vcpu.gr.subarray(1, 4)]).toEqual([1n, 2n, 3n]);
  });

  it.each([Number.NaN, 0, -1, 1.5, '10' as never])('a limit of %s is EINVAL, and nothing runs', (limit) => {
    program();
    expect(codeOf(() => run(limit))).toBe('EINVAL');
    expect(vcpu.block.pswAddress).toBe(BigInt(START));
  });

  it('without its gmap it does not run, and the processor does not change', () => {
    const cpu = host.machine.cpu(0);
    const registers = () => [...cpu.gr, ...cpu.fr, ...cpu.ar, ...cpu.cr, cpu.fpc];
    for (const set of [cpu.gr, cpu.fr]) set.fill(0x77n);
    const before = registers();
    program();
    vm.gmap.free();
    expect(codeOf(run)).toBe('ENOENT');
    expect(registers()).toEqual(before);
  });

  it('a restart of the processor is the host’s, not the guest’s', () => {
    host.machine.cpu(0).restartPending = true;
    program(load(1, 1));
    expect(ends()).toBe(AT.DONE);
    expect(host.machine.cpu(0).restartPending).toBe(true);
  });

  it('exits and injected interruptions are events', () => {
    const events: TraceEvent[] = [];
    program(load(2, 2n * MIB), lg(1, 0, 2));
    host.kernel.trace.subscribe((event) => void events.push(event));
    run(1);
    // KVM_EXIT_INTR is not emitted.
    expect(events.filter(({ type }) => type === 'exit')).toEqual([]);
    run();
    expect(events.at(-1)).toMatchObject({ type: 'exit', vcpu: 0, reason: 'KVM_EXIT_S390_SIEIC' });
    expect(events.filter(({ type }) => type === 'interruption')).toEqual([
      {
        type: 'interruption',
        cpu: 0,
        guest: true,
        class: 'program',
        code: PGM.ADDRESSING,
        address: BigInt(START + 18),
      },
    ]);
  });

  it('keeps all registers from run to run', () => {
    const gr = Array.from({ length: 16 }, (_, n) => BigInt(n) * 0x1111n);
    vcpu.gr.set(gr);
    vcpu.fr.set(gr);
    vcpu.ar.set(gr.map(Number));
    vcpu.fpc = 0x80_0000;
    program(load(0, 9));
    run(1);
    host.machine.cpu(0).gr.fill(~0n);
    host.machine.cpu(0).fr.fill(~0n);
    run(1);
    expect([...vcpu.gr]).toEqual([9n, ...gr.slice(1)]);
    expect([...vcpu.fr]).toEqual(gr);
    expect([...vcpu.ar]).toEqual(gr.map(Number));
    expect(vcpu.fpc).toBe(0x80_0000);
  });

  it('a stopped virtual CPU does nothing', () => {
    program();
    vcpu.stopped = true;
    expect(run()).toEqual({ reason: 'KVM_EXIT_HLT', until: null });
    expect(vcpu.block.pswAddress).toBe(BigInt(START));
  });

  it('an invalid state description is an exit with the reason', () => {
    program();
    vcpu.block.set32(SIE.CPU_FLAGS, 0);
    expect(run()).toEqual({ reason: 'KVM_EXIT_FAIL_ENTRY', hardwareEntryFailureReason: 1 });
  });

  it('a clock whose new PSW is enabled for it is an interception: the interruption would come again', () => {
    write(LOWCORE.EXTERNAL_NEW_PSW, psw(MASK.ENABLED_WAIT, 0x77));
    host.machine.clock.skipTo(1n << 20n);
    for (const waiting of [false, true]) {
      // With an external call waiting that is masked off, too.
      if (waiting) vcpu.local.externalCall(0);
      vcpu.setPsw(MASK.ENABLED_WAIT, 4n);
      vcpu.block.set64(SIE.CONTROL_REGISTERS, 0x800n);
      expect(run()).toMatchObject({
        reason: 'KVM_EXIT_S390_SIEIC',
        icptcode: ICPT.EXTERNAL_INTERRUPTION,
      });
      expect(vcpu.block.get16(SIE.EXTERNAL_CODE)).toBe(EXT.CLOCK_COMPARATOR);
      expect(vcpu.block.pswAddress).toBe(4n);
    }
  });

  it('a handler that repeats its own exception does not prevent `run` from returning', () => {
    program(s(0xb202, 1));
    write(LOWCORE.PROGRAM_NEW_PSW, psw(MASK.PLAIN, START));
    expect(['KVM_EXIT_INTR', 'KVM_EXIT_S390_SIEIC']).toContain(run().reason);
  });
});

describe('instructions that the host executes', () => {
  const stores: [string, number, number, () => bigint][] = [
    ['STIDP', 0xb202, 8, () => 0xff00_0000_2817_8000n],
    ['STPX', 0xb211, 4, () => 0n],
    ['STAP', 0xb212, 2, () => 0n],
  ];

  it.each(stores)('%s stores', (_, opcode, size, value) => {
    write(DATA, new Uint8Array(16).fill(0xff));
    program(load(2, DATA), s(opcode, 0, 2));
    expect(ends()).toBe(AT.DONE);
    const bits = BigInt(size * 8);
    expect(get64(DATA) >> (64n - bits)).toBe(value());
    expect(get64(DATA + size) >> 32n).toBe(0xffff_ffffn);
  });

  it.each([...stores, ['SPX', 0xb210, 4], ['SCK', 0xb204, 8]] as [string, number, number][])(
    '%s demands an aligned operand',
    (_, opcode, size) => {
      program(load(2, DATA), s(opcode, size / 2, 2));
      expect(interrupted()).toEqual({ code: PGM.SPECIFICATION, length: 4, address: BigInt(START + 16) });
    },
  );

  it.each([...stores, ['SPX', 0xb210, 4], ['SCK', 0xb204, 8]] as [string, number, number][])(
    '%s makes its operand present, and ends with an addressing exception outside storage',
    (_, opcode) => {
      program(load(2, MIB), s(opcode, 0, 2));
      expect(ends()).toBe(AT.DONE);
      program(load(2, 2n * MIB), s(opcode, 0, 2));
      expect(interrupted()).toEqual({ code: PGM.ADDRESSING, length: 4, address: BigInt(START + 16) });
      mm.munmap({ address: HOME + MIB, length: MIB });
      program(load(2, MIB), s(opcode, 0, 2));
      const store = stores.some(([, other]) => other === opcode);
      expect(run()).toEqual(memoryFault(MIB, store));
      mm.mmap({ address: HOME + MIB, length: MIB });
      expect(ends()).toBe(AT.DONE);
    },
  );

  it('an operand that the guest’s own tables do not map is an exception of the guest', () => {
    translated(load(2, 0x2_0000), s(0xb202, 0, 2));
    set64(0x5_0000 + 0x20 * 8, 0x400n);
    expect(interrupted()).toEqual({ code: PGM.PAGE_TRANSLATION, length: 4, address: BigInt(START + 12) });
    expect(get64(LOWCORE.TRANSLATION_EXCEPTION) & ~0xfffn).toBe(0x2_0000n);
  });

  it('SPX moves the prefix area, STPX stores it', () => {
    set64(DATA, 0x1_2fff_ffffn << 16n);
    write(DATA, Uint8Array.of(0, 0x10, 0x3f, 0xff));
    lowcore(0x10_2000);
    program(load(2, DATA), s(0xb210, 0, 2), s(0xb211, 8, 2));
    expect(ends()).toBe(AT.DONE);
    expect(vcpu.block.prefix).toBe(0x10_2000);
    expect(get32(DATA + 8)).toBe(0x10_2000);
  });

  it('SPX to an address outside storage is an addressing exception', () => {
    write(DATA, Uint8Array.of(0, 0x20, 0, 0));
    program(load(2, DATA), s(0xb210, 0, 2));
    expect(interrupted().code).toBe(PGM.ADDRESSING);
    expect(vcpu.block.prefix).toBe(0);
  });

  it('the target of an EXECUTE: its exceptions have the length of the EXECUTE, its operand is made present', () => {
    executing(s(0xb212, 0, 2), load(2, DATA + 1));
    expect(interrupted()).toEqual({ code: PGM.SPECIFICATION, length: 6, address: BigInt(START + 18) });
    // Absent at first, present then.
    for (const pages of [1, 0]) {
      executing(s(0xb212, 0, 2), load(2, MIB));
      const before = host.kernel.frames.count('page');
      expect(ends()).toBe(AT.DONE);
      expect(host.kernel.frames.count('page') - before).toBe(pages);
    }
  });

  it('memory that is missing in the middle of one leaves the PSW at it', () => {
    program(load(1, 1), s(0xb2b1, 0));
    vi.spyOn(vm, 'writeGuest').mockImplementationOnce((address) => {
      throw new GuestMemoryFault(address, true);
    });
    expect(run()).toEqual(memoryFault(0n, true));
    expect(vcpu.block.pswAddress).toBe(BigInt(START + 12));
    expect(ends()).toBe(AT.DONE);
    expect(get32(200)).toBe(new DataView(facilityList().buffer).getUint32(0));
  });

  it('memory that is missing when one is refused leaves the PSW at it', () => {
    program(diag(2, 3, 0x600));
    expect(run()).toEqual(userSpace(ICPT.INSTRUCTION));
    mm.munmap({ address: HOME, length: 4096n });
    expect(() => vcpu.refuse(PGM.SPECIFICATION)).toThrow(GuestMemoryFault);
    expect(vcpu.block.pswAddress).toBe(BigInt(START));
    mm.mmap({ address: HOME, length: 4096n });
    lowcore(0);
    expect(run()).toEqual(userSpace(ICPT.INSTRUCTION));
    vcpu.refuse(PGM.SPECIFICATION);
    expect(interrupted()).toEqual({ code: PGM.SPECIFICATION, length: 4, address: BigInt(START + 4) });
  });

  it('STFL stores the first word of the facility list at real 200', () => {
    program(s(0xb2b1, 0));
    expect(ends()).toBe(AT.DONE);
    expect(get32(200)).toBe(new DataView(facilityList().buffer).getUint32(0));
  });

  it('SCK sets the clock of every virtual CPU', () => {
    const other = vm.createVcpu();
    set64(DATA, 1n << 60n);
    program(load(2, DATA), s(0xb204, 0, 2), s(0xb205, 8, 2));
    expect(conditionCode(3)).toBe(0);
    expect(ends()).toBe(AT.DONE);
    expect(get64(DATA + 8) >> 16n).toBe((1n << 60n) >> 16n);
    expect(other.block.get64(SIE.EPOCH)).toBe(vcpu.block.get64(SIE.EPOCH));
  });

  it('STSI returns the level, leaves levels 1 to 3 to user space, and sets condition code 3 for others', () => {
    program(load(0, 0), load(1, 0), s(0xb27d, 0));
    expect(conditionCode(5)).toBe(0);
    expect(vcpu.gr[0]).toBe(0x3000_0000n);
    program(load(0, 0x3000_0002), load(1, 2), load(2, DATA), s(0xb27d, 0, 2));
    const info = { address: BigInt(DATA), fc: 3, sel1: 2, sel2: 2 };
    expect(run()).toEqual({ reason: 'KVM_EXIT_S390_STSI', ...info });
    expect(ends()).toBe(AT.DONE);
    program(load(0, 0x4000_0000), load(1, 0), s(0xb27d, 0));
    expect(conditionCode(5)).toBe(3);
    program(load(0, 0x3000_0002), load(1, 2), s(0xb27d, 8));
    expect(interrupted().code).toBe(PGM.SPECIFICATION);
    program(load(0, 0x3000_0100), load(1, 2), s(0xb27d, 0));
    expect(interrupted().code).toBe(PGM.SPECIFICATION);
    program(load(0, 0x3000_0000), load(1, 0x1_0000), s(0xb27d, 0));
    expect(interrupted().code).toBe(PGM.SPECIFICATION);
  });

  it.each([
    0xb230, 0xb231, 0xb232, 0xb233, 0xb234, 0xb235, 0xb236, 0xb237, 0xb238, 0xb239, 0xb23a, 0xb23b, 0xb23c,
    0xb25f, 0xb276,
  ])('I/O instruction %i finds nothing operational', (opcode) => {
    program(s(opcode, 0));
    expect(conditionCode(1)).toBe(3);
    expect(ends()).toBe(AT.DONE);
  });

  it('DIAGNOSE 0x10 releases pages', () => {
    set64(4096, 1n);
    set64(DATA, 7n);
    set64(DATA + 4096, 8n);
    set64(DATA + 8192, 9n);
    program(load(2, DATA), load(3, DATA + 4096), diag(2, 3, 0x10));
    const pages = host.kernel.frames.count('page');
    expect(ends()).toBe(AT.DONE);
    expect(host.kernel.frames.count('page')).toBe(pages - 2);
    expect([get64(DATA), get64(DATA + 4096), get64(DATA + 8192)]).toEqual([0n, 0n, 9n]);
  });

  it('DIAGNOSE 0x10 keeps the prefix area', () => {
    write(DATA, Uint8Array.of(0, 0x10, 0x20, 0));
    lowcore(0x10_2000);
    set64(0x10_1000, 1n);
    set64(0x10_4000, 1n);
    program(load(4, DATA), s(0xb210, 0, 4), load(2, 0x10_1000), load(3, 0x10_4000), diag(2, 3, 0x10));
    expect(ends()).toBe(AT.DONE);
    expect([get64(0x10_1000), get64(0x10_4000)]).toEqual([0n, 0n]);
    expect(get64(0x10_2000 + DONE)).toBe(MASK.DISABLED_WAIT);
  });

  it('DIAGNOSE 0x10 of the prefix area releases absolute 0 to 8K, which have its real addresses', () => {
    lowcore(0x10_2000);
    vcpu.block.prefix = 0x10_2000;
    for (const page of [0, 0x1000, 0x10_2000, 0x10_3000]) set64(page + 8, 5n);
    program(load(2, 0x10_2000), load(3, 0x10_3000), diag(2, 3, 0x10));
    expect(ends()).toBe(AT.DONE);
    const left = [0, 0x1000, 0x10_2000, 0x10_3000].map((page) => get64(page + 8));
    expect(left).toEqual([0n, 0n, 5n, 5n]);
    expect(get64(0x10_2000 + DONE)).toBe(MASK.DISABLED_WAIT);
  });

  it.each([
    [0x8000n, (1n << 64n) - 4096n],
    [0x8001n, 0x9000n],
    [0x8000n, 0x9001n],
    [0x9000n, 0x7000n],
    [0x1000n, 0x9000n],
  ])('DIAGNOSE 0x10 from 0x%x to 0x%x: a specification exception', (first, last) => {
    program(load(2, first), load(3, last), diag(2, 3, 0x10));
    expect(interrupted()).toEqual({ code: PGM.SPECIFICATION, length: 4, address: BigInt(START + 28) });
  });

  it.each([0x44, 0x9c])('DIAGNOSE 0x%x gives up the processor', (code) => {
    program(diag(0, 0, code));
    expect(run()).toEqual({ reason: 'KVM_EXIT_INTR' });
    expect(vcpu.gaveWay).toBe(true);
    expect(ends()).toBe(AT.DONE);
    expect(vcpu.gaveWay).toBe(false);
  });

  it('DIAGNOSE 0x308 is an exit for a reset', () => {
    program(load(2, 3), diag(0, 2, 0x308));
    expect(run()).toEqual({ reason: 'KVM_EXIT_S390_RESET', flags: 4 | 16 | 8 | 2 });
    program(load(2, 4), diag(0, 2, 0x308));
    expect(run()).toEqual({ reason: 'KVM_EXIT_S390_RESET', flags: 4 | 16 | 8 });
    program(load(2, 5), diag(0, 2, 0x308));
    expect(run()).toEqual(userSpace(ICPT.INSTRUCTION));
  });

  it('an unknown DIAGNOSE and SERVC are exits to user space', () => {
    program(diag(2, 3, 0x600), servc(4, 5));
    const { block } = vcpu;
    expect(run()).toEqual({
      reason: 'KVM_EXIT_S390_SIEIC',
      icptcode: ICPT.INSTRUCTION,
      ipa: 0x8323,
      ipb: expect.toSatisfy((ipb: number) => ipb >>> 16 === 0x600),
    });
    expect(block.pswAddress).toBe(BigInt(START + 4));
    expect(run()).toEqual({
      reason: 'KVM_EXIT_S390_SIEIC',
      icptcode: ICPT.INSTRUCTION,
      ipa: 0xb220,
      ipb: expect.toSatisfy((ipb: number) => ipb >>> 16 === 0x45),
    });
    expect(ends()).toBe(AT.DONE);
  });
});

describe('a virtual machine', () => {
  it('has virtual CPUs that share its memory, on processors of their own', () => {
    const other = vm.createVcpu();
    expect([vcpu.stopped, other.stopped]).toEqual([false, true]);
    other.stopped = false;
    program(load(1, 0x5a), load(2, MIB), stg(1, 0, 2));
    write(0x2_0000, code(load(2, MIB), lg(7, 0, 2), jump(-6)));
    other.setPsw(MASK.PLAIN, 0x2_0000n);
    expect(run(100, other).reason).toBe('KVM_EXIT_INTR');
    expect(other.gr[7]).toBe(0n);
    expect(ends()).toBe(AT.DONE);
    expect(run(100, other).reason).toBe('KVM_EXIT_INTR');
    expect(other.gr[7]).toBe(0x5an);
    mm.munmap({ address: HOME + MIB, length: MIB });
    expect(run(100, other)).toEqual(memoryFault(MIB, false));
  });

  it('does not use the translations of an earlier one', () => {
    translated(load(2, 0x2_0000), lg(3, 0, 2));
    set64(0x2_0000, 1n);
    set64(0x2_1000, 2n);
    expect(ends()).toBe(AT.DONE);
    const { block, vm: dead } = vcpu;
    vm.destroy();
    vm = host.createVm(mm);
    vm.setMemoryRegion({ slot: 0, guestPhysAddr: 0n, memorySize: 2n * MIB, userspaceAddr: HOME });
    vcpu = vm.createVcpu();
    expect([vcpu.block.origin, vm.gmap.asce]).toEqual([block.origin, dead.gmap.asce]);
    translated(load(2, 0x2_0000), lg(3, 0, 2));
    set64(0x5_0000 + 0x20 * 8, 0x2_1000n);
    expect(ends()).toBe(AT.DONE);
    expect(vcpu.gr[3]).toBe(2n);
  });

  it('has CPUs that, back on a processor, do not use translations that they have purged on another', () => {
    translated(load(2, 0x2_0000), lg(3, 0, 2));
    set64(0x2_0000, 1n);
    set64(0x2_1000, 2n);
    expect(ends()).toBe(AT.DONE);
    // On another processor: the entry is changed, then PTLB.
    translated(load(2, 0x5_0000 + 0x20 * 8), load(3, 0x2_1000), stg(3, 0, 2), s(0xb20d, 0));
    expect(vcpu.run(host.machine.cpu(1), 100)).toEqual(userSpace(ICPT.WAIT));
    program(load(2, 0x2_0000), lg(3, 0, 2));
    vcpu.block.pswMask = MASK.DAT;
    expect(ends()).toBe(AT.DONE);
    expect(vcpu.gr[3]).toBe(2n);
  });

  it('has at most 248 of them', () => {
    for (let n = 1; n < 248; n++) vm.createVcpu();
    expect(codeOf(() => vm.createVcpu())).toBe('EINVAL');
    expect(vm.vcpus.at(-1)?.id).toBe(247);
  });

  it('has no virtual CPU for which there was no memory', () => {
    host.kernel.frames.failIn(1);
    expect(codeOf(() => vm.createVcpu())).toBe('ENOMEM');
    expect(vm.vcpus).toHaveLength(1);
  });

  it('frees everything when it is destroyed, and the process keeps its memory', () => {
    vm.destroy();
    const before = frameCounts(host);
    const fresh = host.createVm(mm);
    fresh.setMemoryRegion({ slot: 0, guestPhysAddr: 1n << 60n, memorySize: MIB, userspaceAddr: HOME });
    for (let n = 0; n < 3; n++) fresh.createVcpu();
    fresh.writeGuest(1n << 60n, Uint8Array.of(0xaa));
    fresh.destroy();
    expect(frameCounts(host)).toEqual(before);
    expect(mm.read(HOME, 1)).toEqual(Uint8Array.of(0xaa));
  });

  it('is read and written from outside, all bytes or none', () => {
    const edge = 2n * MIB - 2n;
    expect(() => vm.writeGuest(edge, Uint8Array.of(1, 2, 3))).toThrow('0x200000 is not backed');
    expect(vm.readGuest(edge, 2)).toEqual(Uint8Array.of(0, 0));
    expect(() => vm.readGuest(edge, 3)).toThrow('0x200000');
    expect(() => vm.readGuest((1n << 64n) - 1n, 2)).toThrow('is not backed');
    vm.writeGuest(0xfffn, Uint8Array.of(1, 2));
    expect(vm.readGuest(0xfffn, 2)).toEqual(Uint8Array.of(1, 2));
  });
});
