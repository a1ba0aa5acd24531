/**
 * PROGRAM CALL, PROGRAM RETURN and PROGRAM TRANSFER: control goes to a program of another authority, or in another space, along
 * tables that the control program has made. Principles of Operation, chapters 5 ("PC-Number Translation") and 10.
 *
 * Every instruction recognizes all of its exceptions before it changes anything. A space-switch event comes after that.
 */

import { FETCH } from '../cpu/access.ts';
import { ASTE, ASTE_BITS, ASTE_ORIGIN, AUTHORITY } from '../cpu/art.ts';
import type { Processor } from '../cpu/processor.ts';
import { ADDRESSING, SPACE } from '../cpu/state.ts';
import { PGM } from '../interruption.ts';
import {
  ASTE_INSTANCE,
  authorizationIndex,
  authorizedBy,
  currentSpace,
  demandAsce,
  demandAsnTranslation,
  demandAste,
  demandInstance,
  keyMask,
  loadControl,
  primaryAsn,
  primaryAste,
  primaryInstance,
  reuse,
  secondaryInstance,
  spaceSwitch,
} from './asn.ts';
import { ICTL, type InstructionLine } from './line.ts';
import {
  ENTRY,
  type FoundEntry,
  findEntry,
  formEntry,
  probeRemoval,
  removeEntry,
  restoreRegisters,
  STATE,
} from './linkage-stack.ts';
import { addCall, addModeSwitch, addReturn, addTransfer, TRACE, tracesSwitch } from './trace.ts';

/** Bit of a linkage-table designation: programs of the space may use the subsystem linkage. */
const SUBSYSTEM_LINKAGE = 0x8000_0000;
/** Real addresses wrap at 2^31. */
const wrapped = (address: number) => address & 0x7fff_ffff;

/** Bit of a PC number in an address: it has 31 bits, not 20. */
const LONG_NUMBER = 0x0008_0000;

/** The number of a PROGRAM CALL: as the linkage and entry tables are indexed by it, and as an exception identifies it. */
interface CallNumber {
  readonly number: number;
  readonly identification: number;
  /** Whether it has 31 bits. */
  readonly long: boolean;
}

/** Returns the PC number in the effective address. */
function callNumber(c: Processor): CallNumber {
  const { eaLo } = c;
  if (!reuse(c)) return { number: eaLo & 0x000f_ffff, identification: eaLo & 0x000f_ffff, long: false };
  const short = eaLo & 0x0007_ffff;
  if (!(eaLo & LONG_NUMBER)) return { number: short, identification: short, long: false };
  return { number: ((eaLo & 0xfff0_0000) >>> 1) | short, identification: eaLo, long: true };
}

/** Returns the linkage-table designation of the primary space, which must permit the subsystem linkage. */
function linkageDesignation(c: Processor): number {
  const designation = c.realWord(primaryAste(c) + ASTE.LINKAGE);
  return designation & SUBSYSTEM_LINKAGE ? designation : c.program(PGM.SPECIAL_OPERATION);
}

/** Bit of an entry of a linkage table. */
const INVALID = 0x8000_0000;

/** Returns the entry-table designation of a PC number: by the linkage table, or by the linkage first and second tables. */
function entryDesignation(c: Processor, designation: number, call: CallNumber): number {
  return reuse(c) ? byTwoTables(c, designation, call) : byOneTable(c, designation, call);
}

function byOneTable(c: Processor, designation: number, { number, identification }: CallNumber): number {
  const index = number >>> 8;
  if (index >>> 5 > (designation & 0x7f)) c.identifiedException(PGM.LX_TRANSLATION, identification);
  const entry = c.realWord(wrapped((designation & 0x7fff_ff80) + index * 4));
  return entry & INVALID ? c.identifiedException(PGM.LX_TRANSLATION, identification) : entry;
}

function byTwoTables(
  c: Processor,
  designation: number,
  { number, identification, long }: CallNumber,
): number {
  // The length counts only for numbers of 31 bits.
  if (long && number >>> 19 > (designation & 0xff))
    c.identifiedException(PGM.LFX_TRANSLATION, identification);
  const first = c.realWord(wrapped((designation & 0x7fff_ff00) + (number >>> 13) * 4));
  if (first & INVALID) c.identifiedException(PGM.LFX_TRANSLATION, identification);
  const at = wrapped((first & 0x7fff_ff00) + ((number >>> 8) & 0x1f) * 8);
  const entry = c.realWord(at);
  if (entry & INVALID) c.identifiedException(PGM.LSX_TRANSLATION, identification);
  const sequence = c.realWord(at + 4);
  if (sequence !== 0 && sequence !== c.high(15)) c.identifiedException(PGM.LSTE_SEQUENCE, identification);
  return entry;
}

