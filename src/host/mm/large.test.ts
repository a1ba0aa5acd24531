/**
 * Frames of 1 MiB: one segment entry designates 256 pages, in the process and in every linked guest. One is allocated
 * when a whole segment of large memory is first touched, and split into pages when an operation concerns single pages.
 */

import { beforeEach, describe, expect, it, vi } from 'vitest';
import {
  type CheckedHost,
  checkedHost,
  endAll,
  failEach,
  visibleStateOf,
} from '../../check/testing/index.ts';
import { InternalError } from '../../machine/index.ts';
import { LinuxError } from '../errors.ts';
import type { Gmap } from '../gmap/index.ts';
import type { Host } from '../host.ts';
import { bytes, codeOf, entryOf, frameCounts, MIB, snapshotOf } from '../testing/index.ts';
import { PROT } from './mappings.ts';
import type { Mm } from './mm.ts';

const HOME = 0x1000_0000n;
const PAGE = 4096n;
const GUEST = 5n << 30n;
const RW = PROT.READ | PROT.WRITE;

let checked: CheckedHost;
let host: Host;
let mm: Mm;
let one: Gmap;
let two: Gmap;

beforeEach(() => {
  checked = checkedHost();
  host = checked.host;
  mm = host.createMm();
  one = host.createGmap(mm);
  two = host.createGmap(mm);
  for (const gmap of [one, two]) gmap.map({ from: HOME, to: GUEST, length: 4n * MIB });
  return () => endAll(host);
});

const at = (address: bigint, of = mm) => of.read(address, 1)[0];
const put = (address: bigint, value: number, of = mm) => of.write(address, bytes(value));
const ran = (address: bigint, cpu = 0) => host.readAsProcess(mm, host.machine.cpu(cpu), address, 1)[0];
const run = (address: bigint, value: number, cpu = 0) =>
  host.writeAsProcess(mm, host.machine.cpu(cpu), address, bytes(value));
const guestSees = (gmap: Gmap, cpu: number, address: bigint) =>
  host.readAsGuest(gmap, host.machine.cpu(cpu), address, 1)[0];
const guestPuts = (gmap: Gmap, cpu: number, address: bigint, value: number) =>
  host.writeAsGuest(gmap, host.machine.cpu(cpu), address, bytes(value));
/** A byte of the memory as the kernel, the process and both guests read it, each on its processor. */
const seen = (offset: bigint) => [
  at(HOME + offset),
  ran(HOME + offset, 0),
  guestSees(one, 1, GUEST + offset),
  guestSees(two, 2, GUEST + offset),
  guestSees(one, 3, GUEST + offset),
];
const all = (value: number) => Array(5).fill(value);
const large = () => host.kernel.frames.count('large-page') / 256;
const pages = () => host.kernel.frames.count('page');
const entry = (address = HOME) => entryOf(host, mm.asce, address, 0);
const guestEntry = (gmap: Gmap, address = GUEST) => entryOf(host, gmap.asce, address, 0);
/** Maps two segments of large memory, and touches both on every processor: all cache translations of them. */
const fill = () => {
  mm.mmap({ address: HOME, length: 2n * MIB, large: true });
  for (const offset of [0n, 7n * PAGE, MIB - PAGE, MIB, 2n * MIB - PAGE]) {
    put(HOME + offset, Number(offset >> 12n) % 251);
    seen(offset);
  }
};

