import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { workOf } from '../../../test/work.ts';
import type { Host } from '../host.ts';
import { entryOf, MIB, makeHost, pageEntryOf, TIB } from '../testing/index.ts';
import type { Mm } from './mm.ts';
import { PageTableDescriptors } from './page-table-descriptors.ts';
import { hasFrame, PageTables } from './page-tables.ts';
import { setEntry } from './ptes.ts';

const GIB = 1n << 30n;

let host: Host;
let mm: Mm;

beforeEach(() => {
  host = makeHost().host;
  mm = host.createMm();
});

const at = (address: bigint | number) => host.machine.storage.get64(Number(address));
const frames = (purpose: 'page-table' | 'pgste-table' | 'mm-table') => host.kernel.frames.count(purpose);

describe('in absolute storage', () => {
  it('the element: region-third type 0x04, length 3, 0x1c0', () => {
    expect(mm.asce & 0x3fffn).toBe(0x1c7n);
    expect((BigInt(mm.asceHi) << 32n) | BigInt(mm.asceLo)).toBe(mm.asce);
    for (let i = 0n; i < 2048n; i++) expect(at(mm.asce - 0x1c7n + i * 8n)).toBe(0x24n);
  });

  it('a path through all tables, entry by entry', () => {
    // Indexes 3, 4, 5: 3 << 31 | 4 << 20 | 5 << 12.
    mm.mmap({ address: 0x1_8040_5000n, length: 0x1000n });
    mm.write(0x1_8040_5678n, Uint8Array.of(0xcd));
    const third = mm.asce - 0x1c7n;
    const segment = at(third + 3n * 8n) - 0x07n;
    expect(segment % 0x4000n).toBe(0n);
    const page = at(segment + 4n * 8n);
    expect(page % 0x800n).toBe(0n);
    const frame = at(page + 5n * 8n);
    expect(frame % 0x1000n).toBe(0n);
    expect(host.machine.storage.get8(Number(frame) + 0x678)).toBe(0xcd);
    for (let i = 0n; i < 2048n; i++) {
      if (i !== 3n) expect(at(third + i * 8n)).toBe(0x24n);
      if (i !== 4n) expect(at(segment + i * 8n)).toBe(0x20n);
      if (i !== 5n && i < 256n) expect(at(page + i * 8n)).toBe(0x400n);
    }
  });

  it.each([
    [7, 0n],
    [3, 0n],
    [2, 0n],
    [1, 0x200n],
    [4, 0x200n],
    [5, 0x200n],
  ])('a page of protection %i has the low bits %i', (protection, low) => {
    mm.mmap({ address: 0n, length: MIB, protection });
    mm.fault(0n, false);
    expect(pageEntryOf(host, mm.asce, 0n) & 0xfffn).toBe(low);
    expect(pageEntryOf(host, mm.asce, 0n) & ~0xfffn).not.toBe(0n);
  });

  it('a page with PROT_NONE keeps its frame; the entry has the bits 0x401', () => {
    mm.mmap({ address: 0n, length: MIB });
    mm.fault(0n, true);
    const before = pageEntryOf(host, mm.asce, 0n);
    mm.mprotect({ address: 0n, length: MIB, protection: 0 });
    expect(pageEntryOf(host, mm.asce, 0n)).toBe(before | 0x401n);
    mm.mprotect({ address: 0n, length: MIB, protection: 1 });
    expect(pageEntryOf(host, mm.asce, 0n)).toBe(before | 0x200n);
    mm.mprotect({ address: 0n, length: MIB, protection: 3 });
    expect(pageEntryOf(host, mm.asce, 0n)).toBe(before);
  });

  it.each([
    [0x0000_0000, true],
    [0x1234_5000, true],
    [0x1234_5200, true],
    [0x1234_5401, true],
    [0x0000_0400, false],
    [0x0000_0403, false],
    [0x1234_5403, false],
  ])('an entry of low half %i has a frame: %s', (low, has) => {
    expect(hasFrame(low)).toBe(has);
  });
});