/** Bytes of an entry-table entry. */
const ENTRY_SIZE = 32;

/** Bits of the fifth word of an entry-table entry. */
const FLAG = {
  STACKING: 0x8000_0000,
  ADDRESSING_64: 0x4000_0000,
  REPLACE_KEY: 0x1000_0000,
  REPLACE_KEY_MASK: 0x0800_0000,
  REPLACE_INDEX: 0x0400_0000,
  BY_REGISTER: 0x0200_0000,
  SECONDARY_IS_NEW: 0x0100_0000,
} as const;

/** An entry-table entry. */
interface TableEntry {
  readonly addressHi: number;
  /** With the addressing mode in the leftmost bit, unless it is the 64-bit mode, and the problem state in the rightmost. */
  readonly addressLo: number;
  readonly keyMask: number;
  readonly asn: number;
  /** The entry key mask. */
  readonly newKeyMask: number;
  readonly flags: number;
  readonly aste: number;
  readonly parameterHi: number;
  readonly parameterLo: number;
}

/** Returns the entry-table entry of a PC number. */
function tableEntry(c: Processor, designation: number, { number, identification }: CallNumber): TableEntry {
  const index = number & 0xff;
  if (index >>> 2 > (designation & 0x3f)) c.identifiedException(PGM.EX_TRANSLATION, identification);
  const at = wrapped((designation & 0x7fff_ffc0) + index * ENTRY_SIZE);
  const word = (n: number) => c.realWord(at + n * 4);
  return {
    addressHi: word(0),
    addressLo: word(1),
    keyMask: word(2) >>> 16,
    asn: word(2) & 0xffff,
    newKeyMask: word(3) >>> 16,
    flags: word(4),
    aste: word(5) & ASTE_ORIGIN,
    parameterHi: word(6),
    parameterLo: word(7),
  };
}

/** The addressing mode that an entry sets. */
function addressingOf({ flags, addressLo }: TableEntry): number {
  if (flags & FLAG.ADDRESSING_64) return ADDRESSING.BITS_64;
  return addressLo >>> 31 ? ADDRESSING.BITS_31 : ADDRESSING.BITS_24;
}

/** Recognizes the exceptions of an entry that the program may not use. */
function demandEntry(c: Processor, entry: TableEntry): void {
  const { flags, addressLo } = entry;
  const wide = (flags & FLAG.ADDRESSING_64) !== 0;
  if (!(flags & FLAG.STACKING)) {
    if (c.space === SPACE.ACCESS_REGISTER) c.program(PGM.SPECIAL_OPERATION);
    if (wide !== (c.addressing === ADDRESSING.BITS_64)) c.program(PGM.SPECIAL_OPERATION);
  }
  if (!wide && addressLo >>> 31 === 0 && addressLo > 0x00ff_ffff) c.program(PGM.PC_TRANSLATION_SPECIFICATION);
  if (c.problem && (keyMask(c) & entry.keyMask) === 0) c.program(PGM.PRIVILEGED_OPERATION);
}

/** Returns the ASCE of the space that an entry calls. Recognizes its exceptions. */
function calledAsce(c: Processor, { asn, aste }: TableEntry): bigint {
  if (asn === 0) return c.cr[1] as bigint;
  demandAsnTranslation(c);
  if (c.realWord(aste) & ASTE_BITS.INVALID) c.identifiedException(PGM.ASX_TRANSLATION, asn);
  return demandAsce(c, aste);
}

/** PROGRAM CALL, to the current primary space or, if the entry has an ASN, to another one. */
function pc(c: Processor): void {
  const call = callNumber(c);
  if (!c.dat || c.space & SPACE.SECONDARY) c.program(PGM.SPECIAL_OPERATION);
  const designation = linkageDesignation(c);
  TRACE.begin(c);
  addCall(c, call.identification, call.long);
  const entry = tableEntry(c, entryDesignation(c, designation, call), call);
  demandEntry(c, entry);
  const asce = calledAsce(c, entry);
  if (tracesSwitch(c, addressingOf(entry))) addModeSwitch(c);
  const old = currentSpace(c);
  const stacking = (entry.flags & FLAG.STACKING) !== 0;
  if (stacking) stackCall(c, entry, call);
  else linkRegisters(c);
  TRACE.commit(c);
  enterSpaces(c, entry, asce);
  enterProgram(c, entry, stacking);
  if (entry.asn !== 0) spaceSwitch(c, old, asce);
}

