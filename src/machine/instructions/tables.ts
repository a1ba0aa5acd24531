/** Control instructions that translate addresses, or access real storage. Principles of Operation, chapters 3 and 10. */

import { realPage } from '../addresses.ts';
import { type Access, FETCH, STORE } from '../cpu/access.ts';
import type { Processor } from '../cpu/processor.ts';
import { fetchOverridden, keyAllowsFetch, keyAllowsStore, lowAddressProtected } from '../cpu/protection.ts';
import { ADDRESSING, SPACE } from '../cpu/state.ts';
import { EDAT, LEVEL_OF_TYPE, REGION, SEGMENT } from '../dat/formats.ts';
import type { Walk, WalkStep } from '../dat/walk.ts';
import { isAccessRegisterException, isTranslationException, PGM } from '../interruption.ts';
import { ICTL, type InstructionLine } from './line.ts';
import { aligned, effectivePage, frameNumber, put64, realOperand, X, XL } from './operands.ts';

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

/** Returns whether LRA and TPROT report an exception in the condition code. */
const reported = (code: number) => isTranslationException(code) || isAccessRegisterException(code);

/** Returns the real page that a walk found. A frame of 1 MiB or 2 GiB lies at an absolute address: prefixing makes it real. */
function realOf(c: Processor, { frame, absolute }: Walk): number {
  return absolute ? c.prefixed(realPage(frame)) : frame;
}

/** Number of pages with addresses of 31 bits. */
const PAGES_31 = 0x8_0000;

/**
 * LOAD REAL ADDRESS. Condition code 0: the real address is loaded; 1: the address of the invalid segment-table entry; 2: that
 * of the invalid page-table entry; 3: the code of the exception, with bit 32 one, in the low half of the register. An address
 * of more than 31 bits is a special-operation exception outside the 64-bit mode, except for LRAG; that of an entry is
 * condition code 3.
 */
