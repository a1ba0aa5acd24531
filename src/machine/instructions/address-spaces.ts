/**
 * Control instructions for address spaces: the secondary ASN, address-space parameters, subspaces, authority, ALETs and virtual
 * storage keys. Principles of Operation, chapter 10.
 */

import { realPage } from '../addresses.ts';
import { STORE } from '../cpu/access.ts';
import { ASTE, ASTE_BITS, ASTE_ORIGIN, AUTHORITY, inPrimaryList } from '../cpu/art.ts';
import type { Processor } from '../cpu/processor.ts';
import { ADDRESSING } from '../cpu/state.ts';
import { ASCE } from '../dat/formats.ts';
import { PGM } from '../interruption.ts';
import {
  ASTE_INSTANCE,
  asceOf,
  authorizationIndex,
  authorizedBy,
  controlHigh,
  controlLow,
  DUCT,
  demandAsce,
  demandAsnTranslation,
  demandAste,
  demandInstance,
  ductOf,
  keyMask,
  loadControl,
  primaryAsn,
  primaryAste,
  primaryInstance,
  replaceAsce,
  replacedAsce,
  reuse,
  SUBSPACE_ACTIVE,
  secondaryAsn,
  secondaryInstance,
  subspaceException,
  translateAsn,
} from './asn.ts';
import { KEY_PLACE } from './key-place.ts';
import { ICTL, type InstructionLine } from './line.ts';
import { aligned, effectivePage } from './operands.ts';
import { demandKind } from './program-call.ts';
import { extractionAuthority, keyAllowed } from './psw.ts';
import { addBranchWithMode, addSecondary, addSubspaceBranch, TRACE } from './trace.ts';

/** EXTRACT PRIMARY and SECONDARY ASN. Control register `control` has the number and, in its high half, its instance number. */
function extractAsn(control: number, instance: boolean) {
  return (c: Processor, r: number): void => {
    if (!c.dat) c.program(PGM.SPECIAL_OPERATION);
    extractionAuthority(c);
    c.gr32[r * 2] = controlLow(c, control) & 0xffff;
    if (instance) c.gr32[r * 2 + 1] = controlHigh(c, control);
  };
}

/** SET SECONDARY ASN, and with `instance` SET SECONDARY ASN WITH INSTANCE. */
function setSecondary(instance: boolean) {
  return (c: Processor, r1: number): void => {
    demandAsnTranslation(c);
    if (!c.dat) c.program(PGM.SPECIAL_OPERATION);
    const asn = c.low(r1) & 0xffff;
    const withInstance = instance || reuse(c);
    TRACE.begin(c);
    addSecondary(c, instance, asn);
    let asce = c.cr[1] as bigint;
    let number = primaryInstance(c);
    if (asn !== primaryAsn(c)) {
      const aste = demandAste(c, asn);
      demandKind(c, aste, instance);
      if (instance) demandInstance(c, aste, c.high(r1), ASTE_INSTANCE.SECONDARY);
      if (!authorizedBy(c, aste, authorizationIndex(c), AUTHORITY.SECONDARY)) {
        c.identifiedException(PGM.SECONDARY_AUTHORITY, asn);
      }
      asce = demandAsce(c, aste);
      number = c.realWord(aste + ASTE.INSTANCE);
    }
    TRACE.commit(c);
    loadControl(c, 3, withInstance ? number : secondaryInstance(c), (keyMask(c) << 16) | asn);
    c.setControl(7, asce);
  };
}

/** EXTRACT AND SET EXTENDED AUTHORITY: exchanges halfwords of r1 and control register 8. */
function esea(c: Processor, r1: number): void {
  const value = c.low(r1);
  c.gr32[r1 * 2] = (c.extendedAuthorizationIndex << 16) | (value & 0xffff);
  loadControl(c, 8, controlHigh(c, 8), ((value & 0xffff) << 16) | (controlLow(c, 8) & 0xffff));
}

/** Function bits of LOAD ADDRESS SPACE PARAMETERS, in its second address. */
const LASP = { TRANSLATE: 4, USE_INDEX: 2, WITHOUT_AUTHORITY: 1 } as const;

/** The parameters of LOAD ADDRESS SPACE PARAMETERS. */
interface SpaceParameters {
  readonly keyMask: number;
  readonly secondary: number;
  readonly index: number;
  readonly primary: number;
  readonly primaryInstance: number;
  readonly secondaryInstance: number;
}

const OPERAND = new Uint8Array(16);
const OPERAND_VIEW = new DataView(OPERAND.buffer);

