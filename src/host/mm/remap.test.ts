/**
 * mremap: resizes memory, or moves it with its pages. A guest then finds the pages behind the new place, and nothing behind
 * the old one.
 */

import { beforeEach, describe, expect, it } from 'vitest';
import { checkedHost, endAll, failEach, visibleStateOf } from '../../check/testing/index.ts';
import type { Gmap } from '../gmap/index.ts';
import type { Host } from '../host.ts';
import {
  bytes,
  codeOf,
  frameCounts,
  MIB,
  makeHost,
  messageOf,
  pageEntryOf,
  snapshotOf,
  TIB,
} from '../testing/index.ts';
import { PROT } from './mappings.ts';
import type { Mm } from './mm.ts';

const HOME = 0x1000_0000n;
const PAGE = 4096n;
/** The guest addresses of the old place and of the new one. */
const GUEST = 5n << 30n;
const GUEST_THERE = 6n << 30n;
const LIMIT = 1n << 42n;

let host: Host;
let mm: Mm;

beforeEach(() => {
  ({ host } = checkedHost());
  mm = host.createMm();
  return () => endAll(host);
});

const at = (address: bigint, of = mm) => of.read(address, 1)[0];
const put = (address: bigint, value: number, of = mm) => of.write(address, bytes(value));
const ran = (address: bigint, cpu = 0) => host.readAsProcess(mm, host.machine.cpu(cpu), address, 1)[0];
const guestSees = (gmap: Gmap, cpu: number, address: bigint) =>
  host.readAsGuest(gmap, host.machine.cpu(cpu), address, 1)[0];
const guestPuts = (gmap: Gmap, cpu: number, address: bigint, value: number) =>
  host.writeAsGuest(gmap, host.machine.cpu(cpu), address, bytes(value));
const mapped = () =>
  [...mm.mappings].map(
    ({ start, end, protection }) => `${start.toString(16)}-${end.toString(16)} ${protection}`,
  );
const pages = () => host.kernel.frames.count('page');
/** Writes its number, from 1 on, into each page of a range. */
const number = (address: bigint, count: number) => {
  for (let i = 0; i < count; i++) put(address + BigInt(i) * PAGE, i + 1);
};
const numbers = (address: bigint, count: number) =>
  Array.from({ length: count }, (_, i) => at(address + BigInt(i) * PAGE));
const upTo = (count: number) => Array.from({ length: count }, (_, i) => i + 1);