describe('page tables of a process that hosts no guest', () => {
  const touch = (...segments: number[]) => {
    for (const segment of segments) mm.fault(BigInt(segment) * MIB, false);
  };
  const tableOf = (segment: number) => Number(entryOf(host, mm.asce, BigInt(segment) * MIB, 0));

  beforeEach(() => {
    mm.mmap({ address: 0n, length: 16n * MIB });
  });

  it('are 2 KiB, two to a frame', () => {
    touch(0, 1, 2);
    expect(frames('page-table')).toBe(2);
    expect(tableOf(1)).toBe(tableOf(0) + 0x800);
    expect(tableOf(2) % 0x1000).toBe(0);
  });

  it('a frame whose halves are both free is freed', () => {
    touch(0, 1);
    mm.munmap({ address: 0n, length: MIB });
    expect(frames('page-table')).toBe(1);
    mm.munmap({ address: MIB, length: MIB });
    expect(frames('page-table')).toBe(0);
  });

  it('the same, the upper half first', () => {
    touch(0, 1);
    mm.munmap({ address: MIB, length: MIB });
    expect(frames('page-table')).toBe(1);
    mm.munmap({ address: 0n, length: MIB });
    expect(frames('page-table')).toBe(0);
  });

  it('one with a free half serves the next page table, either half', () => {
    touch(0, 1);
    const [lower, upper] = [tableOf(0), tableOf(1)];
    mm.munmap({ address: 0n, length: MIB });
    touch(2);
    expect(tableOf(2)).toBe(lower);
    mm.munmap({ address: MIB, length: MIB });
    touch(3);
    expect(tableOf(3)).toBe(upper);
    expect(frames('page-table')).toBe(1);
  });

  it('a half that was never used counts as free', () => {
    touch(0);
    mm.munmap({ address: 0n, length: MIB });
    expect(frames('page-table')).toBe(0);
  });

  it('in an upper half leaves the frame after its own alone when it is freed', () => {
    mm.tables.makePageTable(0);
    mm.tables.makePageTable(1);
    const hosting = host.createMm();
    hosting.enableSie();
    const next = hosting.tables.makePageTable(0);
    expect(next).toBe(tableOf(1) + 0x800);
    const before = frames('pgste-table');
    mm.munmap({ address: MIB, length: MIB });
    expect(frames('pgste-table')).toBe(before);
    expect(frames('page-table')).toBe(1);
  });

  it('are empty when they are handed out again', () => {
    touch(0, 1);
    for (let i = 0n; i < 256n; i++) mm.fault(i * 0x1000n, true);
    mm.munmap({ address: 0n, length: MIB });
    touch(2);
    for (let i = 1; i < 256; i++) expect(at(tableOf(2) + i * 8)).toBe(0x400n);
  });

  it('made and freed in any order, use a frame while either half is in use', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(7), { minLength: 60, maxLength: 60 }), (segments) => {
        const { tables } = host.createMm();
        const made = new Map<number, number>();
        for (const segment of segments) {
          const table = made.get(segment);
          if (table === undefined) {
            made.set(segment, tables.newPageTable(segment));
          } else {
            tables.freePageTable(table);
            made.delete(segment);
          }
          expect(new Set(made.values()).size).toBe(made.size);
          expect(frames('page-table')).toBe(
            new Set([...made.values()].map((table) => Math.floor(table / 0x1000))).size,
          );
        }
        for (const table of made.values()) tables.freePageTable(table);
        expect(frames('page-table')).toBe(0);
        tables.free();
      }),
      { numRuns: 50 },
    );
  });

  it('of two processes are in different frames', () => {
    touch(0);
    const other = host.createMm();
    other.mmap({ address: 0n, length: MIB });
    other.fault(0n, false);
    expect(frames('page-table')).toBe(2);
    host.exitMm(other);
    expect(frames('page-table')).toBe(1);
  });
});

