/**
 * Dirty logs: exactly the pages that the process or a guest has stored into since the log was last taken.
 */

import { beforeEach, describe, expect, it } from 'vitest';
import { checkedHost, endAll, failEach, visibleStateOf } from '../../check/testing/index.ts';
import type { Gmap } from '../gmap/index.ts';
import type { Host } from '../host.ts';
import { bytes, codeOf, MIB, pageEntryOf } from '../testing/index.ts';
import type { DirtyLog } from './dirty-log.ts';
import { PROT } from './mappings.ts';
import type { Mm } from './mm.ts';

const HOME = 0x1000_0000n;
const FIRST = Number(HOME >> 12n);
const PAGE = 4096n;
const GUEST = 5n << 30n;
const RW = PROT.READ | PROT.WRITE;

let host: Host;
let mm: Mm;
let one: Gmap;
let two: Gmap;

beforeEach(() => {
  ({ host } = checkedHost());
  mm = host.createMm();
  mm.mmap({ address: HOME, length: 2n * MIB });
  one = host.createGmap(mm);
  two = host.createGmap(mm);
  for (const gmap of [one, two]) gmap.map({ from: HOME, to: GUEST, length: 2n * MIB });
  return () => endAll(host);
});

const page = (index: number) => HOME + BigInt(index) * PAGE;
const at = (index: number) => mm.read(page(index), 1)[0];
const put = (index: number, value = 1) => mm.write(page(index), bytes(value));
const run = (index: number, cpu = 0) => host.writeAsProcess(mm, host.machine.cpu(cpu), page(index), bytes(2));
const ran = (index: number, cpu = 0) => host.readAsProcess(mm, host.machine.cpu(cpu), page(index), 1)[0];
const guestPuts = (gmap: Gmap, index: number, cpu: number) =>
  host.writeAsGuest(gmap, host.machine.cpu(cpu), GUEST + BigInt(index) * PAGE, bytes(3));
const guestSees = (gmap: Gmap, index: number, cpu: number) =>
  host.readAsGuest(gmap, host.machine.cpu(cpu), GUEST + BigInt(index) * PAGE, 1)[0];
/** Takes a log. Returns its pages, counted from HOME. */
const taken = (log: DirtyLog) => mm.takeLog(log).map((number) => number - FIRST);
const logOf = (start = 0, count = 512) => mm.startLog(FIRST + start, count);
const lowBits = (index: number) => Number(pageEntryOf(host, mm.asce, page(index)) & 0xfffn);