describe('mremap refuses', () => {
  const move = { address: HOME, oldLength: 2n * PAGE, newLength: 2n * PAGE };

  it.each([
    ['EINVAL', 'address is not a multiple of 4 KiB', { ...move, address: HOME + 1n }],
    ['EINVAL', 'old length is 0', { ...move, oldLength: 0n }],
    ['EINVAL', 'old length is not a multiple of 4 KiB', { ...move, oldLength: 0x800n }],
    ['EINVAL', 'new length is 0', { ...move, newLength: 0n }],
    ['EINVAL', 'new length is not a multiple of 4 KiB', { ...move, newLength: 1n }],
    ['EINVAL', 'new length is beyond 8 PiB', { ...move, newLength: (1n << 53n) + PAGE }],
    ['EINVAL', 'the new place is not a multiple of 4 KiB', { ...move, to: 1n }],
    ['EINVAL', 'the new place is negative', { ...move, to: -PAGE }],
    ['EINVAL', 'the new place ends beyond the reach of the tables', { ...move, to: LIMIT - PAGE }],
    ['EINVAL', 'the new place is above the reach of the tables', { ...move, to: LIMIT }],
    ['EINVAL', 'the new place ends beyond 8 PiB', { ...move, to: (1n << 53n) - PAGE }],
    ['EINVAL', 'the new place is the old one', { ...move, to: HOME }],
    ['EINVAL', 'the new place begins in the old one', { ...move, to: HOME + PAGE }],
    ['EINVAL', 'the new place ends in the old one', { ...move, to: HOME - PAGE }],
    ['EINVAL', 'the new place holds the old one', { ...move, newLength: MIB, to: HOME - 4n * PAGE }],
    ['EINVAL', 'the new, shorter place is in the old one', { ...move, newLength: PAGE, to: HOME + PAGE }],
    ['EFAULT', 'nothing is mapped', { ...move, address: HOME + 8n * MIB }],
    ['EFAULT', 'nothing is mapped, beyond the tables', { ...move, address: LIMIT + MIB }],
    ['EFAULT', 'it ends in a hole', { ...move, oldLength: MIB + PAGE }],
    ['EFAULT', 'it begins in a hole', { ...move, address: HOME - PAGE }],
    ['EFAULT', 'it lies in two mappings', { ...move, address: HOME + MIB - 2n * PAGE, oldLength: 3n * PAGE }],
    ['EFAULT', 'shrinking over two mappings', { address: HOME, oldLength: MIB, newLength: PAGE }],
    ['ENOMEM', 'it cannot grow and may not move', { ...move, newLength: 3n * PAGE }],
    ['ENOMEM', 'no gap is large enough', { ...move, newLength: LIMIT, mayMove: true }],
  ])('%s: %s, and nothing has changed', (code, _, options) => {
    mm.mmap({ address: HOME, length: MIB - PAGE });
    mm.mmap({ address: HOME + MIB - PAGE, length: PAGE, protection: PROT.READ });
    number(HOME, 3);
    const gmap = host.createGmap(mm);
    gmap.map({ from: HOME, to: GUEST, length: MIB });
    expect(guestSees(gmap, 1, GUEST)).toBe(1);
    const before = snapshotOf(host, mm, gmap);
    expect(codeOf(() => mm.mremap(options))).toBe(code);
    expect(snapshotOf(host, mm, gmap)).toEqual(before);
    expect(guestSees(gmap, 1, GUEST)).toBe(1);
  });

  it.each([
    ['0x10000000 to 0x10003000 is not in one mapping', { oldLength: 3n * PAGE }],
    ['no room after 0x10002000, and it may not move', { newLength: 3n * PAGE }],
    ['the new place 0x10001000 overlaps the old one', { to: HOME + PAGE }],
    ['the new place 0x3fffffff000 is beyond the address space', { to: LIMIT - PAGE }],
    ['no gap of 1073741824 pages in the address space', { newLength: LIMIT, mayMove: true }],
  ])('with a message that names the place: %s', (message, options) => {
    mm.mmap({ address: HOME, length: 2n * PAGE });
    mm.mmap({ address: HOME + 2n * PAGE, length: PAGE, protection: PROT.READ });
    expect(messageOf(() => mm.mremap({ ...move, ...options }))).toBe(message);
  });

  it('ESRCH: the process has ended', () => {
    const gone = host.createMm();
    host.exitMm(gone);
    expect(codeOf(() => gone.mremap({ address: HOME, oldLength: PAGE, newLength: PAGE }))).toBe('ESRCH');
  });
});

describe('mremap allows a new place', () => {
  it.each([
    ['directly below the old one', HOME - 2n * PAGE],
    ['directly above the old one', HOME + 2n * PAGE],
    ['at the very end of the address space', LIMIT - 2n * PAGE],
    ['at address 0', 0n],
  ])('%s', (_, to) => {
    mm.mmap({ address: HOME, length: 2n * PAGE });
    number(HOME, 2);
    expect(mm.mremap({ address: HOME, oldLength: 2n * PAGE, newLength: 2n * PAGE, to })).toBe(to);
    expect(numbers(to, 2)).toEqual([1, 2]);
    expect([pages(), mm.mappings.count]).toEqual([2, 1]);
  });
});

