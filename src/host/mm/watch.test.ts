/**
 * Watched pages: a guest that watches a page is notified, once, when the page is no longer present and writable.
 */

import { beforeEach, describe, expect, it } from 'vitest';
import { checkedHost, endAll, failEach, visibleStateOf } from '../../check/testing/index.ts';
import type { Gmap } from '../gmap/index.ts';
import type { Host } from '../host.ts';
import { processPage } from '../numbers.ts';
import { bytes, codeOf, MIB, pageEntryOf } from '../testing/index.ts';
import { PROT } from './mappings.ts';
import type { Mm } from './mm.ts';

const HOME = 0x1000_0000n;
const FIRST = Number(HOME >> 12n);
const PAGE = 4096n;
const GUEST = 5n << 30n;
const GUEST_FIRST = Number(GUEST >> 12n);
const RW = PROT.READ | PROT.WRITE;
/** The bit of a PGSTE that marks the page as watched. */
const NOTIFY = 0x4000n << 32n;

let host: Host;
let mm: Mm;
let one: Gmap;
let two: Gmap;
/** The notifications so far: the gmap, and the page counted from GUEST. */
let notifications: string[];

beforeEach(() => {
  ({ host } = checkedHost());
  mm = host.createMm();
  mm.mmap({ address: HOME, length: 2n * MIB });
  [one, two] = [host.createGmap(mm), host.createGmap(mm)];
  notifications = [];
  for (const [name, gmap] of [
    ['one', one],
    ['two', two],
  ] as const) {
    gmap.map({ from: HOME, to: GUEST, length: 2n * MIB });
    gmap.onInvalidated.subscribe((page) => notifications.push(`${name} ${page - GUEST_FIRST}`));
  }
  return () => endAll(host);
});

const page = (index: number) => HOME + BigInt(index) * PAGE;
const watch = (gmap: Gmap, index: number, count = 1) =>
  gmap.watch({ address: GUEST + BigInt(index) * PAGE, length: BigInt(count) * PAGE });
const guestPuts = (gmap: Gmap, index: number, cpu = 1) =>
  host.writeAsGuest(gmap, host.machine.cpu(cpu), GUEST + BigInt(index) * PAGE, bytes(3));
const guestSees = (gmap: Gmap, index: number, cpu = 1) =>
  host.readAsGuest(gmap, host.machine.cpu(cpu), GUEST + BigInt(index) * PAGE, 1)[0];
const notify = (index: number) => pageEntryOf(host, mm.asce, page(index), true) & NOTIFY;
/** Returns the notifications since the last call. */
const newNotifications = () => notifications.splice(0);

