/**
 * Control instructions for dynamic address translation: they translate addresses, invalidate table entries and purge
 * TLBs. Principles of Operation, chapters 3 and 10.
 */

import { realPage } from '../addresses.ts';
import { type Access, controlRegisterOf, FETCH, STORE } from '../cpu/access.ts';
import type { Processor } from '../cpu/processor.ts';
import { fetchOverridden, keyAllowsFetch, keyAllowsStore, lowAddressProtected } from '../cpu/protection.ts';
import { ADDRESSING, SPACE } from '../cpu/state.ts';
import { ASCE, PAGE, REGION } from '../dat/formats.ts';
import type { WalkStep } from '../dat/walk.ts';
import { PGM } from '../interruption.ts';
import { ICTL, type InstructionLine } from './line.ts';
import {
  aligned,
  effectivePage,
  fetch64,
  frameNumber,
  load32,
  pair,
  put64,
  realOperand,
  X,
} from './operands.ts';

/** Purges the translations of the running program, the guest or the host, on every processor. */
function purgeEverywhere(c: Processor): void {
  if (c.sie === null) c.machine.purgeAll();
  else for (const cpu of c.machine.cpus) cpu.guestTlb.purgeAll();
}

/** INVALIDATE PAGE TABLE ENTRY: r1 designates the page table, the address in r2 selects the entry. */
function ipte(c: Processor, r1: number, r2: number): void {
  const hi = c.high(r1);
  const lo = (c.low(r1) & ~0x7ff) >>> 0;
  const index = (c.low(r2) >>> 12) & 0xff;
  const at = realOperand(c, hi, (lo + index * 8) >>> 0, 8, STORE);
  c.storage.set32(at + 4, (c.storage.get32(at + 4) | PAGE.INVALID) >>> 0);
  const origin = hi * 0x1_0000_0000 + lo;
  if (c.sie === null) c.machine.purgePage(origin, index);
  else for (const cpu of c.machine.cpus) cpu.guestTlb.purgePage(origin / 0x800, index);
}

const CLEAR_BY_ASCE = 0x800;
const RESERVED = 0x000f_f000;
/** Right shifts of the address in r2 that give the index, by table type. */
const INDEX = [20n, 31n, 42n, 53n] as const;

/** INVALIDATE DAT TABLE ENTRY; or, with a bit of r2, only a purge of an address-space-control element's translations. */
function idte(c: Processor, r1: number, r2: number): void {
  const what = c.low(r2);
  if (what & RESERVED) c.program(PGM.SPECIFICATION);
  if (what & CLEAR_BY_ASCE) {
    purgeEverywhere(c);
    return;
  }
  const hi = c.high(r1);
  const designation = c.low(r1);
  const type = (designation & ASCE.TYPE) >>> 2;
  const first = Number(((c.gr[r2] as bigint) >> (INDEX[type] as bigint)) & 0x7ffn);
  const count = Math.min((what & 0x7ff) + 1, 0x800 - first);
  for (let n = 0; n < count; n++) {
    const lo = ((designation & ~0xfff) >>> 0) + (first + n) * 8;
    const carry = lo > 0xffff_ffff ? 1 : 0;
    const at = realOperand(c, (hi + carry) >>> 0, lo >>> 0, 8, STORE);
    c.storage.set32(at + 4, (c.storage.get32(at + 4) | REGION.INVALID) >>> 0);
  }
  purgeEverywhere(c);
}

/** Sets the operand address of COMPARE AND SWAP AND PURGE: r2 without the low bits, which select what to purge. */
function purgeAddress(c: Processor, r2: number, size: number): void {
  c.effectiveRegister(r2);
  c.eaLo = (c.eaLo & -size) >>> 0;
}

