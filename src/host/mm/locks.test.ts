/** The locks that the operations of a process take, and what check mode reports of functions that are called without them. */

import { beforeEach, describe, expect, it } from 'vitest';
import type { Host } from '../host.ts';
import { processSegment } from '../numbers.ts';
import { bytes, MIB, makeHost } from '../testing/index.ts';
import { unshareAllLocked } from './cow.ts';
import { faultPageLocked, provideSegmentLocked } from './faults.ts';
import { copyIntoLocked } from './fork.ts';
import { enableKeysLocked, keyOfLocked, setKeysLocked } from './guest-keys.ts';
import { splitAllLocked, splitEdgesLocked } from './large-frames.ts';
import type { Mm } from './mm.ts';
import { checkedMapRequest, mmapLocked } from './mmap.ts';
import { mprotectLocked } from './protection.ts';
import { remapLocked } from './remap.ts';
import { removeRangeLocked, zapLocked } from './unmap.ts';

const PAGE = 4096n;
/** Memory with frames of 1 MiB. */
const LARGE = 8n * MIB;

let host: Host;
let mm: Mm;
let problems: string[];

beforeEach(() => {
  const made = makeHost();
  ({ host, problems } = made);
  mm = host.createMm();
  mm.mmap({ address: 0n, length: 4n * MIB });
  mm.mmap({ address: LARGE, length: 2n * MIB, large: true });
  for (const address of [0n, PAGE, LARGE]) mm.write(address, bytes(1));
});

/** Returns the locks that an action takes, in order: name and mode. */
function takenBy(action: () => unknown): string[] {
  const taken: string[] = [];
  for (const lock of [mm.mmapLock, mm.pageTableLock]) {
    const acquire = lock.acquire.bind(lock);
    lock.acquire = (mode) => {
      taken.push(`${lock.name} ${mode}`);
      acquire(mode);
    };
  }
  action();
  return taken;
}

const READ = 'mmap lock read';
const WRITE = 'mmap lock write';
const PAGES = 'page-table lock write';

describe('a process takes its locks in the modes that its entries need', () => {
  const logged = () => {
    const log = mm.startLog(0, 256);
    mm.write(0n, bytes(2));
    return log;
  };
  const usingKeys = () => {
    host.createGmap(mm);
    mm.enableKeys();
  };

  it.each<[string, string[], () => () => unknown]>([
    ['the first store to a page', [READ, PAGES], () => () => mm.write(2n * PAGE, bytes(1))],
    ['starting a log', [WRITE, PAGES], () => () => mm.startLog(0, 256)],
    [
      'taking a log',
      [READ, PAGES],
      () => {
        const log = logged();
        return () => mm.takeLog(log);
      },
    ],
    [
      'a store to a logged page',
      [READ, PAGES],
      () => {
        mm.startLog(0, 256);
        return () => mm.write(0n, bytes(1));
      },
    ],
    [
      'a store to a page that a child shares',
      [READ, PAGES],
      () => {
        mm.fork(1);
        return () => mm.write(0n, bytes(1));
      },
    ],
    [
      'a store to a page that an ended child has shared',
      [READ, PAGES],
      () => {
        host.exitMm(mm.fork(1));
        return () => mm.write(0n, bytes(1));
      },
    ],
    ['fork, which splits a frame of 1 MiB', [WRITE, PAGES, PAGES], () => () => mm.fork(1)],
    [
      'mprotect of pages',
      [WRITE, PAGES],
      () => () => mm.mprotect({ address: 0n, length: PAGE, protection: 1 }),
    ],
    [
      'mprotect of a frame of 1 MiB',
      [WRITE, PAGES],
      () => () => mm.mprotect({ address: LARGE, length: MIB, protection: 1 }),
    ],
    [
      'mprotect of a part of a frame of 1 MiB, which splits it',
      [WRITE, PAGES, PAGES],
      () => () => mm.mprotect({ address: LARGE, length: PAGE, protection: 1 }),
    ],
    [
      'mremap, which drops the new place, moves the pages and removes the old place',
      [WRITE, PAGES, PAGES, PAGES],
      () => () => mm.mremap({ address: 0n, oldLength: MIB, newLength: MIB, to: 5n * MIB }),
    ],
    ['the first gmap', [WRITE, PAGES], () => () => host.createGmap(mm)],
    [
      'enabling keys, which splits a frame, copies shared pages and clears keys',
      [WRITE, PAGES, PAGES, PAGES],
      () => {
        host.createGmap(mm);
        return () => mm.enableKeys();
      },
    ],
    [
      'setting a key',
      [READ, PAGES],
      () => {
        usingKeys();
        return () => mm.setKeys([0], [0x10]);
      },
    ],
    [
      'reading a key',
      [READ],
      () => {
        usingKeys();
        return () => mm.keyOf(0 as never);
      },
    ],
    [
      'watching a page',
      [READ, READ, PAGES],
      () => {
        host.createGmap(mm);
        return () => mm.watchPage(0 as never);
      },
    ],
  ])('%s', (_, expected, prepare) => {
    const action = prepare();
    expect(takenBy(action)).toEqual(expected);
    expect(problems).toEqual([]);
    expect(host.kernel.locks.held).toEqual([]);
  });
});

