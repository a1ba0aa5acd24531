/**
 * Files in memory and shared memory: all processes that map a page see its writes, private copies do not, and frames stay until
 * the file is closed and no longer mapped.
 */

import { beforeEach, describe, expect, it } from 'vitest';
import { checkedHost, endAll, failEach, visibleStateOf } from '../../check/testing/index.ts';
import { LinuxError } from '../errors.ts';
import type { Gmap } from '../gmap/index.ts';
import type { Host } from '../host.ts';
import {
  bytes,
  codeOf,
  frameCounts,
  MIB,
  messageOf,
  pageEntryOf,
  snapshotOf,
  TIB,
} from '../testing/index.ts';
import { PROT } from './mappings.ts';
import { MemoryFile } from './memory-file.ts';
import type { Mm } from './mm.ts';

const HOME = 0x1000_0000n;
const PAGE = 4096n;
const GUEST = 5n << 30n;

let host: Host;
let mm: Mm;
let other: Mm;

beforeEach(() => {
  ({ host } = checkedHost());
  mm = host.createMm();
  other = host.createMm();
  return () => endAll(host);
});

const pages = () => host.kernel.frames.count('page');
const at = (of: Mm, address: bigint) => of.read(address, 1)[0];
const put = (of: Mm, address: bigint, value: number) => of.write(address, bytes(value));
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

describe('a file', () => {
  it.each([
    ['0', 0n],
    ['negative', -PAGE],
    ['not a multiple of 4 KiB', 0x1001n],
    ['more than 8 PiB', (1n << 53n) + PAGE],
  ])('EINVAL: its length is %s', (_, length) => {
    expect(codeOf(() => host.createFile(length))).toBe('EINVAL');
    expect(host.common.files.size).toBe(0);
  });

  it('has zeros, without a frame, until it is written', () => {
    const file = host.createFile(3n * PAGE);
    expect([file.pages, file.length]).toEqual([3, 3n * PAGE]);
    expect(file.read(0n, 0x3000).every((byte) => byte === 0)).toBe(true);
    expect(pages()).toBe(0);
    file.write(0xffen, bytes(1, 2, 3, 4));
    expect(pages()).toBe(2);
    expect(file.read(0xffdn, 6)).toEqual(bytes(0, 1, 2, 3, 4, 0));
    expect(file.read(0x2fffn, 1)).toEqual(bytes(0));
    file.close();
    expect(pages()).toBe(0);
    expect(host.common.files.size).toBe(0);
  });

  it('EINVAL beyond its end, and nothing was written', () => {
    const file = host.createFile(2n * PAGE);
    for (const [offset, length] of [
      [-1n, 1],
      [0x1fffn, 2],
      [0x2000n, 1],
      [1n << 64n, 1],
    ] as const) {
      expect(codeOf(() => file.read(offset, length))).toBe('EINVAL');
      expect(codeOf(() => file.write(offset, new Uint8Array(length)))).toBe('EINVAL');
    }
    expect(pages()).toBe(0);
    expect(file.read(0x2000n, 0)).toEqual(bytes());
    file.write(0x2000n, bytes());
  });

  it('EBADF after it was closed, mapped or not', () => {
    for (const mapped of [true, false]) {
      const file = host.createFile(PAGE);
      if (mapped) mm.mmap({ address: HOME, length: PAGE, file });
      file.close();
      expect(codeOf(() => file.close())).toBe('EBADF');
      const before = snapshotOf(host, mm);
      expect(codeOf(() => file.read(0n, 1))).toBe('EBADF');
      expect(codeOf(() => file.write(0n, bytes(1)))).toBe('EBADF');
      expect(codeOf(() => mm.mmap({ address: HOME + MIB, length: PAGE, file }))).toBe('EBADF');
      expect(snapshotOf(host, mm)).toEqual(before);
      expect(file.freed).toBe(!mapped);
    }
  });

  it('writes all or nothing when frames run out', () => {
    const ends = failEach(() => {
      const { host } = checkedHost();
      const file = host.createFile(4n * PAGE);
      return {
        host,
        seen: () => [frameCounts(host), ...file.read(0n, 0x4000)],
        operation: () => file.write(0xfffn, new Uint8Array(0x1002).fill(7)),
      };
    });
    expect(ends).toEqual(['ENOMEM', 'ENOMEM', 'ENOMEM']);
  });
});

