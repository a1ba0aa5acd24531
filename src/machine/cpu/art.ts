/**
 * Access-register translation (ART): from an access-list-entry token (ALET) to the address-space-control element (ASCE) of the
 * space that it designates. Principles of Operation, chapter 5, "Access-Register Translation".
 *
 * An ALET of 0 designates the primary space, 1 the secondary space. Any other one selects an entry of an access list, which
 * leads to the ASN-second-table entry (ASTE) of the space. The access list is that of the dispatchable unit or that of the
 * primary space. All tables are at real addresses of 31 bits.
 */

import { PGM } from '../interruption.ts';

/** Fetches the word at a real address, a multiple of 4 below 2^31. */
export type FetchRealWord = (address: number) => number;

/** Bits of an ALET. */
const ALET = {
  RESERVED: 0xfe00_0000,
  PRIMARY_LIST: 0x0100_0000,
  SEQUENCE: 0x00ff_0000,
  NUMBER: 0xffff,
} as const;

/** Bits of the first word of an access-list entry. */
const ALE = {
  INVALID: 0x8000_0000,
  FETCH_ONLY: 0x0200_0000,
  PRIVATE: 0x0100_0000,
  SEQUENCE: 0x00ff_0000,
} as const;
/** Bytes of an access-list entry, and its words. */
const ALE_SIZE = 16;
const ALE_ASTE = 8;
const ALE_ASTE_SEQUENCE = 12;

/** Bits of an access-list designation. The length is in units of eight entries, less one. */
const ACCESS_LIST = { ORIGIN: 0x7fff_ff80, LENGTH: 0x7f } as const;
/** Offset of the access-list designation in a dispatchable-unit control table (DUCT) and in an ASTE. */
const ACCESS_LIST_DESIGNATION = 16;

/** Byte offsets of the words of an ASN-second-table entry. */
export const ASTE = {
  AUTHORITY_ORIGIN: 0,
  AUTHORITY: 4,
  ASCE_HI: 8,
  ASCE_LO: 12,
  ACCESS_LIST: ACCESS_LIST_DESIGNATION,
  SEQUENCE: 20,
  LINKAGE: 24,
  INSTANCE: 44,
} as const;

/** Bits of an ASTE: of its first word, and of its second one. */
export const ASTE_BITS = {
  INVALID: 0x8000_0000,
  AUTHORITY_ORIGIN: 0x7fff_fffc,
  BASE_SPACE: 1,
  AUTHORITY_INDEX: 0xffff_0000,
  AUTHORITY_LENGTH: 0xfff0,
  CONTROLLED: 2,
  REUSABLE: 1,
} as const;

/** The real address of an ASTE, in control register 5 and in table entries; of a DUCT, in control register 2. */
export const ASTE_ORIGIN = 0x7fff_ffc0;
export const DUCT_ORIGIN = 0x7fff_ffc0;

/** The bits of an authority-table entry: of a program that makes the space its primary, or its secondary space. */
export const AUTHORITY = { PRIMARY: 2, SECONDARY: 1 } as const;

/** Real addresses wrap at 2^31. */
const wrapped = (address: number) => address & 0x7fff_ffff;

/**
 * Returns whether an authority index is authorized to use the space of an ASTE: by its entry, two bits, in the authority
 * table. Chapter 3, "ASN Authorization".
 * @param aste real address of the ASTE
 * @param authority the bit of the entry, see `AUTHORITY`
 */
export function authorized(fetch: FetchRealWord, aste: number, index: number, authority: number): boolean {
  const length = fetch(aste + ASTE.AUTHORITY) & ASTE_BITS.AUTHORITY_LENGTH;
  if ((index & 0xfff0) > length) return false;
  const table = fetch(aste + ASTE.AUTHORITY_ORIGIN) & ASTE_BITS.AUTHORITY_ORIGIN;
  const at = wrapped(table + (index >>> 2));
  // The word that holds the byte: each has sixteen entries.
  const word = fetch(at & ~3);
  return ((word >>> (30 - (index & 15) * 2)) & authority) !== 0;
}

