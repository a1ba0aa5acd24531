/** Looks at the tables of a process: formats, page tables, pages. */

import { hasFrame, hex, type Mm, PAGE_NONE, PROT } from '../host/index.ts';
import { CRST_SIZE, FRAME_SIZE, PAGE, PAGE_TABLE_SIZE } from '../machine/index.ts';
import type { Census } from './rules.ts';

const EMPTY_REGION_THIRD = 0x24;
const EMPTY_SEGMENT = 0x20;
const EMPTY_PAGE = 0x400;
const VALID_REGION = 0x07;
const HALF = 0x1_0000_0000;

/** Checks the tables of one process and notes what they own. */
export function checkProcessTables(mm: Mm, census: Census): void {
  const { storage } = mm.kernel;
  census.space(mm.asceHi, mm.asceLo);
  census.own(mm.tables.top, 'mm-table');
  for (let i = 0; i < 2048; i++) {
    const entry = mm.tables.top + i * 8;
    const lo = storage.get32(entry + 4);
    if (lo === EMPTY_REGION_THIRD && storage.get32(entry) === 0) continue;
    const table = storage.get32(entry) * HALF + ((lo & ~0xfff) >>> 0);
    if ((lo & 0xfff) !== VALID_REGION || !storage.has(table, CRST_SIZE)) {
      census.report({ rule: 'table-format', message: `region-third entry ${hex(entry)} is ${hex(lo)}` });
      continue;
    }
    segmentTable(mm, census, table, i * 2048);
  }
}

function segmentTable(mm: Mm, census: Census, table: number, first: number): void {
  const { storage } = mm.kernel;
  census.own(table, 'mm-table');
  for (let i = 0; i < 2048; i++) {
    const lo = storage.get32(table + i * 8 + 4);
    const hi = storage.get32(table + i * 8);
    if (lo === EMPTY_SEGMENT && hi === 0) continue;
    if (lo & 0x7ff || !storage.has(hi * HALF + lo, PAGE_TABLE_SIZE)) {
      census.report({
        rule: 'table-format',
        message: `segment entry ${hex(table + i * 8)} is ${hex(lo)}`,
      });
      continue;
    }
    pageTable(mm, census, hi * HALF + lo, first + i);
  }
}

function pageTable(mm: Mm, census: Census, table: number, segment: number): void {
  ownPageTable(mm, census, table);
  const unit = table / PAGE_TABLE_SIZE;
  const { facts } = mm.common;
  const at = `page table ${hex(table)} of segment ${hex(BigInt(segment) << 20n)}`;
  if (facts.segment[unit] !== segment) {
    census.report({
      rule: 'page-table',
      message: `${at} believes it is of segment number ${facts.segment[unit]}`,
    });
  }
  if (!mm.mappings.touches(segment * 256, segment * 256 + 256)) {
    census.report({ rule: 'page-table', message: `${at} exists, but no mapping touches the segment` });
  }
  const present = pages(mm, census, table, segment);
  if (facts.present[unit] !== present) {
    census.report({
      rule: 'page-table',
      message: `${at} has ${present} pages, believed to be ${facts.present[unit]}`,
    });
  }
}

function ownPageTable(mm: Mm, census: Census, table: number): void {
  if (mm.tables.pgstes) {
    census.own(table, 'pgste-table');
    return;
  }
  const frame = table - (table % FRAME_SIZE);
  const half = table % FRAME_SIZE === 0 ? 1 : 2;
  const known = census.halves.get(frame) ?? 0;
  if (known & half) census.report({ rule: 'frames', message: `page table ${hex(table)} has two owners` });
  if (known === 0) census.own(frame, 'page-table');
  census.halves.set(frame, known | half);
}

/** Checks the entries of a page table; says how many have a frame. */
function pages(mm: Mm, census: Census, table: number, segment: number): number {
  const { storage } = mm.kernel;
  let present = 0;
  for (let i = 0; i < 256; i++) {
    const lo = storage.get32(table + i * 8 + 4);
    if (lo === EMPTY_PAGE && storage.get32(table + i * 8) === 0) continue;
    if (!hasFrame(lo)) {
      const message = `page entry ${hex(table + i * 8)} is ${hex(lo)}`;
      census.report({ rule: 'table-format', message });
      continue;
    }
    present++;
    census.own(storage.get32(table + i * 8) * HALF + ((lo & PAGE.FRAME) >>> 0), 'page');
    page(mm, census, segment * 256 + i, lo & 0xfff);
  }
  return present;
}

function page(mm: Mm, census: Census, number: number, bits: number): void {
  const at = hex(BigInt(number) << 12n);
  const mapping = mm.mappings.at(number);
  if (!mapping) {
    census.report({ rule: 'mapping', message: `the page at ${at} has a frame, but is not mapped` });
    return;
  }
  const { protection } = mapping;
  const wanted = protection & PROT.WRITE ? 0 : protection === PROT.NONE ? PAGE_NONE : PAGE.PROTECT;
  if (bits !== wanted) {
    census.report({
      rule: 'mapping',
      message: `the page at ${at} has bits ${hex(bits)}, not ${hex(wanted)}`,
    });
  }
}