function loadReal(c: Processor, r: number, wide: boolean): void {
  last = null;
  const walk = c.translate(effectivePage(c), c.space, keepLast);
  if (walk.code === 0) {
    const page = realOf(c, walk);
    if (!wide && page >= PAGES_31) c.program(PGM.SPECIAL_OPERATION);
    realAddress(c, r, page, c.eaLo & 0xfff, wide);
    c.cc = 0;
  } else if (!reported(walk.code)) {
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
  if (entry && step !== null && (wide || step.tablePage < PAGES_31)) {
    realAddress(c, r, step.tablePage, step.offset, wide);
    c.cc = code === PGM.SEGMENT_TRANSLATION ? 1 : 2;
  } else {
    c.gr32[r * 2] = 0x8000_0000 | code;
    c.cc = 3;
  }
}

/** Loads a real address into register `r`: into the whole register if `wide`, else into its low half. */
function realAddress(c: Processor, r: number, page: number, offset: number, wide: boolean): void {
  if (wide) c.gr32[r * 2 + 1] = Math.floor(page / 0x10_0000);
  c.gr32[r * 2] = ((page % 0x10_0000) << 12) | offset;
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
  const walk = c.dat ? c.translate(page, c.space) : null;
  if (walk !== null && reported(walk.code)) {
    c.cc = 3;
    return;
  }
  if (walk !== null && walk.code !== 0) c.program(walk.code);
  const privateSpace = c.dat && c.privateSpace;
  const datProtected = walk !== null && (walk.protect || c.fetchOnly);
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

/** STORE REAL ADDRESS: stores the real address of the second operand at the first. Exceptions of its translation end it. */
function strag(c: Processor): void {
  aligned(c, 8);
  c.exchangeOperands();
  const real = realOf(c, c.demandTranslation(effectivePage(c), c.space));
  c.exchangeOperands();
  c.op32[XL + 1] = Math.floor(real / 0x10_0000);
  c.op32[XL] = ((real % 0x10_0000) << 12) | (c.ea2Lo & 0xfff);
  put64(c, X);
}

/** The spaces by the M4 field of LOAD PAGE-TABLE-ENTRY ADDRESS. A greater number is a specification exception. */
const SPACE_CODES = [SPACE.PRIMARY, SPACE.ACCESS_REGISTER, SPACE.SECONDARY, SPACE.HOME] as const;
const CURRENT_SPACE = 4;

/**
 * LOAD PAGE-TABLE-ENTRY ADDRESS for the address in r2. Condition code 0: r1 gets the address of the page-table entry, which is
 * not accessed; 1: also, and a higher entry forbids stores; 2: the address of the last entry in use, which is invalid or
 * designates a frame, with its table type in bits 62 and 63, and in bit 61 that stores to its frame are forbidden; 3: the
 * code of the exception.
 */
function lptea(c: Processor, r1: number, r2: number, m4: number): void {
  const space = m4 === CURRENT_SPACE ? c.space : SPACE_CODES[m4];
  if (space === undefined) c.program(PGM.SPECIFICATION);
  c.effectiveRegister(r2);
  last = null;
  pageFetched = protectedAbove = false;
  const keep = c.edat === EDAT.OFF ? keepBasic : keepEnhanced;
  const { code, protect } = c.translate(effectivePage(c), space, keep);
  const step = last as WalkStep | null;
  // Real space has no tables.
  if (code === 0 && step === null) c.program(PGM.SPECIAL_OPERATION);
  // The page-table entry itself may be anywhere, and have any value.
  if (step !== null && step.level === 'segment' && (pageFetched || code === PGM.ADDRESSING)) {
    pageEntryAddress(c, r1, step);
  } else if (step !== null && (code === 0 || LEVEL_CODES[step.level] === code)) {
    const flags = LEVEL_OF_TYPE.indexOf(step.level as 'segment') | (code === 0 && protect ? 4 : 0);
    realAddress(c, r1, step.tablePage, step.offset | flags, true);
    c.cc = 2;
  } else if (reported(code)) {
    c.gr[r1] = BigInt(code);
    c.cc = 3;
  } else c.program(code);
}

/** Loads the address of the page-table entry that a segment-table entry and the effective address select. */
function pageEntryAddress(c: Processor, r: number, { hi, lo }: WalkStep): void {
  c.gr32[r * 2 + 1] = hi;
  c.gr32[r * 2] = ((lo & SEGMENT.ORIGIN) >>> 0) + ((c.eaLo >>> 12) & 0xff) * 8;
  c.cc = protectedAbove ? 1 : 0;
}

const LEVEL_CODES: Readonly<Record<WalkStep['level'], number>> = {
  'region-first': PGM.REGION_FIRST_TRANSLATION,
  'region-second': PGM.REGION_SECOND_TRANSLATION,
  'region-third': PGM.REGION_THIRD_TRANSLATION,
  segment: PGM.SEGMENT_TRANSLATION,
  page: PGM.PAGE_TRANSLATION,
};

/** Whether a walk has fetched a page-table entry, and whether an entry above it, of those that count, forbids stores. */
let pageFetched = false;
let protectedAbove = false;

/** Keeps the last entry above the page table in `last`. Without enhanced DAT only a segment-table entry forbids stores. */
const keepAbove = (enhanced: boolean) => (step: WalkStep) => {
  if (step.level === 'page') {
    pageFetched = true;
    return;
  }
  last = step;
  if (step.lo & REGION.PROTECT && (enhanced || step.level === 'segment')) protectedAbove = true;
};
const keepEnhanced = keepAbove(true);
const keepBasic = keepAbove(false);

const PRIVILEGED = { privileged: true } as const;

// biome-ignore format: a line each
export const TABLES: readonly InstructionLine[] = [
  ['LRA', 'RX', 0xb1, 'base', lra, PRIVILEGED],
  ['LRAY', 'RXY', 0xe313, 'ld', lra, PRIVILEGED],
  ['LRAG', 'RXY', 0xe303, 'zarch', lrag, PRIVILEGED],
  ['STRAG', 'SSE', 0xe502, 'zarch', strag, PRIVILEGED],
  ['LPTEA', 'RRF', 0xb9aa, 'zarch', (c, r1, r2, _r3, m4) => lptea(c, r1, r2, m4), PRIVILEGED],
  ['LURA', 'RRE', 0xb24b, 'base', lura, PRIVILEGED],
  ['LURAG', 'RRE', 0xb905, 'zarch', lurag, PRIVILEGED],
  ['STURA', 'RRE', 0xb246, 'base', stura, PRIVILEGED],
  ['STURG', 'RRE', 0xb925, 'zarch', sturg, PRIVILEGED],
  ['TPROT', 'SSE', 0xe501, 'base', tprot, { privileged: true, intercept: ICTL.TPROT }],
];
