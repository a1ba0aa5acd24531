/**
 * Address-space numbers (ASNs): their translation to the ASN-second-table entry (ASTE) of a space, the authorization to use it,
 * and the replacement of a base space by the subspace that is in control. Principles of Operation, chapters 3 ("ASN
 * Translation") and 5 ("Subspace-Replacement Operations").
 */

import { CR0, CR14 } from '../control-registers.ts';
import { ASTE, ASTE_BITS, ASTE_ORIGIN, authorized, DUCT_ORIGIN } from '../cpu/art.ts';
import type { Processor } from '../cpu/processor.ts';
import { SPACE } from '../cpu/state.ts';
import { ASCE } from '../dat/formats.ts';
import { PGM } from '../interruption.ts';

/** Which ASN an ASTE-instance exception is about: its exception access identification. */
export const ASTE_INSTANCE = { PRIMARY: 0x20, SECONDARY: 0x10 } as const;

/** Byte offsets in the dispatchable-unit control table (DUCT). */
export const DUCT = {
  BASE_ASTE: 0,
  SUBSPACE_ASTE: 4,
  SUBSPACE_SEQUENCE: 12,
  AUTHORITY: 20,
  RETURN_ADDRESS: 32,
  TRAP: 44,
} as const;

/** In the word of the subspace's ASTE: the dispatchable unit is subspace-active. */
export const SUBSPACE_ACTIVE = 0x8000_0000;

/** ASCE bits that a space keeps when a subspace replaces it: they control events. */
const EVENT_BITS = BigInt(ASCE.STORAGE_ALTERATION | ASCE.SPACE_SWITCH);

/** Bit of an ASN-first-table entry, and its other bits: the real address of an ASN second table. */
const FIRST_INVALID = 0x8000_0000;
const SECOND_TABLE = 0x7fff_ffc0;

/** Whether the ASN-and-LX-reuse control is on. */
export const reuse = (c: Processor) => (c.cr0 & CR0.ASN_LX_REUSE) !== 0;

/** The low half of control register `n`, and the high half. */
export const controlLow = (c: Processor, n: number) => c.cr32[n * 2] as number;
export const controlHigh = (c: Processor, n: number) => c.cr32[n * 2 + 1] as number;

/** Loads control register `n` from halves. */
export function loadControl(c: Processor, n: number, hi: number, lo: number): void {
  c.setControl(n, (BigInt(hi >>> 0) << 32n) | BigInt(lo >>> 0));
}

/** The primary and the secondary ASN, the PSW-key mask, and the authorization index. */
export const primaryAsn = (c: Processor) => controlLow(c, 4) & 0xffff;
export const secondaryAsn = (c: Processor) => controlLow(c, 3) & 0xffff;
export const keyMask = (c: Processor) => controlLow(c, 3) >>> 16;
export const authorizationIndex = (c: Processor) => controlLow(c, 4) >>> 16;
/** The instance numbers of the primary and the secondary ASN. */
export const primaryInstance = (c: Processor) => controlHigh(c, 4);
export const secondaryInstance = (c: Processor) => controlHigh(c, 3);

/** Real address of the primary ASTE, and of the DUCT. */
export const primaryAste = (c: Processor) => controlLow(c, 5) & ASTE_ORIGIN;
export const ductOf = (c: Processor) => controlLow(c, 2) & DUCT_ORIGIN;

/** Requires the ASN-translation control. */
export function demandAsnTranslation(c: Processor): void {
  if (!(controlLow(c, 14) & CR14.ASN_TRANSLATION)) c.program(PGM.SPECIAL_OPERATION);
}

/** Translates an ASN. Returns the real address of its ASTE, or the negative code of an exception. */
export function translateAsn(c: Processor, asn: number): number {
  const first = (controlLow(c, 14) & CR14.FIRST_TABLE) * 0x1000 + (asn >>> 6) * 4;
  const entry = c.realWord(first & 0x7fff_ffff);
  if (entry & FIRST_INVALID) return -PGM.AFX_TRANSLATION;
  const aste = ((entry & SECOND_TABLE) + (asn & 0x3f) * 64) & 0x7fff_ffff;
  return c.realWord(aste) & ASTE_BITS.INVALID ? -PGM.ASX_TRANSLATION : aste;
}

/** As `translateAsn`, but the exceptions end the instruction. */
export function demandAste(c: Processor, asn: number): number {
  const aste = translateAsn(c, asn);
  return aste < 0 ? c.identifiedException(-aste, asn) : aste;
}