describe('in place', () => {
  it('shrinks: the memory after the new end is unmapped', () => {
    mm.mmap({ address: HOME, length: 2n * MIB });
    number(HOME, 3);
    put(HOME + MIB, 9);
    expect(ran(HOME + 2n * PAGE)).toBe(3);
    expect(mm.mremap({ address: HOME, oldLength: 2n * MIB, newLength: 2n * PAGE })).toBe(HOME);
    expect(mapped()).toEqual(['10000-10002 3']);
    expect([pages(), numbers(HOME, 2)]).toEqual([2, [1, 2]]);
    expect(codeOf(() => ran(HOME + 2n * PAGE))).toBe('EFAULT');
  });

  it('shrinks in the middle of a mapping, and leaves a hole', () => {
    mm.mmap({ address: HOME, length: MIB });
    number(HOME, 5);
    mm.mremap({ address: HOME + PAGE, oldLength: 3n * PAGE, newLength: PAGE });
    expect(mapped()).toEqual(['10000-10002 3', '10004-10100 3']);
    expect([at(HOME + PAGE), at(HOME + 4n * PAGE), pages()]).toEqual([2, 5, 3]);
  });

  it('grows: the new pages are zeros, and belong to the same mapping', () => {
    mm.mmap({ address: HOME, length: PAGE });
    put(HOME, 1);
    expect(mm.mremap({ address: HOME, oldLength: PAGE, newLength: MIB + PAGE })).toBe(HOME);
    expect(mapped()).toEqual(['10000-10101 3']);
    expect([at(HOME), at(HOME + MIB)]).toEqual([1, 0]);
  });

  it('grows up to the next mapping, and not into it', () => {
    mm.mmap({ address: HOME, length: PAGE });
    mm.mmap({ address: HOME + 3n * PAGE, length: PAGE, protection: PROT.READ });
    expect(mm.mremap({ address: HOME, oldLength: PAGE, newLength: 3n * PAGE, mayMove: true })).toBe(HOME);
    expect(mapped()).toEqual(['10000-10003 3', '10003-10004 1']);
    expect(codeOf(() => mm.mremap({ address: HOME, oldLength: 3n * PAGE, newLength: MIB }))).toBe('ENOMEM');
  });

  it('grows up to 4 TiB, and then elsewhere', () => {
    const top = LIMIT - 2n * PAGE;
    mm.mmap({ address: top, length: PAGE });
    put(top, 1);
    expect(mm.mremap({ address: top, oldLength: PAGE, newLength: 2n * PAGE })).toBe(top);
    expect(codeOf(() => mm.mremap({ address: top, oldLength: PAGE, newLength: 3n * PAGE }))).toBe('ENOMEM');
    const there = mm.mremap({ address: top, oldLength: 2n * PAGE, newLength: 3n * PAGE, mayMove: true });
    expect([there < top, at(there)]).toEqual([true, 1]);
  });

  it('changes nothing if the length is the same', () => {
    mm.mmap({ address: HOME, length: MIB });
    put(HOME, 1);
    const before = snapshotOf(host, mm);
    expect(mm.mremap({ address: HOME, oldLength: MIB, newLength: MIB, mayMove: true })).toBe(HOME);
    expect(snapshotOf(host, mm)).toEqual(before);
  });

  it.each([
    ['the first', HOME],
    ['the last', HOME + MIB - PAGE],
    ['one in the middle', HOME + PAGE],
  ])('changes nothing if the length is the same: a page of a mapping, %s', (_, address) => {
    mm.mmap({ address: HOME, length: MIB });
    put(address, 1);
    const before = snapshotOf(host, mm);
    expect(mm.mremap({ address, oldLength: PAGE, newLength: PAGE, mayMove: true })).toBe(address);
    expect(mapped()).toEqual(['10000-10100 3']);
    expect(snapshotOf(host, mm)).toEqual(before);
  });

  it('in four levels of tables, memory at exactly 4 TiB grows there', () => {
    mm.mmap({ address: LIMIT, length: PAGE });
    mm.mremap({ address: LIMIT, oldLength: PAGE, newLength: 2n * PAGE });
    expect(mapped()).toEqual(['40000000-40000002 3']);
  });

  it('in four levels of tables, memory moves to exactly 4 TiB', () => {
    mm.mmap({ address: LIMIT + MIB, length: PAGE });
    put(LIMIT + MIB, 7);
    mm.mremap({ address: LIMIT + MIB, oldLength: PAGE, newLength: PAGE, to: LIMIT });
    expect(mapped()).toEqual(['40000000-40000001 3']);
    expect(at(LIMIT)).toBe(7);
  });

  it('grows over further pages of the file, up to its end', () => {
    const file = host.createFile(3n * PAGE);
    file.write(2n * PAGE, bytes(7));
    mm.mmap({ address: HOME, length: PAGE, file, offset: PAGE, shared: true });
    mm.mremap({ address: HOME, oldLength: PAGE, newLength: 3n * PAGE });
    expect(at(HOME + PAGE)).toBe(7);
    expect(codeOf(() => at(HOME + 2n * PAGE))).toBe('EFAULT');
  });
});

