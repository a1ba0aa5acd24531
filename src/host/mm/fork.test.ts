/**
 * fork: parent and child have the same bytes until one of them writes. Neither sees the writes of the other, also through
 * translations that a processor cached before.
 */

import { beforeEach, describe, expect, it } from 'vitest';
import {
  type CheckedHost,
  checkedHost,
  endAll,
  failEach,
  visibleStateOf,
} from '../../check/testing/index.ts';
import type { Gmap } from '../gmap/index.ts';
import type { Host } from '../host.ts';
import { bytes, codeOf, frameCounts, MIB, pageEntryOf, snapshotOf, TIB } from '../testing/index.ts';
import { PROT } from './mappings.ts';
import type { Mm } from './mm.ts';

const HOME = 0x1000_0000n;
const PAGE = 4096n;
/** Where guests see the segment at HOME. */
const GUEST = 5n << 30n;

let checked: CheckedHost;
let host: Host;
let mm: Mm;

beforeEach(() => {
  checked = checkedHost();
  host = checked.host;
  mm = host.createMm();
  return () => endAll(host);
});

const pages = () => host.kernel.frames.count('page');
const at = (of: Mm, address: bigint) => of.read(address, 1)[0];
const put = (of: Mm, address: bigint, value: number) => of.write(address, bytes(value));
/** Reads a byte as code of the process, on a processor. */
const ran = (of: Mm, address: bigint, cpu = 0) =>
  host.readAsProcess(of, host.machine.cpu(cpu), address, 1)[0];
const run = (of: Mm, address: bigint, value: number, cpu = 0) =>
  host.writeAsProcess(of, host.machine.cpu(cpu), address, bytes(value));
const guestSees = (gmap: Gmap, cpu: number, address = GUEST) =>
  host.readAsGuest(gmap, host.machine.cpu(cpu), address, 1)[0];
const guestPuts = (gmap: Gmap, cpu: number, value: number, address = GUEST) =>
  host.writeAsGuest(gmap, host.machine.cpu(cpu), address, bytes(value));
const guestOf = (of: Mm) => {
  const gmap = host.createGmap(of);
  gmap.map({ from: HOME, to: GUEST, length: MIB });
  return gmap;
};
const lowBits = (of: Mm, address: bigint) => Number(pageEntryOf(host, of.asce, address) & 0xfffn);
const frameAt = (of: Mm, address: bigint) => pageEntryOf(host, of.asce, address) & ~0xfffn;

describe('a child', () => {
  it('has the mappings and the bytes of its parent, in the same frames', () => {
    mm.mmap({ address: HOME, length: 3n * MIB });
    for (const i of [0n, 5n, 256n, 700n]) put(mm, HOME + i * PAGE, Number(i % 251n) + 1);
    const before = pages();
    const child = host.fork(mm);
    expect([...child.mappings]).toEqual([...mm.mappings]);
    expect(pages()).toBe(before);
    for (const i of [0n, 5n, 256n, 700n]) {
      expect(frameAt(child, HOME + i * PAGE)).toBe(frameAt(mm, HOME + i * PAGE));
      expect(at(child, HOME + i * PAGE)).toBe(Number(i % 251n) + 1);
    }
    expect(pages()).toBe(before);
  });

  it('shares frames that neither may store into: the entries of both are protected', () => {
    mm.mmap({ address: HOME, length: MIB });
    put(mm, HOME, 1);
    expect(lowBits(mm, HOME)).toBe(0);
    const child = host.fork(mm);
    expect([lowBits(mm, HOME), lowBits(child, HOME)]).toEqual([0x200, 0x200]);
    put(mm, HOME, 2);
    // The parent has a copy of its own. The child's entry is still protected, although no one shares its frame now.
    expect([lowBits(mm, HOME), lowBits(child, HOME)]).toEqual([0, 0x200]);
    put(child, HOME, 3);
    expect([lowBits(mm, HOME), lowBits(child, HOME)]).toEqual([0, 0]);
  });

  it('of a process without pages has no page table', () => {
    mm.mmap({ address: HOME, length: MIB });
    mm.read(HOME + MIB - PAGE, 1);
    mm.dontNeed({ address: HOME, length: MIB });
    const before = host.kernel.frames.count('page-table');
    const child = host.fork(mm);
    expect(host.kernel.frames.count('page-table')).toBe(before);
    expect(at(child, HOME)).toBe(0);
  });

  it('maps and unmaps for itself', () => {
    mm.mmap({ address: HOME, length: 2n * MIB });
    put(mm, HOME, 1);
    put(mm, HOME + MIB, 2);
    const child = host.fork(mm);
    child.munmap({ address: HOME, length: MIB });
    child.mprotect({ address: HOME + MIB, length: MIB, protection: PROT.READ });
    expect(at(mm, HOME)).toBe(1);
    put(mm, HOME + MIB, 3);
    expect(at(child, HOME + MIB)).toBe(2);
    expect(codeOf(() => at(child, HOME))).toBe('EFAULT');
    mm.munmap({ address: HOME, length: 2n * MIB });
    expect(at(child, HOME + MIB)).toBe(2);
  });
});