/** Adds the state entry of a stacking PROGRAM CALL. */
function stackCall(c: Processor, entry: TableEntry, { number }: CallNumber): void {
  const { asn, aste, flags } = entry;
  const instance = asn === 0 ? 0 : c.realWord(aste + (reuse(c) ? ASTE.INSTANCE : ASTE.SEQUENCE)) & 0xffff;
  const space = (asn << 16) | instance;
  const called = (number | (flags & FLAG.ADDRESSING_64 ? 0x8000_0000 : 0)) >>> 0;
  formEntry(c, {
    type: 'call',
    addressing: c.addressing,
    address: c.pswAddress,
    called: (BigInt(space >>> 0) << 32n) | BigInt(called),
  });
}

/** Loads the link information of a basic PROGRAM CALL into registers 3 and 14. */
function linkRegisters(c: Processor): void {
  const state = c.problem ? 1 : 0;
  if (c.addressing === ADDRESSING.BITS_64) c.gr32[14 * 2 + 1] = c.iaHi;
  c.gr32[14 * 2] = c.iaLo | (c.addressing === ADDRESSING.BITS_31 ? 0x8000_0000 : 0) | state;
  c.gr32[3 * 2] = (keyMask(c) << 16) | primaryAsn(c);
  if (reuse(c)) c.gr32[3 * 2 + 1] = primaryInstance(c);
}

/** Makes the old primary space secondary, and the called one primary. */
function enterSpaces(c: Processor, { asn, aste, flags }: TableEntry, asce: bigint): void {
  const mask = keyMask(c);
  const oldAsn = primaryAsn(c);
  const oldInstance = primaryInstance(c);
  setSecondary(c, mask, oldAsn, c.cr[1] as bigint, reuse(c) ? oldInstance : secondaryInstance(c));
  if (asn === 0) return;
  enterPrimary(c, asn, aste, asce);
  if (flags & FLAG.STACKING && flags & FLAG.SECONDARY_IS_NEW) {
    setSecondary(c, mask, asn, asce, reuse(c) ? primaryInstance(c) : secondaryInstance(c));
  }
}

/** Loads control registers 3 and 7. */
function setSecondary(c: Processor, mask: number, asn: number, asce: bigint, instance: number): void {
  loadControl(c, 3, instance, (mask << 16) | asn);
  c.setControl(7, asce);
}

/** Loads control registers 1, 4 and 5 from the ASTE of a space. @param withInstance whether its instance number, too */
function enterPrimary(c: Processor, asn: number, aste: number, asce: bigint, withInstance = reuse(c)): void {
  const index = c.realWord(aste + ASTE.AUTHORITY) & ASTE_BITS.AUTHORITY_INDEX;
  const instance = withInstance ? c.realWord(aste + ASTE.INSTANCE) : primaryInstance(c);
  loadControl(c, 4, instance, index | asn);
  loadControl(c, 5, c.cr32[11] as number, aste);
  c.setControl(1, asce);
}

/** Sets PSW, PSW-key mask and register 4 from an entry, and branches to its address. */
function enterProgram(c: Processor, entry: TableEntry, stacking: boolean): void {
  const { flags, addressHi, addressLo } = entry;
  const replaces = stacking && (flags & FLAG.REPLACE_KEY_MASK) !== 0;
  const mask = (replaces ? 0 : keyMask(c)) | entry.newKeyMask;
  loadControl(c, 3, secondaryInstance(c), (mask << 16) | ((c.cr32[6] as number) & 0xffff));
  if (stacking) {
    if (flags & FLAG.REPLACE_KEY) c.setKey((flags >>> 20) & 15);
    if (flags & FLAG.REPLACE_INDEX) {
      loadControl(c, 8, c.cr32[17] as number, ((flags & 0xffff) << 16) | ((c.cr32[16] as number) & 0xffff));
    }
    c.setSpace(flags & FLAG.BY_REGISTER ? SPACE.ACCESS_REGISTER : SPACE.PRIMARY);
    c.addressing = addressingOf(entry);
  } else if (c.addressing !== ADDRESSING.BITS_64) c.addressing = addressingOf(entry);
  c.problem = (addressLo & 1) !== 0;
  const wide = c.addressing === ADDRESSING.BITS_64;
  if (wide) c.gr32[4 * 2 + 1] = entry.parameterHi;
  c.gr32[4 * 2] = entry.parameterLo;
  c.branchTo(wide ? addressHi : 0, (addressLo & (wide ? ~1 : 0x7fff_fffe)) >>> 0);
}