function purgeAsked(c: Processor, r2: number): void {
  if (c.low(r2) & 1) purgeEverywhere(c);
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

/** Returns the absolute byte address of the real operand that register `r` designates, which must be aligned. */
function realInRegister(c: Processor, r: number, size: number, access: Access): number {
  c.effectiveRegister(r);
  aligned(c, size);
  return realOperand(c, c.eaHi, c.eaLo, size, access);
}

/** LOAD and STORE USING REAL ADDRESS. */
function lura(c: Processor, a: number, b: number): void {
  c.gr32[a * 2] = c.storage.get32(realInRegister(c, b, 4, FETCH));
}

function lurag(c: Processor, a: number, b: number): void {
  c.gr[a] = c.storage.get64(realInRegister(c, b, 8, FETCH));
}

function stura(c: Processor, a: number, b: number): void {
  c.storage.set32(realInRegister(c, b, 4, STORE), c.low(a));
  c.events.storesReal();
}

function sturg(c: Processor, a: number, b: number): void {
  c.storage.set64(realInRegister(c, b, 8, STORE), c.gr[a] as bigint);
  c.events.storesReal();
}

/** The last entry that the last walk fetched. */
let last: WalkStep | null = null;
const keepLast = (step: WalkStep): void => {
  last = step;
};

/** Translation exceptions that LRA and TPROT report in the condition code. */
const REPORTED: ReadonlySet<number> = new Set<number>([
  PGM.ASCE_TYPE,
  PGM.REGION_FIRST_TRANSLATION,
  PGM.REGION_SECOND_TRANSLATION,
  PGM.REGION_THIRD_TRANSLATION,
  PGM.SEGMENT_TRANSLATION,
  PGM.PAGE_TRANSLATION,
]);

/** The address space that the PSW selects. Access-register mode is not implemented: a special-operation exception. */
function selectedSpace(c: Processor): number {
  if (c.space === SPACE.ACCESS_REGISTER) c.program(PGM.SPECIAL_OPERATION);
  return c.space;
}

/**
 * LOAD REAL ADDRESS. Condition code 0: the real address is loaded; 1: the address of the invalid segment-table entry; 2: that
 * of the invalid page-table entry; 3: the code of the exception, with bit 32 one.
 */
function loadReal(c: Processor, r: number, wide: boolean): void {
  last = null;
  const walk = c.translate(effectivePage(c), selectedSpace(c), keepLast);
  if (walk.code === 0) {
    realAddress(c, r, walk.frame, c.eaLo & 0xfff, wide, 0);
  } else if (!REPORTED.has(walk.code)) {
    c.program(walk.code);
  } else {
    unavailable(c, r, walk.code, wide);
  }
}

function unavailable(c: Processor, r: number, code: number, wide: boolean): void {
  const step = last;
  // If no entry of that table was fetched, its length was exceeded.
  const entry =
    (code === PGM.SEGMENT_TRANSLATION && step?.level === 'segment') ||
    (code === PGM.PAGE_TRANSLATION && step?.level === 'page');
  if (entry && step !== null) {
    realAddress(c, r, step.tablePage, step.offset, wide, code === PGM.SEGMENT_TRANSLATION ? 1 : 2);
  } else {
    c.gr32[r * 2] = 0x8000_0000 | code;
    if (wide) c.gr32[r * 2 + 1] = 0;
    c.cc = 3;
  }
}

/** Loads a real address into register `r`: 64 bits if `wide`, else 31 bits, and a special-operation exception if it has more. */
function realAddress(
  c: Processor,
  r: number,
  page: number,
  offset: number,
  wide: boolean,
  code: number,
): void {
  if (wide) c.gr32[r * 2 + 1] = Math.floor(page / 0x10_0000);
  else if (page >= 0x8_0000) c.program(PGM.SPECIAL_OPERATION);
  c.gr32[r * 2] = ((page % 0x10_0000) << 12) | offset;
  c.cc = code;
}

const lra = (c: Processor, r: number) => loadReal(c, r, c.addressing === ADDRESSING.BITS_64);
const lrag = (c: Processor, r: number) => loadReal(c, r, true);

/**
 * TEST PROTECTION of the page at the first address with the key in the second. Condition code 0: fetch and store permitted;
 * 1: fetch permitted; 2: neither; 3: translation not available.
 */
function tprot(c: Processor): void {
  const page = effectivePage(c);
  const offset = c.eaLo & 0xfff;
  const cr0 = c.cr0;
  const walk = c.dat ? c.translate(page, selectedSpace(c)) : null;
  if (walk !== null && REPORTED.has(walk.code)) {
    c.cc = 3;
    return;
  }
  if (walk !== null && walk.code !== 0) c.program(walk.code);
  const privateSpace = c.dat && ((c.cr32[controlRegisterOf(c.space) * 2] as number) & ASCE.PRIVATE) !== 0;
  const datProtected = walk?.protect === true;
  const override = walk === null ? -1 : walk.key;
  const absolute = walk === null ? c.prefixed(realPage(page)) : c.absoluteOf(walk);
  const own = c.storage.keys[frameNumber(c, absolute, page)] as number;
  const key = (c.ea2Lo >>> 4) & 15;
  const storageKey = override < 0 ? own : override;
  if (!keyAllowsFetch(cr0, key, storageKey) && !fetchOverridden(cr0, page, offset, privateSpace)) {
    c.cc = 2;
    return;
  }
  const mayStore =
    !datProtected &&
    keyAllowsStore(cr0, key, storageKey) &&
    !lowAddressProtected(cr0, page, offset, privateSpace);
  c.cc = mayStore ? 0 : 1;
}

const PRIVILEGED = { privileged: true } as const;

// biome-ignore format: a line each
export const TABLES: readonly InstructionLine[] = [
  ['PTLB', 'S', 0xb20d, 'base', (c) => c.purgeOwn(), { privileged: true, intercept: ICTL.PTLB }],
  ['IPTE', 'RRF', 0xb221, 'base', ipte, PRIVILEGED],
  ['IDTE', 'RRF', 0xb98e, 'dat-enh', idte, PRIVILEGED],
  ['CSP', 'RRE', 0xb250, 'base', csp, PRIVILEGED],
  ['CSPG', 'RRE', 0xb98a, 'dat-enh', cspg, PRIVILEGED],
  ['LRA', 'RX', 0xb1, 'base', lra, PRIVILEGED],
  ['LRAY', 'RXY', 0xe313, 'ld', lra, PRIVILEGED],
  ['LRAG', 'RXY', 0xe303, 'zarch', lrag, PRIVILEGED],
  ['LURA', 'RRE', 0xb24b, 'base', lura, PRIVILEGED],
  ['LURAG', 'RRE', 0xb905, 'zarch', lurag, PRIVILEGED],
  ['STURA', 'RRE', 0xb246, 'base', stura, PRIVILEGED],
  ['STURG', 'RRE', 0xb925, 'zarch', sturg, PRIVILEGED],
  ['TPROT', 'SSE', 0xe501, 'base', tprot, { privileged: true, intercept: ICTL.TPROT }],
];
