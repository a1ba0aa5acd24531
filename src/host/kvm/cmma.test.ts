/** Collaborative memory management: ESSA, usage states, and their migration. */

import { beforeEach, describe, expect, it } from 'vitest';
import { LOWCORE, PGM } from '../../machine/index.ts';
import { code, diag, load, MASK, psw, unknown } from '../../machine/testing/index.ts';
import type { Host } from '../host.ts';
import type { Mm } from '../mm/index.ts';
import { bytes, codeOf, makeHost } from '../testing/index.ts';
import { DirtyPages } from './dirty-pages.ts';
import type { Vcpu } from './vcpu.ts';
import type { VirtualMachine } from './vm.ts';

const MIB = 1n << 20n;
const PAGE = 4096n;
const HOME = 0x1000_0000n;
/** Frames of the slots: 512 from 0 on, and 512 from 4096 on. */
const COUNT = 512;
const SECOND = 4096;
const LOG = 1;
/** A page of the second slot. */
const FRAME = SECOND + 3;

let host: Host;
let mm: Mm;
let vm: VirtualMachine;
let vcpu: Vcpu;

const slot = (number: number, frame: number, flags = 0, mib = 2n) =>
  vm.setMemoryRegion({
    slot: number,
    flags,
    guestPhysAddr: BigInt(frame) * PAGE,
    memorySize: mib * MIB,
    userspaceAddr: HOME + BigInt(number) * 2n * MIB,
  });
const logging = (flags = LOG) => {
  slot(0, 0, flags);
  slot(1, SECOND, flags);
};

beforeEach(() => {
  const made = makeHost({ storageSize: 0x400_0000 });
  host = made.host;
  mm = host.createMm();
  mm.mmap({ address: HOME, length: 8n * MIB });
  vm = host.createVm(mm);
  slot(0, 0);
  slot(1, SECOND);
  vm.enableCmma();
  vcpu = vm.createVcpu();
  vm.writeGuest(BigInt(LOWCORE.PROGRAM_NEW_PSW), psw(MASK.DISABLED_WAIT, 0xbad));
  return () => {
    expect(made.problems).toEqual([]);
    expect(host.kernel.locks.held).toEqual([]);
  };
});

const essa = (r1: number, r2: number, request: number) => [0xb9, 0xab, request << 4, (r1 << 4) | r2];

/** Runs instructions until DIAGNOSE 0x501, or to the program interruption's new PSW. Returns register 1. */
function run(...instructions: number[][]): bigint {
  vm.writeGuest(0x1_0000n, code(...instructions, diag(0, 0, 0x501)));
  vcpu.setPsw(MASK.PLAIN, 0x1_0000n);
  expect(vcpu.run(host.machine.cpu(0), 10_000).reason).toBe('KVM_EXIT_S390_SIEIC');
  return vcpu.gr[1] as bigint;
}
/** Executes ESSA of a frame. Returns its result. */
const ask = (request: number, frame = FRAME) =>
  run(load(1, 0x77), load(2, BigInt(frame) * PAGE), essa(1, 2, request));
const interruption = () => vm.readGuest(BigInt(LOWCORE.PROGRAM_CODE), 2)[1];
const usage = (frame = FRAME) => vm.cmma.getStates({ startFrame: frame, count: 1, peek: true }).values[0];
const get = (startFrame: number, count: number) => {
  const { values, ...rest } = vm.cmma.getStates({ startFrame, count });
  return { ...rest, count: values.length };
};

