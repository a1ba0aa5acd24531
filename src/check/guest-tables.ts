/** Checks the tables of a gmap: formats and links. */

import { Gmap, type GmapHandle, type Mm } from '../host/index.ts';
import { HALF, hex, isUnlinked } from '../host/internal.ts';
import { CRST_ENTRIES, CRST_SIZE, emptyEntry, PAGE_TABLE_SIZE, SEGMENT } from '../machine/index.ts';
import type { Census, KnownTables } from './rules.ts';

const EMPTY = [0x20, 0x24, 0x28, 0x2c].map(emptyEntry);
const VALID = [0, 0x07, 0x0b, 0x0f] as const;
/** High half of the first address that a process cannot give a guest, 4 TiB. */
const PROCESS_LIMIT_HI = 0x400;
const REGION_FIRST = 3;

/** A process, and the census of the pass. */
interface Scope {
  readonly mm: Mm;
  readonly census: Census;
}

/**
 * Checks the tables of one gmap, and notes in the census their frames and links. Region tables are almost empty and seldom
 * change: if the census knows the tables of the gmap, only its segment tables are checked.
 */
export function checkGuestTables(guest: GmapHandle, mm: Mm, census: Census): void {
  const scope = { mm, census };
  if (!(guest instanceof Gmap)) return;
  census.space(guest.asceHi, guest.asceLo);
  let known = census.tables.get(guest);
  if (known === undefined) {
    known = { region: [], segment: [] };
    find(scope, guest.tables.top, REGION_FIRST, known);
    census.tables.set(guest, known);
  }
  for (const origin of known.region) census.own(origin, 'gmap-table');
  for (const origin of known.segment) segmentTable(scope, origin);
}

/** Finds the tables below a table, and checks the entries of region tables. */
function find(scope: Scope, origin: number, type: number, known: KnownTables): void {
  const { mm, census } = scope;
  if (type === 0) {
    known.segment.push(origin);
    return;
  }
  const { storage } = mm.kernel;
  const empty = EMPTY[type] as number;
  known.region.push(origin);
  for (let i = census.scan.next(origin, 0, CRST_ENTRIES, empty); i < CRST_ENTRIES; ) {
    const entry = origin + i * 8;
    const lo = storage.get32(entry + 4);
    const hi = storage.get32(entry);
    const below = hi * HALF + ((lo & ~0xfff) >>> 0);
    if ((lo & 0xfff) !== VALID[type] || !storage.has(below, CRST_SIZE)) {
      census.report({ rule: 'table-format', message: `region entry ${hex(entry)} is ${hex(lo)}` });
    } else {
      find(scope, below, type - 1, known);
    }
    i = census.scan.next(origin, i + 1, CRST_ENTRIES, empty);
  }
}

function segmentTable(scope: Scope, origin: number): void {
  const { mm, census } = scope;
  const { storage } = mm.kernel;
  const empty = EMPTY[0] as number;
  census.own(origin, 'gmap-table');
  for (let i = census.scan.next(origin, 0, CRST_ENTRIES, empty); i < CRST_ENTRIES; ) {
    const entry = origin + i * 8;
    segmentEntry(scope, entry, storage.get32(entry), storage.get32(entry + 4));
    i = census.scan.next(origin, i + 1, CRST_ENTRIES, empty);
  }
}

function segmentEntry(scope: Scope, entry: number, hi: number, lo: number): void {
  const { mm, census } = scope;
  if (isUnlinked(lo) && hi < PROCESS_LIMIT_HI) return;
  const large = (lo & SEGMENT.FORMAT_CONTROL) !== 0;
  const origin = hi * HALF + ((lo & (large ? SEGMENT.FRAME : SEGMENT.ORIGIN)) >>> 0);
  const bits = lo & (large ? 0xf_ffff & ~(SEGMENT.FORMAT_CONTROL | SEGMENT.PROTECT) : 0x7ff);
  if (bits !== 0 || !mm.kernel.storage.has(origin, PAGE_TABLE_SIZE)) {
    census.report({ rule: 'table-format', message: `guest segment entry ${hex(entry)} is ${hex(lo)}` });
    return;
  }
  census.links.set(entry, origin);
  const segment = mm.common.descriptors.segmentOf(origin / PAGE_TABLE_SIZE);
  const current = segment < 0 ? 0 : mm.tables.segmentValueOf(segment);
  if (current !== hi * HALF + lo) {
    const message = `guest segment entry ${hex(entry)} designates ${hex(origin)}, which is not a page table or 1 MiB frame of the process`;
    census.report({ rule: 'link', message });
  }
}