describe('a log', () => {
  it('is empty at first, and then has the pages that any processor stored into, in ascending order', () => {
    for (const index of [0, 3, 4, 5, 300]) put(index);
    const log = logOf();
    expect(taken(log)).toEqual([]);
    guestPuts(one, 300, 1);
    run(5);
    put(3);
    guestPuts(two, 7, 2);
    expect(taken(log)).toEqual([3, 5, 7, 300]);
    expect(taken(log)).toEqual([]);
  });

  it('has no page that was only read', () => {
    put(0);
    const log = logOf();
    for (const index of [0, 1]) {
      expect([at(index), ran(index, 1), guestSees(one, index, 2), guestSees(two, index, 3)]).toEqual(
        Array(4).fill(index === 0 ? 1 : 0),
      );
      mm.fault(page(index), false);
    }
    expect(taken(log)).toEqual([]);
    expect([lowBits(0), lowBits(1)]).toEqual([0x200, 0x200]);
  });

  it('has a page again when it is stored into again after the log was taken, through cached translations', () => {
    const log = logOf();
    for (let round = 0; round < 3; round++) {
      guestPuts(one, 9, 1);
      guestPuts(two, 9, 2);
      guestPuts(one, 9, 3);
      run(9, 0);
      expect(taken(log)).toEqual([9]);
    }
    expect(taken(log)).toEqual([]);
    expect([guestSees(one, 9, 1), ran(9)]).toEqual([2, 2]);
  });

  it('has pages of its range only', () => {
    const log = logOf(10, 5);
    for (const index of [9, 10, 14, 15, 266]) put(index);
    expect(taken(log)).toEqual([10, 14]);
    expect([9, 10, 14, 15].map(lowBits)).toEqual([0, 0x200, 0x200, 0]);
  });

  it('leaves pages outside its range writable', () => {
    for (const index of [9, 10, 15]) put(index);
    logOf(10, 5);
    expect([9, 10, 15].map(lowBits)).toEqual([0, 0x200, 0]);
  });

  it('of memory that is not mapped yet has pages that are mapped and written later', () => {
    const log = mm.startLog(0, 2 ** 30);
    mm.mmap({ address: 1n << 40n, length: MIB });
    mm.write(1n << 40n, bytes(1));
    expect(mm.takeLog(log)).toEqual([2 ** 28]);
  });

  it('costs nothing after it was stopped: stores do not fault', () => {
    put(0);
    const log = logOf();
    put(0);
    mm.stopLog(log);
    expect(codeOf(() => mm.stopLog(log))).toBe('EINVAL');
    expect(mm.logs).toEqual([]);
    put(1);
    run(2);
    expect([lowBits(0), lowBits(1), lowBits(2)]).toEqual([0, 0, 0]);
    const next = logOf();
    expect(taken(next)).toEqual([]);
  });

  it('has every page that a copy of the kernel stores into', () => {
    const log = logOf();
    mm.write(page(254) + 4095n, new Uint8Array(2 + 2 * 4096));
    mm.write(page(20), bytes());
    expect(taken(log)).toEqual([254, 255, 256, 257]);
  });

  it('has nothing after an access that is refused', () => {
    put(1);
    const log = logOf();
    mm.mprotect({ address: HOME, length: MIB, protection: PROT.READ });
    expect(codeOf(() => put(1))).toBe('EFAULT');
    expect(codeOf(() => guestPuts(one, 1, 1))).toBe('EFAULT');
    expect(codeOf(() => run(700))).toBe('EFAULT');
    expect(taken(log)).toEqual([]);
  });
});

describe('two logs', () => {
  it('that overlap each have the pages written since they were taken', () => {
    const a = logOf(0, 10);
    const b = logOf(5, 10);
    for (const index of [1, 6, 12]) put(index);
    expect(taken(a)).toEqual([1, 6]);
    guestPuts(one, 6, 1);
    guestPuts(one, 7, 1);
    expect(taken(b)).toEqual([6, 7, 12]);
    expect(taken(a)).toEqual([6, 7]);
    guestPuts(one, 7, 1);
    expect([taken(a), taken(b)]).toEqual([[7], [7]]);
    expect([taken(a), taken(b)]).toEqual([[], []]);
  });

  it('the second starts empty, and the first keeps its pages', () => {
    const a = logOf();
    put(3);
    const b = logOf();
    expect(taken(b)).toEqual([]);
    put(4);
    expect(taken(a)).toEqual([3, 4]);
    put(3);
    expect(taken(b)).toEqual([3, 4]);
    expect(taken(a)).toEqual([3]);
  });

  it('one continues when the other ends', () => {
    const a = logOf();
    const b = logOf();
    put(3);
    mm.stopLog(a);
    expect(taken(b)).toEqual([3]);
    put(3);
    put(8);
    expect(taken(b)).toEqual([3, 8]);
  });

  it('of two processes are independent, also for shared memory', () => {
    const other = host.createMm();
    const file = host.createFile(MIB);
    for (const of of [mm, other])
      of.mmap({ address: HOME, length: MIB, file, shared: true, taken: 'replace' });
    const [a, b] = [logOf(), other.startLog(FIRST, 512)];
    put(1);
    other.write(page(2), bytes(1));
    expect([taken(a), other.takeLog(b).map((number) => number - FIRST)]).toEqual([[1], [2]]);
    expect([at(1), at(2)]).toEqual([1, 1]);
  });
});