/** The translation of an ALET. The object is reused: its fields hold the result of the last `to`. */
export class AccessRegisterTranslation {
  /** The ASCE, in halves. */
  asceHi = 0;
  asceLo = 0;
  /** Whether the access-list entry permits only fetches. */
  fetchOnly = false;
  /** Real address of the ASTE; 0 for ALETs 0 and 1, which have none. */
  aste = 0;

  readonly #cr32: Uint32Array;
  readonly #fetch: FetchRealWord;

  /**
   * @param cr32 halves of the control registers
   * @param fetch fetches from the tables; it may unwind
   */
  constructor(cr32: Uint32Array, fetch: FetchRealWord) {
    this.#cr32 = cr32;
    this.#fetch = fetch;
  }

  /**
   * Translates an ALET to an ASCE. Returns 0, or the code of the program exception.
   * @param index the extended authorization index (EAX)
   */
  to(alet: number, index: number): number {
    this.fetchOnly = false;
    this.aste = 0;
    if (alet <= 1) {
      const control = alet === 0 ? 1 : 7;
      this.asceHi = this.#cr32[control * 2 + 1] as number;
      this.asceLo = this.#cr32[control * 2] as number;
      return 0;
    }
    const code = this.entry(alet, index);
    if (code !== 0) return code;
    this.asceHi = this.#fetch(this.aste + ASTE.ASCE_HI);
    this.asceLo = this.#fetch(this.aste + ASTE.ASCE_LO);
    return 0;
  }

  /**
   * Translates an ALET of 2 or more to the ASTE of its access-list entry: sets `aste` and `fetchOnly`. Returns 0, or the code
   * of the program exception.
   * @param index the extended authorization index
   * @param special whether sequence number and authority are not checked, as BRANCH IN SUBSPACE GROUP demands
   */
  entry(alet: number, index: number, special = false): number {
    if (alet & ALET.RESERVED) return PGM.ALET_SPECIFICATION;
    const at = this.#entryAddress(alet);
    if (at < 0) return PGM.ALEN_TRANSLATION;
    const fetch = this.#fetch;
    const entry = fetch(at);
    if (entry & ALE.INVALID) return PGM.ALEN_TRANSLATION;
    if (!special && (entry ^ alet) & ALE.SEQUENCE) return PGM.ALE_SEQUENCE;
    const aste = fetch(at + ALE_ASTE) & ASTE_ORIGIN;
    if (fetch(aste) & ASTE_BITS.INVALID) return PGM.ASTE_VALIDITY;
    if (fetch(aste + ASTE.SEQUENCE) !== fetch(at + ALE_ASTE_SEQUENCE)) return PGM.ASTE_SEQUENCE;
    this.aste = aste;
    this.fetchOnly = (entry & ALE.FETCH_ONLY) !== 0;
    if (special || !(entry & ALE.PRIVATE) || (entry & 0xffff) === index) return 0;
    return authorized(fetch, aste, index, AUTHORITY.SECONDARY) ? 0 : PGM.EXTENDED_AUTHORITY;
  }

  /** Returns the real address of the access-list entry of an ALET, or -1 if the list ends before it. */
  #entryAddress(alet: number): number {
    const inPrimaryList = (alet & ALET.PRIMARY_LIST) !== 0;
    const table =
      (this.#cr32[(inPrimaryList ? 5 : 2) * 2] as number) & (inPrimaryList ? ASTE_ORIGIN : DUCT_ORIGIN);
    const designation = this.#fetch(table + ACCESS_LIST_DESIGNATION);
    const number = alet & ALET.NUMBER;
    if (number >>> 3 > (designation & ACCESS_LIST.LENGTH)) return -1;
    return wrapped((designation & ACCESS_LIST.ORIGIN) + number * ALE_SIZE);
  }
}

/** Whether an ALET selects the access list of the primary space, not that of the dispatchable unit. */
export const inPrimaryList = (alet: number) => (alet & ALET.PRIMARY_LIST) !== 0;