describe('ESSA', () => {
  const touch = () => vm.writeGuest(BigInt(FRAME) * PAGE, bytes(1));

  it('returns the state of a page, and sets it', () => {
    expect(ask(0)).toBe(2n);
    touch();
    expect(ask(0)).toBe(0n);
    expect(ask(2)).toBe(0n);
    expect(ask(0)).toBe(4n);
    expect(ask(3)).toBe(4n);
    expect(ask(4)).toBe(0xcn);
    expect(ask(1)).toBe(8n);
    expect(ask(0)).toBe(0n);
    expect(usage()).toBe(0);
  });

  it('a page without a frame that may become volatile is volatile at once, unless the guest has changed it', () => {
    expect(ask(4)).toBe(2n);
    expect(ask(0)).toBe(0xen);
    expect(ask(6)).toBe(0xen);
    expect(ask(5)).toBe(0xen);
    expect(ask(0)).toBe(2n);
    vm.setKey(BigInt(FRAME) * PAGE, 0x02);
    ask(2);
    ask(4);
    expect(usage()).toBe(0);
  });

  it('makes a resident page stable if resident', () => {
    touch();
    ask(3);
    expect(usage()).toBe(3);
    ask(6);
    expect(usage()).toBe(0);
  });

  it('keeps the state when the page loses its frame', () => {
    touch();
    ask(2);
    mm.dontNeed({ address: HOME + 2n * MIB, length: 2n * MIB });
    expect(ask(0)).toBe(6n);
    vm.cmma.clear();
    expect(ask(0)).toBe(2n);
  });

  it('a page of a large frame gets a page table', () => {
    const large = host.createMm();
    large.mmap({ address: HOME, length: 8n * MIB, large: true });
    mm = large;
    vm = host.createVm(large);
    slot(0, 0);
    slot(1, SECOND);
    vm.enableCmma();
    vcpu = vm.createVcpu();
    touch();
    expect(ask(2)).toBe(0n);
    expect(ask(0)).toBe(4n);
    expect(vm.readGuest(BigInt(FRAME) * PAGE, 1)).toEqual(bytes(1));
  });

  it.each([
    ['a request that does not exist', 7, FRAME, PGM.SPECIFICATION],
    ['a frame that is in no slot', 1, COUNT, PGM.ADDRESSING],
  ])('%s is an exception', (_, request, frame, expected) => {
    expect(ask(request, frame)).toBe(0x77n);
    expect(interruption()).toBe(expected);
  });

  it('is a privileged operation', () => {
    vm.writeGuest(0x1_0000n, code(essa(1, 2, 0)));
    vcpu.setPsw(MASK.PROBLEM, 0x1_0000n);
    vcpu.run(host.machine.cpu(0), 100);
    expect(interruption()).toBe(PGM.PRIVILEGED_OPERATION);
  });

  it('of a page that the process has not mapped fails', () => {
    mm.munmap({ address: HOME + 2n * MIB, length: 2n * MIB });
    expect(ask(1)).toBe(0x10n);
    expect(ask(0)).toBe(2n);
  });

  it('is an operation exception without CMMA, as other invalid codes are with it', () => {
    vm = host.createVm(mm);
    slot(0, 0);
    slot(1, SECOND);
    vcpu = vm.createVcpu();
    ask(0);
    expect(interruption()).toBe(PGM.OPERATION);
    vm = host.createVm(mm);
    slot(0, 0);
    vm.enableCmma();
    vcpu = vm.createVcpu();
    vm.writeGuest(BigInt(LOWCORE.PROGRAM_CODE), bytes(0, 0));
    run(unknown());
    expect(interruption()).toBe(PGM.OPERATION);
    expect(vcpu.block.pswAddress).toBe(0xbadn);
  });

  it('an invalid code in the handler of exceptions is an exit', () => {
    vm.writeGuest(BigInt(LOWCORE.PROGRAM_NEW_PSW), psw(MASK.PLAIN, 0x1_0000n));
    vm.writeGuest(0x1_0000n, code(unknown()));
    vcpu.setPsw(MASK.PLAIN, 0x1_0000n);
    const exit = vcpu.run(host.machine.cpu(0), 100);
    expect(exit).toMatchObject({ reason: 'KVM_EXIT_S390_SIEIC', icptcode: 0x2c, ipa: 0 });
  });
});

