/**
 * What of a process's address space lies in a range: its mappings, and its page tables, each in a bounded number of
 * parts.
 */

import { demandInstance, type Mapping, Mappings, type Mm } from '../host/index.ts';
import { CRST_ENTRIES, PAGE_TABLE_SIZE, SEGMENT } from '../machine/index.ts';
import { PAGES_PER_SEGMENT, type ProcessPart, type TablePart } from './answers.ts';
import { demandPages, demandParts, demandProcess } from './questions.ts';
import { HALF, NOTHING, SegmentTables } from './segment-tables.ts';

/** The smallest power of two of pages that is a cell of the range at least. */
export function cellOf(first: number, end: number, cells: number, least: number): number {
  return Math.max(least, 2 ** Math.ceil(Math.log2(Math.max(1, (end - first) / Math.max(1, cells)))));
}

/**
 * The mappings that have a page in `first` up to, not including, `end`, in about `cells` parts at most: one that is a
 * cell long is a part of its own.
 * @throws LinuxError EINVAL, see questions.ts
 */
export function mappingParts(mappings: Mappings, first: number, end: number, cells: number): ProcessPart[] {
  demandInstance('mappings', mappings, Mappings);
  demandPages(first, end);
  demandParts('cells', cells);
  const cell = cellOf(first, end, cells, 1);
  const parts: ProcessPart[] = [];
  for (const mapping of mappings.within(first, end)) {
    const last = parts[parts.length - 1];
    const small = mapping.end - mapping.start < cell;
    if (last && small && last.end - last.first < cell && sameCell(last.first, mapping.start, cell)) {
      parts[parts.length - 1] = {
        first: last.first,
        end: mapping.end,
        mappings: last.mappings + 1,
        protection: null,
        sharedMemory: false,
        file: false,
        largeMemory: false,
      };
    } else {
      parts.push(partOf(mapping));
    }
  }
  return parts;
}

function partOf({ start, end, protection, backing }: Mapping): ProcessPart {
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

/** Whether two pages are in the same cell. */
export function sameCell(a: number, b: number, cell: number): boolean {
  return Math.floor(a / cell) === Math.floor(b / cell);
}

/** The page tables and 1 MiB frames of the range's segments, in at most `cells` parts or so: one a cell. @throws LinuxError EINVAL, ESRCH, see questions.ts */
export function tableParts(mm: Mm, first: number, end: number, cells: number): TablePart[] {
  demandProcess(mm);
  demandPages(first, end);
  demandParts('cells', cells);
  const cell = cellOf(first, end, cells, PAGES_PER_SEGMENT);
  const { storage } = mm.kernel;
  const tables = new SegmentTables(storage);
  const parts: { -readonly [K in keyof TablePart]: TablePart[K] }[] = [];
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
      let part = parts[parts.length - 1];
      if (!part || !sameCell(part.first, page, cell)) {
        part = { first: page, end: page, tables: 0, large: 0, present: 0, links: 0 };
        parts.push(part);
      }
      part.end = page + PAGES_PER_SEGMENT;
      part[large ? 'large' : 'tables']++;
      part.present += large
        ? PAGES_PER_SEGMENT
        : (mm.common.descriptors.present[table / PAGE_TABLE_SIZE] as number);
      part.links += linksOf(mm, table);
    }
  });
  return parts;
}

/** How many guest segments are linked to a page table or a frame of 1 MiB. */
export function linksOf(mm: Mm, table: number): number {
  const { reverseMaps } = mm.common;
  let links = 0;
  for (let node = reverseMaps.first(table); node >= 0; node = reverseMaps.after(node)) links++;
  return links;
}