describe('mmap of a file', () => {
  it.each([
    ['offset is not a multiple of 4 KiB', { offset: 1n }],
    ['offset is negative', { offset: -PAGE }],
    ['offset is beyond every file', { offset: 1n << 53n }],
    ['large, of a file', { large: true }],
  ])('EINVAL: %s', (_, options) => {
    const file = host.createFile(MIB);
    const before = snapshotOf(host, mm);
    expect(codeOf(() => mm.mmap({ address: HOME, length: MIB, file, ...options }))).toBe('EINVAL');
    expect(codeOf(() => mm.mmap({ address: HOME, length: MIB, shared: true, large: true }))).toBe('EINVAL');
    expect(snapshotOf(host, mm)).toEqual(before);
  });

  it('EINVAL and EEXIST change nothing, also with `replace`', () => {
    const file = host.createFile(MIB);
    mm.mmap({ address: HOME, length: MIB });
    put(mm, HOME, 1);
    const before = snapshotOf(host, mm);
    const taken = 'replace';
    expect(codeOf(() => mm.mmap({ address: HOME, length: MIB, file }))).toBe('EEXIST');
    expect(codeOf(() => mm.mmap({ address: HOME, length: MIB, file, offset: 1n, taken }))).toBe('EINVAL');
    expect(codeOf(() => mm.mmap({ address: HOME, length: MIB, shared: true, large: true, taken }))).toBe(
      'EINVAL',
    );
    expect(snapshotOf(host, mm)).toEqual(before);
  });

  it('shared memory can be as long as an address space', () => {
    mm.mmap({ address: 0n, length: 6n * TIB, shared: true });
    put(mm, 5n * TIB, 1);
    const child = host.fork(mm);
    put(child, 5n * TIB + 1n, 2);
    expect(mm.read(5n * TIB, 2)).toEqual(bytes(1, 2));
  });

  it('begins at its offset', () => {
    const file = host.createFile(8n * PAGE);
    file.write(5n * PAGE, bytes(5));
    mm.mmap({ address: HOME, length: 3n * PAGE, file, offset: 5n * PAGE, shared: true });
    mm.mmap({ address: HOME + MIB, length: 3n * PAGE, file, offset: 4n * PAGE });
    expect([at(mm, HOME), at(mm, HOME + MIB + PAGE)]).toEqual([5, 5]);
    put(mm, HOME + 2n * PAGE, 7);
    expect(file.read(7n * PAGE, 1)[0]).toBe(7);
  });

  it('adjacent mappings of a file are merged if their pages are consecutive in the file', () => {
    const file = host.createFile(8n * PAGE);
    mm.mmap({ address: HOME, length: PAGE, file });
    mm.mmap({ address: HOME + PAGE, length: PAGE, file, offset: PAGE });
    expect(mm.mappings.count).toBe(1);
    mm.mmap({ address: HOME + 2n * PAGE, length: PAGE, file, offset: PAGE });
    expect(mm.mappings.count).toBe(2);
    mm.mmap({ address: HOME + 3n * PAGE, length: PAGE, file, offset: 2n * PAGE, shared: true });
    expect(mm.mappings.count).toBe(3);
    mm.mmap({ address: HOME + 4n * PAGE, length: PAGE, file: host.createFile(MIB), offset: 3n * PAGE });
    expect(mm.mappings.count).toBe(4);
  });

  it('pages beyond the end: EFAULT for each kind of access; pages before the end can be accessed', () => {
    const file = host.createFile(2n * PAGE);
    for (const shared of [true, false]) {
      const address = mm.mmap({ length: MIB, file, offset: PAGE, shared });
      const gmap = host.createGmap(mm);
      gmap.map({ from: address & ~(MIB - 1n), to: GUEST, length: MIB });
      put(mm, address, 1);
      for (const beyond of [address + PAGE, address + MIB - PAGE]) {
        const seen = GUEST + (beyond & (MIB - 1n));
        const before = frameCounts(host);
        expect(codeOf(() => at(mm, beyond))).toBe('EFAULT');
        expect(messageOf(() => put(mm, beyond, 1))).toContain('beyond the end of its file');
        expect(codeOf(() => ran(mm, beyond))).toBe('EFAULT');
        expect(codeOf(() => mm.write(beyond - 1n, bytes(8, 9)))).toBe('EFAULT');
        expect(frameCounts(host)).toEqual(before);
        expect(codeOf(() => guestSees(gmap, 1, seen))).toBe('EFAULT');
        expect(codeOf(() => guestPuts(gmap, 1, 1, seen))).toBe('EFAULT');
      }
      expect(at(mm, address + PAGE - 1n)).toBe(0);
      mm.munmap({ address, length: MIB });
    }
  });
});

