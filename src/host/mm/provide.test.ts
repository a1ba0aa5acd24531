/** Faults that user space serves: what waits, which pages can be provided, and what becomes of served mappings. */

import { beforeEach, describe, expect, it } from 'vitest';
import { checkedHost, endAll } from '../../check/testing/index.ts';
import type { Host } from '../host.ts';
import { codeOf, MIB } from '../testing/index.ts';
import { PROT } from './mappings.ts';
import type { Mm } from './mm.ts';
import { type PageServer, PendingFault, SERVED } from './served-faults.ts';

const HOME = 0x1000_0000n;
const FIRST = Number(HOME >> 12n);
const PAGE = 4096n;

/** Whom nobody has to wake. */
const server = (): PageServer => ({
  servesPrograms: true,
  servesKernel: true,
  enqueue: () => ({ isWoken: false, leave: () => {} }),
  wake: () => {},
});
const letters = (letter: string) => new Uint8Array(4096).fill(letter.charCodeAt(0));

let host: Host;
let mm: Mm;
let one: PageServer;

beforeEach(() => {
  ({ host } = checkedHost());
  mm = host.createMm();
  one = server();
  return () => endAll(host);
});

const read = (address: bigint) => String.fromCharCode(mm.read(address, 1)[0]!);
/** Returns the fault that an action ends with, or null. */
const pending = (action: () => void) => {
  try {
    action();
  } catch (error) {
    if (error instanceof PendingFault) return error;
    throw error;
  }
  return null;
};

