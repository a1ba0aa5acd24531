/** Units in which address spaces are measured, and constants that processes and guests share. */

import { CRST_ENTRIES, PAGE_TABLE_ENTRIES } from '../machine/index.ts';

/** A range of an address space, in bytes. */
export interface AddressRange {
  readonly address: bigint;
  readonly length: bigint;
}

/** The end of the address space of a guest: 2^64. */
export const GUEST_LIMIT = 1n << 64n;
/** 4 KiB, a page. */
export const PAGE_BYTES = 4096n;
/** 1 MiB, a segment. */
export const MIB = 1n << 20n;
/** Pages of a segment. */
export const PAGES_PER_SEGMENT = PAGE_TABLE_ENTRIES;
/** Segments that a segment table translates: 2 GiB. */
export const SEGMENTS_PER_TABLE = CRST_ENTRIES;
/** Segments below a region-third table: 4 TiB. */
export const SEGMENTS_PER_REGION = CRST_ENTRIES * SEGMENTS_PER_TABLE;
/** 2^32, the weight of the high half of a doubleword. */
export const HALF = 0x1_0000_0000;
/** Control bits of the element of a user space: private space, storage-alteration event, space-switch event. */
export const USER_ASCE = 0x1c0;