describe('a frame of 1 MiB', () => {
  it('exists after the first access to any page: one entry with format control, in process and guests', () => {
    mm.mmap({ address: HOME, length: MIB, large: true });
    expect(large()).toBe(0);
    run(HOME + 200n * PAGE, 1);
    expect([large(), pages(), host.kernel.frames.count('pgste-table')]).toEqual([1, 0, 0]);
    const frame = entry() & ~0xf_ffffn;
    expect(entry()).toBe(frame | 0x400n);
    expect(guestEntry(one)).toBe(HOME | 0x220n);
    expect(guestSees(one, 1, GUEST + 200n * PAGE)).toBe(1);
    expect(guestSees(two, 2, GUEST + 200n * PAGE)).toBe(1);
    expect([guestEntry(one), guestEntry(two)]).toEqual([entry(), entry()]);
    expect(host.stats()).toMatchObject({ rmaps: 2, pagetables: 0 });
    guestPuts(two, 2, GUEST + MIB - 1n, 5);
    expect(seen(MIB - 1n)).toEqual(all(5));
    expect(host.machine.storage.bytes[Number(frame) + 0xf_ffff]).toBe(5);
    expect([...one.segments()][0]).toEqual({ guest: GUEST, process: HOME, linked: true });
  });

  it('is made by a guest’s first access too', () => {
    mm.mmap({ address: HOME, length: MIB, large: true });
    guestPuts(one, 1, GUEST + 9n, 3);
    expect(large()).toBe(1);
    expect(guestEntry(one)).toBe(entry());
    expect(seen(9n)).toEqual(all(3));
  });

  it('is all zeros, also if the frame was used before', () => {
    fill();
    mm.write(HOME, new Uint8Array(1 << 20).fill(0xee));
    mm.munmap({ address: HOME, length: 2n * MIB });
    mm.mmap({ address: HOME, length: 2n * MIB, large: true });
    expect(mm.read(HOME, 2 << 20).every((byte) => byte === 0)).toBe(true);
    expect(large()).toBe(2);
  });

  it('can be mapped to a guest at two addresses', () => {
    mm.mmap({ address: HOME, length: MIB, large: true });
    one.map({ from: HOME, to: GUEST + (1n << 40n), length: MIB });
    guestPuts(one, 1, GUEST, 1);
    expect(guestSees(one, 2, GUEST + (1n << 40n))).toBe(1);
    expect(host.stats().rmaps).toBe(2);
    mm.munmap({ address: HOME, length: MIB });
    expect([host.stats().rmaps, large()]).toEqual([0, 0]);
    for (const address of [GUEST, GUEST + (1n << 40n)]) {
      expect(codeOf(() => guestSees(one, 1, address))).toBe('EFAULT');
      expect(guestEntry(one, address)).toBe(HOME | 0x220n);
    }
  });

  it('is not made in memory that is not large, in a part of a segment, or in memory with PROT_NONE', () => {
    mm.mmap({ address: HOME, length: MIB });
    mm.mmap({ address: HOME + MIB + PAGE, length: 2n * MIB - 2n * PAGE, large: true });
    mm.mmap({ address: HOME + 8n * MIB, length: MIB, large: true, protection: PROT.NONE });
    for (const address of [HOME, HOME + MIB + PAGE, HOME + 2n * MIB]) put(address, 1);
    expect(codeOf(() => put(HOME + 8n * MIB, 1))).toBe('EFAULT');
    expect([large(), pages()]).toEqual([0, 3]);
  });

  it('is not made in the first segment of two mappings that differ', () => {
    mm.mmap({ address: HOME, length: MIB, large: true });
    mm.mprotect({ address: HOME + 255n * PAGE, length: PAGE, protection: PROT.READ });
    put(HOME, 1);
    expect([large(), pages()]).toEqual([0, 1]);
    mm.dontNeed({ address: HOME, length: MIB });
    mm.mprotect({ address: HOME, length: MIB, protection: RW });
    // The segment has a page table already.
    put(HOME, 1);
    expect([large(), pages()]).toEqual([0, 1]);
  });

  it('is not made where a guest’s fault has made a page table', () => {
    mm.mmap({ address: HOME, length: MIB, large: true, protection: PROT.NONE });
    expect(codeOf(() => guestSees(one, 1, GUEST))).toBe('EFAULT');
    mm.mprotect({ address: HOME, length: MIB, protection: RW });
    guestPuts(one, 1, GUEST, 1);
    expect([large(), pages()]).toEqual([0, 1]);
    expect(seen(0n)).toEqual(all(1));
  });

  it('outlives the guests that share it', () => {
    fill();
    one.unmap({ address: GUEST, length: MIB });
    expect(guestEntry(one)).toBe(0x20n);
    expect(host.stats().rmaps).toBe(3);
    one.map({ from: HOME + MIB, to: GUEST, length: MIB });
    expect(guestSees(one, 1, GUEST)).toBe(guestSees(two, 2, GUEST + MIB));
    two.free();
    expect([large(), at(HOME + 7n * PAGE)]).toEqual([2, 7]);
    // The second segment is mapped to `one` at two addresses.
    expect(host.stats().rmaps).toBe(2);
  });

  it('of adjacent mappings is of one mapping', () => {
    for (const offset of [0n, 2n * MIB, MIB]) mm.mmap({ address: HOME + offset, length: MIB, large: true });
    expect(mm.mappings.count).toBe(1);
    mm.munmap({ address: HOME + MIB, length: PAGE });
    expect(mm.mappings.count).toBe(2);
  });

  it('at guest address 0 of the first gmap is split for the guest too', () => {
    const other = checkedHost().host;
    const process = other.createMm();
    process.mmap({ address: HOME, length: MIB, large: true });
    const gmap = other.createGmap(process);
    gmap.map({ from: HOME, to: 0n, length: MIB });
    gmap.fault(0n);
    expect(other.kernel.frames.count('large-page')).toBe(256);
    process.mprotect({ address: HOME, length: PAGE, protection: PROT.READ });
    expect(entryOf(other, gmap.asce, 0n, 0)).toBe(entryOf(other, process.asce, HOME, 0));
    expect(codeOf(() => other.writeAsGuest(gmap, other.machine.cpu(1), 0n, bytes(1)))).toBe('EFAULT');
    endAll(other);
  });

  it.each([new InternalError('a fault of the allocator'), new LinuxError('EFAULT', 'not ENOMEM')])(
    'is not replaced by pages when its allocation ends with another error than ENOMEM: %s',
    (error) => {
      mm.mmap({ address: HOME, length: MIB, large: true });
      vi.spyOn(host.kernel.frames, 'allocateZeroed').mockImplementationOnce(() => {
        throw error;
      });
      expect(() => mm.fault(HOME, true)).toThrow(error);
      expect([large(), pages()]).toEqual([0, 0]);
    },
  );

  it('is freed with the process', () => {
    const before = frameCounts(host);
    const other = host.createMm();
    other.mmap({ address: HOME, length: 2n * MIB, large: true });
    put(HOME, 1, other);
    const gmap = host.createGmap(other);
    gmap.map({ from: HOME, to: 0n, length: MIB });
    guestSees(gmap, 1, 0n);
    host.exitMm(other);
    expect(frameCounts(host)).toEqual(before);
  });

  it('stays when the process gets its first gmap', () => {
    const other = host.createMm();
    other.mmap({ address: HOME, length: 2n * MIB, large: true });
    other.mmap({ address: HOME + 2n * MIB, length: MIB });
    put(HOME, 1, other);
    put(HOME + 2n * MIB, 2, other);
    const gmap = host.createGmap(other);
    gmap.map({ from: HOME, to: 0n, length: 3n * MIB });
    expect([guestSees(gmap, 1, 0n), guestSees(gmap, 1, 2n * MIB), large()]).toEqual([1, 2, 1]);
  });
});

