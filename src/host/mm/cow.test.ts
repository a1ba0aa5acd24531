/** A process whose guests use storage keys has frames of its own for its private pages, and PGSTEs. */

import { beforeEach, describe, expect, it } from 'vitest';
import type { Host } from '../host.ts';
import { processPage } from '../numbers.ts';
import { bytes, codeOf, frameCounts, makeHost, tableBytes } from '../testing/index.ts';
import type { Mm } from './mm.ts';

const MIB = 1n << 20n;
const PAGE = 4096n;
const HOME = 0x1000_0000n;
const page = (address: bigint) => Number(address >> 12n);

let host: Host;
let mm: Mm;

beforeEach(() => {
  const made = makeHost();
  host = made.host;
  mm = host.createMm();
  mm.mmap({ address: HOME, length: 2n * MIB });
  return () => expect(made.problems).toEqual([]);
});

/** Returns the number of the frame behind a page. Preconditions: the page is present. */
function frameOf(space: Mm, address: bigint): number {
  const table = space.tables.pageTableOf(Number(address >> 20n));
  return space.ptes.frame(table, page(address) % 256) / 4096;
}
const keyOfFrame = (space: Mm, address: bigint) => host.machine.storage.keys[frameOf(space, address)];

describe('guests of a process that use storage keys', () => {
  it('do not affect the keys of guests of a process with which it shared frames', () => {
    mm.enableSie();
    mm.enableKeys();
    mm.write(HOME, bytes(7));
    mm.setKey(processPage(page(HOME)), 0x50);
    const child = host.fork(mm);
    child.enableSie();
    child.enableKeys();
    expect(mm.keyOf(processPage(page(HOME)))).toBe(0x50);
    child.setKey(processPage(page(HOME)), 0x90);
    expect(mm.keyOf(processPage(page(HOME)))).toBe(0x50);
    expect(child.keyOf(processPage(page(HOME)))).toBe(0x90);
    expect(child.read(HOME, 1)).toEqual(bytes(7));
  });

  it('leave the keys of a child’s frames 0, so that the child’s guests can access them with any key', () => {
    mm.write(HOME, bytes(7));
    const before = host.fork(mm);
    mm.enableKeys();
    mm.setKey(processPage(page(HOME)), 0x58);
    const after = host.fork(mm);
    expect(keyOfFrame(mm, HOME)).toBe(0x58);
    expect((keyOfFrame(before, HOME) as number) & 0xf8).toBe(0);
    expect(keyOfFrame(after, HOME)).toBe(0);
    expect([before, after].map((child) => child.read(HOME, 1)[0])).toEqual([7, 7]);
  });

  it('find a key of 0 on a copy, whatever key its frame had before', () => {
    mm.write(HOME, bytes(7));
    const child = host.fork(mm);
    const shared = frameOf(mm, HOME);
    const { keys } = host.machine.storage;
    for (let frame = 0; frame < keys.length; frame++) if (frame !== shared) keys[frame] = 0xf8;
    child.write(HOME, bytes(8));
    expect(frameOf(child, HOME)).not.toBe(shared);
    expect((keyOfFrame(child, HOME) as number) & 0xf8).toBe(0);
  });

  it('do not share private pages with a child', () => {
    mm.enableKeys();
    mm.write(HOME, bytes(7));
    const child = host.fork(mm);
    child.write(HOME, bytes(8));
    mm.write(HOME + 1n, bytes(9));
    expect(mm.read(HOME, 2)).toEqual(bytes(7, 9));
    expect(child.read(HOME, 2)).toEqual(bytes(8, 0));
    host.exitMm(child);
    expect(mm.read(HOME, 2)).toEqual(bytes(7, 9));
  });

  it('read private file memory into frames of their own, and share those of shared mappings', () => {
    const file = host.createFile(2n * MIB);
    mm.mmap({ address: 64n * MIB, length: MIB, file });
    mm.mmap({ address: 65n * MIB, length: MIB, file, shared: true });
    mm.write(65n * MIB, bytes(5));
    mm.enableKeys();
    expect(mm.read(64n * MIB, 1)).toEqual(bytes(5));
    mm.setKey(processPage(page(64n * MIB)), 0x30);
    expect(mm.keyOf(processPage(page(65n * MIB))) & 0xf8).toBe(0);
    mm.setKey(processPage(page(65n * MIB)), 0x40);
    expect(mm.keyOf(processPage(page(64n * MIB))) & 0xf8).toBe(0x30);
    expect(file.frames.get(0)).toBe(frameOf(mm, 65n * MIB) * 4096);
  });

  it('keep the protection of read-only pages and of pages with PROT_NONE', () => {
    mm.write(HOME, bytes(1, 2));
    mm.write(HOME + PAGE, bytes(3));
    host.fork(mm);
    mm.mprotect({ address: HOME, length: PAGE, protection: 0 });
    mm.mprotect({ address: HOME + PAGE, length: PAGE, protection: 1 });
    mm.enableKeys();
    expect(codeOf(() => mm.read(HOME, 1))).toBe('EFAULT');
    expect(codeOf(() => mm.write(HOME + PAGE, bytes(0)))).toBe('EFAULT');
    expect(mm.read(HOME + PAGE, 1)).toEqual(bytes(3));
    mm.mprotect({ address: HOME, length: PAGE, protection: 3 });
    expect(mm.read(HOME, 2)).toEqual(bytes(1, 2));
  });

  it.each([false, true])(
    'ENOMEM without memory for the copies, and nothing has changed (parent with keys: %s)',
    (keyed) => {
      mm.enableSie();
      mm.write(HOME, bytes(1));
      mm.write(HOME + PAGE, bytes(2));
      const action = keyed ? () => host.fork(mm) : () => mm.enableKeys();
      if (keyed) mm.enableKeys();
      else host.fork(mm);
      for (let n = 1; ; n++) {
        const before = { frames: frameCounts(host), tables: tableBytes(host, mm), keys: mm.ptes.usesKeys };
        host.kernel.frames.failIn(n);
        const code = codeOf(action);
        const fired = host.kernel.frames.failing === 0;
        host.kernel.frames.failIn(0);
        if (!fired) break;
        expect(code).toBe('ENOMEM');
        expect({ frames: frameCounts(host), tables: tableBytes(host, mm), keys: mm.ptes.usesKeys }).toEqual(
          before,
        );
      }
      expect(mm.ptes.usesKeys).toBe(true);
      expect(mm.read(HOME, 1)).toEqual(bytes(1));
    },
  );
});