describe('visibility of stores', () => {
  it('two processes on one file, at different addresses, and the file itself', () => {
    const file = host.createFile(MIB);
    mm.mmap({ address: HOME, length: MIB, file, shared: true });
    other.mmap({ address: HOME + 7n * PAGE, length: MIB, file, shared: true });
    run(mm, HOME, 1, 0);
    expect(ran(other, HOME + 7n * PAGE, 1)).toBe(1);
    run(other, HOME + 7n * PAGE, 2, 1);
    expect([ran(mm, HOME, 0), at(mm, HOME), file.read(0n, 1)[0]]).toEqual([2, 2, 2]);
    file.write(0n, bytes(3));
    expect([ran(mm, HOME, 0), ran(other, HOME + 7n * PAGE, 1)]).toEqual([3, 3]);
    expect(pages()).toBe(1);
  });

  it('guests of two processes on one file', () => {
    const file = host.createFile(MIB);
    mm.mmap({ address: HOME, length: MIB, file, shared: true });
    other.mmap({ address: HOME, length: MIB, file, shared: true });
    const [one, two] = [guestOf(mm), guestOf(other)];
    guestPuts(one, 1, 1);
    expect(guestSees(two, 2)).toBe(1);
    guestPuts(two, 2, 2);
    expect([guestSees(one, 1), guestSees(one, 3), at(mm, HOME)]).toEqual([2, 2, 2]);
  });

  it('private pages show stores to the file until they are written', () => {
    const file = host.createFile(MIB);
    file.write(0n, bytes(1));
    mm.mmap({ address: HOME, length: MIB, file });
    expect(ran(mm, HOME)).toBe(1);
    expect(lowBits(mm, HOME)).toBe(0x200);
    file.write(0n, bytes(2));
    expect([ran(mm, HOME), at(mm, HOME)]).toEqual([2, 2]);
    run(mm, HOME + 1n, 9);
    file.write(0n, bytes(3, 4));
    expect([ran(mm, HOME), at(mm, HOME + 1n)]).toEqual([2, 9]);
    expect(file.read(0n, 2)).toEqual(bytes(3, 4));
    expect(lowBits(mm, HOME)).toBe(0);
    expect(pages()).toBe(2);
  });

  it('a private page that is written first is a copy at once', () => {
    const file = host.createFile(MIB);
    file.write(0n, bytes(1, 2, 3));
    mm.mmap({ address: HOME, length: MIB, file });
    put(mm, HOME + 1n, 9);
    expect(mm.read(HOME, 3)).toEqual(bytes(1, 9, 3));
    expect(file.read(0n, 3)).toEqual(bytes(1, 2, 3));
    file.write(2n, bytes(7));
    expect(mm.read(HOME, 3)).toEqual(bytes(1, 9, 3));
  });

  it('a guest’s first store copies a private page for the process and its guests', () => {
    const file = host.createFile(MIB);
    file.write(0n, bytes(1));
    mm.mmap({ address: HOME, length: MIB, file });
    const [one, two] = [guestOf(mm), guestOf(mm)];
    expect([ran(mm, HOME, 0), guestSees(one, 1), guestSees(two, 2)]).toEqual([1, 1, 1]);
    guestPuts(two, 2, 2);
    expect([ran(mm, HOME, 0), guestSees(one, 1), guestSees(two, 2), at(mm, HOME)]).toEqual([2, 2, 2, 2]);
    expect(file.read(0n, 1)[0]).toBe(1);
  });

  it('read-only pages and pages with PROT_NONE of a shared file', () => {
    const file = host.createFile(MIB);
    mm.mmap({ address: HOME, length: MIB, file, shared: true });
    put(mm, HOME, 1);
    mm.mprotect({ address: HOME, length: MIB, protection: PROT.READ });
    expect([lowBits(mm, HOME), codeOf(() => run(mm, HOME, 2))]).toEqual([0x200, 'EFAULT']);
    mm.mprotect({ address: HOME, length: MIB, protection: PROT.NONE });
    expect([lowBits(mm, HOME), codeOf(() => ran(mm, HOME))]).toEqual([0x401, 'EFAULT']);
    file.write(0n, bytes(5));
    mm.mprotect({ address: HOME, length: MIB, protection: PROT.READ | PROT.WRITE });
    expect([lowBits(mm, HOME), ran(mm, HOME)]).toEqual([0, 5]);
  });

  it('mprotect does not make a private page of a file writable at once', () => {
    const file = host.createFile(MIB);
    mm.mmap({ address: HOME, length: MIB, file, protection: PROT.READ });
    expect(at(mm, HOME)).toBe(0);
    mm.mprotect({ address: HOME, length: MIB, protection: PROT.READ | PROT.WRITE });
    expect(lowBits(mm, HOME)).toBe(0x200);
    run(mm, HOME, 1);
    expect(file.read(0n, 1)[0]).toBe(0);
  });
});