describe('served memory', () => {
  beforeEach(() => void mm.mmap({ address: HOME, length: MIB }));

  it('is waited for where it has no frame, and only there', () => {
    mm.write(HOME, letters('a'));
    mm.serveFaults(FIRST, FIRST + 2, one, SERVED.MISSING);
    expect(read(HOME)).toBe('a');
    const fault = pending(() => mm.write(HOME + PAGE + 5n, letters('b')));
    expect(fault?.server).toBe(one);
    expect(fault?.access).toEqual({ address: HOME + PAGE, isWrite: true, isMinor: false });
    expect(pending(() => mm.read(HOME + PAGE, 1))?.access.isWrite).toBe(false);
    mm.write(HOME + 2n * PAGE, letters('c'));
    expect(read(HOME + 2n * PAGE)).toBe('c');
  });

  it('fails for callers that cannot wait', () => {
    mm.serveFaults(FIRST, FIRST + 2, one, SERVED.MISSING);
    expect(codeOf(() => mm.read(HOME, 1))).toBe('EFAULT');
  });

  it('is waited for at the first page of a range that is missing, and nothing of the range is stored', () => {
    mm.serveFaults(FIRST + 1, FIRST + 2, one, SERVED.MISSING);
    const three = new Uint8Array(3 * 4096).fill(0x7a);
    expect(pending(() => mm.write(HOME, three))?.access.address).toBe(HOME + PAGE);
    expect(read(HOME)).toBe('\0');
  });

  it('gets the contents that are provided, once', () => {
    mm.serveFaults(FIRST, FIRST + 4, one, SERVED.MISSING);
    mm.providePage(FIRST, letters('a'));
    expect(read(HOME + 4095n)).toBe('a');
    expect(codeOf(() => mm.providePage(FIRST, letters('b')))).toBe('EEXIST');
    expect(codeOf(() => mm.providePage(FIRST, 'zeros'))).toBe('EEXIST');
    mm.providePage(FIRST + 1, 'zeros');
    expect(read(HOME + PAGE)).toBe('\0');
    mm.write(HOME + PAGE, letters('z'));
    expect(read(HOME + PAGE)).toBe('z');
    expect(read(HOME)).toBe('a');
  });

  it('has no frames of 1 MiB', () => {
    mm.munmap({ address: HOME, length: MIB });
    mm.mmap({ address: HOME, length: 2n * MIB, large: true });
    mm.serveFaults(FIRST, FIRST + 256, one, SERVED.MISSING);
    expect(pending(() => mm.read(HOME, 1))).not.toBeNull();
    mm.read(HOME + MIB, 1);
    expect(codeOf(() => mm.providePage(FIRST + 256, letters('a')))).toBe('EEXIST');
    mm.providePage(FIRST, letters('a'));
    expect(read(HOME)).toBe('a');
  });

  it('can be provided in one mapping that is served, and nowhere else', () => {
    mm.serveFaults(FIRST, FIRST + 4, one, SERVED.MISSING);
    const can = (start: number, end: number) => codeOf(() => mm.demandServed(start, end, letters('a')));
    expect(can(FIRST, FIRST + 4)).toBe('ok');
    expect(can(FIRST, FIRST + 5)).toBe('ENOENT');
    expect(can(FIRST + 4, FIRST + 5)).toBe('ENOENT');
    expect(can(1, 2)).toBe('ENOENT');
    expect(codeOf(() => mm.demandServed(FIRST, FIRST + 1, 'file'))).toBe('EINVAL');
  });

  it('is served by one server in one mode', () => {
    mm.serveFaults(FIRST, FIRST + 4, one, SERVED.MISSING);
    const serve = (by: PageServer, modes: number) =>
      codeOf(() => mm.serveFaults(FIRST + 1, FIRST + 2, by, modes));
    expect(serve(server(), SERVED.MISSING)).toBe('EBUSY');
    expect(serve(one, SERVED.MISSING)).toBe('ok');
    expect(mm.mappings.count).toBe(2);
    expect(serve(one, SERVED.MINOR)).toBe('EINVAL');
    expect(codeOf(() => mm.serveFaults(1, 2, one, SERVED.MISSING))).toBe('EINVAL');
  });

  it('is served no more after the end of the serving, in part or of a server', () => {
    const other = server();
    mm.serveFaults(FIRST, FIRST + 4, one, SERVED.MISSING);
    mm.serveFaults(FIRST + 4, FIRST + 8, other, SERVED.MISSING);
    const ended = mm.endServing(FIRST + 1, FIRST + 6);
    expect(ended.map((part) => [part.start, part.end, part.served?.server === one])).toEqual([
      [FIRST + 1, FIRST + 4, true],
      [FIRST + 4, FIRST + 6, false],
    ]);
    expect(pending(() => mm.read(HOME + PAGE, 1))).toBeNull();
    expect(pending(() => mm.read(HOME, 1))?.server).toBe(one);
    mm.dismiss(one);
    expect(pending(() => mm.read(HOME, 1))).toBeNull();
    expect(pending(() => mm.read(HOME + 7n * PAGE, 1))?.server).toBe(other);
    expect(codeOf(() => mm.endServing(1, 2))).toBe('EINVAL');
    mm.dismiss(other);
    expect(mm.mappings.count).toBe(1);
  });

  it('is missing again when its pages are dropped', () => {
    mm.serveFaults(FIRST, FIRST + 4, one, SERVED.MISSING);
    mm.providePage(FIRST, letters('a'));
    mm.dontNeed({ address: HOME, length: PAGE });
    expect(pending(() => mm.read(HOME, 1))).not.toBeNull();
  });

  it('is not served in a child, nor at the place where it is moved; what grows in its place is', () => {
    mm.serveFaults(FIRST, FIRST + 256, one, SERVED.MISSING);
    const child = mm.fork(9);
    expect(child.read(HOME, 1)[0]).toBe(0);
    expect(pending(() => mm.read(HOME, 1))).not.toBeNull();
    mm.mremap({ address: HOME, oldLength: MIB, newLength: MIB + PAGE });
    expect(pending(() => mm.read(HOME + MIB, 1))).not.toBeNull();
    const moved = mm.mremap({
      address: HOME,
      oldLength: PAGE,
      newLength: PAGE,
      mayMove: true,
      to: HOME + 4n * MIB,
    });
    expect(mm.read(moved, 1)[0]).toBe(0);
  });

  it('stays served when its protection changes, and pages that cannot be written can be provided', () => {
    mm.serveFaults(FIRST, FIRST + 4, one, SERVED.MISSING);
    mm.mprotect({ address: HOME, length: PAGE, protection: PROT.READ });
    expect(pending(() => mm.read(HOME, 1))).not.toBeNull();
    mm.providePage(FIRST, letters('r'));
    expect(read(HOME)).toBe('r');
    expect(codeOf(() => mm.write(HOME, letters('w')))).toBe('EFAULT');
  });

  it('counts as written in dirty logs when contents are provided, and not for zeros', () => {
    mm.serveFaults(FIRST, FIRST + 4, one, SERVED.MISSING);
    const log = mm.startLog(FIRST, 4);
    mm.providePage(FIRST, letters('a'));
    mm.providePage(FIRST + 1, 'zeros');
    expect(mm.takeLog(log)).toEqual([FIRST]);
    mm.write(HOME + PAGE, letters('z'));
    expect(mm.takeLog(log)).toEqual([FIRST + 1]);
  });
});