describe('copy-on-write', () => {
  it.each([
    ['the parent writes first', true],
    ['the child writes first', false],
  ])('%s: each sees its own, also through cached translations', (_, parentFirst) => {
    mm.mmap({ address: HOME, length: MIB });
    run(mm, HOME, 1, 0);
    expect(ran(mm, HOME, 1)).toBe(1);
    const child = host.fork(mm);
    expect(ran(child, HOME, 2)).toBe(1);
    expect(ran(mm, HOME, 0)).toBe(1);
    const [first, second] = parentFirst ? [mm, child] : [child, mm];
    run(first, HOME, 2, first === mm ? 0 : 2);
    for (const cpu of [0, 1, 2, 3]) {
      expect(ran(first, HOME, cpu)).toBe(2);
      expect(ran(second, HOME, cpu)).toBe(1);
    }
    expect([at(first, HOME), at(second, HOME)]).toEqual([2, 1]);
    const frames = pages();
    run(second, HOME, 3, 3);
    // The last owner of the frame writes without a copy.
    expect(pages()).toBe(frames);
    for (const cpu of [0, 1, 2, 3]) {
      expect(ran(first, HOME, cpu)).toBe(2);
      expect(ran(second, HOME, cpu)).toBe(3);
    }
  });

  it('copies the whole page', () => {
    mm.mmap({ address: HOME, length: MIB });
    const all = Uint8Array.from({ length: 4096 }, (_, i) => (i * 31) & 0xff);
    mm.write(HOME, all);
    const child = host.fork(mm);
    put(child, HOME + 100n, 0xee);
    expect(mm.read(HOME, 4096)).toEqual(all);
    all[100] = 0xee;
    expect(child.read(HOME, 4096)).toEqual(all);
  });

  it.each([
    ['parent, child', [0, 1]],
    ['child, parent', [1, 0]],
    ['parent, child, grandchild', [0, 1, 2]],
    ['grandchild, child, parent', [2, 1, 0]],
    ['child, parent, grandchild', [1, 0, 2]],
    ['child, grandchild, parent', [1, 2, 0]],
    ['parent, grandchild, child', [0, 2, 1]],
    ['grandchild, parent, child', [2, 0, 1]],
  ])('ends in the order %s, and the remaining ones keep their bytes', (_, order) => {
    const before = frameCounts(host);
    const first = host.createMm();
    first.mmap({ address: HOME, length: MIB });
    for (let i = 0n; i < 6n; i++) put(first, HOME + i * PAGE, 1);
    const family = [first];
    while (family.length < order.length) family.push(host.fork(family.at(-1)!));
    // Page 1 is written by the oldest, 2 by the youngest, 3 by all, 0 by none.
    put(first, HOME + PAGE, 2);
    put(family.at(-1)!, HOME + 2n * PAGE, 3);
    family.forEach((one, i) => void put(one, HOME + 3n * PAGE, 10 + i));
    const left = new Set(family);
    for (const index of order) {
      host.exitMm(family[index]!);
      left.delete(family[index]!);
      for (const one of left) {
        const i = family.indexOf(one);
        expect(at(one, HOME)).toBe(1);
        expect(at(one, HOME + PAGE)).toBe(i === 0 ? 2 : 1);
        expect(at(one, HOME + 2n * PAGE)).toBe(i === family.length - 1 ? 3 : 1);
        expect(at(one, HOME + 3n * PAGE)).toBe(10 + i);
        put(one, HOME + 4n * PAGE, 20 + i);
        expect(at(one, HOME + 4n * PAGE)).toBe(20 + i);
      }
    }
    expect(frameCounts(host)).toEqual(before);
  });

  it('of three that share a frame, each gets a copy except the last', () => {
    mm.mmap({ address: HOME, length: MIB });
    put(mm, HOME, 1);
    const child = host.fork(mm);
    const grandchild = host.fork(child);
    const frame = Number(frameAt(mm, HOME));
    expect(host.kernel.frames.sharersOf(frame)).toBe(2);
    put(child, HOME, 2);
    expect(host.kernel.frames.sharersOf(frame)).toBe(1);
    put(grandchild, HOME, 3);
    expect(host.kernel.frames.sharersOf(frame)).toBe(0);
    put(mm, HOME, 4);
    expect(Number(frameAt(mm, HOME))).toBe(frame);
    expect([mm, child, grandchild].map((one) => at(one, HOME))).toEqual([4, 2, 3]);
    expect(pages()).toBe(3);
  });

  it('forks again after a write, and once more', () => {
    mm.mmap({ address: HOME, length: MIB });
    const children: Mm[] = [];
    for (let i = 1; i <= 4; i++) {
      put(mm, HOME, i);
      children.push(host.fork(mm));
    }
    put(mm, HOME, 9);
    expect(children.map((child) => at(child, HOME))).toEqual([1, 2, 3, 4]);
    for (const child of children) expect(ran(child, HOME, 1)).toBe(at(child, HOME));
    expect(pages()).toBe(5);
  });

  it('a page that mprotect makes writable is copied by the first store', () => {
    mm.mmap({ address: HOME, length: MIB });
    put(mm, HOME, 1);
    mm.mprotect({ address: HOME, length: MIB, protection: PROT.READ });
    const child = host.fork(mm);
    expect(codeOf(() => put(child, HOME, 2))).toBe('EFAULT');
    mm.mprotect({ address: HOME, length: MIB, protection: PROT.READ | PROT.WRITE });
    expect(lowBits(mm, HOME)).toBe(0x200);
    run(mm, HOME, 3, 1);
    // Now only the child has the frame.
    child.mprotect({ address: HOME, length: MIB, protection: PROT.READ | PROT.WRITE });
    expect(lowBits(child, HOME)).toBe(0);
    run(child, HOME, 4, 1);
    expect([at(mm, HOME), at(child, HOME)]).toEqual([3, 4]);
  });

  it('keeps the pages of memory with PROT_NONE', () => {
    mm.mmap({ address: HOME, length: MIB });
    put(mm, HOME, 1);
    mm.mprotect({ address: HOME, length: MIB, protection: PROT.NONE });
    const child = host.fork(mm);
    expect([lowBits(mm, HOME), lowBits(child, HOME)]).toEqual([0x401, 0x401]);
    for (const one of [mm, child]) {
      expect(codeOf(() => at(one, HOME))).toBe('EFAULT');
      one.mprotect({ address: HOME, length: MIB, protection: PROT.READ | PROT.WRITE });
      expect(at(one, HOME)).toBe(1);
    }
    put(child, HOME, 2);
    expect([at(mm, HOME), at(child, HOME)]).toEqual([1, 2]);
    put(mm, HOME, 3);
    expect([at(mm, HOME), at(child, HOME)]).toEqual([3, 2]);
  });

  it('dontNeed of one process does not affect the other', () => {
    mm.mmap({ address: HOME, length: MIB });
    put(mm, HOME, 1);
    const child = host.fork(mm);
    expect(ran(child, HOME, 1)).toBe(1);
    child.dontNeed({ address: HOME, length: PAGE });
    expect(ran(child, HOME, 1)).toBe(0);
    expect(at(mm, HOME)).toBe(1);
    put(mm, HOME, 2);
    expect(pages()).toBe(2);
    expect([at(mm, HOME), at(child, HOME)]).toEqual([2, 0]);
  });

  it('continues at the place to which mremap moved the page', () => {
    mm.mmap({ address: HOME, length: MIB });
    put(mm, HOME, 1);
    const child = host.fork(mm);
    const there = HOME + 7n * MIB + 3n * PAGE;
    child.mremap({ address: HOME, oldLength: PAGE, newLength: PAGE, to: there });
    expect(lowBits(child, there)).toBe(0x200);
    put(child, there, 2);
    expect([at(mm, HOME), at(child, there)]).toEqual([1, 2]);
  });
});