describe('watching', () => {
  it('makes the page present, writable and linked, and marks it', () => {
    watch(one, 5);
    expect(pageEntryOf(host, mm.asce, page(5)) & 0xfffn).toBe(0n);
    expect([notify(5), notify(4)]).toEqual([NOTIFY, 0n]);
    expect(host.stats().rmaps).toBe(1);
    guestPuts(one, 5);
    guestPuts(one, 5, 2);
    expect(newNotifications()).toEqual([]);
  });

  it('marks the entries of these pages, and no others', () => {
    const table = mm.tables.makePageTable(FIRST / 256);
    expect(mm.ptes.isWatched(table, 3)).toBe(false);
    watch(one, 3, 2);
    expect([2, 3, 4, 5].map((index) => mm.ptes.isWatched(table, index))).toEqual([false, true, true, false]);
    mm.dontNeed({ address: page(3), length: PAGE });
    expect([2, 3, 4, 5].map((index) => mm.ptes.isWatched(table, index))).toEqual([false, false, true, false]);
    newNotifications();
  });

  it('watches no page if it fails for one, and no listener is notified later', () => {
    mm.mprotect({ address: page(3), length: PAGE, protection: PROT.READ });
    expect(codeOf(() => watch(one, 1, 4))).toBe('EFAULT');
    expect([1, 2, 3, 4].map(notify)).toEqual([0n, 0n, 0n, 0n]);
    expect([...one.watched]).toEqual([]);
    mm.munmap({ address: HOME, length: 2n * MIB });
    expect(newNotifications()).toEqual([]);
  });

  it('notifies of nothing when the adjacent segments are unmapped', () => {
    mm.mmap({ address: HOME + 2n * MIB, length: MIB });
    one.map({ from: HOME, to: GUEST, length: 3n * MIB });
    watch(one, 256);
    watch(one, 511);
    guestPuts(one, 0);
    guestPuts(one, 512);
    one.unmap({ address: GUEST, length: MIB });
    one.unmap({ address: GUEST + 2n * MIB, length: MIB });
    expect(newNotifications()).toEqual([]);
    one.unmap({ address: GUEST + MIB, length: MIB });
    expect(newNotifications().sort()).toEqual(['one 256', 'one 511']);
  });

  it('watches each page of a range, also across segments, and none of an empty range', () => {
    watch(one, 255, 2);
    expect(['notified', notify(254), notify(255), notify(256), notify(257)]).toEqual([
      'notified',
      0n,
      NOTIFY,
      NOTIFY,
      0n,
    ]);
    one.watch({ address: GUEST, length: 0n });
    expect(notify(0)).toBe(0n);
    mm.munmap({ address: HOME, length: 2n * MIB });
    expect(newNotifications()).toEqual(['one 255', 'one 256']);
  });

  it.each([
    ['EINVAL', 'address is not a multiple of 4 KiB', GUEST + 1n, PAGE],
    ['EINVAL', 'address is negative', -PAGE, PAGE],
    ['EINVAL', 'length is not a multiple of 4 KiB', GUEST, 1n],
    ['EINVAL', 'length is negative', GUEST, -PAGE],
    ['EINVAL', 'it ends beyond 2^64', (1n << 64n) - PAGE, 2n * PAGE],
    ['EFAULT', 'nothing is mapped in the guest', 0n, PAGE],
    ['EFAULT', 'nothing is mapped in the process', GUEST + MIB + PAGE, PAGE],
    ['EFAULT', 'it may only be read', GUEST + MIB, PAGE],
  ])('%s: %s, and nothing is watched', (code, _, address, length) => {
    mm.munmap({ address: HOME + MIB, length: MIB });
    mm.mmap({ address: HOME + MIB, length: PAGE, protection: PROT.READ });
    expect(codeOf(() => one.watch({ address, length }))).toBe(code);
    mm.munmap({ address: HOME, length: 2n * MIB });
    expect(newNotifications()).toEqual([]);
  });

  it('copies a page first that is shared with a child or a file', () => {
    const file = host.createFile(MIB);
    mm.mmap({ address: HOME, length: MIB, file, taken: 'replace' });
    expect(guestSees(one, 0)).toBe(0);
    guestPuts(one, 1);
    const child = host.fork(mm);
    watch(one, 0, 2);
    expect([
      pageEntryOf(host, mm.asce, page(0)) & 0xfffn,
      pageEntryOf(host, mm.asce, page(1)) & 0xfffn,
    ]).toEqual([0n, 0n]);
    child.write(HOME, bytes(1, 2));
    child.munmap({ address: HOME, length: MIB });
    expect(newNotifications()).toEqual([]);
    guestPuts(one, 0);
    expect(file.read(0n, 1)[0]).toBe(0);
  });
});