describe('elsewhere', () => {
  it('goes to the highest gap when it cannot grow and may move', () => {
    mm.mmap({ address: HOME, length: 3n * PAGE });
    mm.mmap({ address: HOME + 3n * PAGE, length: PAGE, protection: PROT.READ });
    number(HOME, 3);
    expect(ran(HOME)).toBe(1);
    const there = mm.mremap({ address: HOME, oldLength: 3n * PAGE, newLength: 5n * PAGE, mayMove: true });
    expect(there).toBe(LIMIT - 5n * PAGE);
    expect(numbers(there, 5)).toEqual([1, 2, 3, 0, 0]);
    expect(codeOf(() => ran(HOME))).toBe('EFAULT');
    expect(mapped()).toEqual(['10003-10004 1', '3ffffffb-40000000 3']);
  });

  it.each([
    ['the same offset in the segment', 7n * MIB, 3],
    ['another offset in the segment', 7n * MIB + 100n * PAGE, 3],
    ['across the end of a segment', 8n * MIB - PAGE, 3],
    ['from across one end of a segment to across another', 8n * MIB - 200n * PAGE, 300],
    ['below', -9n * MIB - PAGE, 5],
    ['in another segment table', (1n << 31n) + 255n * PAGE, 3],
    ['right behind', 3n * PAGE, 3],
  ])('with all its bytes: %s', (_, by, count) => {
    const length = BigInt(count) * PAGE;
    mm.mmap({ address: HOME, length });
    number(HOME, Math.min(count, 255));
    expect(ran(HOME, 1)).toBe(1);
    const frames = pages();
    const there = HOME + by;
    expect(mm.mremap({ address: HOME, oldLength: length, newLength: length, to: there })).toBe(there);
    expect(pages()).toBe(frames);
    expect(codeOf(() => ran(HOME, 1))).toBe('EFAULT');
    expect(numbers(there, Math.min(count, 255))).toEqual(upTo(Math.min(count, 255)));
    expect(ran(there, 1)).toBe(1);
    expect(mm.mappings.count).toBe(1);
  });

  it('a part of the middle of a mapping, made shorter or longer', () => {
    mm.mmap({ address: HOME, length: MIB });
    number(HOME, 8);
    mm.mremap({ address: HOME + PAGE, oldLength: 3n * PAGE, newLength: PAGE, to: HOME + MIB });
    mm.mremap({ address: HOME + 5n * PAGE, oldLength: PAGE, newLength: 2n * PAGE, to: HOME + 4n * MIB });
    expect(mapped()).toEqual(['10000-10001 3', '10004-10005 3', '10006-10101 3', '10400-10402 3']);
    expect([at(HOME), at(HOME + MIB), at(HOME + 4n * PAGE)]).toEqual([1, 2, 5]);
    expect(numbers(HOME + 4n * MIB, 2)).toEqual([6, 0]);
    // Pages 3 and 4 have no frame any more; the page after the moved one was only read.
    expect(pages()).toBe(7);
  });

  it('over mapped memory, which is replaced', () => {
    mm.mmap({ address: HOME, length: MIB });
    mm.mmap({ address: HOME + 4n * MIB, length: 2n * MIB, protection: PROT.READ | PROT.WRITE | PROT.EXEC });
    number(HOME, 2);
    number(HOME + 4n * MIB, 5);
    expect(ran(HOME + 4n * MIB + PAGE)).toBe(2);
    mm.mremap({ address: HOME, oldLength: PAGE, newLength: 2n * PAGE, to: HOME + 4n * MIB + PAGE });
    expect(numbers(HOME + 4n * MIB, 5)).toEqual([1, 1, 0, 4, 5]);
    expect(ran(HOME + 4n * MIB + PAGE)).toBe(1);
    expect(mapped()).toEqual(['10001-10100 3', '10400-10401 7', '10401-10403 3', '10403-10600 7']);
  });

  it('over the rest of its own mapping', () => {
    mm.mmap({ address: HOME, length: MIB });
    number(HOME, 6);
    mm.mremap({ address: HOME, oldLength: 2n * PAGE, newLength: 2n * PAGE, to: HOME + 3n * PAGE });
    expect(mapped()).toEqual(['10002-10100 3']);
    expect(numbers(HOME + 2n * PAGE, 4)).toEqual([3, 1, 2, 6]);
  });

  it('keeps its protection: read-only, PROT_NONE', () => {
    for (const [protection, bits] of [
      [PROT.READ, 0x200n],
      [PROT.NONE, 0x401n],
    ] as const) {
      mm.mmap({ address: HOME, length: PAGE });
      put(HOME, 1);
      mm.mprotect({ address: HOME, length: PAGE, protection });
      const there = HOME + 9n * MIB;
      mm.mremap({ address: HOME, oldLength: PAGE, newLength: PAGE, to: there });
      expect(pageEntryOf(host, mm.asce, there) & 0xfffn).toBe(bits);
      mm.mprotect({ address: there, length: PAGE, protection: PROT.READ | PROT.WRITE });
      expect(at(there)).toBe(1);
    }
  });

  it('pages of a file stay pages of the file', () => {
    const file = host.createFile(4n * PAGE);
    file.write(PAGE, bytes(2));
    for (const shared of [true, false]) {
      mm.mmap({ address: HOME, length: 2n * PAGE, file, offset: PAGE, shared });
      expect(ran(HOME)).toBe(2);
      const there = HOME + MIB + 7n * PAGE;
      mm.mremap({ address: HOME, oldLength: 2n * PAGE, newLength: 2n * PAGE, to: there });
      expect([ran(there), at(there)]).toEqual([2, 2]);
      put(there + PAGE, 9);
      expect(file.read(2n * PAGE, 1)[0]).toBe(shared ? 9 : 10);
      put(there, 2);
      file.write(2n * PAGE, bytes(10));
      expect(at(there + PAGE)).toBe(shared ? 10 : 9);
      mm.munmap({ address: there, length: 2n * PAGE });
    }
  });

  it('shared anonymous memory stays shared with a child', () => {
    mm.mmap({ address: HOME, length: 2n * PAGE, shared: true });
    put(HOME, 1);
    const child = host.fork(mm);
    const there = HOME + 3n * MIB + PAGE;
    mm.mremap({ address: HOME, oldLength: 2n * PAGE, newLength: 2n * PAGE, to: there });
    put(there, 2);
    put(there + PAGE, 3);
    expect([at(HOME, child), at(HOME + PAGE, child)]).toEqual([2, 3]);
  });

  it('from below 4 TiB to above, and back, with four levels of tables', () => {
    mm.mmap({ address: HOME, length: 2n * PAGE });
    number(HOME, 2);
    const options = { address: HOME, oldLength: 2n * PAGE, newLength: 2n * PAGE } as const;
    expect(codeOf(() => mm.mremap({ ...options, to: 7n * TIB }))).toBe('EINVAL');
    mm.mmap({ address: 5n * TIB, length: PAGE });
    mm.mremap({ ...options, to: 7n * TIB - PAGE });
    expect([ran(7n * TIB - PAGE), ran(7n * TIB)]).toEqual([1, 2]);
    mm.mremap({ ...options, address: 7n * TIB - PAGE, to: HOME });
    expect(numbers(HOME, 2)).toEqual([1, 2]);
    expect(codeOf(() => ran(7n * TIB))).toBe('EFAULT');
  });
});

