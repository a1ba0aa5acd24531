/** Looks at the tables of a gmap: formats, promises, links. */

import { Gmap, type Guest, hex, type Mm, PROMISE } from '../host/index.ts';
import { CRST_SIZE, PAGE_TABLE_SIZE } from '../machine/index.ts';
import type { Census } from './rules.ts';

const EMPTY = [0x20, 0x24, 0x28, 0x2c] as const;
const VALID = [0, 0x07, 0x0b, 0x0f] as const;
/** High half of the first address that a process cannot have, 4 TiB. */
const PROMISE_LIMIT_HI = 0x400;
const HALF = 0x1_0000_0000;
const REGION_FIRST = 3;

/** Checks the tables of one gmap and notes what they own and link. */
export function checkGuestTables(guest: Guest, mm: Mm, census: Census): void {
  if (!(guest instanceof Gmap)) return;
  census.space(guest.asceHi, guest.asceLo);
  table(mm, census, guest.tables.top, REGION_FIRST);
}

function table(mm: Mm, census: Census, origin: number, type: number): void {
  const { storage } = mm.kernel;
  census.own(origin, 'gmap-table');
  for (let i = 0; i < 2048; i++) {
    const entry = origin + i * 8;
    const lo = storage.get32(entry + 4);
    const hi = storage.get32(entry);
    if (lo === EMPTY[type] && hi === 0) continue;
    if (type === 0) {
      segmentEntry(mm, census, entry, hi, lo);
    } else if ((lo & 0xfff) !== VALID[type] || !storage.has(hi * HALF + ((lo & ~0xfff) >>> 0), CRST_SIZE)) {
      census.report({ rule: 'table-format', message: `region entry ${hex(entry)} is ${hex(lo)}` });
    } else {
      table(mm, census, hi * HALF + ((lo & ~0xfff) >>> 0), type - 1);
    }
  }
}

function segmentEntry(mm: Mm, census: Census, entry: number, hi: number, lo: number): void {
  if ((lo & 0xf_ffff) === PROMISE && hi < PROMISE_LIMIT_HI) return;
  if (lo & 0x7ff || !mm.kernel.storage.has(hi * HALF + lo, PAGE_TABLE_SIZE)) {
    census.report({ rule: 'table-format', message: `guest segment entry ${hex(entry)} is ${hex(lo)}` });
    return;
  }
  const pageTable = hi * HALF + lo;
  const links = census.links.get(pageTable);
  if (links) links.add(entry);
  else census.links.set(pageTable, new Set([entry]));
  const segment = mm.common.facts.segment[pageTable / 2048] as number;
  const current = segment < 0 ? -1 : mm.tables.pageTableOf(segment);
  if (current !== pageTable) {
    const message = `guest segment entry ${hex(entry)} designates ${hex(pageTable)}, which is no page table of the process`;
    census.report({ rule: 'link', message });
  }
}