describe('dropping pages', () => {
  it.each([
    ['dontNeed', (of: Mm) => of.dontNeed({ address: HOME, length: MIB })],
    ['discard', (_: Mm, gmap: Gmap) => gmap.discard({ address: GUEST, length: MIB })],
  ])('%s brings back zeros, the file, or what is shared', (_, drop) => {
    const file = host.createFile(MIB);
    file.write(0n, bytes(7));
    for (const [options, kept] of [
      [{}, 0],
      [{ file }, 7],
      [{ file, shared: true }, 9],
      [{ shared: true }, 9],
    ] as const) {
      mm.mmap({ address: HOME, length: MIB, ...options, taken: 'replace' });
      const gmap = guestOf(mm);
      run(mm, HOME, 9, 0);
      expect([guestSees(gmap, 1), guestSees(gmap, 2)]).toEqual([9, 9]);
      drop(mm, gmap);
      expect([guestSees(gmap, 1), guestSees(gmap, 2), ran(mm, HOME), at(mm, HOME)]).toEqual(
        Array(4).fill(kept),
      );
      gmap.free();
    }
    expect(file.read(0n, 1)[0]).toBe(9);
  });

  it('of a private page that was only read does not affect the file', () => {
    const file = host.createFile(MIB);
    file.write(0n, bytes(7));
    mm.mmap({ address: HOME, length: MIB, file });
    expect(at(mm, HOME)).toBe(7);
    mm.dontNeed({ address: HOME, length: PAGE });
    expect(pages()).toBe(1);
    file.write(0n, bytes(8));
    expect(at(mm, HOME)).toBe(8);
  });
});