function spaceParameters(c: Processor): SpaceParameters {
  const wide = reuse(c);
  c.fetchBytes(c.eaHi, c.eaLo, wide ? 16 : 8, OPERAND);
  const half = (offset: number) => OPERAND_VIEW.getUint16(offset);
  const [first, second] = wide ? [4, 12] : [0, 4];
  return {
    keyMask: half(first),
    secondary: half(first + 2),
    index: half(second),
    primary: half(second + 2),
    secondaryInstance: wide ? OPERAND_VIEW.getUint32(0) : secondaryInstance(c),
    primaryInstance: wide ? OPERAND_VIEW.getUint32(8) : primaryInstance(c),
  };
}

/** A space that LOAD ADDRESS SPACE PARAMETERS found. */
interface Found {
  readonly aste: number;
  readonly asce: bigint;
}

/** Returns the space of an ASN, or null if its translation or its instance number is not valid. */
function findSpace(c: Processor, asn: number, instance: number): Found | null {
  const aste = translateAsn(c, asn);
  if (aste < 0) return null;
  if (reuse(c) && c.realWord(aste + ASTE.INSTANCE) !== instance) return null;
  const { asce, code } = replacedAsce(c, aste);
  return code === 0 ? { aste, asce } : null;
}

/**
 * LOAD ADDRESS SPACE PARAMETERS. Condition code 1: the primary space is not available; 2: the secondary space is not
 * available or not authorized; 3: the primary space would switch with an event. Only code 0 has loaded the parameters.
 */
function lasp(c: Processor): void {
  demandAsnTranslation(c);
  aligned(c, 8);
  const wanted = spaceParameters(c);
  const how = c.ea2Lo;
  const translates = (how & LASP.TRANSLATE) !== 0;
  const stays = !translates && wanted.primary === primaryAsn(c);
  const own: Found = { aste: controlLow(c, 5), asce: c.cr[1] as bigint };
  const primary = stays ? own : findSpace(c, wanted.primary, wanted.primaryInstance);
  if (primary === null) {
    c.cc = 1;
    return;
  }
  const switches = BigInt(ASCE.SPACE_SWITCH);
  if (!stays && (((c.cr[1] as bigint) | primary.asce) & switches) !== 0n) {
    c.cc = 3;
    return;
  }
  const ownIndex = stays ? authorizationIndex(c) : c.realWord(primary.aste + ASTE.AUTHORITY) >>> 16;
  const index = how & LASP.USE_INDEX ? wanted.index : ownIndex;
  const primaryNumber = stays ? primaryInstance(c) : wanted.primaryInstance;
  const secondary = secondarySpace(c, wanted, how, primary.asce, primaryNumber, index);
  if (secondary === null) {
    c.cc = 2;
    return;
  }
  c.setControl(1, primary.asce);
  loadControl(c, 3, secondary.instance, (wanted.keyMask << 16) | wanted.secondary);
  loadControl(c, 4, primaryNumber, (index << 16) | wanted.primary);
  loadControl(c, 5, controlHigh(c, 5), primary.aste);
  c.setControl(7, secondary.asce);
  c.cc = 0;
}

/** Returns the secondary space and its instance number, or null if it is not available or not authorized. */
function secondarySpace(
  c: Processor,
  wanted: SpaceParameters,
  how: number,
  primary: bigint,
  primaryNumber: number,
  index: number,
): { asce: bigint; instance: number } | null {
  const { secondary } = wanted;
  if (secondary === wanted.primary)
    return { asce: primary, instance: reuse(c) ? primaryNumber : secondaryInstance(c) };
  const authority = (how & LASP.WITHOUT_AUTHORITY) === 0;
  if (!(how & LASP.TRANSLATE) && !authority && secondary === secondaryAsn(c)) {
    return { asce: c.cr[7] as bigint, instance: secondaryInstance(c) };
  }
  const found = findSpace(c, secondary, wanted.secondaryInstance);
  if (found === null) return null;
  if (authority && !authorizedBy(c, found.aste, index, AUTHORITY.SECONDARY)) return null;
  return { asce: found.asce, instance: wanted.secondaryInstance };
}

/**
 * TEST ACCESS of the ALET in access register r1 with the authorization index in r2. Condition code 0: the ALET is 0; 1 and 2:
 * it designates a space by the list of the dispatchable unit, or of the primary space; 3: it is 1 or not valid.
 */
function tar(c: Processor, r1: number, r2: number): void {
  const alet = c.ar[r1] as number;
  if (alet <= 1) c.cc = alet === 0 ? 0 : 3;
  else if (c.art.entry(alet, c.low(r2) >>> 16) !== 0) c.cc = 3;
  else c.cc = inPrimaryList(alet) ? 2 : 1;
}

/** Access control and fetch protection of a storage key. */
const KEY_BITS = 0xf8;