describe('the states of a virtual machine', () => {
  it('CMMA is enabled before there are virtual CPUs', () => {
    expect(codeOf(() => vm.enableCmma())).toBe('EBUSY');
    const other = host.createVm(mm);
    expect(codeOf(() => other.cmma.clear())).toBe('EINVAL');
    expect(codeOf(() => other.cmma.getStates({ startFrame: 0, count: 1 }))).toBe('ENXIO');
    expect(codeOf(() => other.cmma.setStates(0, bytes(1), 3))).toBe('ENXIO');
  });

  it('are set by mask, and peeked at up to the end of the slot', () => {
    vm.cmma.setStates(SECOND + COUNT - 2, bytes(0xff, 2), 0xff);
    const peek = (startFrame: number, count: number) => vm.cmma.getStates({ startFrame, count, peek: true });
    expect(peek(SECOND + COUNT - 3, 10)).toEqual({
      startFrame: SECOND + COUNT - 3,
      values: bytes(0, 0x43, 2),
      remaining: 0,
    });
    vm.cmma.setStates(SECOND + COUNT - 2, bytes(0), 1);
    expect(usage(SECOND + COUNT - 2)).toBe(0x42);
    expect(codeOf(() => peek(COUNT, 1))).toBe('EFAULT');
    expect(codeOf(() => vm.cmma.setStates(COUNT - 1, bytes(1, 1), 3))).toBe('EFAULT');
    expect(usage(COUNT - 1)).toBe(1);
    vm.cmma.setStates(COUNT, bytes(), 3);
    expect(codeOf(() => vm.cmma.setStates(0, new Uint8Array((1 << 20) + 1), 3))).toBe('EINVAL');
    mm.munmap({ address: HOME, length: PAGE });
    vm.cmma.setStates(0, bytes(1), 3);
    expect(usage(0)).toBe(0);
  });

  it('are not returned before they are in use, nor without a migration', () => {
    const nothing = { startFrame: 0, values: bytes(), remaining: 0 };
    expect(vm.cmma.getStates({ startFrame: 5, count: 10, peek: true })).toEqual(nothing);
    expect(codeOf(() => vm.cmma.getStates({ startFrame: 0, count: 1 }))).toBe('EINVAL');
    ask(0);
    expect(vm.cmma.getStates({ startFrame: 5, count: 10, peek: true }).values).toHaveLength(10);
    expect(vm.cmma.getStates({ startFrame: 5, count: 0, peek: true })).toEqual(nothing);
  });

  it('a migration needs slots that log, and ends with a slot that does not', () => {
    const empty = host.createVm(mm);
    expect(codeOf(() => empty.cmma.startMigration())).toBe('EINVAL');
    expect(codeOf(() => vm.cmma.startMigration())).toBe('EINVAL');
    expect(vm.cmma.migrating).toBe(false);
    logging();
    vm.cmma.startMigration();
    vm.cmma.startMigration();
    expect(vm.cmma.migrating).toBe(true);
    ask(1);
    slot(2, 2 * SECOND, 0, 1n);
    expect(vm.cmma.migrating).toBe(false);
    ask(1);
    slot(2, 2 * SECOND, LOG, 1n);
    vm.cmma.startMigration();
    slot(2, 2 * SECOND, 0, 1n);
    expect(vm.cmma.migrating).toBe(false);
    slot(2, 0, 0, 0n);
    vm.cmma.startMigration();
    vm.cmma.stopMigration();
    expect(vm.cmma.migrating).toBe(false);
    const plain = host.createVm(mm);
    vm = plain;
    slot(0, 0);
    plain.cmma.startMigration();
    expect(plain.cmma.migrating).toBe(true);
  });

  it('all are new when a migration starts, then those that ESSA has set', () => {
    ask(0);
    logging();
    vm.cmma.startMigration();
    expect(get(0, 1024)).toEqual({ startFrame: 0, count: COUNT, remaining: COUNT });
    expect(get(COUNT, 1024)).toEqual({ startFrame: SECOND, count: COUNT, remaining: 0 });
    expect(get(SECOND + COUNT, 1024)).toEqual({ startFrame: 0, count: 0, remaining: 0 });
    ask(2);
    ask(0, FRAME + 1);
    expect(get(0, 1024)).toEqual({ startFrame: FRAME, count: 1, remaining: 0 });
    expect(usage()).toBe(1);
  });

  it('pages whose states are not new are skipped, and small gaps are not', () => {
    ask(0);
    logging();
    vm.cmma.startMigration();
    get(0, 1024);
    get(SECOND, 1024);
    for (let frame = SECOND; frame < SECOND + COUNT; frame++) vm.cmma.changed(frame);
    const all = COUNT;
    expect(get(0, 1)).toEqual({ startFrame: SECOND, count: 1, remaining: all - 1 });
    expect(get(SECOND + COUNT, 0x20)).toEqual({ startFrame: SECOND + 1, count: 0x20, remaining: all - 0x21 });
    expect(get(SECOND + 0x41, 0x20)).toEqual({
      startFrame: SECOND + 0x41,
      count: 0x20,
      remaining: all - 0x41,
    });
    expect(get(SECOND, 1)).toEqual({ startFrame: SECOND + 0x21, count: 1, remaining: all - 0x42 });
    expect(get(SECOND + 0x23, 15)).toMatchObject({ startFrame: SECOND + 0x23, count: 15 });
    expect(get(SECOND + 0x22, 17)).toMatchObject({ startFrame: SECOND + 0x22, count: 17 });
    expect(get(SECOND + 0x40, 25)).toMatchObject({ startFrame: SECOND + 0x40, count: 1 });
    expect(get(SECOND + 0x33, 13)).toMatchObject({ startFrame: SECOND + 0x33, count: 13 });
    expect(get(SECOND, COUNT - 0x61)).toEqual({
      startFrame: SECOND + 0x61,
      count: COUNT - 0x61,
      remaining: 0,
    });
    expect(get(0, 1024)).toEqual({ startFrame: 0, count: 0, remaining: 0 });
  });

  it('of a slot that is made during a migration are not new; those of a deleted slot are forgotten', () => {
    ask(0);
    logging();
    vm.cmma.startMigration();
    slot(2, 2 * SECOND, LOG, 1n);
    vm.cmma.changed(2 * SECOND + 5);
    vm.cmma.changed(2 * SECOND + 3);
    vm.setMemoryRegion({ slot: 0, guestPhysAddr: 0n, memorySize: 0n, userspaceAddr: 0n });
    expect(get(2 * SECOND, 100)).toEqual({ startFrame: 2 * SECOND + 3, count: 3, remaining: COUNT });
    expect(get(0, 1024)).toEqual({ startFrame: SECOND, count: COUNT, remaining: 0 });
  });
});

it('a set of pages finds the next one, whether most are in it or not', () => {
  for (const all of [true, false]) {
    const set = new DirtyPages(10, all);
    for (let page = 0; page < 10; page++)
      if (page === 2 || page === 7) set.mark(page);
      else set.clear(page);
    expect([set.count, set.next(0), set.next(3), set.next(8)]).toEqual([2, 2, 7, -1]);
    set.clear(2);
    expect([set.count, set.next(0)]).toEqual([1, 7]);
  }
});
