/**
 * The bit formats of dynamic address translation: address-space-control elements, region-, segment- and
 * page-table entries. Principles of Operation, chapter 3 ("Dynamic Address Translation").
 *
 * The masks are for the low 32 bits of an entry, as unsigned numbers: all flags are there. The high half holds the high
 * bits of the origin.
 */

/** The level of a translation table, named as the architecture names it. */
export type Level = 'region-first' | 'region-second' | 'region-third' | 'segment' | 'page';

/** The four levels above the page table, indexed by the table type of an entry: 0 segment … 3 region first. */
export const LEVEL_OF_TYPE = ['segment', 'region-third', 'region-second', 'region-first'] as const;

/** Address-space-control element. */
export const ASCE = {
  ORIGIN: 0xffff_f000,
  SUBSPACE_GROUP: 0x200,
  PRIVATE: 0x100,
  STORAGE_ALTERATION: 0x80,
  SPACE_SWITCH: 0x40,
  REAL_SPACE: 0x20,
  TYPE: 0x0c,
  TYPE_REGION_FIRST: 0x0c,
  TYPE_REGION_SECOND: 0x08,
  TYPE_REGION_THIRD: 0x04,
  TYPE_SEGMENT: 0x00,
  LENGTH: 0x03,
} as const;

/** Region-table entry, of any of the three levels. */
export const REGION = {
  ORIGIN: 0xffff_f000,
  /** Of a region-third-table entry: absolute address of a 2 GiB frame, if the format control is one. */
  FRAME: 0x8000_0000,
  /** Of a region-third-table entry: it designates a frame of 2 GiB. */
  FORMAT_CONTROL: 0x400,
  PROTECT: 0x200,
  /** Of a region-third-table entry: the region may be common to several spaces. */
  COMMON: 0x10,
  OFFSET: 0xc0,
  INVALID: 0x20,
  TYPE: 0x0c,
  LENGTH: 0x03,
} as const;

/** Segment-table entry. */
export const SEGMENT = {
  /** Origin of a page table, aligned to 2 KiB. */
  ORIGIN: 0xffff_f800,
  /** Absolute address of a 1 MiB frame, if the format control is one. */
  FRAME: 0xfff0_0000,
  FORMAT_CONTROL: 0x400,
  PROTECT: 0x200,
  INVALID: 0x20,
  COMMON: 0x10,
  TYPE: 0x0c,
} as const;

/** What a segment-table entry of a 1 MiB frame and a region-third-table entry of a 2 GiB frame have in common. */
export const LARGE = {
  /** The access-control and fetch-protection bits of the entry override those of the storage keys. */
  ACCESS_VALID: 0x1_0000,
  ACCESS: 0xf800,
} as const;

/** Right shift from the access-control and fetch-protection bits of such an entry to those of a storage key. */
export const LARGE_KEY_SHIFT = 8;

/**
 * Instruction-execution protection: the bit of an entry that designates a frame, be it a page-table entry, or a segment- or
 * region-third-table entry with format control one. It forbids instruction fetches while control register 0 enables it.
 */
export const EXECUTION_PROTECT = 0x100;

/**
 * Which enhanced DAT applies to a translation: none; facility 1, which brought frames of 1 MiB; or facility 2 as well,
 * which brought frames of 2 GiB. It applies if it is installed and control register 0 enables it.
 */
export const EDAT = { OFF: 0, EDAT_1: 1, EDAT_2: 2 } as const;
export type Edat = (typeof EDAT)[keyof typeof EDAT];

/** Page-table entry. */
export const PAGE = {
  FRAME: 0xffff_f000,
  RESERVED: 0x800,
  INVALID: 0x400,
  PROTECT: 0x200,
} as const;

/**
 * The high half of the page-status-table entry (PGSTE) of a host page: the part of a guest's storage key that is not in the
 * frame's key. It holds access control and fetch protection of a page without a frame, and reference and change bits that
 * the guest or the host has reset in the frame's key but that the other still needs.
 */
export const PAGE_STATUS = {
  ACCESS: 0xf000_0000,
  FETCH: 0x0800_0000,
  HOST_REFERENCED: 0x0040_0000,
  HOST_CHANGED: 0x0020_0000,
  GUEST_REFERENCED: 0x0004_0000,
  GUEST_CHANGED: 0x0002_0000,
} as const;

/** Distance from a page-table entry to its PGSTE, in bytes. */
export const PAGE_STATUS_OFFSET = 0x800;
/** Left shift from the access-control and fetch-protection bits of a storage key to those of a PGSTE. */
export const PAGE_STATUS_KEY_SHIFT = 24;
/** Left shifts from the reference and change bits of a storage key to the guest's and the host's in a PGSTE. */
export const PAGE_STATUS_GUEST_SHIFT = 16;
export const PAGE_STATUS_HOST_SHIFT = 20;

/** Entries of a table of full length. */
export const CRST_ENTRIES = 2048;
/** Bytes of a region or segment table of full length: 16 KiB. */
export const CRST_SIZE = CRST_ENTRIES * 8;
/** Entries of a page table. */
export const PAGE_TABLE_ENTRIES = 256;
/** Bytes of a page table: 2 KiB. */
export const PAGE_TABLE_SIZE = PAGE_TABLE_ENTRIES * 8;

/** Right shift of an address that gives the 11-bit index into a table, by table type (0 segment … 3 region first). */
export const INDEX_SHIFT = [20, 31, 42, 53] as const;