describe('the lifetime of frames', () => {
  it('of a file closed before munmap: until all processes have unmapped all pages', () => {
    const file = host.createFile(4n * PAGE);
    mm.mmap({ address: HOME, length: 4n * PAGE, file, shared: true });
    other.mmap({ address: HOME, length: PAGE, file });
    file.write(0n, bytes(1));
    put(mm, HOME + 3n * PAGE, 4);
    file.close();
    expect(file.freed).toBe(false);
    expect([at(mm, HOME), at(other, HOME)]).toEqual([1, 1]);
    mm.munmap({ address: HOME, length: 3n * PAGE });
    host.exitMm(other);
    expect([file.freed, at(mm, HOME + 3n * PAGE), pages()]).toEqual([false, 4, 2]);
    mm.munmap({ address: HOME, length: 4n * PAGE });
    expect([file.freed, pages(), host.common.files.size]).toEqual([true, 0, 0]);
  });

  it('of a file closed after munmap: until it is closed', () => {
    const file = host.createFile(MIB);
    mm.mmap({ address: HOME, length: MIB, file, shared: true });
    put(mm, HOME, 1);
    mm.munmap({ address: HOME, length: MIB });
    expect([file.freed, pages(), file.read(0n, 1)[0]]).toEqual([false, 1, 1]);
    mm.mmap({ address: HOME, length: MIB, file });
    expect(at(mm, HOME)).toBe(1);
    mm.munmap({ address: HOME, length: MIB });
    file.close();
    expect([file.freed, pages()]).toEqual([true, 0]);
  });

  it('of a private copy: until the copy is unmapped; its mapping keeps the file', () => {
    const file = host.createFile(2n * PAGE);
    mm.mmap({ address: HOME, length: 2n * PAGE, file });
    put(mm, HOME, 1);
    expect(at(mm, HOME + PAGE)).toBe(0);
    file.close();
    mm.munmap({ address: HOME + PAGE, length: PAGE });
    // Two of the file, which is still mapped, and the copy.
    expect([file.freed, pages(), at(mm, HOME)]).toEqual([false, 3, 1]);
    mm.mmap({ address: HOME, length: PAGE, taken: 'replace' });
    expect([file.freed, pages(), at(mm, HOME)]).toEqual([true, 0, 0]);
  });

  it('does not end by mremap, mprotect, fork, or mmap of the same file over a mapping', () => {
    const file = host.createFile(4n * PAGE);
    const options = { address: HOME, length: 4n * PAGE, file, shared: true } as const;
    mm.mmap(options);
    put(mm, HOME, 1);
    put(mm, HOME + 3n * PAGE, 4);
    mm.mmap({ ...options, taken: 'replace' });
    file.close();
    const there = HOME + 3n * MIB;
    mm.mremap({ address: HOME, oldLength: 4n * PAGE, newLength: 4n * PAGE, to: there });
    mm.mprotect({ address: there + PAGE, length: PAGE, protection: PROT.READ });
    const child = host.fork(mm);
    expect([file.freed, at(mm, there), at(child, there + 3n * PAGE)]).toEqual([false, 1, 4]);
    mm.mremap({ address: there + 2n * PAGE, oldLength: 2n * PAGE, newLength: PAGE });
    host.exitMm(mm);
    expect(at(child, there + 3n * PAGE)).toBe(4);
    child.munmap({ address: there, length: 4n * PAGE });
    expect([file.freed, pages()]).toEqual([true, 0]);
  });

  it('of shared anonymous memory: until its last mapping is removed', () => {
    mm.mmap({ address: HOME, length: MIB, shared: true });
    for (let i = 0n; i < 3n; i++) put(mm, HOME + i * PAGE, 1);
    expect(host.common.files.size).toBe(1);
    mm.munmap({ address: HOME, length: MIB - PAGE });
    expect([host.common.files.size, pages()]).toEqual([1, 3]);
    mm.munmap({ address: HOME, length: MIB });
    expect([host.common.files.size, pages()]).toEqual([0, 0]);
  });

  it('of two mappings of shared anonymous memory is independent', () => {
    mm.mmap({ address: HOME, length: PAGE, shared: true });
    mm.mmap({ address: HOME + PAGE, length: PAGE, shared: true });
    expect(mm.mappings.count).toBe(2);
    put(mm, HOME, 1);
    expect(at(mm, HOME + PAGE)).toBe(0);
  });

  it('a page table that is freed drops its references', () => {
    const file = host.createFile(MIB);
    mm.mmap({ address: HOME, length: MIB, file, shared: true });
    other.mmap({ address: HOME, length: MIB, file });
    const gmap = guestOf(mm);
    for (let i = 0n; i < 5n; i++) {
      put(mm, HOME + i * PAGE, 1);
      at(other, HOME + i * PAGE);
    }
    expect(guestSees(gmap, 1)).toBe(1);
    mm.munmap({ address: HOME, length: MIB });
    expect([host.stats().rmaps, pages(), at(other, HOME)]).toEqual([0, 5, 1]);
    other.munmap({ address: HOME, length: MIB });
    expect(pages()).toBe(5);
  });
});

