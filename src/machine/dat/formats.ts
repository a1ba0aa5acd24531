/**
 * The bit formats of dynamic address translation: address-space-control elements, region-, segment- and
 * page-table entries. Principles of Operation, chapter 3 ("Dynamic Address Translation").
 *
 * All flags are in the low half of an entry, so the masks here are for its low 32 bits, as unsigned numbers;
 * an origin takes its high bits from the high half.
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
  PROTECT: 0x200,
  OFFSET: 0xc0,
  INVALID: 0x20,
  TYPE: 0x0c,
  LENGTH: 0x03,
} as const;

/** Segment-table entry. */
export const SEGMENT = {
  /** Of a page table: 2 KiB aligned. */
  ORIGIN: 0xffff_f800,
  /** Of a 1 MiB frame, when the format control is one; absolute. */
  FRAME: 0xfff0_0000,
  /** Of a 1 MiB frame: its access-control and fetch-protection bits count, not those of the storage keys. */
  ACCESS_VALID: 0x1_0000,
  ACCESS: 0xf800,
  FORMAT_CONTROL: 0x400,
  PROTECT: 0x200,
  INVALID: 0x20,
  COMMON: 0x10,
  TYPE: 0x0c,
} as const;

/** From the access-control and fetch-protection bits of a segment-table entry to those of a storage key. */
export const SEGMENT_KEY_SHIFT = 8;

/** Page-table entry. */
export const PAGE = {
  FRAME: 0xffff_f000,
  RESERVED: 0x800,
  INVALID: 0x400,
  PROTECT: 0x200,
} as const;

/**
 * Page-status-table entry of a host's page: the high half. What a guest's storage key has beside the frame's own:
 * access control and fetch protection for a page without a frame, reference and change bits that guest or host have
 * taken out of the frame's key while the other still counts them.
 */
export const PAGE_STATUS = {
  ACCESS: 0xf000_0000,
  FETCH: 0x0800_0000,
  HOST_REFERENCED: 0x0040_0000,
  HOST_CHANGED: 0x0020_0000,
  GUEST_REFERENCED: 0x0004_0000,
  GUEST_CHANGED: 0x0002_0000,
} as const;

/** From a page-table entry to its page-status-table entry, in bytes. */
export const PAGE_STATUS_OFFSET = 0x800;
/** From the access-control and fetch-protection bits of a storage key to their place in the high half. */
export const PAGE_STATUS_KEY_SHIFT = 24;
/** From the reference and change bits of a storage key to the guest's and the host's. */
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

/** How far an address is shifted to get the 11-bit index of a table, by table type (0 segment … 3 region first). */
export const INDEX_SHIFT = [20, 31, 42, 53] as const;