describe('a process that hosts no guest', () => {
  it('gets PGSTEs before a key or a watch needs one, so that no adjacent page table is written', () => {
    mm.write(HOME, bytes(1));
    mm.write(HOME + MIB, bytes(2));
    mm.enableKeys();
    mm.setKey(processPage(page(HOME)), 0xf0);
    mm.setKey(processPage(page(HOME + MIB)), 0xe0);
    expect([mm.read(HOME, 1)[0], mm.read(HOME + MIB, 1)[0]]).toEqual([1, 2]);

    const other = host.createMm();
    other.mmap({ address: HOME, length: 2n * MIB });
    other.write(HOME, bytes(3));
    other.write(HOME + MIB, bytes(4));
    other.watchPage(processPage(page(HOME)));
    other.watchPage(processPage(page(HOME + MIB)));
    expect([other.read(HOME, 1)[0], other.read(HOME + MIB, 1)[0]]).toEqual([3, 4]);
  });

  it('refuses to set keys before they are enabled', () => {
    expect(codeOf(() => mm.setKey(processPage(page(HOME)), 0x10))).toBe('EINVAL');
    mm.mmap({ address: 64n * MIB, length: MIB, large: true });
    mm.write(64n * MIB, bytes(6));
    expect(codeOf(() => mm.setKey(processPage(page(64n * MIB)), 0x10))).toBe('EINVAL');
    expect(mm.read(64n * MIB, 1)).toEqual(bytes(6));
  });
});

describe('a page of a mapping with 1 MiB frames', () => {
  it.each([
    ['not touched yet', false],
    ['in such a frame', true],
  ])('%s has a frame of 4 KiB when it is watched', (_, touched) => {
    mm.mmap({ address: 64n * MIB, length: MIB, large: true });
    if (touched) mm.write(64n * MIB, bytes(6));
    expect(mm.tables.largeFrameOf(64) >= 0).toBe(touched);
    mm.watchPage(processPage(page(64n * MIB)));
    expect(mm.tables.largeFrameOf(64)).toBe(-1);
    expect(mm.tables.pageTableOf(64)).toBeGreaterThan(0);
    expect(mm.read(64n * MIB, 1)).toEqual(bytes(touched ? 6 : 0));
  });
});

describe('setKeys', () => {
  it('sets all, or none', () => {
    mm.enableKeys();
    const first = page(HOME + MIB) - 1;
    expect(codeOf(() => mm.setKeys([first, 5], [0x10, 0x20]))).toBe('EFAULT');
    expect(mm.keyOf(processPage(first))).toBe(0);
    mm.read(HOME, 1);
    host.kernel.frames.failIn(1);
    expect(codeOf(() => mm.setKeys([first, first + 1], [0x10, 0x20]))).toBe('ENOMEM');
    expect(mm.keyOf(processPage(first))).toBe(0);
    mm.setKeys([first, first + 1], [0x10, 0x2e]);
    expect([mm.keyOf(processPage(first)), mm.keyOf(processPage(first + 1))]).toEqual([0x10, 0x2e]);
  });
});

it('an access of the kernel sets reference and change bits, as an access of a processor does', () => {
  mm.enableKeys();
  mm.read(HOME, 1);
  expect(mm.keyOf(processPage(page(HOME)))).toBe(0x04);
  mm.write(HOME, bytes(1));
  expect(mm.keyOf(processPage(page(HOME)))).toBe(0x06);
  mm.setKey(processPage(page(HOME)), 0x70);
  mm.dontNeed({ address: HOME, length: PAGE });
  mm.write(HOME, bytes(1));
  expect(mm.keyOf(processPage(page(HOME)))).toBe(0x76);
});