/** Requires the instance number of an ASTE. @param which see `ASTE_INSTANCE` */
export function demandInstance(c: Processor, aste: number, instance: number, which: number): void {
  if (c.realWord(aste + ASTE.INSTANCE) !== instance) c.accessRegisterException(PGM.ASTE_INSTANCE, which);
}

/** Returns whether an authorization index permits to make a space primary or secondary. @param authority see `AUTHORITY` */
export function authorizedBy(c: Processor, aste: number, index: number, authority: number): boolean {
  return authorized((address) => c.realWord(address), aste, index, authority);
}

/** Returns the ASCE of an ASTE. */
export function asceOf(c: Processor, aste: number): bigint {
  return (BigInt(c.realWord(aste + ASTE.ASCE_HI)) << 32n) | BigInt(c.realWord(aste + ASTE.ASCE_LO));
}

/** Returns an ASCE that replaces another one, which keeps its event controls. */
export function replaceAsce(old: bigint, asce: bigint): bigint {
  return (old & EVENT_BITS) | (asce & ~EVENT_BITS);
}

/** The result of a subspace replacement: the ASCE to use, and 0 or the code of an exception. */
export interface Replacement {
  readonly asce: bigint;
  readonly code: number;
}

/**
 * Returns the ASCE of the space of an ASTE; if it is the base space of a dispatchable unit that is subspace-active, that of
 * the subspace in which it last had control.
 */
export function replacedAsce(c: Processor, aste: number): Replacement {
  const asce = asceOf(c, aste);
  if (!(asce & BigInt(ASCE.SUBSPACE_GROUP))) return { asce, code: 0 };
  const duct = ductOf(c);
  const subspace = c.realWord(duct + DUCT.SUBSPACE_ASTE);
  const base = c.realWord(duct + DUCT.BASE_ASTE) & ASTE_ORIGIN;
  if (!(subspace & SUBSPACE_ACTIVE) || base !== aste) return { asce, code: 0 };
  const code = subspaceException(c, subspace & ASTE_ORIGIN);
  return code === 0 ? { asce: replaceAsce(asce, asceOf(c, subspace & ASTE_ORIGIN)), code } : { asce, code };
}

/** Returns the code of the exception if the ASTE of the subspace that last had control is not valid any more, else 0. */
export function subspaceException(c: Processor, aste: number): number {
  if (c.realWord(aste) & ASTE_BITS.INVALID) return PGM.ASTE_VALIDITY;
  const sequence = c.realWord(ductOf(c) + DUCT.SUBSPACE_SEQUENCE);
  return c.realWord(aste + ASTE.SEQUENCE) === sequence ? 0 : PGM.ASTE_SEQUENCE;
}

/** As `replacedAsce`, but the exceptions end the instruction. */
export function demandAsce(c: Processor, aste: number): bigint {
  const { asce, code } = replacedAsce(c, aste);
  if (code !== 0) c.accessRegisterException(code, 0);
  return asce;
}

/** Whether an ASCE has the space-switch-event control. */
const switches = (asce: bigint) => (asce & BigInt(ASCE.SPACE_SWITCH)) !== 0n;

/** The space that an instruction leaves, for the event of switching spaces. */
export interface OldSpace {
  readonly asn: number;
  readonly asce: bigint;
}

/** Returns the current primary space. */
export const currentSpace = (c: Processor): OldSpace => ({ asn: primaryAsn(c), asce: c.cr[1] as bigint });

/**
 * The space-switch event of a completed instruction: it occurs if the old space or the new one has the control, or if program
 * events are indicated.
 */
export function spaceSwitch(c: Processor, { asn, asce }: OldSpace, to: bigint): void {
  if (c.branched) c.events.branched(c.iaHi, c.iaLo);
  const old = switches(asce);
  if (old || switches(to) || c.events.code !== 0)
    c.identifiedException(PGM.SPACE_SWITCH, asn | (old ? 0x8000_0000 : 0));
}

/** The space-switch event of an instruction that has set the address-space control: when it enters or leaves the home space. */
export function homeSwitch(c: Processor, from: number): void {
  if ((from === SPACE.HOME) === (c.space === SPACE.HOME)) return;
  const [primary, home] = [c.cr[1] as bigint, c.cr[13] as bigint];
  if (c.space === SPACE.HOME) spaceSwitch(c, currentSpace(c), home);
  else spaceSwitch(c, { asn: 0, asce: home }, primary);
}