describe('guests', () => {
  const THERE = HOME + 16n * MIB;
  let gmap: Gmap;
  let second: Gmap;

  beforeEach(() => {
    gmap = host.createGmap(mm);
    second = host.createGmap(mm);
    for (const one of [gmap, second]) {
      one.map({ from: HOME, to: GUEST, length: 2n * MIB });
      one.map({ from: THERE, to: GUEST_THERE, length: 2n * MIB });
    }
    mm.mmap({ address: HOME, length: MIB });
  });

  it('lose the old place and find the new one, which was not mapped before', () => {
    guestPuts(gmap, 1, GUEST, 1);
    expect(guestSees(second, 2, GUEST)).toBe(1);
    expect(codeOf(() => guestSees(gmap, 1, GUEST_THERE))).toBe('EFAULT');
    mm.mremap({ address: HOME, oldLength: MIB, newLength: MIB, to: THERE });
    expect(host.stats().rmaps).toBe(0);
    for (const [one, cpu] of [
      [gmap, 1],
      [second, 2],
    ] as const) {
      expect(codeOf(() => guestSees(one, cpu, GUEST))).toBe('EFAULT');
      expect(guestSees(one, cpu, GUEST_THERE)).toBe(1);
    }
    guestPuts(second, 2, GUEST_THERE, 2);
    expect([guestSees(gmap, 1, GUEST_THERE), at(THERE)]).toEqual([2, 2]);
  });

  it('stay linked to a new place that has a page table, and find the moved pages there', () => {
    mm.mmap({ address: THERE, length: MIB });
    put(HOME, 1);
    guestPuts(gmap, 1, GUEST_THERE, 8);
    guestPuts(second, 2, GUEST_THERE + PAGE, 9);
    expect(guestSees(second, 3, GUEST_THERE)).toBe(8);
    const linked = host.stats().rmaps;
    mm.mremap({ address: HOME, oldLength: PAGE, newLength: PAGE, to: THERE });
    expect(host.stats().rmaps).toBe(linked);
    expect([guestSees(gmap, 1, GUEST_THERE), guestSees(second, 3, GUEST_THERE)]).toEqual([1, 1]);
    expect(guestSees(gmap, 1, GUEST_THERE + PAGE)).toBe(9);
  });

  it('stay linked to an old place of which a part stays mapped', () => {
    guestPuts(gmap, 1, GUEST, 1);
    guestPuts(gmap, 1, GUEST + 5n * PAGE, 6);
    mm.mremap({ address: HOME, oldLength: PAGE, newLength: PAGE, to: THERE + PAGE });
    expect(host.stats().rmaps).toBe(1);
    expect(codeOf(() => guestSees(gmap, 1, GUEST))).toBe('EFAULT');
    expect(guestSees(gmap, 1, GUEST + 5n * PAGE)).toBe(6);
    // A guest's fault needs a mapping at the first byte of the segment.
    expect(codeOf(() => guestSees(gmap, 1, GUEST_THERE + PAGE))).toBe('EFAULT');
    mm.mmap({ address: THERE, length: PAGE });
    expect(guestSees(gmap, 1, GUEST_THERE + PAGE)).toBe(1);
  });

  it('find the pages at the old place again when they move back', () => {
    guestPuts(gmap, 1, GUEST, 1);
    mm.mremap({ address: HOME, oldLength: MIB, newLength: MIB, to: THERE });
    expect(guestSees(gmap, 1, GUEST_THERE)).toBe(1);
    mm.mremap({ address: THERE, oldLength: MIB, newLength: MIB, to: HOME });
    expect([guestSees(gmap, 1, GUEST), guestSees(second, 2, GUEST)]).toEqual([1, 1]);
    expect(codeOf(() => guestSees(gmap, 1, GUEST_THERE))).toBe('EFAULT');
  });
});