describe('segment tables', () => {
  it('are made with the first page of their 2 GiB and freed with its last mapping', () => {
    mm.mmap({ address: 2n * GIB - MIB, length: 2n * MIB });
    expect(frames('mm-table')).toBe(4);
    mm.fault(2n * GIB - MIB, false);
    expect(frames('mm-table')).toBe(8);
    mm.fault(2n * GIB, false);
    expect(frames('mm-table')).toBe(12);
    mm.munmap({ address: 2n * GIB - MIB, length: MIB });
    expect(frames('mm-table')).toBe(8);
    mm.munmap({ address: 2n * GIB, length: MIB });
    expect(frames('mm-table')).toBe(4);
  });

  it('stay while memory is mapped there, touched or not', () => {
    mm.mmap({ address: 0n, length: MIB });
    mm.mmap({ address: 2n * GIB - 0x1000n, length: 0x1000n });
    mm.fault(0n, false);
    mm.munmap({ address: 0n, length: MIB });
    expect(frames('mm-table')).toBe(8);
    mm.munmap({ address: 2n * GIB - 0x1000n, length: 0x1000n });
    expect(frames('mm-table')).toBe(4);
  });

  it('are all freed by a munmap over many of them', () => {
    for (let i = 0n; i < 5n; i++) {
      mm.mmap({ address: i * 700n * GIB, length: MIB });
      mm.fault(i * 700n * GIB, true);
    }
    expect(frames('mm-table')).toBe(24);
    mm.munmap({ address: 700n * GIB, length: 4n * TIB - 700n * GIB });
    expect(frames('mm-table')).toBe(8);
    mm.munmap({ address: 0n, length: 4n * TIB });
    expect(frames('mm-table')).toBe(4);
  });
});

describe('the lookups', () => {
  it('finds the next segment table, the segments with page tables, their entries', () => {
    mm.mmap({ address: 0n, length: 8n * GIB });
    for (const address of [5n * MIB, 6n * GIB, 6n * GIB + 3n * MIB]) mm.fault(address, false);
    const { tables } = mm;
    expect(tables).toBeInstanceOf(PageTables);
    expect(BigInt(tables.top)).toBe(mm.asce - 0x1c7n);
    expect([...tables.segments()]).toEqual([5, 6144, 6147]);
    expect(tables.pageTableOf(5)).toBe(Number(entryOf(host, mm.asce, 5n * MIB, 0)));
    expect(tables.pageTableOf(6)).toBe(-1);
    expect(tables.pageTableOf(2048)).toBe(-1);
    expect(tables.segmentEntryOf(2048)).toBe(-1);
    expect(at(tables.segmentEntryOf(6))).toBe(0x20n);
    expect(tables.nextTable(7, 2 ** 22)).toBe(7);
    expect(tables.nextTable(2049, 2 ** 22)).toBe(6144);
    expect(tables.nextTable(2049, 4000)).toBe(4000);
    expect(tables.nextTable(8192, 2 ** 22)).toBe(2 ** 22);
  });

  it.each([0x00, 0xff, 0x04])(
    'find nothing where there is no segment table, whatever is at absolute address 0: bytes of %i',
    (value) => {
      host.machine.storage.bytes.fill(value, 0, 16);
      const { tables } = mm;
      expect([tables.pageTableOf(7), tables.largeFrameOf(7), tables.segmentEntryOf(7)]).toEqual([-1, -1, -1]);
      expect(tables.segmentValueOf(7)).toBe(0);
    },
  );

  it.each([3, 4])(
    'find nothing beyond the reach of the tables, of %i levels, or in another region',
    (levels) => {
      if (levels === 4) mm.mmap({ address: 9n * TIB, length: MIB });
      mm.mmap({ address: 5n * MIB, length: MIB });
      mm.fault(5n * MIB, false);
      const { tables } = mm;
      expect(tables.pageTableOf(5)).toBeGreaterThan(0);
      for (const segment of [2 ** 22, 2 ** 22 + 5, 2 ** 23 + 5]) {
        expect([tables.pageTableOf(segment), tables.segmentEntryOf(segment)]).toEqual([-1, -1]);
        expect(tables.nextTable(segment, segment + 1)).toBe(segment + 1);
      }
    },
  );

  it('keep addresses above 4 GiB in both halves of an entry', () => {
    mm.mmap({ address: 0n, length: MIB });
    mm.fault(0n, false);
    const { tables } = mm;
    const high = 5 * 2 ** 30 + 0x800;
    tables.setSegmentEntry(1, high);
    expect(at(tables.segmentEntryOf(1))).toBe(BigInt(high));
    expect([tables.segmentValueOf(1), tables.pageTableOf(1)]).toEqual([high, high]);
    const frame = 6 * 2 ** 30;
    tables.setSegmentEntry(1, frame + 0x400);
    expect([tables.largeFrameOf(1), tables.pageTableOf(1)]).toEqual([frame, -1]);
    const table = tables.pageTableOf(0);
    setEntry(host.machine.storage.view, table + 8, frame, 0x200);
    expect(at(table + 8)).toBe(BigInt(frame + 0x200));
    expect(mm.ptes.frame(table, 1)).toBe(frame);
  });
});