/** The control registers that PROGRAM RETURN loads. */
interface Restored {
  readonly keyMask: number;
  readonly extendedIndex: number;
  readonly primary: number;
  readonly secondary: number;
  readonly primaryInstance: number;
  readonly secondaryInstance: number;
}

/** Returns what the state entry of a PROGRAM CALL has of control registers. */
function restoredFrom(c: Processor, entry: FoundEntry): Restored {
  const { storage } = c;
  ENTRY.atHome(c, entry.address, STATE.DESCRIPTOR, FETCH);
  const half = (offset: number) => storage.get16(ENTRY.address(offset));
  const instances = reuse(c);
  const word = (offset: number) => storage.get32(ENTRY.address(offset));
  return {
    keyMask: half(STATE.KEY_MASK),
    extendedIndex: half(STATE.EXTENDED_INDEX),
    primary: half(STATE.PRIMARY_ASN),
    secondary: half(STATE.SECONDARY_ASN),
    primaryInstance: instances ? word(STATE.PRIMARY_INSTANCE) : primaryInstance(c),
    secondaryInstance: instances ? word(STATE.SECONDARY_INSTANCE) : secondaryInstance(c),
  };
}

/** A space to return to. */
interface ReturnSpace {
  readonly asce: bigint;
  /** Real address of its ASTE, and its authorization index. */
  readonly aste: number;
  readonly index: number;
}

function returnPrimary(c: Processor, { primary, primaryInstance }: Restored): ReturnSpace {
  if (primary === primaryAsn(c)) {
    return { asce: c.cr[1] as bigint, aste: primaryAste(c), index: authorizationIndex(c) };
  }
  demandAsnTranslation(c);
  const aste = demandAste(c, primary);
  if (reuse(c)) demandInstance(c, aste, primaryInstance, ASTE_INSTANCE.PRIMARY);
  const index = c.realWord(aste + ASTE.AUTHORITY) >>> 16;
  return { asce: demandAsce(c, aste), aste, index };
}

/** Returns the ASCE of the secondary space to return to: the primary space must be authorized to use it. */
function returnSecondary(c: Processor, restored: Restored, primary: ReturnSpace): bigint {
  const { secondary, secondaryInstance } = restored;
  if (secondary === restored.primary) return primary.asce;
  demandAsnTranslation(c);
  const aste = demandAste(c, secondary);
  if (reuse(c)) demandInstance(c, aste, secondaryInstance, ASTE_INSTANCE.SECONDARY);
  if (!authorizedBy(c, aste, primary.index, AUTHORITY.SECONDARY)) {
    c.identifiedException(PGM.SECONDARY_AUTHORITY, secondary);
  }
  return demandAsce(c, aste);
}

const PSW_WORDS = new Uint32Array(4);
/** The PER mask, which PROGRAM RETURN does not change. */
const PER_MASK = 0x4000_0000;
const PROBLEM_STATE = 0x0001_0000;

/** PROGRAM RETURN: restores the state of the current state entry, and takes the entry from the stack. */
function pr(c: Processor): void {
  if (!c.dat || c.space & SPACE.SECONDARY) c.program(PGM.SPECIAL_OPERATION);
  const entry = findEntry(c, true);
  ENTRY.atHome(c, entry.address, STATE.DESCRIPTOR, FETCH);
  [STATE.PSW, STATE.PSW + 4, STATE.ADDRESS, STATE.ADDRESS + 4].forEach((offset, i) => {
    PSW_WORDS[i] = c.storage.get32(ENTRY.address(offset));
  });
  const restored = entry.call ? restoredFrom(c, entry) : null;
  traceReturn(c, restored);
  const old = currentSpace(c);
  const primary = restored === null ? null : returnPrimary(c, restored);
  const secondary = restored === null || primary === null ? 0n : returnSecondary(c, restored, primary);
  probeRemoval(c, entry);
  restoreRegisters(c, entry, 2, 14, true);
  TRACE.commit(c);
  if (restored !== null && primary !== null) returnTo(c, restored, primary, secondary);
  removeEntry(c, entry);
  c.breakingEvent();
  c.branched = true;
  const [hi = 0, lo = 0, iaHi = 0, iaLo = 0] = PSW_WORDS;
  c.enterPsw(((hi & ~PER_MASK) | (c.per ? PER_MASK : 0)) >>> 0, lo, iaHi, iaLo);
  if (restored !== null && primary !== null && restored.primary !== old.asn)
    spaceSwitch(c, old, primary.asce);
}