describe('frames of 1 MiB', () => {
  it.each([
    ['all of one', 0n, MIB],
    ['its first page', 0n, PAGE],
    ['its last page', MIB - PAGE, PAGE],
    ['pages from its middle', 100n * PAGE, 3n * PAGE],
  ])('are split at the edges of %s, and keep their bytes', (_, offset, length) => {
    mm.mmap({ address: HOME, length: MIB, large: true });
    const gmap = host.createGmap(mm);
    gmap.map({ from: HOME, to: GUEST, length: MIB });
    put(HOME + offset, 1);
    put(HOME + offset + length - 1n, 2);
    expect(guestSees(gmap, 1, GUEST + offset)).toBe(1);
    expect(host.kernel.frames.count('large-page')).toBe(256);
    const there = HOME + 9n * MIB + 3n * PAGE;
    mm.mremap({ address: HOME + offset, oldLength: length, newLength: length, to: there });
    expect(host.kernel.frames.count('large-page')).toBe(0);
    expect(pages()).toBe(256);
    expect([at(there), at(there + length - 1n)]).toEqual([1, 2]);
    expect(codeOf(() => guestSees(gmap, 1, GUEST + offset))).toBe('EFAULT');
  });

  it('are freed or split when memory is moved over them', () => {
    mm.mmap({ address: HOME, length: 2n * MIB, large: true });
    mm.mmap({ address: HOME + 8n * MIB, length: 2n * MIB });
    number(HOME, 3);
    put(HOME + MIB, 8);
    put(HOME + 2n * MIB - PAGE, 9);
    const gmap = host.createGmap(mm);
    gmap.map({ from: HOME, to: GUEST, length: 2n * MIB });
    expect([guestSees(gmap, 1, GUEST), guestSees(gmap, 1, GUEST + MIB)]).toEqual([1, 8]);
    put(HOME + 8n * MIB, 5);
    const options = { address: HOME + 8n * MIB, oldLength: MIB, newLength: MIB };
    mm.mremap({ ...options, to: HOME + PAGE });
    expect(numbers(HOME, 3)).toEqual([1, 5, 0]);
    expect([at(HOME + MIB), at(HOME + 2n * MIB - PAGE)]).toEqual([0, 9]);
    expect([guestSees(gmap, 1, GUEST + PAGE), guestSees(gmap, 1, GUEST + 2n * PAGE)]).toEqual([5, 0]);
    expect(guestSees(gmap, 1, GUEST + 2n * MIB - PAGE)).toBe(9);
  });

  it('can be made at the new place of large memory', () => {
    mm.mmap({ address: HOME, length: MIB, large: true });
    mm.mremap({ address: HOME, oldLength: MIB, newLength: 2n * MIB, to: HOME + 8n * MIB });
    put(HOME + 9n * MIB, 1);
    expect(host.kernel.frames.count('large-page')).toBe(256);
  });

  it('are split where the memory shrinks', () => {
    mm.mmap({ address: HOME, length: 2n * MIB, large: true });
    put(HOME, 1);
    put(HOME + MIB, 2);
    mm.mremap({ address: HOME, oldLength: 2n * MIB, newLength: 3n * PAGE });
    expect([at(HOME), pages(), host.kernel.frames.count('large-page')]).toEqual([1, 3, 0]);
  });
});