describe('without memory', () => {
  it.each([
    ['reading a shared page', { shared: true }, false, 3],
    ['writing a shared page', { shared: true }, true, 3],
    ['reading a private page', {}, false, 3],
    ['writing a private page', {}, true, 4],
  ])('%s: ENOMEM at each allocation, and the file is as it was', (_, options, write, count) => {
    const ends = failEach(() => {
      const { host } = checkedHost();
      const mm = host.createMm();
      const file = host.createFile(MIB);
      mm.mmap({ address: HOME, length: MIB, file, ...options });
      return {
        host,
        seen: () => [frameCounts(host), visibleStateOf(mm), [...file.read(0n, 4096)]],
        operation: () => (write ? put(mm, HOME, 1) : at(mm, HOME)),
      };
    });
    expect(ends).toEqual(Array(count).fill('ENOMEM'));
  });

  it('the copy of a page that was read: ENOMEM, and the page still shows stores to the file', () => {
    const ends = failEach(() => {
      const { host } = checkedHost();
      const mm = host.createMm();
      const file = host.createFile(MIB);
      mm.mmap({ address: HOME, length: MIB, file });
      at(mm, HOME);
      return { host, seen: () => snapshotOf(host, mm), operation: () => put(mm, HOME, 1) };
    });
    expect(ends).toEqual(['ENOMEM']);
  });
});

describe('a file that becomes shorter', () => {
  it('loses the pages beyond its end in every process, private copies too, and gets zeros when it grows again', () => {
    const file = host.createFile(4n * PAGE);
    file.write(0n, new Uint8Array(0x4000).fill(1));
    mm.mmap({ address: HOME, length: 4n * PAGE, file, shared: true });
    other.mmap({ address: HOME, length: 2n * PAGE, file, offset: 2n * PAGE });
    run(mm, HOME + 3n * PAGE, 2);
    put(other, HOME + PAGE, 3);
    expect([ran(mm, HOME + 2n * PAGE), ran(other, HOME, 1), pages()]).toEqual([1, 1, 5]);
    file.resize(3);
    expect([file.pages, file.length, pages()]).toEqual([3, 3n * PAGE, 3]);
    expect(codeOf(() => ran(mm, HOME + 3n * PAGE))).toBe('EFAULT');
    expect(codeOf(() => ran(other, HOME + PAGE, 1))).toBe('EFAULT');
    expect([ran(mm, HOME + 2n * PAGE), ran(other, HOME, 1)]).toEqual([1, 1]);
    file.resize(0);
    expect(pages()).toBe(0);
    expect(codeOf(() => ran(mm, HOME))).toBe('EFAULT');
    file.resize(4);
    expect([ran(mm, HOME), ran(mm, HOME + 3n * PAGE), ran(other, HOME + PAGE, 1)]).toEqual([0, 0, 0]);
    run(mm, HOME + 2n * PAGE, 7);
    expect(ran(other, HOME, 1)).toBe(7);
  });

  it('takes them from guests', () => {
    const file = host.createFile(MIB);
    mm.mmap({ address: HOME, length: MIB, file, shared: true });
    const gmap = guestOf(mm);
    guestPuts(gmap, 1, 5, GUEST + PAGE);
    file.resize(1);
    expect(codeOf(() => guestSees(gmap, 1, GUEST + PAGE))).toBe('EFAULT');
    expect(guestSees(gmap, 1)).toBe(0);
  });

  it('does not touch processes that have ended', () => {
    const file = host.createFile(2n * PAGE);
    other.mmap({ address: HOME, length: 2n * PAGE, file });
    put(other, HOME + PAGE, 1);
    host.exitMm(other);
    file.resize(1);
    expect(host.common.spaces.size).toBe(1);
  });

  it('discard makes holes: the next access finds zeros', () => {
    const file = host.createFile(4n * PAGE);
    file.write(0n, new Uint8Array(0x4000).fill(1));
    mm.mmap({ address: HOME, length: 4n * PAGE, file, shared: true });
    expect(ran(mm, HOME + PAGE)).toBe(1);
    file.discard(1, 3);
    expect([pages(), ran(mm, HOME), ran(mm, HOME + PAGE), ran(mm, HOME + 3n * PAGE)]).toEqual([2, 1, 0, 1]);
    expect([file.nextFrame(0), file.nextFrame(2), pages()]).toEqual([0, 3, 3]);
  });

  it('the next page with a frame is found in a file with few frames, too', () => {
    const file = host.createFile(1n << 40n);
    expect(file.nextFrame(0)).toBe(-1);
    for (const page of [7, 1 << 20, 5]) file.write(BigInt(page) * PAGE, bytes(1));
    expect([0, 6, 8, (1 << 20) + 1].map((page) => file.nextFrame(page))).toEqual([5, 7, 1 << 20, -1]);
    file.discard(6, 1 << 27);
    expect(file.nextFrame(6)).toBe(-1);
  });
});

