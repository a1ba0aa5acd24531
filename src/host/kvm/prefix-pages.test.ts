/** The prefix pages of virtual CPUs: made before the guest runs, and made again after one was invalidated. */

import { beforeEach, describe, expect, it, vi } from 'vitest';
import { CPU_FLAG, SIE } from '../../machine/index.ts';
import { diag, jump, load, MASK, psw, s, sigp, stg } from '../../machine/testing/index.ts';
import type { TraceEvent } from '../../trace/index.ts';
import { PROT } from '../mm/index.ts';
import { bytes, codeOf, GUEST_BYTES, GUEST_HOME, TestGuest } from '../testing/index.ts';
import type { Exit } from './exits.ts';

const MIB = 1n << 20n;
const PAGE = 4096n;
const INTERRUPTED: Exit = { reason: 'KVM_EXIT_INTR' };
const SET_PREFIX = 0xb210;
const missing = (gpa: bigint): Exit => ({
  reason: 'KVM_EXIT_MEMORY_FAULT',
  gpa,
  size: PAGE,
  write: true,
});

describe.each([
  ['pages of 4 KiB', false],
  ['frames of 1 MiB', true],
])('the prefix pages of a guest of %s', (_, large) => {
  let guest: TestGuest;

  /** A guest that loops forever, on every virtual CPU. */
  beforeEach(() => {
    guest = new TestGuest({ large, vcpus: 2 });
    for (const vcpu of guest.vm.vcpus) {
      guest.program([jump(0)], vcpu);
      vcpu.stopped = false;
    }
    return () => {
      expect(guest.problems).toEqual([]);
      expect(guest.host.kernel.locks.held).toEqual([]);
    };
  });
  const run = (n = 0) => guest.run(guest.vm.vcpus[n], 10);
  /** Returns the number of prefix pages that are made during an action. */
  function made(action: () => void): number {
    const watch = vi.spyOn(guest.vm.gmap, 'watch');
    action();
    const times = watch.mock.calls.length;
    watch.mockRestore();
    return times;
  }
  const ready = () => guest.vm.vcpus.map(({ prefixPages }) => prefixPages.ready);
  /** Returns the number of virtual CPUs whose prefix area the machine has rejected. */
  const refusals = () => {
    const blocks = guest.vm.vcpus.map(({ block }) => block);
    return blocks.filter((block) => block.get8(SIE.INTERCEPTION_CODE) === 0x20).length;
  };

  it('are made before it runs first, and not again', () => {
    expect(ready()).toEqual([false, false]);
    expect(made(() => expect(run()).toEqual(INTERRUPTED))).toBe(2);
    expect(ready()).toEqual([true, false]);
    expect(made(() => expect(run()).toEqual(INTERRUPTED))).toBe(0);
    expect(made(() => expect(run(1)).toEqual(INTERRUPTED))).toBe(2);
    expect(ready()).toEqual([true, true]);
    expect(refusals()).toBe(0);
  });

  const losses: Record<string, () => void> = {
    'is dropped by the process': () => guest.mm.dontNeed({ address: GUEST_HOME, length: PAGE }),
    'the other, is dropped by the process': () =>
      guest.mm.dontNeed({ address: GUEST_HOME + PAGE, length: PAGE }),
    'is discarded by the guest’s user': () => guest.vm.gmap.discard({ address: 0n, length: 2n * PAGE }),
    'becomes read-only': () =>
      guest.mm.mprotect({ address: GUEST_HOME, length: PAGE, protection: PROT.READ }),
    'becomes copy-on-write by a fork': () => guest.host.fork(guest.mm),
    'is logged': () => guest.slot(1),
    'is unmapped': () => guest.mm.munmap({ address: GUEST_HOME, length: PAGE }),
    'is unmapped with its page table': () => guest.mm.munmap({ address: GUEST_HOME, length: GUEST_BYTES }),
    'is moved elsewhere': () =>
      guest.mm.mremap({ address: GUEST_HOME, oldLength: MIB, newLength: MIB, to: GUEST_HOME + 16n * MIB }),
    'is replaced': () => guest.mm.mmap({ address: GUEST_HOME, length: MIB, taken: 'replace' }),
    'loses its slot': () =>
      guest.vm.setMemoryRegion({ slot: 0, guestPhysAddr: 0n, memorySize: 0n, userspaceAddr: 0n }),
    'loses its place in a slot that moves': () => guest.slot(0, 64n * MIB),
    'loses its place in the gmap': () => guest.vm.gmap.unmap({ address: 0n, length: MIB }),
    'gets another place in the gmap': () =>
      guest.vm.gmap.map({ from: GUEST_HOME + MIB, to: 0n, length: MIB }),
  };

  it.each(Object.keys(losses))('every virtual CPU is notified when one %s', (what) => {
    run(0);
    run(1);
    losses[what]?.();
    expect(ready()).toEqual([false, false]);
  });

  it.each([
    ['the page behind them', () => guest.mm.dontNeed({ address: GUEST_HOME + 2n * PAGE, length: PAGE })],
    ['another segment', () => guest.mm.munmap({ address: GUEST_HOME + MIB, length: 3n * MIB })],
    ['a mapping beside the guest', () => guest.mm.mmap({ length: MIB })],
  ])('no virtual CPU is notified of %s', (_what, change) => {
    run(0);
    run(1);
    change();
    expect(ready()).toEqual([true, true]);
    expect(made(() => run())).toBe(0);
  });

  it('only the virtual CPU to which the page belongs is notified', () => {
    guest.vm.vcpus[1]?.setPrefix(0x10_0000);
    guest.program([jump(0)], guest.vm.vcpus[1]);
    run(0);
    run(1);
    guest.mm.dontNeed({ address: GUEST_HOME + MIB + PAGE, length: PAGE });
    expect(ready()).toEqual([true, false]);
    guest.mm.dontNeed({ address: GUEST_HOME, length: PAGE });
    expect(ready()).toEqual([false, false]);
    expect(made(() => run(1))).toBe(2);
    expect(ready()).toEqual([false, true]);
  });

  it('are made again before it runs again, and the machine finds nothing missing', () => {
    run();
    for (const what of ['is dropped by the process', 'becomes copy-on-write by a fork', 'is logged']) {
      losses[what]?.();
      expect(made(() => expect(run()).toEqual(INTERRUPTED))).toBe(2);
    }
    expect(refusals()).toBe(0);
  });

  it('may be released by another virtual CPU: that causes no exit', () => {
    guest.vm.vcpus[1]?.setPrefix(0x10_0000);
    guest.program([jump(0)], guest.vm.vcpus[1]);
    guest.program([load(2, 0x10_0000), load(3, 0x10_1000), diag(2, 3, 0x10)]);
    run(1);
    expect(guest.run()).toMatchObject({ reason: 'KVM_EXIT_S390_SIEIC' });
    expect(guest.vcpu.block.pswAddress).toBe(0n);
    expect(ready()).toEqual([true, false]);
    expect(run(1)).toEqual(INTERRUPTED);
    expect(refusals()).toBe(0);
  });

  it('are the new ones after SET PREFIX, by the guest or another virtual CPU', () => {
    guest.vm.writeGuest(0x1_1000n, psw(0x0010_0000_0000_0000n, 0));
    guest.vm.writeGuest(0x10_0000n + 0x700n, psw(MASK.DISABLED_WAIT, 0));
    guest.program([load(2, 0x1_1000), s(SET_PREFIX, 0, 2), jump(0)]);
    expect(made(() => expect(run()).toEqual(INTERRUPTED))).toBe(4);
    expect(guest.vcpu.block.prefix).toBe(0x10_0000);
    guest.mm.dontNeed({ address: GUEST_HOME, length: 2n * PAGE });
    expect(ready()[0]).toBe(true);
    guest.mm.dontNeed({ address: GUEST_HOME + MIB, length: PAGE });
    expect(ready()[0]).toBe(false);

    run(1);
    const other = guest.vm.vcpus[1];
    if (other) other.stopped = true;
    guest.vcpu.setPrefix(0);
    guest.program([load(5, 1), load(3, 0x10_0000), sigp(2, 5, 0x0d), jump(0)]);
    run();
    expect(other?.block.prefix).toBe(0x10_0000);
    expect(ready()).toEqual([true, false]);
  });

  it('are those of prefix 0 after a reset', () => {
    guest.vcpu.setPrefix(0x10_0000);
    guest.program([jump(0)]);
    run();
    guest.vcpu.reset('initial');
    expect(ready()[0]).toBe(false);
    expect(guest.vcpu.block.prefix).toBe(0);
  });

  it('that are not mapped are an exit; once mapped again, the guest continues', () => {
    run();
    guest.mm.munmap({ address: GUEST_HOME, length: MIB });
    expect(run()).toEqual(missing(0n));
    expect(run()).toEqual(missing(0n));
    guest.mm.mmap({ address: GUEST_HOME, length: PAGE });
    expect(run()).toEqual(missing(PAGE));
    guest.mm.mmap({ address: GUEST_HOME + PAGE, length: MIB - PAGE });
    guest.program([jump(0)]);
    expect(run()).toEqual(INTERRUPTED);
    guest.mm.mprotect({ address: GUEST_HOME, length: PAGE, protection: PROT.READ });
    expect(run()).toEqual(missing(0n));
    guest.vcpu.setPrefix(0x800_0000);
    expect(run()).toEqual(missing(0x800_0000n));
  });

  it('for which there is no memory are ENOMEM, and the guest continues when there is memory', () => {
    run();
    guest.mm.dontNeed({ address: GUEST_HOME, length: 2n * PAGE });
    for (const n of [1, 2]) {
      guest.host.kernel.frames.failIn(n);
      expect(codeOf(run)).toBe('ENOMEM');
      expect(ready()[0]).toBe(false);
    }
    expect(run()).toEqual(INTERRUPTED);
    expect(ready()[0]).toBe(true);
  });

  it('in one frame, mapped at two guest segments, are watched separately', () => {
    guest.vm.setMemoryRegion({
      slot: 1,
      guestPhysAddr: 64n * MIB,
      memorySize: MIB,
      userspaceAddr: GUEST_HOME,
    });
    guest.vm.vcpus[1]?.setPrefix(0x400_0000);
    run(0);
    run(1);
    expect(ready()).toEqual([true, true]);
    guest.vm.setMemoryRegion({ slot: 1, guestPhysAddr: 0n, memorySize: 0n, userspaceAddr: 0n });
    expect(ready()).toEqual([true, false]);
    guest.mm.dontNeed({ address: GUEST_HOME, length: PAGE });
    expect(ready()).toEqual([false, false]);
  });

  it('are no longer watched when the virtual machine was destroyed', () => {
    run();
    guest.vm.destroy();
    expect(guest.vm.gmap.onInvalidated.listener).toBe(null);
    guest.mm.munmap({ address: GUEST_HOME, length: GUEST_BYTES });
  });
});

