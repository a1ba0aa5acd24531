import { beforeEach, describe, expect, it } from 'vitest';
import type { Host } from '../host.ts';
import type { Mm } from '../mm/index.ts';
import { codeOf, frameCounts, makeHost, messageOf, snapshotOf, TIB } from '../testing/index.ts';
import type { MemoryRegion } from './slots.ts';
import type { VirtualMachine } from './vm.ts';

const MIB = 1n << 20n;
const PAGE = 4096n;
const HOME = 0x1000_0000n;

let host: Host;
let mm: Mm;
let vm: VirtualMachine;

beforeEach(() => {
  const made = makeHost();
  host = made.host;
  mm = host.createMm();
  vm = host.createVm(mm);
  return () => expect(made.problems).toEqual([]);
});

/** A region of slot 0: by default, 2 MiB of the process from HOME on at guest address 0. */
const region = (changes: Partial<MemoryRegion> = {}): MemoryRegion => ({
  slot: 0,
  guestPhysAddr: 0n,
  memorySize: 2n * MIB,
  userspaceAddr: HOME,
  ...changes,
});
const set = (changes: Partial<MemoryRegion> = {}) => vm.setMemoryRegion(region(changes));
const segments = () =>
  [...vm.gmap.segments()].map(({ guest, process, linked }) => [guest, process, linked] as const);
const slots = () => [...vm.slots.all.values()];

/** Requests a slot, which must fail and change nothing. Returns the error code. */
function refused(changes: Partial<MemoryRegion>): string {
  const before = { ...snapshotOf(host, mm, vm.gmap), slots: slots() };
  const code = codeOf(() => set(changes));
  expect({ ...snapshotOf(host, mm, vm.gmap), slots: slots() }).toEqual(before);
  return code;
}

describe('a slot', () => {
  it('maps process memory and links nothing, whether the process has it or not', () => {
    set({ guestPhysAddr: 5n * MIB });
    expect(segments()).toEqual([
      [5n * MIB, HOME, false],
      [6n * MIB, HOME + MIB, false],
    ]);
    expect(slots()).toEqual([{ ...region({ guestPhysAddr: 5n * MIB }), flags: 0 }]);
  });

  it('is found by every address in it and by no other', () => {
    set({ guestPhysAddr: 5n * MIB });
    expect(vm.slots.at(5n * MIB)?.slot).toBe(0);
    expect(vm.slots.at(7n * MIB - 1n)?.slot).toBe(0);
    expect(vm.slots.at(5n * MIB - 1n)).toBe(undefined);
    expect(vm.slots.at(7n * MIB)).toBe(undefined);
  });

  it('moves: the old place is empty, the new one mapped, nothing linked', () => {
    mm.mmap({ address: HOME, length: 2n * MIB });
    set();
    vm.faultIn(0n, true);
    set({ guestPhysAddr: MIB });
    expect(segments()).toEqual([
      [MIB, HOME, false],
      [2n * MIB, HOME + MIB, false],
    ]);
    expect(slots()).toHaveLength(1);
  });

  it('can change its flags, without a change of its memory', () => {
    mm.mmap({ address: HOME, length: 2n * MIB });
    set();
    vm.faultIn(0n, true);
    const before = segments();
    set({ flags: 1 });
    expect(segments()).toEqual(before);
    expect(slots()[0]?.flags).toBe(1);
    set({ flags: 0 });
    expect(slots()[0]?.flags).toBe(0);
    set();
    expect(segments()).toEqual(before);
  });

  it('is deleted by size 0, whatever the other fields are', () => {
    mm.mmap({ address: HOME, length: 2n * MIB });
    set();
    vm.faultIn(0n, true);
    set({ memorySize: 0n, guestPhysAddr: 77n * PAGE, userspaceAddr: 0n });
    expect(segments()).toEqual([]);
    expect(slots()).toEqual([]);
    expect(mm.read(HOME, 1)).toEqual(Uint8Array.of(0));
    set({ userspaceAddr: 0n });
    expect(slots()).toHaveLength(1);
  });

  it('can have the same process memory as another slot', () => {
    set();
    set({ slot: 1, guestPhysAddr: 2n * MIB });
    expect(segments().map(([, process]) => process)).toEqual([HOME, HOME + MIB, HOME, HOME + MIB]);
  });
});