describe('shared memory stays shared', () => {
  it('anonymous memory: each sees the writes of the other, also to pages first touched after the fork', () => {
    mm.mmap({ address: HOME, length: MIB, shared: true });
    run(mm, HOME, 1);
    const child = host.fork(mm);
    expect([lowBits(mm, HOME), lowBits(child, HOME)]).toEqual([0, 0]);
    run(child, HOME, 2, 1);
    expect([ran(mm, HOME, 0), at(mm, HOME)]).toEqual([2, 2]);
    run(mm, HOME + PAGE, 3);
    expect(ran(child, HOME + PAGE, 1)).toBe(3);
    host.exitMm(mm);
    expect(at(child, HOME + PAGE)).toBe(3);
    expect(pages()).toBe(2);
    child.munmap({ address: HOME, length: MIB });
    expect(pages()).toBe(0);
  });

  it('a file: private pages are copied, shared ones are not', () => {
    const file = host.createFile(MIB);
    file.write(0n, bytes(7));
    mm.mmap({ address: HOME, length: MIB, file, shared: true });
    mm.mmap({ address: HOME + MIB, length: MIB, file });
    expect([at(mm, HOME), at(mm, HOME + MIB)]).toEqual([7, 7]);
    const child = host.fork(mm);
    put(child, HOME + MIB, 8);
    expect([at(mm, HOME), at(mm, HOME + MIB), at(child, HOME), file.read(0n, 1)[0]]).toEqual([7, 7, 7, 7]);
    put(child, HOME, 9);
    expect([at(mm, HOME), at(mm, HOME + MIB), at(child, HOME + MIB)]).toEqual([9, 9, 8]);
    file.close();
    host.exitMm(mm);
    expect([at(child, HOME), at(child, HOME + MIB)]).toEqual([9, 8]);
    host.exitMm(child);
    expect(pages()).toBe(0);
    mm = host.createMm();
  });

  it('a page of a private file mapping that was copied before the fork is copied again', () => {
    const file = host.createFile(MIB);
    mm.mmap({ address: HOME, length: MIB, file });
    put(mm, HOME, 1);
    expect(lowBits(mm, HOME)).toBe(0);
    const child = host.fork(mm);
    put(mm, HOME, 2);
    put(child, HOME, 3);
    expect([at(mm, HOME), at(child, HOME), file.read(0n, 1)[0]]).toEqual([2, 3, 0]);
  });
});