describe('protection', () => {
  it('changes in place, for the process and all linked guests', () => {
    fill();
    const frame = entry() & ~0xf_ffffn;
    mm.mprotect({ address: HOME, length: MIB, protection: PROT.READ });
    expect(entry()).toBe(frame | 0x600n);
    expect([guestEntry(one), guestEntry(two)]).toEqual([entry(), entry()]);
    expect(seen(7n * PAGE)).toEqual(all(7));
    expect(codeOf(() => run(HOME, 1))).toBe('EFAULT');
    expect(codeOf(() => put(HOME, 1))).toBe('EFAULT');
    expect(codeOf(() => guestPuts(one, 1, GUEST, 1))).toBe('EFAULT');
    expect(codeOf(() => guestPuts(two, 2, GUEST, 1))).toBe('EFAULT');
    mm.mprotect({ address: HOME, length: 2n * MIB, protection: RW });
    expect(entry()).toBe(frame | 0x400n);
    guestPuts(two, 2, GUEST + 7n * PAGE, 9);
    expect(seen(7n * PAGE)).toEqual(all(9));
    expect(large()).toBe(2);
  });

  it('of read-only memory is in the entry from the start', () => {
    mm.mmap({ address: HOME, length: MIB, large: true, protection: PROT.READ });
    expect(seen(0n)).toEqual(all(0));
    expect(entry() & 0xfffffn).toBe(0x600n);
    mm.mprotect({ address: HOME, length: MIB, protection: RW });
    guestPuts(one, 1, GUEST, 1);
    expect([seen(0n), large()]).toEqual([all(1), 1]);
  });

  it('set to the same again purges and unlinks nothing', () => {
    fill();
    const events: string[] = [];
    host.machine.trace.subscribe((event) => events.push(event.type));
    mm.mprotect({ address: HOME, length: 2n * MIB, protection: RW });
    mm.mprotect({ address: HOME, length: MIB, protection: RW | PROT.EXEC });
    expect(events).toEqual(['mprotect', 'mprotect']);
    expect(host.stats().rmaps).toBe(4);
  });

  it('of a part splits', () => {
    fill();
    mm.mprotect({ address: HOME + 7n * PAGE, length: PAGE, protection: PROT.READ });
    expect([large(), pages()]).toEqual([1, 256]);
    expect(seen(7n * PAGE)).toEqual(all(7));
    expect(codeOf(() => guestPuts(one, 1, GUEST + 7n * PAGE, 1))).toBe('EFAULT');
    guestPuts(one, 1, GUEST + 8n * PAGE, 1);
    expect(seen(8n * PAGE)).toEqual(all(1));
  });

  it('of a part of read-only memory splits into read-only pages', () => {
    fill();
    mm.mprotect({ address: HOME, length: 2n * MIB, protection: PROT.READ });
    seen(0n);
    mm.mprotect({ address: HOME + 7n * PAGE, length: PAGE, protection: RW });
    expect([large(), pages()]).toEqual([1, 256]);
    guestPuts(two, 2, GUEST + 7n * PAGE, 1);
    expect(seen(7n * PAGE)).toEqual(all(1));
    expect(codeOf(() => guestPuts(two, 2, GUEST + 8n * PAGE, 1))).toBe('EFAULT');
    expect(codeOf(() => run(HOME, 1))).toBe('EFAULT');
  });

  it('PROT_NONE splits all frames, and the bytes are unchanged when access is allowed again', () => {
    fill();
    mm.mprotect({ address: HOME, length: 2n * MIB, protection: PROT.NONE });
    expect([large(), pages()]).toEqual([0, 512]);
    for (const see of [() => at(HOME), () => ran(HOME), () => guestSees(one, 1, GUEST)]) {
      expect(codeOf(see)).toBe('EFAULT');
    }
    mm.mprotect({ address: HOME, length: 2n * MIB, protection: RW });
    expect(seen(7n * PAGE)).toEqual(all(7));
  });
});