describe('a log and', () => {
  it('mprotect: read-only and back, read and then stored into', () => {
    put(0);
    put(1);
    const log = logOf();
    mm.mprotect({ address: HOME, length: MIB, protection: PROT.READ });
    mm.mprotect({ address: HOME, length: MIB, protection: RW });
    expect([lowBits(0), lowBits(1)]).toEqual([0x200, 0x200]);
    expect(at(0)).toBe(1);
    guestPuts(two, 1, 2);
    expect(taken(log)).toEqual([1]);
  });

  it('mprotect of a page that is in it', () => {
    const log = logOf();
    put(0);
    mm.mprotect({ address: HOME, length: MIB, protection: PROT.NONE });
    mm.mprotect({ address: HOME, length: MIB, protection: RW });
    put(0);
    expect(taken(log)).toEqual([0]);
    mm.mprotect({ address: HOME, length: MIB, protection: PROT.READ });
    expect(taken(log)).toEqual([]);
  });

  it('mmap that replaces, and munmap: pages written before stay in the log', () => {
    const log = logOf();
    put(0);
    mm.munmap({ address: HOME, length: MIB });
    expect(taken(log)).toEqual([0]);
    mm.mmap({ address: HOME, length: MIB });
    expect([at(0), taken(log)]).toEqual([0, []]);
    put(0);
    expect(taken(log)).toEqual([0]);
  });

  it('dontNeed and discard: a page that is read afterwards is not in it, one that is written is', () => {
    for (const drop of [
      () => mm.dontNeed({ address: HOME, length: MIB }),
      () => one.discard({ address: GUEST, length: MIB }),
    ]) {
      const log = logOf();
      guestPuts(one, 0, 1);
      guestPuts(one, 1, 1);
      expect(taken(log)).toEqual([0, 1]);
      drop();
      expect([guestSees(one, 0, 1), taken(log)]).toEqual([0, []]);
      guestPuts(two, 1, 2);
      guestPuts(two, 0, 2);
      expect(taken(log)).toEqual([0, 1]);
      mm.stopLog(log);
    }
  });

  it.each([
    ['dontNeed', () => mm.dontNeed({ address: HOME, length: PAGE }), 0x400],
    ['munmap', () => mm.munmap({ address: HOME, length: PAGE }), 0x400],
    ['PROT_NONE', () => mm.mprotect({ address: HOME, length: PAGE, protection: PROT.NONE }), 0x401],
  ])('%s: a page that was written before has the same entry after the log is taken', (_, change, bits) => {
    const log = logOf();
    put(0);
    put(1);
    change();
    const entry = pageEntryOf(host, mm.asce, page(0));
    expect(entry & 0xfffn).toBe(BigInt(bits));
    expect(taken(log)).toEqual([0, 1]);
    expect(pageEntryOf(host, mm.asce, page(0))).toBe(entry);
  });

  it('PROT_NONE before it starts: the page still allows no access', () => {
    put(0);
    mm.mprotect({ address: HOME, length: PAGE, protection: PROT.NONE });
    logOf();
    expect(lowBits(0)).toBe(0x401);
    expect(codeOf(() => ran(0))).toBe('EFAULT');
  });

  it('fork: pages that the parent writes are in it, those that the child writes are not', () => {
    put(0);
    put(1);
    const log = logOf();
    put(0);
    const child = host.fork(mm);
    expect(child.logs).toEqual([]);
    child.write(page(1), bytes(9));
    expect(taken(log)).toEqual([0]);
    guestPuts(one, 0, 1);
    guestPuts(one, 1, 1);
    expect(taken(log)).toEqual([0, 1]);
    expect([child.read(page(0), 1)[0], child.read(page(1), 1)[0]]).toEqual([1, 9]);
    guestPuts(one, 1, 1);
    expect(taken(log)).toEqual([1]);
  });

  it('files: the first store to a private page, and each to a shared one', () => {
    const file = host.createFile(2n * PAGE);
    for (const shared of [true, false]) {
      mm.mmap({ address: HOME, length: 2n * PAGE, file, shared, taken: 'replace' });
      const log = logOf();
      expect([at(0), taken(log)]).toEqual([shared ? 0 : 3, []]);
      guestPuts(one, 0, 1);
      run(1);
      expect(taken(log)).toEqual([0, 1]);
      guestPuts(two, 0, 2);
      expect(taken(log)).toEqual([0]);
      mm.stopLog(log);
    }
  });

  it('mremap: stores at the new place are noted', () => {
    put(0);
    put(1);
    const log = logOf(256, 256);
    mm.mremap({ address: HOME, oldLength: 2n * PAGE, newLength: 2n * PAGE, to: page(300) });
    expect([at(300), taken(log)]).toEqual([1, []]);
    put(301);
    expect(taken(log)).toEqual([301]);
  });

  it('frames of 1 MiB: they are split, and none is made in the range until the log is stopped', () => {
    mm.mmap({ address: HOME, length: 2n * MIB, large: true, taken: 'replace' });
    guestPuts(one, 0, 1);
    expect(guestSees(two, 0, 2)).toBe(3);
    const log = logOf(0, 257);
    expect(guestSees(one, 0, 1)).toBe(3);
    guestPuts(two, 0, 2);
    put(256);
    put(300);
    expect(taken(log)).toEqual([0, 256]);
    expect(host.kernel.frames.count('large-page')).toBe(0);
    mm.munmap({ address: HOME, length: 2n * MIB });
    mm.mmap({ address: HOME, length: 2n * MIB, large: true });
    put(300);
    expect(host.kernel.frames.count('large-page')).toBe(0);
    mm.stopLog(log);
    put(0);
    expect(host.kernel.frames.count('large-page')).toBe(256);
  });

  it.each([
    ['all below', 0, 256, true],
    ['the first page in it', 256, 1, false],
    ['the last page in it', 511, 1, false],
    ['from below to above', 255, 258, false],
    ['all above', 512, 256, true],
  ])('frames of 1 MiB: a segment gets one unless a log has a page of it: %s', (_, start, count, made) => {
    mm.mmap({ address: HOME, length: 4n * MIB, large: true, taken: 'replace' });
    logOf(start, count);
    put(300);
    expect(host.kernel.frames.count('large-page')).toBe(made ? 256 : 0);
  });

  it('a watch: the page is made writable, so it counts as written; and taking the log ends the watch', () => {
    const log = logOf();
    const notified: number[] = [];
    one.onInvalidated.subscribe((number) => notified.push(number));
    one.watch({ address: GUEST, length: PAGE });
    expect([taken(log), notified]).toEqual([[0], [Number(GUEST >> 12n)]]);
    put(0);
    expect([taken(log), notified.length]).toEqual([[0], 1]);
  });

  it('a processor in the process when the log starts notes its next store', () => {
    for (const cpu of [0, 1, 2]) run(5, cpu);
    guestPuts(one, 5, 3);
    const log = logOf();
    run(5, 2);
    expect(taken(log)).toEqual([5]);
    guestPuts(one, 5, 3);
    expect(taken(log)).toEqual([5]);
  });
});

describe('without memory', () => {
  it('a log of frames of 1 MiB: ENOMEM at each page table, and there is no log', () => {
    const ends = failEach(() => {
      const { host } = checkedHost();
      const mm = host.createMm();
      mm.mmap({ address: HOME, length: 3n * MIB, large: true });
      for (let i = 0n; i < 3n; i++) mm.write(HOME + i * MIB, bytes(1));
      return { host, seen: () => visibleStateOf(mm), operation: () => mm.startLog(FIRST, 768) };
    });
    // Two page tables of 2 KiB are in the first frame.
    expect(ends).toEqual(['ENOMEM', 'ENOMEM']);
  });

  it('a store that finds no frame is not in the log', () => {
    put(0);
    const child = host.fork(mm);
    const log = logOf();
    for (const index of [0, 1]) {
      host.kernel.frames.failIn(1);
      expect(codeOf(() => put(index))).toBe('ENOMEM');
    }
    expect(taken(log)).toEqual([]);
    expect(child.read(page(0), 1)[0]).toBe(1);
  });
});
