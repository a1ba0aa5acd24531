/** Checks the tables of a process: formats, page tables, pages. */

import { type Mapping, type Mm, PROT } from '../host/index.ts';
import { HALF, hasFrame, hex, PAGE_NONE, PAGES_PER_SEGMENT, PGSTE, PGSTE_OFFSET } from '../host/internal.ts';
import {
  CRST_ENTRIES,
  CRST_SIZE,
  emptyEntry,
  FRAME_SIZE,
  PAGE,
  PAGE_TABLE_ENTRIES,
  PAGE_TABLE_SIZE,
  SEGMENT,
} from '../machine/index.ts';
import type { Census } from './rules.ts';

/** Empty entries, and the low 12 bits of valid ones, by table type: 0 segment, 1 region third, 2 region second. */
const EMPTY = [0x20, 0x24, 0x28].map(emptyEntry);
const VALID = [0, 0x07, 0x0b] as const;
const NAME = ['segment', 'region-third', 'region-second'] as const;
/** The number of segments that an entry of a table translates. */
const SPAN = [1, 2 ** 11, 2 ** 22] as const;
const EMPTY_PAGE = emptyEntry(0x400);

/** A process, and the census of the pass. */
interface Scope {
  readonly mm: Mm;
  readonly census: Census;
}

/** Checks the tables of one process, and notes in the census the blocks that they own. */
export function checkProcessTables(mm: Mm, census: Census): void {
  const scope = { mm, census };
  census.space(mm.asceHi, mm.asceLo);
  table(scope, mm.tables.top, mm.tables.levels === 3 ? 1 : 2, 0);
}

function table(scope: Scope, origin: number, type: number, first: number): void {
  const { mm, census } = scope;
  const { storage } = mm.kernel;
  const empty = EMPTY[type] as number;
  census.own(origin, 'mm-table');
  for (let i = census.scan.next(origin, 0, CRST_ENTRIES, empty); i < CRST_ENTRIES; ) {
    const entry = origin + i * 8;
    const lo = storage.get32(entry + 4);
    const below = storage.get32(entry) * HALF + ((lo & ~0xfff) >>> 0);
    const segment = first + i * (SPAN[type] as number);
    if (type === 0) {
      segmentEntry(scope, entry, segment);
    } else if ((lo & 0xfff) !== VALID[type] || !storage.has(below, CRST_SIZE)) {
      census.report({ rule: 'table-format', message: `${NAME[type]} entry ${hex(entry)} is ${hex(lo)}` });
    } else {
      table(scope, below, type - 1, segment);
    }
    i = census.scan.next(origin, i + 1, CRST_ENTRIES, empty);
  }
}

function segmentEntry(scope: Scope, entry: number, segment: number): void {
  const { mm, census } = scope;
  const { storage } = mm.kernel;
  const lo = storage.get32(entry + 4);
  const hi = storage.get32(entry) * HALF;
  if (lo & SEGMENT.FORMAT_CONTROL) {
    largeFrame(scope, segment, hi + ((lo & SEGMENT.FRAME) >>> 0), lo & 0xf_ffff);
  } else if (lo & 0x7ff || !storage.has(hi + lo, PAGE_TABLE_SIZE)) {
    census.report({ rule: 'table-format', message: `segment entry ${hex(entry)} is ${hex(lo)}` });
  } else {
    pageTable(scope, hi + lo, segment);
  }
}

function largeFrame(scope: Scope, segment: number, frame: number, bits: number): void {
  const { mm, census } = scope;
  const at = `1 MiB frame ${hex(frame)} of segment ${hex(BigInt(segment) << 20n)}`;
  census.own(frame, 'large-page');
  census.designated.push(frame);
  descriptor(scope, frame, segment, at);
  const first = segment * PAGES_PER_SEGMENT;
  const mapping = mm.mappings.at(first);
  if (!mapping || mapping.end < first + PAGES_PER_SEGMENT || !mapping.backing.large) {
    census.report({ rule: 'mapping', message: `${at} is not wholly in one large mapping` });
    return;
  }
  const wanted = SEGMENT.FORMAT_CONTROL | (mapping.protection & PROT.WRITE ? 0 : SEGMENT.PROTECT);
  if (bits !== wanted) {
    census.report({ rule: 'mapping', message: `${at} has bits ${hex(bits)}, not ${hex(wanted)}` });
  }
  if (mm.logs.some((log) => log.start < first + PAGES_PER_SEGMENT && first < log.end)) {
    census.report({ rule: 'dirty-log', message: `${at} is in a logged range` });
  }
}

function descriptor(scope: Scope, origin: number, segment: number, at: string): void {
  const { mm, census } = scope;
  const known = mm.common.descriptors.segmentOf(origin / PAGE_TABLE_SIZE);
  if (known === segment) return;
  census.report({ rule: 'page-table', message: `${at} has the descriptor of segment number ${known}` });
}