describe('guests and fork', () => {
  it('guests of the parent see the memory of the parent, whether parent or child writes first', () => {
    mm.mmap({ address: HOME, length: MIB });
    const [one, two] = [guestOf(mm), guestOf(mm)];
    guestPuts(one, 1, 1);
    expect(guestSees(two, 2)).toBe(1);
    const child = host.fork(mm);
    expect(lowBits(mm, HOME)).toBe(0x200);
    put(child, HOME, 2);
    expect([guestSees(one, 1), guestSees(two, 2), at(mm, HOME)]).toEqual([1, 1, 1]);
    guestPuts(two, 2, 3);
    expect([guestSees(one, 1), guestSees(two, 2), at(mm, HOME), ran(mm, HOME, 0), at(child, HOME)]).toEqual([
      3, 3, 3, 3, 2,
    ]);
  });

  it('a guest that writes first causes the copy for its process and all its guests', () => {
    mm.mmap({ address: HOME, length: MIB });
    const [one, two] = [guestOf(mm), guestOf(mm)];
    run(mm, HOME, 1);
    expect([guestSees(one, 1), guestSees(two, 2), guestSees(one, 3)]).toEqual([1, 1, 1]);
    const child = host.fork(mm);
    expect(ran(child, HOME, 3)).toBe(1);
    guestPuts(one, 1, 2);
    expect([guestSees(one, 1), guestSees(two, 2), guestSees(one, 3), ran(mm, HOME, 0)]).toEqual([2, 2, 2, 2]);
    expect([at(child, HOME), ran(child, HOME, 3)]).toEqual([1, 1]);
    expect(host.stats().rmaps).toBe(2);
  });

  it('a child can have guests of its own', () => {
    mm.mmap({ address: HOME, length: MIB });
    put(mm, HOME, 1);
    const mine = guestOf(mm);
    expect(guestSees(mine, 1)).toBe(1);
    const child = host.fork(mm);
    expect(child.gmaps.size).toBe(0);
    expect(child.tables.pgstes).toBe(false);
    const theirs = guestOf(child);
    expect(guestSees(theirs, 2)).toBe(1);
    guestPuts(theirs, 2, 2);
    guestPuts(mine, 1, 3);
    expect([guestSees(mine, 1), guestSees(theirs, 2), at(mm, HOME), at(child, HOME)]).toEqual([3, 2, 3, 2]);
    host.exitMm(child);
    expect(guestSees(mine, 2)).toBe(3);
  });

  it('the end of the parent and its guests does not affect the child', () => {
    mm.mmap({ address: HOME, length: MIB });
    const mine = guestOf(mm);
    guestPuts(mine, 1, 1);
    const child = host.fork(mm);
    host.exitMm(mm);
    expect(ran(child, HOME, 1)).toBe(1);
    const theirs = guestOf(child);
    guestPuts(theirs, 1, 2);
    expect(at(child, HOME)).toBe(2);
    expect(pages()).toBe(1);
  });
});

