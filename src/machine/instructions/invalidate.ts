/**
 * Control instructions that invalidate or replace entries of translation tables, and purge TLBs. Principles of Operation,
 * chapters 3 ("Translation-Lookaside Buffer") and 10.
 *
 * The architecture says which TLB entries must be purged at least. IDTE, CRDTE, CSP and CSPG purge all, so the
 * address-space-control element in r3, which limits the purge, is not used.
 */

import { STORE } from '../cpu/access.ts';
import type { Processor } from '../cpu/processor.ts';
import { hasFacility } from '../cpu-model.ts';
import { ASCE, INDEX_SHIFT, PAGE, REGION } from '../dat/formats.ts';
import { TABLE_UNIT } from '../dat/walk.ts';
import { PGM } from '../interruption.ts';
import { ICTL, type InstructionLine } from './line.ts';
import { fetch64, load32, pair, put64, realOperand, X } from './operands.ts';

/** Bits of the facility list. */
const IPTE_RANGE = 13;
const LOCAL_TLB_CLEARING = 51;

/** The local-clearing control of the M4 field: only the TLB of this processor must be purged. */
const LOCAL = 1;

/** Whether an instruction with this M4 field purges only the TLB of its own processor. */
function isLocal(c: Processor, m4: number): boolean {
  return (m4 & LOCAL) !== 0 && hasFacility(c.machine.facilities, LOCAL_TLB_CLEARING);
}

/** Purges the translations of the running program, the guest or the host, on every processor or only on this one. */
function purge(c: Processor, local: boolean): void {
  if (local) c.purgeOwn();
  else if (c.sie === null) c.machine.purgeAll();
  else for (const cpu of c.machine.cpus) cpu.guestTlb.purgeAll();
}

/** Purges the translations made from one entry of a page table, as `purge`. @param origin absolute byte address */
function purgePage(c: Processor, origin: number, index: number, local: boolean): void {
  const table = origin / TABLE_UNIT;
  if (local) (c.sie === null ? c.tlb : c.guestTlb).purgePage(table, index);
  else if (c.sie === null) c.machine.purgePage(origin, index);
  else for (const cpu of c.machine.cpus) cpu.guestTlb.purgePage(table, index);
}

/**
 * INVALIDATE PAGE TABLE ENTRY: r1 designates the page table, the address in r2 selects the entry. With the IPTE-range
 * facility the last byte of r3, unless that is register 0, is the number of further entries. r2 then gets the address behind
 * the last page, and the byte all ones.
 */
function ipte(c: Processor, r1: number, r2: number, r3: number, m4: number): void {
  const hi = c.high(r1);
  const lo = (c.low(r1) & ~(TABLE_UNIT - 1)) >>> 0;
  const index = (c.low(r2) >>> 12) & 0xff;
  const range = r3 !== 0 && hasFacility(c.machine.facilities, IPTE_RANGE);
  const further = range ? c.low(r3) & 0xff : 0;
  if (index + further > 0xff) c.program(PGM.SPECIFICATION);
  const local = isLocal(c, m4);
  // A page table lies in one frame: after the first entry no exception can occur.
  const at = realOperand(c, hi, (lo + index * 8) >>> 0, (further + 1) * 8, STORE);
  for (let n = 0; n <= further; n++) {
    const low = at + n * 8 + 4;
    c.storage.set32(low, (c.storage.get32(low) | PAGE.INVALID) >>> 0);
    purgePage(c, hi * 0x1_0000_0000 + lo, index + n, local);
  }
  if (!range) return;
  c.gr[r2] = (c.gr[r2] as bigint) + BigInt(further + 1) * 0x1000n;
  c.gr32[r3 * 2] = (c.low(r3) | 0xff) >>> 0;
}

/**
 * RESET DAT PROTECTION: permits stores to the page of the page-table entry that r1 and r2 designate as for IPTE, and purges
 * the translations made from it.
 */
function rdp(c: Processor, r1: number, r2: number, m4: number): void {
  const hi = c.high(r1);
  const lo = (c.low(r1) & ~(TABLE_UNIT - 1)) >>> 0;
  const index = (c.low(r2) >>> 12) & 0xff;
  const low = realOperand(c, hi, (lo + index * 8) >>> 0, 8, STORE) + 4;
  c.storage.set32(low, (c.storage.get32(low) & ~PAGE.PROTECT) >>> 0);
  purgePage(c, hi * 0x1_0000_0000 + lo, index, isLocal(c, m4));
}

const CLEAR_BY_ASCE = 0x800;
const RESERVED = 0x000f_f000;

/** Returns the index that an address in a register gives into a table of a type (0 segment ... 3 region first). */
function indexIn(type: number, address: bigint): number {
  return Number((address >> BigInt(INDEX_SHIFT[type] as number)) & 0x7ffn);
}

/**
 * INVALIDATE DAT TABLE ENTRY; or, with a bit of r2, only a purge of an address-space-control element's translations. An
 * exception comes before any entry is invalid.
 */
function idte(c: Processor, r1: number, r2: number, m4: number): void {
  const what = c.low(r2);
  if (what & RESERVED) c.program(PGM.SPECIFICATION);
  if ((what & CLEAR_BY_ASCE) === 0) {
    const type = (c.low(r1) & ASCE.TYPE) >>> 2;
    const first = indexIn(type, c.gr[r2] as bigint);
    const count = Math.min((what & 0x7ff) + 1, 0x800 - first);
    // No entry is invalidated if another one has an exception.
    eachPage(c, r1, first, count, () => undefined);
    eachPage(c, r1, first, count, invalidate);
  }
  purge(c, isLocal(c, m4));
}

