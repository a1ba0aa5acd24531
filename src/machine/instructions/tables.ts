/**
 * Control instructions for dynamic address translation: asking what an address is, making entries invalid,
 * forgetting what was remembered. Principles of Operation, chapters 3 and 10.
 */

import { realPage } from '../addresses.ts';
import { type Access, controlRegisterOf, FETCH, STORE } from '../cpu/access.ts';
import type { Processor } from '../cpu/processor.ts';
import { fetchOverridden, keyAllowsFetch, keyAllowsStore, lowAddressProtected } from '../cpu/protection.ts';
import { SPACE } from '../cpu/state.ts';
import { ASCE, PAGE, REGION, type WalkStep } from '../dat/index.ts';
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

/** Every processor forgets everything made for the program that runs here. */
function purgeEverywhere(c: Processor): void {
  if (c.sie === null) c.machine.purgeAll();
  else for (const cpu of c.machine.cpus) cpu.guestTlb.purgeAll();
}

/** INVALIDATE PAGE TABLE ENTRY: of the page table that r1 points to, the entry that r2's address selects. */
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
/** Where the index of a table of each type begins in the address of r2, from the right: segment to region first. */
const INDEX = [20n, 31n, 42n, 53n] as const;

/** INVALIDATE DAT TABLE ENTRY, or, with a bit of r2, only forgetting all that came by an element. */
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

/** The address of COMPARE AND SWAP AND PURGE: r2 without its low bits, which say what to purge. */
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

/** The absolute byte address behind the real address in register `r`, which must be on its boundary. */
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
}

function sturg(c: Processor, a: number, b: number): void {
  c.storage.set64(realInRegister(c, b, 8, STORE), c.gr[a] as bigint);
}

/** The entry at which the last walk ended. */
let last: WalkStep | null = null;
const remember = (step: WalkStep): void => {
  last = step;
};

/** Exceptions of a translation that an instruction tells of instead of ending with. */
const TOLD: ReadonlySet<number> = new Set<number>([
  PGM.ASCE_TYPE,
  PGM.REGION_FIRST_TRANSLATION,
  PGM.REGION_SECOND_TRANSLATION,
  PGM.REGION_THIRD_TRANSLATION,
  PGM.SEGMENT_TRANSLATION,
  PGM.PAGE_TRANSLATION,
]);

/** The space that the PSW selects; the access-register mode is not there. */
function selectedSpace(c: Processor): number {
  if (c.space === SPACE.ACCESS_REGISTER) c.program(PGM.SPECIAL_OPERATION);
  return c.space;
}

/**
 * LOAD REAL ADDRESS: the real address and code 0; or the address of the invalid segment- (1) or page-table
 * entry (2); or (3) the exception's code with bit 32 one.
 */
function loadReal(c: Processor, r: number, wide: boolean): void {
  last = null;
  const walk = c.translate(effectivePage(c), selectedSpace(c), remember);
  if (walk.code === 0) {
    realAddress(c, r, walk.frame, c.eaLo & 0xfff, wide, 0);
  } else if (!TOLD.has(walk.code)) {
    c.program(walk.code);
  } else {
    unavailable(c, r, walk.code, wide);
  }
}

function unavailable(c: Processor, r: number, code: number, wide: boolean): void {
  const step = last;
  // Without an entry of that table it was the table's length.
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

/** Puts a real address into r: all of it, or the low half when it fits into 31 bits. */
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

const lra = (c: Processor, r: number) => loadReal(c, r, c.addressing === 3);
const lrag = (c: Processor, r: number) => loadReal(c, r, true);

/**
 * TEST PROTECTION: what the key in the second address may do with the page of the first: 0 fetch and store, 1 fetch,
 * 2 nothing; 3 the translation is not available.
 */
function tprot(c: Processor): void {
  const page = effectivePage(c);
  const offset = c.eaLo & 0xfff;
  const cr0 = c.cr0;
  const walk = c.dat ? c.translate(page, selectedSpace(c)) : null;
  if (walk !== null && TOLD.has(walk.code)) {
    c.cc = 3;
    return;
  }
  if (walk !== null && walk.code !== 0) c.program(walk.code);
  const privateSpace = c.dat && ((c.cr32[controlRegisterOf(c.space) * 2] as number) & ASCE.PRIVATE) !== 0;
  const datProtected = walk?.protect === true;
  const instead = walk === null ? -1 : walk.key;
  const absolute = walk === null ? c.prefixed(realPage(page)) : c.absoluteOf(walk);
  const own = c.storage.keys[frameNumber(c, absolute, page)] as number;
  const key = (c.ea2Lo >>> 4) & 15;
  const storageKey = instead < 0 ? own : instead;
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