/** INSERT VIRTUAL STORAGE KEY: access control and fetch protection of the page at the address in r2. */
function ivsk(c: Processor, r1: number, r2: number): void {
  if (!c.dat) c.program(PGM.SPECIAL_OPERATION);
  extractionAuthority(c);
  c.effectiveRegister(r2);
  const page = effectivePage(c);
  const walk = c.demandTranslation(page, c.space);
  const override = walk.key;
  const key = KEY_PLACE.find(c, c.absoluteOf(walk), page).get(c);
  c.gr32[r1 * 2] = (c.low(r1) & ~0xff) | ((override < 0 ? key : override) & KEY_BITS);
}

/** Returns the absolute address of the DUCT, to store into: low-address protection applies, but no key. */
function ductFrame(c: Processor): number {
  const duct = ductOf(c);
  const { key } = c;
  c.key = 0;
  try {
    return c.realOperandFrame(realPage(duct >>> 12), duct & 0xfff, STORE, 64) + (duct & 0xfff);
  } finally {
    c.key = key;
  }
}

/** Loads the address of the next instruction into register `r`, unless it is register 0: in the 31-bit mode with the mode bit. */
function saveAddress(c: Processor, r: number): void {
  if (r === 0) return;
  if (c.addressing === ADDRESSING.BITS_64) c.gr32[r * 2 + 1] = c.iaHi;
  c.gr32[r * 2] = c.addressing === ADDRESSING.BITS_31 ? c.iaLo | 0x8000_0000 : c.iaLo;
}

/** Branches to an address; outside the 64-bit mode, its leftmost bit sets the addressing mode. */
function branchWithMode(c: Processor, hi: number, lo: number): void {
  if (c.addressing !== ADDRESSING.BITS_64) c.addressing = lo >>> 31 ? ADDRESSING.BITS_31 : ADDRESSING.BITS_24;
  c.branchTo(hi, lo);
}

/** BRANCH IN SUBSPACE GROUP: the ALET in access register r2 says to which subspace, or to the base space. */
function bsg(c: Processor, r1: number, r2: number): void {
  if (!c.dat) c.program(PGM.SPECIAL_OPERATION);
  const hi = c.high(r2);
  const lo = c.low(r2);
  TRACE.begin(c);
  addSubspaceBranch(c, r2 === 0 ? 0 : (c.ar[r2] as number), hi, lo);
  const duct = ductOf(c);
  const base = c.realWord(duct + DUCT.BASE_ASTE) & ASTE_ORIGIN;
  if (primaryAste(c) !== base) c.program(PGM.SPECIAL_OPERATION);
  const alet = r2 === 0 ? 0 : (c.ar[r2] as number);
  const aste = destination(c, alet, r2, base);
  const asce = asceOf(c, aste);
  const toBase = aste === base && alet !== 1;
  const sequence = c.realWord(aste + ASTE.SEQUENCE);
  const at = ductFrame(c);
  TRACE.commit(c);
  c.setControl(1, toBase ? asce : replaceAsce(c.cr[1] as bigint, asce));
  c.setControl(7, c.cr[1] as bigint);
  const number = reuse(c) ? primaryInstance(c) : secondaryInstance(c);
  loadControl(c, 3, number, (keyMask(c) << 16) | primaryAsn(c));
  const { storage } = c;
  const last = storage.get32(at + DUCT.SUBSPACE_ASTE);
  if (alet === 1) storage.set32(at + DUCT.SUBSPACE_ASTE, (last | SUBSPACE_ACTIVE) >>> 0);
  else if (toBase) storage.set32(at + DUCT.SUBSPACE_ASTE, last & ~SUBSPACE_ACTIVE);
  else {
    storage.set32(at + DUCT.SUBSPACE_ASTE, (aste | SUBSPACE_ACTIVE) >>> 0);
    storage.set32(at + DUCT.SUBSPACE_SEQUENCE, sequence);
  }
  saveAddress(c, r1);
  branchWithMode(c, hi, lo);
}

/** Returns the ASTE of the space that BRANCH IN SUBSPACE GROUP goes to. */
function destination(c: Processor, alet: number, r2: number, base: number): number {
  if (alet === 0) return base;
  if (alet === 1) {
    const aste = c.realWord(ductOf(c) + DUCT.SUBSPACE_ASTE) & ASTE_ORIGIN;
    if (aste === 0) c.program(PGM.SPECIAL_OPERATION);
    const code = subspaceException(c, aste);
    return code === 0 ? aste : c.accessRegisterException(code, r2);
  }
  const code = c.art.entry(alet, 0, true);
  if (code !== 0) c.accessRegisterException(code, r2);
  const { aste } = c.art;
  // It must be a subspace of a group, not the base space of another one.
  const subspace =
    asceOf(c, aste) & BigInt(ASCE.SUBSPACE_GROUP) && !(c.realWord(aste) & ASTE_BITS.BASE_SPACE);
  return aste === base || subspace ? aste : c.program(PGM.SPECIAL_OPERATION);
}