describe('splitting a frame of 1 MiB leaves its bytes in place', () => {
  const first = (): number => mm.tables.largeFrameOf(Number(HOME >> 20n));

  const SPLITS: readonly [name: string, split: () => void, left: number, gone: readonly bigint[]][] = [
    ['munmap of its first page', () => mm.munmap({ address: HOME, length: PAGE }), 255, [0n]],
    [
      'munmap of its last page',
      () => mm.munmap({ address: HOME + MIB - PAGE, length: PAGE }),
      255,
      [MIB - PAGE],
    ],
    [
      'munmap over both',
      () => mm.munmap({ address: HOME + 255n * PAGE, length: 2n * PAGE }),
      510,
      [MIB - PAGE, MIB],
    ],
    ['munmap up to its middle', () => mm.munmap({ address: HOME - MIB, length: MIB + 7n * PAGE }), 249, [0n]],
    ['dontNeed of a page', () => mm.dontNeed({ address: HOME, length: PAGE }), 255, []],
    [
      'mprotect of a page',
      () => mm.mprotect({ address: HOME + PAGE, length: PAGE, protection: PROT.READ }),
      256,
      [],
    ],
    ['mmap over a page', () => void mm.mmap({ address: HOME, length: PAGE, taken: 'replace' }), 255, []],
    [
      'mremap of a page',
      () => void mm.mremap({ address: HOME, oldLength: PAGE, newLength: PAGE, to: HOME + 32n * MIB }),
      256,
      [0n],
    ],
    ['a log of one page', () => void mm.startLog(Number(HOME >> 12n) + 9, 1), 256, []],
    ['a watch of one page', () => one.watch({ address: GUEST + 9n * PAGE, length: PAGE }), 256, []],
  ];

  it.each(SPLITS)('%s', (_, split, left, gone) => {
    fill();
    const frame = first();
    split();
    expect(first()).toBe(-1);
    expect(pages()).toBe(left);
    const both = left > 256;
    expect(large()).toBe(both ? 0 : 1);
    // The pages are in the same frames.
    expect(mm.ptes.frame(mm.tables.pageTableOf(Number(HOME >> 20n)), 7)).toBe(frame + 7 * 4096);
    expect([at(HOME + 7n * PAGE), ran(HOME + 7n * PAGE)]).toEqual([7, 7]);
    for (const offset of gone) {
      expect(codeOf(() => at(HOME + offset))).toBe('EFAULT');
      expect(codeOf(() => guestSees(one, 1, GUEST + offset))).toBe('EFAULT');
    }
    // Guests stay linked, to the page table now.
    expect([guestEntry(one), guestEntry(two)]).toEqual([entry(), entry()]);
    expect(seen(7n * PAGE)).toEqual(all(7));
    guestPuts(one, 1, GUEST + 7n * PAGE, 99);
    expect(seen(7n * PAGE)).toEqual(all(99));
  });

  it.each([
    ['fork', () => void host.fork(mm)],
    ['keys', () => mm.enableKeys()],
    ['a log of everything', () => void mm.startLog(0, 2 ** 30)],
  ])('%s splits all', (_, split) => {
    fill();
    split();
    expect([large(), pages()]).toEqual([0, 512]);
    expect(seen(7n * PAGE)).toEqual(all(7));
    expect(seen(MIB - PAGE)).toEqual(all(4));
    guestPuts(two, 2, GUEST + MIB, 77);
    expect(seen(MIB)).toEqual(all(77));
  });

  it('writes no entry beyond its page table: the other half of the frame is another one', () => {
    const other = host.createMm();
    other.mmap({ address: 0n, length: 2n * MIB });
    other.mmap({ address: HOME, length: MIB, large: true });
    for (const address of [0n, MIB, HOME]) put(address, 7, other);
    const [lower, upper] = [0, 1].map((segment) => other.tables.pageTableOf(segment));
    other.munmap({ address: 0n, length: MIB });
    other.mprotect({ address: HOME, length: PAGE, protection: PROT.READ });
    expect([other.tables.pageTableOf(Number(HOME >> 20n)), lower]).toEqual([lower, (upper ?? 0) - 0x800]);
    expect([at(MIB, other), at(HOME, other)]).toEqual([7, 7]);
  });

  it('gives its pages back one by one, and they make a frame of 1 MiB again', () => {
    fill();
    const before = host.kernel.frames.available;
    mm.munmap({ address: HOME, length: PAGE });
    mm.munmap({ address: HOME + PAGE, length: 254n * PAGE });
    expect(pages()).toBe(1);
    mm.munmap({ address: HOME + 255n * PAGE, length: PAGE });
    expect(host.kernel.frames.available).toBe(before + 256);
    mm.mmap({ address: HOME, length: MIB, large: true });
    put(HOME, 1);
    expect(large()).toBe(2);
  });

  const DROPS: readonly [name: string, drop: () => void, then: number | 'EFAULT'][] = [
    ['munmap', () => mm.munmap({ address: HOME, length: MIB }), 'EFAULT'],
    ['dontNeed', () => mm.dontNeed({ address: HOME, length: MIB }), 0],
    ['mmap over it', () => void mm.mmap({ address: HOME, length: MIB, taken: 'replace' }), 0],
    ['discard', () => one.discard({ address: GUEST, length: MIB }), 0],
  ];

  it.each(DROPS)('%s of a whole one splits nothing', (_, drop, then) => {
    fill();
    drop();
    expect([large(), pages(), host.stats().rmaps]).toEqual([1, 0, 2]);
    expect(guestEntry(two)).toBe(HOME | 0x220n);
    if (then === 'EFAULT') expect(codeOf(() => guestSees(two, 2, GUEST))).toBe(then);
    else expect(seen(7n * PAGE)).toEqual(all(then));
    expect(guestSees(two, 2, GUEST + MIB)).toBe(5);
  });
});