describe('check mode reports', () => {
  it.each<[string, () => unknown]>([
    ['a fault', () => faultPageLocked(mm, 0, false)],
    ['making a page table', () => provideSegmentLocked(mm, processSegment(1))],
    ['splitting a 1 MiB frame', () => splitEdgesLocked(mm, 1, 2)],
    ['splitting a 1 MiB frame', () => splitAllLocked(mm, 0, 1)],
    ['zapping pages', () => zapLocked(mm, 0, 1)],
    ['reading a storage key', () => keyOfLocked(mm, 512)],
    ['setting storage keys', () => setKeysLocked(mm, [], [])],
  ])('%s without the mmap lock, and not with it for reading', (what, action) => {
    if (what.endsWith('keys') || what.endsWith('key')) {
      host.createGmap(mm);
      mm.enableKeys();
    }
    mm.mmapLock.hold('read', action);
    expect(problems).toEqual([]);
    action();
    expect(problems).toEqual([`${what} without the mmap lock`]);
  });

  it.each<[string, () => unknown]>([
    ['mmap', () => mmapLocked(mm, checkedMapRequest(mm, { length: PAGE }))],
    ['unmapping', () => removeRangeLocked(mm, 0, 1)],
    ['mprotect', () => mprotectLocked(mm, 0, 256, 1)],
    ['mremap', () => remapLocked(mm, { start: 0, oldCount: 1, newCount: 1, mayMove: false, to: null })],
    ['a fork', () => copyIntoLocked(host.createMm(), mm)],
    ['copying shared pages', () => unshareAllLocked(mm)],
    ['enabling storage keys', () => enableKeysLocked(mm)],
  ])('%s with the mmap lock for reading only, and not with it for writing', (what, action) => {
    host.createGmap(mm);
    mm.munmap({ address: LARGE, length: 2n * MIB });
    mm.mmapLock.hold('read', action);
    expect(problems[0]).toBe(`${what} without the mmap lock for writing`);
    problems.length = 0;
    mm.mmapLock.hold('write', action);
    expect(problems).toEqual([]);
  });

  it.each<[string, (table: number) => unknown]>([
    ['setting a PTE', (table) => mm.ptes.set(table, 9, 0x5000, 0)],
    ['watching a page', (table) => mm.ptes.watch(table, 0)],
  ])('%s with the page-table lock for reading only, and not with it for writing', (what, action) => {
    host.createGmap(mm);
    const table = mm.tables.pageTableOf(0);
    mm.pageTableLock.hold('read', () => action(table));
    expect(problems).toEqual([`${what} without the page-table lock for writing`]);
    mm.pageTableLock.hold('write', () => action(table));
    expect(problems).toHaveLength(1);
  });
});