describe('the machine’s own check of the prefix area', () => {
  it('finds an invalidation that was not reported, and the pages are prepared again', () => {
    const guest = new TestGuest();
    guest.program([jump(0)]);
    guest.run(guest.vcpu, 10);
    const { machine } = guest.host;
    const table = guest.mm.tables.pageTableOf(Number(GUEST_HOME >> 20n));
    machine.storage.set32(table + 4, machine.storage.get32(table + 4) | 0x200);
    machine.purgePage(table, 0);
    expect(guest.vcpu.prefixPages.ready).toBe(true);
    expect(guest.run(guest.vcpu, 10)).toEqual(INTERRUPTED);
    expect(machine.storage.get32(table + 4) & 0x200).toBe(0);
  });

  it('ends a run if the state description excludes the prefix area from storage', () => {
    const guest = new TestGuest();
    guest.program([jump(0)]);
    guest.vcpu.block.set32(SIE.CPU_FLAGS, CPU_FLAG.ZARCH);
    guest.vcpu.block.set64(SIE.STORAGE_ORIGIN, MIB);
    guest.vcpu.block.set64(SIE.STORAGE_LIMIT, 0n);
    const refused: Exit = { reason: 'KVM_EXIT_FAIL_ENTRY', hardwareEntryFailureReason: 0x37 };
    expect(guest.run(guest.vcpu, 10)).toEqual(refused);
    expect(guest.run(guest.vcpu, 10)).toEqual(refused);
    guest.vcpu.block.set32(SIE.CPU_FLAGS, (CPU_FLAG.ZARCH | CPU_FLAG.STORAGE_MODE) >>> 0);
    expect(guest.run(guest.vcpu, 10)).toEqual(INTERRUPTED);
  });
});

it('a guest continues without memory faults while its prefix area is invalidated repeatedly', () => {
  const guest = new TestGuest({ large: true });
  const events: TraceEvent[] = [];
  guest.program([load(1, 7), stg(1, 0x800), jump(-6)]);
  for (let turn = 0; turn < 20; turn++) {
    if (turn % 4 === 0)
      guest.mm.mmap({ address: GUEST_HOME + MIB, length: MIB, taken: 'replace', large: true });
    if (turn % 4 === 1) guest.host.exitMm(guest.host.fork(guest.mm));
    if (turn % 4 === 2) guest.slot(turn % 8 === 2 ? 1 : 0);
    if (turn % 4 === 3) guest.mm.dontNeed({ address: GUEST_HOME + PAGE, length: PAGE });
    const unsubscribe = guest.host.machine.trace.subscribe((event) => events.push(event));
    expect(guest.run(guest.vcpu, 50)).toEqual(INTERRUPTED);
    unsubscribe();
  }
  expect(events.filter(({ type }) => type === 'exit')).toEqual([]);
  expect(guest.vm.readGuest(0x807n, 1)).toEqual(bytes(7));
  expect(guest.problems).toEqual([]);
});