describe('the watcher is notified once', () => {
  const ENDS: readonly [name: string, end: () => void][] = [
    ['munmap of the page', () => mm.munmap({ address: page(5), length: PAGE })],
    ['munmap of the segment', () => mm.munmap({ address: HOME, length: MIB })],
    ['munmap of everything', () => mm.munmap({ address: 0n, length: 1n << 53n })],
    ['mmap over it', () => void mm.mmap({ address: page(5), length: PAGE, taken: 'replace' })],
    ['mprotect to read-only', () => mm.mprotect({ address: HOME, length: MIB, protection: PROT.READ })],
    ['mprotect to nothing', () => mm.mprotect({ address: page(5), length: PAGE, protection: PROT.NONE })],
    ['dontNeed', () => mm.dontNeed({ address: page(5), length: PAGE })],
    ['discard by itself', () => one.discard({ address: GUEST, length: MIB })],
    [
      'discard by another guest',
      () => {
        guestSees(two, 5, 2);
        two.discard({ address: GUEST, length: MIB });
      },
    ],
    ['fork', () => void host.fork(mm)],
    ['a log', () => void mm.startLog(FIRST, 6)],
    [
      'mremap away',
      () => void mm.mremap({ address: page(5), oldLength: PAGE, newLength: PAGE, to: page(900) }),
    ],
    [
      'mremap over it',
      () => {
        mm.mmap({ address: page(900), length: PAGE });
        mm.mremap({ address: page(900), oldLength: PAGE, newLength: PAGE, to: page(5) });
      },
    ],
    ['mremap that shrinks', () => void mm.mremap({ address: HOME, oldLength: 2n * MIB, newLength: PAGE })],
    ['unmap', () => one.unmap({ address: GUEST, length: MIB })],
    ['map over it', () => one.map({ from: HOME + MIB, to: GUEST, length: MIB })],
    ['map of the same', () => one.map({ from: HOME, to: GUEST, length: MIB })],
    ['free', () => one.free()],
    ['the end of the process', () => host.exitMm(mm)],
  ];

  it.each(ENDS)('%s', (_, end) => {
    watch(one, 5);
    guestPuts(one, 5);
    end();
    expect(newNotifications().filter((who) => who.startsWith('one'))).toEqual(['one 5']);
  });

  it.each(ENDS.slice(0, 13))('%s, and not again, until it watches again', (_, end) => {
    watch(one, 5);
    end();
    newNotifications();
    mm.mmap({ address: HOME, length: 2n * MIB, taken: 'replace' });
    guestPuts(one, 5);
    mm.dontNeed({ address: HOME, length: MIB });
    expect(newNotifications()).toEqual([]);
    watch(one, 5);
    mm.dontNeed({ address: HOME, length: MIB });
    expect(newNotifications()).toEqual(['one 5']);
  });

  it('when a log is taken in which the page is', () => {
    const log = mm.startLog(FIRST, 512);
    watch(one, 5);
    expect(newNotifications()).toEqual([]);
    mm.takeLog(log);
    expect(newNotifications()).toEqual(['one 5']);
    guestPuts(one, 5);
    mm.takeLog(log);
    expect(newNotifications()).toEqual([]);
  });

  it('when it watches twice', () => {
    watch(one, 5);
    watch(one, 5);
    watch(one, 4, 3);
    mm.dontNeed({ address: HOME, length: MIB });
    expect(newNotifications()).toEqual(['one 4', 'one 5', 'one 6']);
  });

  it('at the addresses where it watches the page, not at others where the page is mapped', () => {
    one.map({ from: HOME, to: GUEST + MIB, length: MIB });
    watch(one, 5);
    guestPuts(one, 256 + 5);
    mm.dontNeed({ address: HOME, length: MIB });
    expect(newNotifications()).toEqual(['one 5']);
    watch(one, 5);
    watch(one, 256 + 5);
    mm.dontNeed({ address: HOME, length: MIB });
    expect(newNotifications().sort()).toEqual(['one 261', 'one 5']);
  });

  it('and not again after it has unmapped the page and mapped it again', () => {
    watch(one, 5);
    one.unmap({ address: GUEST, length: MIB });
    expect(newNotifications()).toEqual(['one 5']);
    one.map({ from: HOME, to: GUEST, length: MIB });
    guestPuts(one, 5);
    mm.dontNeed({ address: HOME, length: MIB });
    expect(newNotifications()).toEqual([]);
  });
});

describe('the watcher is not notified', () => {
  it('of an operation that does not change the page', () => {
    watch(one, 5);
    mm.mprotect({ address: HOME, length: MIB, protection: RW | PROT.EXEC });
    mm.mprotect({ address: HOME, length: MIB, protection: RW });
    mm.munmap({ address: page(6), length: PAGE });
    mm.dontNeed({ address: page(4), length: PAGE });
    mm.mprotect({ address: page(3), length: PAGE, protection: PROT.READ });
    mm.munmap({ address: HOME + MIB, length: MIB });
    mm.read(page(5), 1);
    mm.write(page(5), bytes(1));
    guestPuts(one, 5);
    guestPuts(two, 5, 2);
    one.unmap({ address: GUEST + MIB, length: MIB });
    two.unmap({ address: GUEST, length: MIB });
    mm.enableKeys();
    mm.setKey(processPage(FIRST + 5), 0x10);
    expect(newNotifications().filter((who) => who.startsWith('one'))).toEqual([]);
    mm.dontNeed({ address: HOME, length: 4n * PAGE });
    expect(newNotifications()).toEqual([]);
    mm.dontNeed({ address: page(5), length: PAGE });
    expect(newNotifications()).toEqual(['one 5']);
  });

  it('of shared memory that a child has too', () => {
    mm.mmap({ address: HOME, length: MIB, shared: true, taken: 'replace' });
    watch(one, 5);
    const child = host.fork(mm);
    child.write(page(5), bytes(1));
    child.munmap({ address: HOME, length: MIB });
    expect(newNotifications()).toEqual([]);
    mm.munmap({ address: HOME, length: MIB });
    expect(newNotifications()).toEqual(['one 5']);
  });
});