describe('discard of a part', () => {
  it('drops those pages, and no others', () => {
    fill();
    one.discard({ address: GUEST + 7n * PAGE, length: 2n * PAGE });
    expect(large()).toBe(1);
    expect(seen(7n * PAGE)).toEqual(all(0));
    expect(seen(MIB - PAGE)).toEqual(all(4));
  });

  it('drops the ends of a range over two', () => {
    fill();
    one.discard({ address: GUEST + 7n * PAGE, length: MIB - 6n * PAGE });
    expect([seen(7n * PAGE), seen(MIB - PAGE), seen(MIB)]).toEqual([all(0), all(0), all(0)]);
    expect(seen(2n * MIB - PAGE)).toEqual(all(9));
  });
});

describe('when no block of 1 MiB is free', () => {
  it('pages of 4 KiB are used, and later segments get a frame of 1 MiB when a block is free again', () => {
    mm.mmap({ address: HOME, length: 3n * MIB, large: true });
    const { frames } = host.kernel;
    frames.failIn(1);
    put(HOME + 7n * PAGE, 7);
    expect([large(), pages()]).toEqual([0, 1]);
    expect(seen(7n * PAGE)).toEqual(all(7));
    put(HOME + MIB, 1);
    expect(large()).toBe(1);
  });

  it('without injection: the last blocks are split for pages', () => {
    const small = checkedHost({ storageSize: 4 << 20 });
    const process = small.host.createMm();
    process.mmap({ address: HOME, length: 4n * MIB, large: true });
    const gmap = small.host.createGmap(process);
    gmap.map({ from: HOME, to: 0n, length: 4n * MIB });
    const { frames } = small.host.kernel;
    let touched = 0n;
    while (frames.available > 8 && touched < 64n) process.write(HOME + touched++ * 16n * PAGE, bytes(1));
    expect(touched).toBe(64n);
    expect(frames.count('large-page')).toBeGreaterThan(0);
    expect(frames.count('page')).toBeGreaterThan(0);
    for (let i = 0n; i < touched; i++) {
      expect(small.host.readAsGuest(gmap, small.machine.cpu(1), i * 16n * PAGE, 1)[0]).toBe(1);
    }
    endAll(small.host);
  });

  it.each([
    ['a first access of the process', (mm: Mm) => mm.write(HOME, bytes(1)), 2],
    [
      'a first access of a guest',
      (mm: Mm, host: Host) => {
        const [gmap] = [...mm.gmaps] as unknown as Gmap[];
        host.writeAsGuest(gmap!, host.machine.cpu(1), GUEST, bytes(1));
      },
      2,
    ],
  ])('%s succeeds with each of its allocations failing once', (_, access, count) => {
    const ends = failEach(() => {
      const { host } = checkedHost();
      const mm = host.createMm();
      mm.mmap({ address: HOME, length: MIB, large: true });
      host.createGmap(mm).map({ from: HOME, to: GUEST, length: MIB });
      return { host, seen: () => visibleStateOf(mm), operation: () => access(mm, host) };
    });
    expect(ends).toEqual(Array(count).fill('ok'));
  });

  it.each([
    ['munmap', (mm: Mm) => mm.munmap({ address: HOME + PAGE, length: 2n * MIB - 2n * PAGE }), 2],
    ['mmap over a part', (mm: Mm) => void mm.mmap({ address: HOME, length: PAGE, taken: 'replace' }), 1],
    [
      'mmap over a part and beyond the reach of the tables',
      (mm: Mm) => void mm.mmap({ address: HOME + PAGE, length: 1n << 42n, taken: 'replace' }),
      2,
    ],
    ['mprotect', (mm: Mm) => mm.mprotect({ address: HOME + PAGE, length: MIB, protection: PROT.READ }), 2],
    [
      'mprotect to PROT_NONE',
      (mm: Mm) => mm.mprotect({ address: HOME, length: 2n * MIB, protection: PROT.NONE }),
      2,
    ],
    ['dontNeed', (mm: Mm) => mm.dontNeed({ address: HOME + PAGE, length: MIB }), 2],
    ['discard', (_: Mm, gmap: Gmap) => gmap.discard({ address: GUEST + PAGE, length: MIB }), 2],
    ['shrinking', (mm: Mm) => void mm.mremap({ address: HOME, oldLength: 2n * MIB, newLength: PAGE }), 1],
    ['a log', (mm: Mm) => void mm.startLog(Number(HOME >> 12n), 257), 2],
    ['keys', (mm: Mm) => mm.enableKeys(), 2],
    ['a watch', (_: Mm, gmap: Gmap) => gmap.watch({ address: GUEST, length: PAGE }), 1],
  ])(
    '%s: ENOMEM at each page table that is missing, and nothing visible has changed',
    (_, operation, count) => {
      const ends = failEach(() => {
        const { host } = checkedHost();
        const mm = host.createMm();
        mm.mmap({ address: HOME, length: 2n * MIB, large: true });
        const gmap = host.createGmap(mm);
        gmap.map({ from: HOME, to: GUEST, length: 2n * MIB });
        for (let i = 0n; i < 8n; i++) {
          host.writeAsGuest(gmap, host.machine.cpu(1), GUEST + i * 64n * PAGE, bytes(Number(i) + 1));
        }
        return {
          host,
          seen: () => [
            visibleStateOf(mm),
            ...[0n, MIB].map((by) => host.readAsGuest(gmap, host.machine.cpu(2), GUEST + by, 1)),
          ],
          operation: () => operation(mm, gmap),
        };
      });
      expect(ends).toEqual(Array(count).fill('ENOMEM'));
    },
  );

  it('a split that fails changes nothing', () => {
    fill();
    const before = snapshotOf(host, mm, one, two);
    host.kernel.frames.failIn(1);
    expect(codeOf(() => mm.munmap({ address: HOME, length: PAGE }))).toBe('ENOMEM');
    expect(snapshotOf(host, mm, one, two)).toEqual(before);
  });
});