describe('a descriptor', () => {
  const segmentAt = (origin: number) => host.common.descriptors.segmentOf(origin / 0x800);

  it.each([0, 1, 2, 3, 2 ** 31 - 1, 2 ** 31, 2 ** 33 - 1])('of segment %i is its segment', (segment) => {
    const descriptors = new PageTableDescriptors(4);
    const all = () => [0, 1, 2, 3].map((unit) => descriptors.segmentOf(unit));
    expect(all()).toEqual([-1, -1, -1, -1]);
    descriptors.setSegment(1, segment);
    descriptors.setSegment(2, 2 ** 32);
    expect(all()).toEqual([-1, segment, 2 ** 32, -1]);
    descriptors.setSegment(1, -1);
    descriptors.setSegment(2, segment);
    expect(all()).toEqual([-1, -1, segment, -1]);
  });

  it('of a page table has its segment, until the table is freed', () => {
    mm.mmap({ address: 0n, length: 4n * MIB });
    mm.fault(3n * MIB, false);
    const table = mm.tables.pageTableOf(3);
    expect(segmentAt(table)).toBe(3);
    mm.munmap({ address: 0n, length: 4n * MIB });
    expect(segmentAt(table)).toBe(-1);
  });

  it.each<[string, () => void]>([
    ['split', () => mm.dontNeed({ address: 3n * MIB, length: 0x1000n })],
    ['freed', () => mm.munmap({ address: 3n * MIB, length: MIB })],
  ])('of a frame of 1 MiB has its segment, until the frame is %s', (_, end) => {
    mm.mmap({ address: 0n, length: 4n * MIB, large: true });
    mm.fault(3n * MIB, false);
    const frame = mm.tables.largeFrameOf(3);
    expect(segmentAt(frame)).toBe(3);
    end();
    expect(segmentAt(frame)).toBe(-1);
  });
});

/**
 * Makes many page tables, two to a frame, frees them in an order that leaves halves, and makes and frees one many times.
 */
function manyPageTables(many: number): void {
  const { host: large } = makeHost({ storageSize: 64 << 20 });
  const { tables } = large.createMm();
  const count = () => large.kernel.frames.count('page-table');
  const drop = (segment: number) => {
    const table = tables.pageTableOf(segment);
    tables.unhookSegment(segment);
    tables.freePageTable(table);
  };
  for (let n = 0; n < many; n++) tables.makePageTable(n);
  expect(count()).toBe(many / 2);
  for (let n = 0; n < many; n += 2) drop(n);
  expect(count()).toBe(many / 2);
  // Takes and returns one of thousands of halves many times.
  for (let n = 0; n < many; n++) {
    tables.makePageTable(0);
    drop(0);
  }
  for (let n = 1; n < many; n += 2) drop(n);
  expect(count()).toBe(0);
}

it('page tables are made and freed, two to a frame, with work that does not depend on their number', () => {
  const work = (many: number) => workOf(() => manyPageTables(many)) / many;
  expect(work(20_000)).toBeLessThan(1.5 * work(2000));
});