describe('two guests', () => {
  it('that watch one page are both notified, once', () => {
    watch(one, 5);
    watch(two, 5);
    mm.mprotect({ address: HOME, length: MIB, protection: PROT.READ });
    expect(newNotifications().sort()).toEqual(['one 5', 'two 5']);
    mm.munmap({ address: HOME, length: MIB });
    expect(newNotifications()).toEqual([]);
  });

  it.each([
    ['unmaps it', (gmap: Gmap) => gmap.unmap({ address: GUEST, length: MIB })],
    ['maps something else', (gmap: Gmap) => gmap.map({ from: HOME + MIB, to: GUEST, length: MIB })],
    ['is freed', (gmap: Gmap) => gmap.free()],
  ])('the one that %s is notified then, the other still watches', (_, leave) => {
    watch(one, 5);
    watch(two, 5);
    leave(one);
    expect(newNotifications()).toEqual(['one 5']);
    expect(notify(5)).toBe(NOTIFY);
    guestPuts(two, 5, 2);
    mm.dontNeed({ address: HOME, length: MIB });
    expect(newNotifications()).toEqual(['two 5']);
  });

  it('of two processes on one file are notified each of its own', () => {
    const file = host.createFile(MIB);
    const other = host.createMm();
    for (const of of [mm, other])
      of.mmap({ address: HOME, length: MIB, file, shared: true, taken: 'replace' });
    const theirs = host.createGmap(other);
    theirs.map({ from: HOME, to: GUEST, length: MIB });
    theirs.onInvalidated.subscribe((number) => notifications.push(`theirs ${number - GUEST_FIRST}`));
    watch(one, 5);
    watch(theirs, 5);
    other.munmap({ address: HOME, length: MIB });
    expect(newNotifications()).toEqual(['theirs 5']);
    mm.munmap({ address: HOME, length: MIB });
    expect(newNotifications()).toEqual(['one 5']);
  });
});

describe('frames of 1 MiB', () => {
  it('are split when a page is watched, and the watch works as for other pages', () => {
    mm.mmap({ address: HOME, length: 2n * MIB, large: true, taken: 'replace' });
    for (const gmap of [one, two]) guestPuts(gmap, 5);
    watch(one, 5);
    expect(host.kernel.frames.count('large-page')).toBe(0);
    expect([guestSees(one, 5), guestSees(two, 5, 2)]).toEqual([3, 3]);
    expect(newNotifications()).toEqual([]);
    mm.dontNeed({ address: HOME, length: MIB });
    expect(newNotifications()).toEqual(['one 5']);
  });

  it('are split at once when watching touches the segment first', () => {
    mm.mmap({ address: HOME, length: 2n * MIB, large: true, taken: 'replace' });
    watch(one, 255, 2);
    expect(host.kernel.frames.count('large-page')).toBe(0);
    mm.munmap({ address: HOME, length: 2n * MIB });
    expect(newNotifications()).toEqual(['one 255', 'one 256']);
  });
});

it('a page of large memory that was never touched can be watched', () => {
  mm.mmap({ address: HOME, length: MIB, large: true, taken: 'replace' });
  watch(one, 5);
  expect([host.kernel.frames.count('large-page'), notify(5)]).toEqual([0, NOTIFY]);
  expect(guestSees(one, 5)).toBe(0);
  mm.dontNeed({ address: HOME, length: MIB });
  expect(newNotifications()).toEqual(['one 5']);
});

describe('without memory', () => {
  it.each([
    ['a page of 4 KiB', {}],
    ['a page of large memory', { large: true }],
  ])('ENOMEM for %s, and no listener is notified later', (_, options) => {
    let later: (() => string[]) | undefined;
    const ends = failEach(() => {
      const { host } = checkedHost();
      const mm = host.createMm();
      mm.mmap({ address: HOME, length: MIB, ...options });
      const gmap = host.createGmap(mm);
      gmap.map({ from: HOME, to: GUEST, length: MIB });
      const notifications: string[] = [];
      gmap.onInvalidated.subscribe((number) => notifications.push(`${number - GUEST_FIRST}`));
      later = () => notifications;
      return {
        host,
        seen: () => [...notifications, visibleStateOf(mm).mappings],
        operation: () => gmap.watch({ address: GUEST + PAGE, length: PAGE }),
      };
    });
    expect(ends.length).toBeGreaterThanOrEqual(3);
    expect(later?.()).toEqual(['1']);
  });
});