describe('without memory', () => {
  it('ENOMEM at each table that the new place needs: no bit has changed', () => {
    const ends = failEach(() => {
      const { host } = checkedHost();
      const mm = host.createMm();
      mm.mmap({ address: HOME, length: 3n * MIB });
      mm.mmap({ address: 5n * TIB, length: PAGE });
      for (let i = 0n; i < 3n; i++) mm.write(HOME + i * MIB, bytes(Number(i) + 1));
      const gmap = host.createGmap(mm);
      gmap.map({ from: HOME, to: GUEST, length: MIB });
      host.writeAsGuest(gmap, host.machine.cpu(1), GUEST, bytes(2));
      const there = 9n * TIB - MIB;
      return {
        host,
        seen: () => snapshotOf(host, mm, gmap),
        operation: () => mm.mremap({ address: HOME, oldLength: 3n * MIB, newLength: 3n * MIB, to: there }),
      };
    });
    // A region-third table, two segment tables and three page tables.
    expect(ends).toEqual(Array(6).fill('ENOMEM'));
  });

  it('ENOMEM where several page tables go into one new segment table', () => {
    const ends = failEach(() => {
      const { host } = checkedHost();
      const mm = host.createMm();
      mm.mmap({ address: HOME, length: 3n * MIB });
      for (let i = 0n; i < 3n; i++) mm.write(HOME + i * MIB, bytes(Number(i) + 1));
      host.createGmap(mm);
      return {
        host,
        seen: () => snapshotOf(host, mm),
        operation: () =>
          mm.mremap({ address: HOME, oldLength: 3n * MIB, newLength: 3n * MIB, to: 8n * (1n << 31n) }),
      };
    });
    expect(ends).toEqual(Array(4).fill('ENOMEM'));
  });

  it('ENOMEM with frames of 1 MiB at both places: they may be split, and nothing visible has changed', () => {
    const ends = failEach(() => {
      const { host } = checkedHost();
      const mm = host.createMm();
      mm.mmap({ address: HOME, length: 2n * MIB, large: true });
      mm.mmap({ address: 1n << 31n, length: 3n * MIB, large: true });
      for (const start of [HOME, 1n << 31n]) for (const i of [0n, MIB]) mm.write(start + i, bytes(7));
      const gmap = host.createGmap(mm);
      gmap.map({ from: HOME, to: GUEST, length: 2n * MIB });
      gmap.map({ from: 1n << 31n, to: GUEST_THERE, length: 2n * MIB });
      host.writeAsGuest(gmap, host.machine.cpu(1), GUEST, bytes(1));
      host.writeAsGuest(gmap, host.machine.cpu(1), GUEST_THERE, bytes(2));
      return {
        host,
        seen: () => visibleStateOf(mm),
        operation: () =>
          mm.mremap({
            address: HOME,
            oldLength: 2n * MIB,
            newLength: 2n * MIB,
            to: (1n << 31n) + PAGE,
          }),
      };
    });
    expect(ends).toEqual(Array(5).fill('ENOMEM'));
  });

  it('ENOMEM when there would be more than 65,530 mappings', () => {
    const other = makeHost().host.createMm();
    for (let i = 0n; i < 65_526n; i++) other.mmap({ address: (1n << 30n) + 2n * i * PAGE, length: PAGE });
    other.mmap({ address: HOME, length: 16n * PAGE });
    other.mmap({ address: HOME + 32n * PAGE, length: 16n * PAGE, protection: PROT.READ });
    const middle = { address: HOME + PAGE, oldLength: 2n * PAGE, newLength: 2n * PAGE };
    expect(codeOf(() => other.mremap({ ...middle, to: HOME + 40n * PAGE }))).toBe('ENOMEM');
    expect(other.mappings.count).toBe(65_528);
    other.mremap({ ...middle, newLength: PAGE });
    expect(other.mappings.count).toBe(65_529);
    const next = { ...middle, address: HOME + 8n * PAGE, newLength: PAGE };
    other.mremap(next);
    const last = { ...next, address: HOME + 12n * PAGE };
    expect(codeOf(() => other.mremap(last))).toBe('ENOMEM');
    other.munmap({ address: 1n << 30n, length: PAGE });
    other.mremap(last);
    expect(other.mappings.count).toBe(65_530);
  });

  it('leaks nothing, wherever it moves memory', () => {
    const before = frameCounts(host);
    const other = host.createMm();
    other.mmap({ address: HOME, length: 2n * MIB });
    for (let i = 0n; i < 8n; i++) other.write(HOME + i * 64n * PAGE, bytes(1));
    let here = HOME;
    for (const to of [HOME + 3n * MIB + PAGE, 1n << 33n, (1n << 40n) - PAGE, 0n]) {
      other.mremap({ address: here, oldLength: 2n * MIB, newLength: 2n * MIB, to });
      here = to;
    }
    host.exitMm(other);
    expect(frameCounts(host)).toEqual(before);
  });
});