describe('served memory of a file', () => {
  it('is missing where the file has no frame, and minor where it has', () => {
    const file = host.createFile(MIB);
    mm.mmap({ address: HOME, length: MIB, file, shared: true });
    file.write(PAGE, letters('f'));
    mm.serveFaults(FIRST, FIRST + 4, one, SERVED.MISSING);
    expect(pending(() => mm.read(HOME, 1))?.access.isMinor).toBe(false);
    expect(read(HOME + PAGE)).toBe('f');
    mm.dontNeed({ address: HOME + PAGE, length: PAGE });
    mm.endServing(FIRST, FIRST + 4);
    mm.serveFaults(FIRST, FIRST + 4, one, SERVED.MINOR);
    expect(pending(() => mm.read(HOME + PAGE, 1))?.access.isMinor).toBe(true);
    expect(read(HOME)).toBe('\0');
  });

  it('of which a page is mapped that the file has', () => {
    const file = host.createFile(MIB);
    mm.mmap({ address: HOME, length: 2n * MIB, file, shared: true });
    file.write(PAGE, letters('f'));
    mm.serveFaults(FIRST, FIRST + 512, one, SERVED.MINOR);
    mm.providePage(FIRST + 1, 'file');
    expect(read(HOME + PAGE)).toBe('f');
    mm.write(HOME + PAGE, letters('g'));
    expect(file.read(PAGE, 1)[0]).toBe('g'.charCodeAt(0));
    expect(codeOf(() => mm.providePage(FIRST + 1, 'file'))).toBe('EEXIST');
    expect(codeOf(() => mm.providePage(FIRST + 2, 'file'))).toBe('EFAULT');
    expect(codeOf(() => mm.providePage(FIRST + 300, 'file'))).toBe('EFAULT');
  });

  it('becomes a page of the file in a shared mapping, and does not in a private one', () => {
    const file = host.createFile(MIB);
    mm.mmap({ address: HOME, length: MIB, file, shared: true });
    mm.mmap({ address: HOME + MIB, length: MIB, file });
    mm.serveFaults(FIRST, FIRST + 512, one, SERVED.MISSING | SERVED.MINOR);
    mm.providePage(FIRST, letters('s'));
    expect(file.read(0n, 1)[0]).toBe('s'.charCodeAt(0));
    mm.providePage(FIRST + 256, letters('p'));
    expect([read(HOME), read(HOME + MIB)]).toEqual(['s', 'p']);
    mm.providePage(FIRST + 257, letters('p'));
    expect(file.frames.has(1)).toBe(false);
    mm.providePage(FIRST + 1, 'zeros');
    expect(file.frames.has(1)).toBe(true);
    expect(codeOf(() => mm.providePage(FIRST + 2, letters('a')))).toBe('ok');
    mm.dontNeed({ address: HOME + 2n * PAGE, length: PAGE });
    expect(codeOf(() => mm.providePage(FIRST + 2, letters('b')))).toBe('EEXIST');
  });

  it('in a private mapping copies the page of the file when it is stored to', () => {
    const file = host.createFile(MIB);
    file.write(0n, letters('f'));
    mm.mmap({ address: HOME, length: MIB, file });
    mm.serveFaults(FIRST, FIRST + 256, one, SERVED.MINOR);
    mm.providePage(FIRST, 'file');
    mm.write(HOME, letters('w'));
    expect([read(HOME), file.read(0n, 1)[0]]).toEqual(['w', 'f'.charCodeAt(0)]);
  });

  it('gives back all frames', () => {
    const before = host.kernel.frames.count('page');
    const file = host.createFile(MIB);
    mm.mmap({ address: HOME, length: MIB, file, shared: true });
    mm.mmap({ address: HOME + MIB, length: MIB });
    mm.serveFaults(FIRST, FIRST + 512, one, SERVED.MISSING);
    mm.providePage(FIRST, letters('a'));
    mm.providePage(FIRST + 256, letters('b'));
    mm.exit();
    file.close();
    expect(host.kernel.frames.count('page')).toBe(before);
    mm = host.createMm();
  });
});