/** Bits of the authority word of the DUCT: key mask, key, reduced authority, problem state. */
const REDUCED = 8;
const PROBLEM_STATE = 1;

/**
 * BRANCH AND SET AUTHORITY: from the base authority, which the DUCT then keeps, to a reduced one, r1 has key mask and key, and
 * r2 the address; and back, with r2 zero.
 */
function bsa(c: Processor, r1: number, r2: number): void {
  const saved = c.realWord(ductOf(c) + DUCT.AUTHORITY);
  TRACE.begin(c);
  if (saved & REDUCED) returnAuthority(c, r1, r2, saved);
  else reduceAuthority(c, r1, r2);
}

function reduceAuthority(c: Processor, r1: number, r2: number): void {
  if (r2 === 0) c.program(PGM.SPECIAL_OPERATION);
  addBranchWithMode(c, c.high(r2), c.low(r2));
  const key = (c.low(r1) >>> 4) & 15;
  keyAllowed(c, key);
  const mask = keyMask(c) & (c.low(r1) >>> 16);
  const at = ductFrame(c);
  TRACE.commit(c);
  const { storage } = c;
  const state = c.problem ? PROBLEM_STATE : 0;
  storage.set32(at + DUCT.AUTHORITY, ((keyMask(c) << 16) | (c.key << 4) | REDUCED | state) >>> 0);
  const bit = c.addressing === ADDRESSING.BITS_31 ? 0x8000_0000 : 0;
  storage.set32(at + DUCT.RETURN_ADDRESS, c.iaHi);
  storage.set32(at + DUCT.RETURN_ADDRESS + 4, (c.iaLo | bit) >>> 0);
  c.setKey(key);
  c.problem = true;
  loadControl(c, 3, secondaryInstance(c), (mask << 16) | secondaryAsn(c));
  branchWithMode(c, c.high(r2), c.low(r2));
}

function returnAuthority(c: Processor, r1: number, r2: number, saved: number): void {
  if (r2 !== 0) c.program(PGM.SPECIAL_OPERATION);
  const at = ductFrame(c);
  const hi = c.storage.get32(at + DUCT.RETURN_ADDRESS);
  const lo = c.storage.get32(at + DUCT.RETURN_ADDRESS + 4);
  addBranchWithMode(c, hi, lo);
  TRACE.commit(c);
  c.storage.set32(at + DUCT.AUTHORITY, saved & ~REDUCED);
  saveAddress(c, r1);
  c.setKey((saved >>> 4) & 15);
  c.problem = (saved & PROBLEM_STATE) !== 0;
  loadControl(c, 3, secondaryInstance(c), (saved & 0xffff_0000) | secondaryAsn(c));
  c.breakingEvent();
  c.branched = true;
  if (c.addressing === ADDRESSING.BITS_64) {
    c.enterPsw(c.pswHi, c.pswLo, hi, lo);
  } else {
    c.addressing = lo >>> 31 ? ADDRESSING.BITS_31 : ADDRESSING.BITS_24;
    c.enterPsw(c.pswHi, c.pswLo, 0, lo & 0x7fff_ffff);
  }
}

const PRIVILEGED = { privileged: true } as const;

// biome-ignore format: a line each
export const ADDRESS_SPACES: readonly InstructionLine[] = [
  ['EPAR', 'RRE', 0xb226, 'base', extractAsn(4, false)],
  ['ESAR', 'RRE', 0xb227, 'base', extractAsn(3, false)],
  ['EPAIR', 'RRE', 0xb99a, 'asn-lx', extractAsn(4, true)],
  ['ESAIR', 'RRE', 0xb99b, 'asn-lx', extractAsn(3, true)],
  ['SSAR', 'RRE', 0xb225, 'base', setSecondary(false)],
  ['SSAIR', 'RRE', 0xb99f, 'asn-lx', setSecondary(true)],
  ['ESEA', 'RRE', 0xb99d, 'zarch', esea, PRIVILEGED],
  ['LASP', 'SSE', 0xe500, 'base', lasp, { privileged: true, intercept: ICTL.LASP }],
  ['TAR', 'RRE', 0xb24c, 'base', tar],
  ['IVSK', 'RRE', 0xb223, 'base', ivsk],
  ['BSG', 'RRE', 0xb258, 'base', bsg],
  ['BSA', 'RRE', 0xb25a, 'base', bsa, { intercept: ICTL.BSA }],
];