describe('the backing of a file', () => {
  /** A file whose page n is full of n + 1, with at most three frames. */
  const backed = (length: number) => {
    const calls: string[] = [];
    let left = 3;
    const backing = {
      claim: () => {
        if (left-- === 0) {
          left = 0;
          throw new LinuxError('ENOSPC', 'no more');
        }
      },
      unclaim: (frames: number) => {
        left += frames;
      },
      fill: (page: number, frame: Uint8Array) => {
        calls.push(`fill ${page}`);
        if (page === 9) throw new LinuxError('EIO', 'unreadable');
        frame.fill(page + 1);
      },
      unmapped: () => calls.push('unmapped'),
      freed: () => calls.push('freed'),
    };
    return { file: new MemoryFile(host.kernel, host.common, length, backing), calls, left: () => left };
  };

  it('fills pages when they are first read, by a call or by a process', () => {
    const { file, calls } = backed(10);
    mm.mmap({ address: HOME, length: MIB, file });
    expect([ran(mm, HOME + 2n * PAGE), file.read(0x2fffn, 2)]).toEqual([3, bytes(3, 4)]);
    expect(calls).toEqual(['fill 2', 'fill 3']);
    expect(codeOf(() => ran(mm, HOME + 9n * PAGE))).toBe('EIO');
    expect(codeOf(() => file.read(0x9000n, 1))).toBe('EIO');
    expect(pages()).toBe(2);
    mm.munmap({ address: HOME, length: MIB });
    file.close();
    expect(calls.slice(-2)).toEqual(['unmapped', 'freed']);
  });

  it('is not asked for the contents of a page that is overwritten', () => {
    const { file, calls } = backed(10);
    expect(file.copyIn(0x1ffe, new Uint8Array(0x1003).fill(7))).toBe(0x1003);
    expect(calls).toEqual(['fill 1', 'fill 3']);
    expect(file.read(0x1ffdn, 2)).toEqual(bytes(2, 7));
    expect(file.read(0x3000n, 2)).toEqual(bytes(7, 4));
    file.close();
  });

  it('bounds the frames: what is written until then stays, and frames that are given back can be had again', () => {
    const { file, left } = backed(10);
    expect(file.copyIn(0x800, new Uint8Array(0x5000).fill(7))).toBe(0x2800);
    expect(codeOf(() => file.copyIn(0x3000, bytes(1)))).toBe('ENOSPC');
    expect([pages(), left()]).toEqual([3, 0]);
    file.discard(0, 1);
    expect(file.copyIn(0x3000, bytes(1))).toBe(1);
    file.close();
    expect([pages(), left()]).toEqual([0, 3]);
  });

  it('written tells the pages that programs have stored to, until they are clean', () => {
    const file = host.createFile(4n * PAGE);
    file.write(0n, new Uint8Array(0x3000));
    expect([...file.written()]).toEqual([]);
    mm.mmap({ address: HOME, length: 4n * PAGE, file, shared: true });
    expect(ran(mm, HOME)).toBe(0);
    run(mm, HOME + PAGE, 1);
    put(mm, HOME + 3n * PAGE, 1);
    expect([...file.written()].sort()).toEqual([1, 3]);
    mm.munmap({ address: HOME, length: 4n * PAGE });
    for (const page of [1, 2, 3]) file.clean(page);
    expect([...file.written()]).toEqual([]);
  });
});