describe('frames of 1 MiB and high addresses', () => {
  it('a frame of 1 MiB is split, for guests too, and then shared page for page', () => {
    mm.mmap({ address: HOME, length: 2n * MIB, large: true });
    const gmap = guestOf(mm);
    guestPuts(gmap, 1, 1);
    guestPuts(gmap, 1, 2, GUEST + MIB - PAGE);
    run(mm, HOME + MIB, 3);
    expect(host.kernel.frames.count('large-page')).toBe(512);
    const child = host.fork(mm);
    expect(host.kernel.frames.count('large-page')).toBe(0);
    expect(pages()).toBe(512);
    guestPuts(gmap, 1, 4);
    expect([at(child, HOME), at(child, HOME + MIB - PAGE), at(child, HOME + MIB)]).toEqual([1, 2, 3]);
    expect([guestSees(gmap, 2), at(mm, HOME)]).toEqual([4, 4]);
    expect(pages()).toBe(513);
    put(child, HOME + MIB, 5);
    expect(ran(mm, HOME + MIB, 0)).toBe(3);
  });

  it('a child can have frames of 1 MiB where its parent had nothing yet', () => {
    mm.mmap({ address: HOME, length: 2n * MIB, large: true });
    put(mm, HOME, 1);
    const child = host.fork(mm);
    put(child, HOME + MIB, 2);
    expect(host.kernel.frames.count('large-page')).toBe(256);
    expect([at(mm, HOME + MIB), at(child, HOME + MIB)]).toEqual([0, 2]);
    host.exitMm(child);
    expect([at(mm, HOME), at(mm, HOME + MIB)]).toEqual([1, 0]);
  });

  it('memory of four levels is copied to four levels', () => {
    const high = 5n * TIB;
    mm.mmap({ address: HOME, length: MIB });
    mm.mmap({ address: high, length: MIB });
    put(mm, HOME, 1);
    run(mm, high, 2);
    const child = host.fork(mm);
    expect(child.tables.levels).toBe(4);
    expect([ran(child, HOME, 1), ran(child, high, 1)]).toEqual([1, 2]);
    run(child, high, 3, 1);
    run(mm, high, 4, 0);
    expect([at(mm, high), at(child, high)]).toEqual([4, 3]);
    child.munmap({ address: high, length: MIB });
    expect(at(mm, high)).toBe(4);
  });
});

describe('a fork that fails', () => {
  it('ESRCH: the process has ended', () => {
    const gone = host.createMm();
    host.exitMm(gone);
    const before = frameCounts(host);
    expect(codeOf(() => host.fork(gone))).toBe('ESRCH');
    expect(frameCounts(host)).toEqual(before);
  });

  it('ENOMEM at every single allocation changes nothing, to the bit', () => {
    const ends = failEach(() => {
      const { host } = checkedHost();
      const mm = host.createMm();
      const file = host.createFile(MIB);
      mm.mmap({ address: HOME, length: 4n * MIB });
      mm.mmap({ address: 3n << 31n, length: MIB, file });
      mm.mmap({ address: 5n * TIB, length: MIB, shared: true });
      for (const address of [HOME, HOME + MIB, HOME + 3n * MIB, 3n << 31n, 5n * TIB]) {
        mm.write(address, bytes(1));
        mm.read(address + PAGE, 1);
      }
      const gmap = host.createGmap(mm);
      gmap.map({ from: HOME, to: GUEST, length: MIB });
      host.writeAsGuest(gmap, host.machine.cpu(1), GUEST, bytes(2));
      return { host, seen: () => snapshotOf(host, mm, gmap), operation: () => host.fork(mm) };
    });
    // Two tables of levels, a region table, three segment tables, five page tables in three frames.
    expect(ends).toEqual(Array(9).fill('ENOMEM'));
  });

  it('ENOMEM with frames of 1 MiB: they are split, and nothing visible has changed', () => {
    const ends = failEach(() => {
      const { host } = checkedHost();
      const mm = host.createMm();
      mm.mmap({ address: HOME, length: 3n * MIB, large: true });
      const gmap = host.createGmap(mm);
      gmap.map({ from: HOME, to: GUEST, length: 2n * MIB });
      for (let i = 0n; i < 3n; i++) mm.write(HOME + i * MIB, bytes(Number(i) + 1));
      host.writeAsGuest(gmap, host.machine.cpu(1), GUEST, bytes(2));
      return { host, seen: () => visibleStateOf(mm), operation: () => host.fork(mm) };
    });
    expect(ends).toEqual(Array(7).fill('ENOMEM'));
  });
});
