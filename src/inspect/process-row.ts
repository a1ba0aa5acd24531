/**
 * What of a process's address space lies in a range: its mappings, and its page tables, each in a bounded number of
 * extents.
 */

import { demandInstance, type Mapping, Mappings, type Mm } from '../host/index.ts';
import { CRST_ENTRIES, PAGE_TABLE_SIZE, SEGMENT } from '../machine/index.ts';
import { type MappingExtent, PAGES_PER_SEGMENT, type TableExtent } from './answers.ts';
import { demandLimit, demandPages, demandProcess } from './questions.ts';
import { HALF, NOTHING, SegmentTables } from './segment-tables.ts';

/** The smallest power of two of pages that is a bucket of the range at least. */
export function bucketSizeFor(first: number, end: number, limit: number, least: number): number {
  return Math.max(least, 2 ** Math.ceil(Math.log2(Math.max(1, (end - first) / Math.max(1, limit)))));
}

/**
 * The mappings that have a page in `first` up to, not including, `end`, in about `limit` extents at most: one that is a
 * bucket long is a extent of its own.
 * @throws LinuxError EINVAL, see questions.ts
 */
export function mappingExtents(
  mappings: Mappings,
  first: number,
  end: number,
  limit: number,
): MappingExtent[] {
  demandInstance('mappings', mappings, Mappings);
  demandPages(first, end);
  demandLimit('limit', limit);
  const bucket = bucketSizeFor(first, end, limit, 1);
  const extents: MappingExtent[] = [];
  for (const mapping of mappings.within(first, end)) {
    const last = extents[extents.length - 1];
    const small = mapping.end - mapping.start < bucket;
    if (last && small && last.end - last.first < bucket && inSameBucket(last.first, mapping.start, bucket)) {
      extents[extents.length - 1] = {
        first: last.first,
        end: mapping.end,
        mappings: last.mappings + 1,
        protection: null,
        sharedMemory: false,
        file: false,
        largeMemory: false,
      };
    } else {
      extents.push(extentOf(mapping));
    }
  }
  return extents;
}

function extentOf({ start, end, protection, backing }: Mapping): MappingExtent {
  return {
    first: start,
    end,
    mappings: 1,
    protection,
    sharedMemory: backing.shared,
    file: backing.file !== null,
    largeMemory: backing.large,
  };
}

/** Whether two pages are in the same bucket. */
export function inSameBucket(a: number, b: number, bucket: number): boolean {
  return Math.floor(a / bucket) === Math.floor(b / bucket);
}

/** The page tables and 1 MiB frames of the range's segments, in at most `limit` extents or so: one a bucket. @throws LinuxError EINVAL, ESRCH, see questions.ts */
export function tableExtents(mm: Mm, first: number, end: number, limit: number): TableExtent[] {
  demandProcess(mm);
  demandPages(first, end);
  demandLimit('limit', limit);
  const bucket = bucketSizeFor(first, end, limit, PAGES_PER_SEGMENT);
  const { storage } = mm.kernel;
  const tables = new SegmentTables(storage);
  const extents: { -readonly [K in keyof TableExtent]: TableExtent[K] }[] = [];
  const firstSegment = Math.floor(first / PAGES_PER_SEGMENT);
  const endSegment = Math.ceil(end / PAGES_PER_SEGMENT);
  tables.each(mm.asceHi, mm.asceLo, firstSegment, endSegment, (origin, base) => {
    const last = Math.min(CRST_ENTRIES, endSegment - base);
    let i = tables.scan.next(origin, Math.max(0, firstSegment - base), last, NOTHING);
    for (; i < last; i = tables.scan.next(origin, i + 1, last, NOTHING)) {
      const lo = storage.get32(origin + i * 8 + 4);
      const large = (lo & SEGMENT.FORMAT_CONTROL) !== 0;
      const table =
        storage.get32(origin + i * 8) * HALF + ((lo & (large ? SEGMENT.FRAME : SEGMENT.ORIGIN)) >>> 0);
      const page = (base + i) * PAGES_PER_SEGMENT;
      let extent = extents[extents.length - 1];
      if (!extent || !inSameBucket(extent.first, page, bucket)) {
        extent = { first: page, end: page, tables: 0, large: 0, present: 0, links: 0 };
        extents.push(extent);
      }
      extent.end = page + PAGES_PER_SEGMENT;
      extent[large ? 'large' : 'tables']++;
      extent.present += large
        ? PAGES_PER_SEGMENT
        : (mm.common.descriptors.present[table / PAGE_TABLE_SIZE] as number);
      extent.links += linksOf(mm, table);
    }
  });
  return extents;
}

/** How many guest segments are linked to a page table or a frame of 1 MiB. */
export function linksOf(mm: Mm, table: number): number {
  const { reverseMaps } = mm.common;
  let links = 0;
  for (let node = reverseMaps.first(table); node >= 0; node = reverseMaps.after(node)) links++;
  return links;
}