describe('EINVAL', () => {
  it.each([
    ['a slot number below 0', { slot: -1 }],
    ['a slot number of 32767', { slot: 32767 }],
    ['a slot number that is no whole number', { slot: 0.5 }],
    ['an unknown flag', { flags: 2 }],
    ['flags beside the known one', { flags: 3 }],
    ['a guest address inside a page', { guestPhysAddr: 1n }],
    ['a guest address inside a segment', { guestPhysAddr: PAGE }],
    ['a negative guest address', { guestPhysAddr: -MIB }],
    ['a size inside a page', { memorySize: MIB + 1n }],
    ['a size inside a segment', { memorySize: MIB + PAGE }],
    ['a negative size', { memorySize: -MIB }],
    ['a process address inside a page', { userspaceAddr: HOME + 1n }],
    ['a process address inside a segment', { userspaceAddr: HOME + PAGE }],
    ['a negative process address', { userspaceAddr: -MIB }],
    ['more than 2^31 - 1 pages', { memorySize: 8n * TIB, userspaceAddr: 0n }],
    ['an end beyond 2^64', { guestPhysAddr: (1n << 64n) - MIB }],
    ['an end at 2^64', { guestPhysAddr: (1n << 64n) - 2n * MIB }],
    ['an end beyond the process', { userspaceAddr: 4n * TIB - MIB }],
    ['deleting a slot that does not exist', { memorySize: 0n }],
    ['deleting with a slot number out of range', { memorySize: 0n, slot: 32767 }],
  ] as const)('%s', (_, changes) => {
    expect(refused(changes)).toBe('EINVAL');
  });

  it('another size or process address of an existing slot', () => {
    set();
    expect(refused({ memorySize: MIB })).toBe('EINVAL');
    expect(refused({ memorySize: 3n * MIB })).toBe('EINVAL');
    expect(refused({ userspaceAddr: HOME + MIB })).toBe('EINVAL');
    expect(refused({ userspaceAddr: HOME + MIB, guestPhysAddr: 8n * MIB })).toBe('EINVAL');
    expect(refused({ guestPhysAddr: PAGE })).toBe('EINVAL');
    expect(refused({ flags: 2 })).toBe('EINVAL');
  });

  it('names the wrong value', () => {
    expect(messageOf(() => set({ slot: 40000 }))).toContain('40000');
    expect(messageOf(() => set({ guestPhysAddr: PAGE }))).toContain('0x1000');
    expect(messageOf(() => set({ flags: 6 }))).toContain('0x6');
  });
});

describe('the largest valid value', () => {
  it.each([
    ['slot number', { slot: 32766 }],
    ['guest address', { guestPhysAddr: (1n << 64n) - 3n * MIB }],
    ['process address', { userspaceAddr: 4n * TIB - 2n * MIB }],
  ] as const)('%s', (_, changes) => {
    set(changes);
    expect(segments()).toHaveLength(2);
    set({ ...changes, memorySize: 0n });
    expect(segments()).toEqual([]);
  });
});

describe('EEXIST', () => {
  beforeEach(() => {
    set({ guestPhysAddr: 4n * MIB });
    set({ slot: 1, guestPhysAddr: 10n * MIB });
  });

  it.each([
    ['the same place', 4n * MIB, 2n * MIB],
    ['its first segment', 3n * MIB, 2n * MIB],
    ['its last segment', 5n * MIB, 2n * MIB],
    ['all of it', 3n * MIB, 4n * MIB],
    ['a part of it', 5n * MIB, MIB],
  ])('a slot over %s of another', (_, guestPhysAddr, memorySize) => {
    expect(refused({ slot: 2, guestPhysAddr, memorySize })).toBe('EEXIST');
  });

  it('a move onto another slot; a move onto itself is no error', () => {
    expect(refused({ guestPhysAddr: 9n * MIB })).toBe('EEXIST');
    expect(refused({ slot: 1, guestPhysAddr: 5n * MIB })).toBe('EEXIST');
    set({ guestPhysAddr: 5n * MIB });
    expect(segments().map(([guest]) => guest / MIB)).toEqual([5n, 6n, 10n, 11n]);
  });

  it('not for adjacent slots', () => {
    set({ slot: 2, guestPhysAddr: 2n * MIB });
    set({ slot: 3, guestPhysAddr: 6n * MIB, memorySize: 4n * MIB });
    expect(segments()).toHaveLength(10);
  });
});

describe('ENOMEM', () => {
  /** Makes each allocation of an action fail in turn, which must change nothing. Returns the number of allocations. */
  function failEach(action: () => void): number {
    const state = () => ({ frames: frameCounts(host), segments: segments(), slots: slots() });
    for (let n = 1; ; n++) {
      const before = state();
      host.kernel.frames.failIn(n);
      const code = codeOf(action);
      const fired = host.kernel.frames.failing === 0;
      host.kernel.frames.failIn(0);
      if (!fired) {
        expect(code).toBe('ok');
        return n - 1;
      }
      expect(code).toBe('ENOMEM');
      expect(state().segments.map(([guest, process]) => [guest, process])).toEqual(
        before.segments.map(([guest, process]) => [guest, process]),
      );
      expect(state().slots).toEqual(before.slots);
      expect(state().frames).toEqual(before.frames);
    }
  }

  it('changes nothing if a slot cannot be made', () => {
    // Two ends of a 2 GiB boundary at 8 PiB: three levels and two segment tables.
    expect(failEach(() => set({ guestPhysAddr: (1n << 53n) + (1n << 31n) - MIB }))).toBe(4);
    expect(segments()).toHaveLength(2);
  });

  it('changes nothing if a slot cannot be moved', () => {
    mm.mmap({ address: HOME, length: 2n * MIB });
    set();
    vm.faultIn(0n, true);
    vm.writeGuest(8n, Uint8Array.of(7));
    expect(failEach(() => set({ guestPhysAddr: (1n << 53n) + (1n << 31n) - MIB }))).toBe(4);
    expect(slots()[0]?.guestPhysAddr).toBe((1n << 53n) + (1n << 31n) - MIB);
    expect(vm.readGuest((1n << 53n) + (1n << 31n) - MIB + 8n, 1)).toEqual(Uint8Array.of(7));
  });
});