/** Adds the trace entry of PROGRAM RETURN. Preconditions: PSW_WORDS is the PSW to return to. */
function traceReturn(c: Processor, restored: Restored | null): void {
  const [first = 0, second = 0, hi = 0, lo = 0] = PSW_WORDS;
  const problem = (first & PROBLEM_STATE) !== 0;
  const addressing = ((first & 1) << 1) | (second >>> 31);
  TRACE.begin(c);
  addReturn(c, { asn: restored?.primary ?? null, hi, lo, addressing, problem });
}

function returnTo(c: Processor, restored: Restored, primary: ReturnSpace, secondary: bigint): void {
  const { primaryInstance, secondaryInstance } = restored;
  loadControl(c, 3, secondaryInstance, (restored.keyMask << 16) | restored.secondary);
  loadControl(c, 4, primaryInstance, (primary.index << 16) | restored.primary);
  if (primary.aste !== primaryAste(c)) loadControl(c, 5, c.cr32[11] as number, primary.aste);
  loadControl(c, 8, c.cr32[17] as number, (restored.extendedIndex << 16) | ((c.cr32[16] as number) & 0xffff));
  c.setControl(1, primary.asce);
  c.setControl(7, secondary);
}

/** PROGRAM TRANSFER, and with `instance` PROGRAM TRANSFER WITH INSTANCE: r1 has PSW-key mask and ASN, r2 the address. */
function transfer(instance: boolean) {
  return (c: Processor, r1: number, r2: number): void => {
    if (!c.dat || c.space !== SPACE.PRIMARY) c.program(PGM.SPECIAL_OPERATION);
    const asn = c.low(r1) & 0xffff;
    TRACE.begin(c);
    addTransfer(c, instance, asn, r2);
    linkageDesignation(c);
    const problem = (c.low(r2) & 1) !== 0;
    if (c.problem && !problem) c.program(PGM.PRIVILEGED_OPERATION);
    const wide = c.addressing === ADDRESSING.BITS_64;
    const addressing = wide ? c.addressing : c.low(r2) >>> 31 ? ADDRESSING.BITS_31 : ADDRESSING.BITS_24;
    if (addressing === ADDRESSING.BITS_24 && c.low(r2) > 0x00ff_ffff) c.program(PGM.SPECIFICATION);
    const old = currentSpace(c);
    const mask = keyMask(c) & (c.low(r1) >>> 16);
    const to = c.gr[r2] as bigint;
    const withInstance = instance || reuse(c);
    if (asn !== old.asn) {
      const aste = transferAste(c, asn, instance ? c.high(r1) : null);
      enterPrimary(c, asn, aste, demandAsce(c, aste), withInstance);
    }
    TRACE.commit(c);
    const asce = c.cr[1] as bigint;
    setSecondary(c, mask, asn, asce, withInstance ? primaryInstance(c) : secondaryInstance(c));
    c.addressing = addressing;
    c.problem = problem;
    c.branchTo(wide ? Number(to >> 32n) : 0, Number(to & (wide ? 0xffff_fffen : 0x7fff_fffen)));
    if (asn !== old.asn) spaceSwitch(c, old, asce);
  };
}

/** Returns the ASTE of the space to go to. @param instance its instance number; null without one */
function transferAste(c: Processor, asn: number, instance: number | null): number {
  demandAsnTranslation(c);
  const aste = demandAste(c, asn);
  demandKind(c, aste, instance !== null);
  if (instance !== null) demandInstance(c, aste, instance, ASTE_INSTANCE.PRIMARY);
  if (!authorizedBy(c, aste, authorizationIndex(c), AUTHORITY.PRIMARY)) {
    c.identifiedException(PGM.PRIMARY_AUTHORITY, asn);
  }
  return aste;
}

/**
 * Without an instance number, requires an ASN that is not reusable; with one, in the problem state, an ASN that is not
 * controlled.
 */
export function demandKind(c: Processor, aste: number, withInstance: boolean): void {
  const flags = c.realWord(aste + ASTE.AUTHORITY);
  const refused = withInstance
    ? flags & ASTE_BITS.CONTROLLED && c.problem
    : flags & ASTE_BITS.REUSABLE && reuse(c);
  if (refused) c.program(PGM.SPECIAL_OPERATION);
}

// biome-ignore format: a line each
export const PROGRAM_CALL: readonly InstructionLine[] = [
  ['PC', 'S', 0xb218, 'base', pc, { intercept: ICTL.PC }],
  ['PR', 'E', 0x0101, 'base', pr, { intercept: ICTL.PR }],
  ['PT', 'RRE', 0xb228, 'base', transfer(false), { intercept: ICTL.PT }],
  ['PTI', 'RRE', 0xb99e, 'asn-lx', transfer(true), { intercept: ICTL.PT }],
];