function pageTable(scope: Scope, origin: number, segment: number): void {
  const { mm, census } = scope;
  ownPageTable(scope, origin);
  census.designated.push(origin);
  const at = `page table ${hex(origin)} of segment ${hex(BigInt(segment) << 20n)}`;
  descriptor(scope, origin, segment, at);
  const first = segment * PAGES_PER_SEGMENT;
  if (!mm.mappings.touches(first, first + PAGES_PER_SEGMENT)) {
    census.report({ rule: 'page-table', message: `${at} exists, but no mapping touches the segment` });
  }
  const present = pages(scope, origin, first);
  const known = mm.common.descriptors.present[origin / PAGE_TABLE_SIZE];
  if (known !== present) {
    const message = `${at} has ${present} pages, but its descriptor says ${known}`;
    census.report({ rule: 'page-table', message });
  }
  if (mm.tables.pgstes) watches(scope, origin, at);
}

function ownPageTable(scope: Scope, origin: number): void {
  const { mm, census } = scope;
  if (mm.tables.pgstes) {
    census.own(origin, 'pgste-table');
    return;
  }
  const frame = origin - (origin % FRAME_SIZE);
  const half = origin % FRAME_SIZE === 0 ? 1 : 2;
  const known = census.halves.get(frame) ?? 0;
  if (known & half) census.report({ rule: 'frames', message: `page table ${hex(origin)} has two owners` });
  if (known === 0) census.own(frame, 'page-table');
  census.halves.set(frame, known | half);
}

/** Checks the entries of a page table. Returns how many have a frame. */
function pages(scope: Scope, origin: number, first: number): number {
  const { mm, census } = scope;
  const { storage } = mm.kernel;
  let present = 0;
  for (let i = census.scan.next(origin, 0, PAGE_TABLE_ENTRIES, EMPTY_PAGE); i < PAGE_TABLE_ENTRIES; ) {
    const entry = origin + i * 8;
    const lo = storage.get32(entry + 4);
    if (hasFrame(lo)) {
      present++;
      const frame = storage.get32(entry) * HALF + ((lo & PAGE.FRAME) >>> 0);
      census.own(frame, 'page');
      page(scope, first + i, frame, lo & 0xfff);
    } else {
      census.report({ rule: 'table-format', message: `page entry ${hex(entry)} is ${hex(lo)}` });
    }
    i = census.scan.next(origin, i + 1, PAGE_TABLE_ENTRIES, EMPTY_PAGE);
  }
  return present;
}

function page(scope: Scope, number: number, frame: number, bits: number): void {
  const { mm, census } = scope;
  const mapping = mm.mappings.at(number);
  const at = () => `the page at ${hex(BigInt(number) << 12n)}`;
  if (!mapping) {
    census.report({ rule: 'mapping', message: `${at()} has a frame, but is not mapped` });
  } else if (!bitsOf(mapping).includes(bits)) {
    const wanted = bitsOf(mapping).map(hex).join(' or ');
    census.report({ rule: 'mapping', message: `${at()} has bits ${hex(bits)}, not ${wanted}` });
  } else if (bits === 0) {
    stores(scope, mapping, number, frame);
  }
}

const WRITABLE = [0, PAGE.PROTECT];
const READABLE = [PAGE.PROTECT];
const UNREACHABLE = [PAGE_NONE];

/**
 * Returns the bits that the entry of a page may have. A page that may be written may be protected until the first store.
 */
function bitsOf({ protection }: Mapping): readonly number[] {
  if (protection & PROT.WRITE) return WRITABLE;
  return protection === PROT.NONE ? UNREACHABLE : READABLE;
}

/** Checks a page whose entry allows stores. */
function stores(scope: Scope, mapping: Mapping, number: number, frame: number): void {
  const { mm, census } = scope;
  const at = () => `the page at ${hex(BigInt(number) << 12n)}`;
  if (!mapping.backing.shared && mm.kernel.frames.sharersOf(frame) > 0) {
    census.report({
      rule: 'copy-on-write',
      message: `${at()} allows stores, and frame ${hex(frame)} is shared`,
    });
  }
  for (const log of mm.logs) {
    if (!log.covers(number) || log.has(number)) continue;
    census.report({ rule: 'dirty-log', message: `${at()} allows stores that the log would not notice` });
  }
}

/** Compares the watched pages of a page table with the count in its descriptor. */
function watches(scope: Scope, origin: number, at: string): void {
  const { mm, census } = scope;
  const known = mm.common.descriptors.watched[origin / PAGE_TABLE_SIZE] as number;
  const { storage } = mm.kernel;
  let watched = 0;
  const pgstes = origin + PGSTE_OFFSET;
  for (let i = census.scan.next(pgstes, 0, PAGE_TABLE_ENTRIES, 0); i < PAGE_TABLE_ENTRIES; ) {
    if (storage.get32(pgstes + i * 8) & PGSTE.NOTIFY) {
      watched++;
      if (storage.get32(origin + i * 8 + 4) & (PAGE.INVALID | PAGE.PROTECT)) {
        const message = `${at}: page ${i} is watched, and it is not present and writable`;
        census.report({ rule: 'watch', message });
      }
    }
    i = census.scan.next(pgstes, i + 1, PAGE_TABLE_ENTRIES, 0);
  }
  if (watched === known) return;
  census.report({
    rule: 'watch',
    message: `${at} has ${watched} watched pages, but its descriptor says ${known}`,
  });
}
