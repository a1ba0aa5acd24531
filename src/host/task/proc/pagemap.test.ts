/** /proc/PID/pagemap and PAGEMAP_SCAN. */

import { beforeEach, describe, expect, it } from 'vitest';
import { PROT } from '../../mm/index.ts';
import { codeOf } from '../../testing/index.ts';
import { O } from '../abi/files.ts';
import type { OpenFile } from '../files/index.ts';
import type { Thread } from '../process/task.ts';
import { MEMORY, makeLinux, makeThread } from '../testing/index.ts';
import { PageMap } from './pagemap.ts';

const PAGE = 4096;
const SCAN = 0xc060_6610;
const IS = { WRITTEN: 2, FILE: 4, PRESENT: 8, PFNZERO: 0x20 } as const;
/** Where the structure and the regions are; the pages that are looked at come before them. */
const ARGUMENT = MEMORY + 0x8000;
const REGIONS = MEMORY + 0x9000;
/** PROT_READ | PROT_WRITE without a frame, zeros, a frame, zeros. */
const PAGES = 4;

let thread: Thread;
let file: OpenFile;

beforeEach(() => {
  const { system } = makeLinux();
  thread = makeThread(system);
  thread.space.mm.sharesZeros = true;
  thread.space.memory.read(MEMORY + PAGE, 1);
  thread.space.memory.setU32(MEMORY + 2 * PAGE, 1);
  thread.space.memory.read(MEMORY + 3 * PAGE, 1);
  file = new PageMap(system.root.inode.fs, () => thread.space.mm).open(O.RDONLY);
});

interface Fields {
  readonly size?: number;
  readonly flags?: number;
  readonly start?: number;
  readonly end?: number;
  readonly regions?: number;
  readonly room?: number;
  readonly most?: number;
  readonly inverted?: number;
  readonly all?: number;
  readonly any?: number;
  readonly shown?: number;
}

/** Scans. Returns the regions in pages from MEMORY on, with their categories, and where the scan ended. */
function scan(fields: Fields): { readonly regions: number[][]; readonly walkEnd: number } {
  const { memory } = thread.space;
  const { size = 96, flags = 0, start = MEMORY, end = MEMORY + PAGES * PAGE, regions = REGIONS } = fields;
  const { room = 8, most = 0, inverted = 0, all = 0, any = 0, shown = 0x7e } = fields;
  [size, flags, start, end, 0, regions, room, most, inverted, all, any, shown].forEach((value, i) => {
    memory.setU64(ARGUMENT + i * 8, value);
  });
  const count = file.control(SCAN, ARGUMENT, thread) as number;
  const page = (address: number) => (address - MEMORY) / PAGE;
  const found = Array.from({ length: count }, (_, i) => {
    const [from, to, categories] = [0, 8, 16].map((at) => memory.u64(REGIONS + i * 24 + at));
    return [page(from!), page(to!), categories!];
  });
  return { regions: found, walkEnd: page(memory.u64(ARGUMENT + 32)) };
}

describe('pagemap', () => {
  it('has an entry for each page, with the bit of those that have a frame', () => {
    const bytes = new Uint8Array(PAGES * 8);
    expect(file.readAt(bytes, (MEMORY / PAGE) * 8)).toBe(bytes.length);
    expect([0, 8, 16, 24].map((at) => bytes[at])).toEqual([0, 0x80, 0x80, 0x80]);
    expect(file.seek((MEMORY / PAGE + 1) * 8, 0)).toBe((MEMORY / PAGE + 1) * 8);
    const one = new Uint8Array(8);
    expect([file.read(one), one[0], file.seek(0, 1)]).toEqual([8, 0x80, (MEMORY / PAGE + 2) * 8]);
    expect(codeOf(() => file.readAt(one, 4))).toBe('EINVAL');
    expect(codeOf(() => file.readAt(new Uint8Array(4), 0))).toBe('EINVAL');
    expect(codeOf(() => file.seek(0, 2))).toBe('EINVAL');
    expect(file.readAt(one, 2 ** 44)).toBe(0);
  });
});

describe('PAGEMAP_SCAN', () => {
  it('finds the pages that have the frame of zeros', () => {
    const { regions } = scan({ all: IS.PFNZERO, any: IS.PRESENT, shown: IS.PFNZERO });
    expect(regions).toEqual([
      [1, 2, IS.PFNZERO],
      [3, 4, IS.PFNZERO],
    ]);
  });

  it('joins pages that look the same', () => {
    expect(scan({ all: IS.PRESENT, shown: IS.PRESENT }).regions).toEqual([[1, 4, IS.PRESENT]]);
    expect(scan({ shown: 0 }).regions).toEqual([[0, 4, 0]]);
  });

  it('finds pages that are not in a category', () => {
    expect(scan({ inverted: IS.PRESENT, all: IS.PRESENT }).regions).toEqual([[0, 1, 0]]);
    const present = IS.PRESENT | IS.WRITTEN;
    const own = { inverted: IS.PFNZERO, all: IS.PFNZERO | IS.PRESENT };
    expect(scan(own).regions).toEqual([[2, 3, present]]);
  });

  it('ends when there is no room, or enough was found, and says where', () => {
    expect(scan({ all: IS.PFNZERO, room: 1 })).toMatchObject({ regions: [[1, 2, 0x2a]], walkEnd: 3 });
    const two = scan({ all: IS.PRESENT, shown: IS.PRESENT, most: 2 });
    expect(two).toEqual({ regions: [[1, 3, IS.PRESENT]], walkEnd: 3 });
    expect(scan({ all: IS.PRESENT, regions: 0, room: 0 })).toEqual({ regions: [], walkEnd: PAGES });
  });

  it('tells pages of files', () => {
    thread.space.mm.mmap({ address: 0x20_0000n, length: 4096n, protection: PROT.READ, shared: true });
    thread.space.memory.read(0x20_0000, 1);
    const { regions } = scan({ start: 0x20_0000, end: 0x20_1000, shown: IS.FILE });
    expect(regions.map(([, , categories]) => categories)).toEqual([IS.FILE]);
  });

  it.each<[string, Fields, string]>([
    ['of another version', { size: 88 }, 'EINVAL'],
    ['with flags', { flags: 1 }, 'EINVAL'],
    ['of unknown categories', { any: 0x100 }, 'EINVAL'],
    ['of PAGE_IS_SOFT_DIRTY', { shown: 0x80 }, 'EINVAL'],
    ['that starts in a page', { start: MEMORY + 8 }, 'EINVAL'],
    ['with room nowhere', { regions: 0 }, 'EINVAL'],
    ['that ends before its start', { end: MEMORY - PAGE }, 'EFAULT'],
    ['with regions where nothing is mapped', { regions: 0x1000 }, 'EFAULT'],
  ])('refuses a scan %s', (_, fields, code) => {
    expect(codeOf(() => scan(fields))).toBe(code);
  });

  it('finds nothing when the process has ended', () => {
    const { mm } = thread.space;
    const other = makeThread(makeLinux().system);
    expect(codeOf(() => file.control(0x1234, 0, other))).toBe('ENOTTY');
    mm.exit();
    expect(file.readAt(new Uint8Array(8), 0)).toBe(0);
  });
});