const ENTRIES_PER_PAGE = 512;

/** Calls `visit` for the entries of a table in each of its pages, with the absolute address of the first one and their number. */
function eachPage(
  c: Processor,
  r: number,
  first: number,
  count: number,
  visit: (c: Processor, at: number, entries: number) => void,
): void {
  for (let n = 0; n < count; ) {
    const entries = Math.min(count - n, ENTRIES_PER_PAGE - ((first + n) % ENTRIES_PER_PAGE));
    visit(c, tableEntry(c, r, first + n, entries), entries);
    n += entries;
  }
}

/** Invalidates consecutive entries from an absolute address on. */
function invalidate({ storage }: Processor, at: number, entries: number): void {
  for (let low = at + 4; low < at + entries * 8; low += 8) {
    storage.set32(low, (storage.get32(low) | REGION.INVALID) >>> 0);
  }
}

/**
 * Returns the absolute byte address of an entry of the region or segment table whose origin is in register `r`.
 * @param entries the number of entries from there on, all in one page, that are accessed
 */
function tableEntry(c: Processor, r: number, index: number, entries = 1): number {
  const lo = ((c.low(r) & ASCE.ORIGIN) >>> 0) + index * 8;
  const carry = lo > 0xffff_ffff ? 1 : 0;
  return realOperand(c, (c.high(r) + carry) >>> 0, lo >>> 0, entries * 8, STORE);
}

/** The designation type of COMPARE AND REPLACE DAT TABLE ENTRY: a page table, or a type of table with this bit. */
const DESIGNATION = { TYPE: 0x1c, UPPER: 0x10 } as const;

/**
 * COMPARE AND REPLACE DAT TABLE ENTRY: if r1 equals the entry, that r1 + 1 replaces it, and TLBs are purged. r2 has origin
 * and type of the table, r2 + 1 the address that selects the entry.
 */
function crdte(c: Processor, r1: number, r2: number, m4: number): void {
  pair(c, r1);
  pair(c, r2);
  const type = c.low(r2) & DESIGNATION.TYPE;
  if (type !== 0 && type < DESIGNATION.UPPER) c.program(PGM.SPECIFICATION);
  const at = type === 0 ? pageEntry(c, r2) : upperEntry(c, r2, (type & ASCE.TYPE) >>> 2);
  const old = c.storage.get64(at);
  if (old !== c.gr[r1]) {
    c.gr[r1] = old;
    c.cc = 1;
    return;
  }
  c.storage.set64(at, c.gr[r1 + 1] as bigint);
  purge(c, isLocal(c, m4));
  c.cc = 0;
}

const upperEntry = (c: Processor, r2: number, type: number) =>
  tableEntry(c, r2, indexIn(type, c.gr[r2 + 1] as bigint));

function pageEntry(c: Processor, r2: number): number {
  const index = (c.low(r2 + 1) >>> 12) & 0xff;
  const lo = ((c.low(r2) & ~(TABLE_UNIT - 1)) >>> 0) + index * 8;
  return realOperand(c, c.high(r2), lo, 8, STORE);
}

/** Sets the operand address of COMPARE AND SWAP AND PURGE: r2 without the low bits, which select what to purge. */
function purgeAddress(c: Processor, r2: number, size: number): void {
  c.effectiveRegister(r2);
  c.eaLo = (c.eaLo & -size) >>> 0;
}

function purgeAsked(c: Processor, r2: number): void {
  if (c.low(r2) & 1) purge(c, false);
}

function csp(c: Processor, r1: number, r2: number): void {
  pair(c, r1);
  purgeAddress(c, r2, 4);
  c.probe(c.eaHi, c.eaLo, 4, STORE);
  const old = load32(c);
  if (old !== c.gr32[r1 * 2]) {
    c.gr32[r1 * 2] = old;
    c.cc = 1;
    return;
  }
  c.store32(c.eaHi, c.eaLo, c.gr32[r1 * 2 + 2] as number);
  purgeAsked(c, r2);
  c.cc = 0;
}

function cspg(c: Processor, r1: number, r2: number): void {
  pair(c, r1);
  purgeAddress(c, r2, 8);
  c.probe(c.eaHi, c.eaLo, 8, STORE);
  fetch64(c, X);
  if (c.op[X] !== c.op[r1]) {
    c.op[r1] = c.op[X] as bigint;
    c.cc = 1;
    return;
  }
  put64(c, r1 + 1);
  purgeAsked(c, r2);
  c.cc = 0;
}

const PRIVILEGED = { privileged: true } as const;

// biome-ignore format: a line each
export const INVALIDATE: readonly InstructionLine[] = [
  ['PTLB', 'S', 0xb20d, 'base', (c) => c.purgeOwn(), { privileged: true, intercept: ICTL.PTLB }],
  ['IPTE', 'RRF', 0xb221, 'base', ipte, PRIVILEGED],
  ['IDTE', 'RRF', 0xb98e, 'dat-enh', (c, r1, r2, _r3, m4) => idte(c, r1, r2, m4), PRIVILEGED],
  ['CRDTE', 'RRF', 0xb98f, 'edat2', (c, r1, r2, _r3, m4) => crdte(c, r1, r2, m4), PRIVILEGED],
  ['RDP', 'RRF', 0xb98b, 'rdp', (c, r1, r2, _r3, m4) => rdp(c, r1, r2, m4), PRIVILEGED],
  ['CSP', 'RRE', 0xb250, 'base', csp, PRIVILEGED],
  ['CSPG', 'RRE', 0xb98a, 'dat-enh', cspg, PRIVILEGED],
];
