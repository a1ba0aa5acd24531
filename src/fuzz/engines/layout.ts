/**
 * The layout of storage. A program has one MiB: the machine's own the first, the guests the second. Both have the same
 * contents, at the same addresses from the start of the MiB.
 */

export const MIB = 0x10_0000;
export const PAGE_SIZE = 0x1000;

/** Addresses from the start of a MiB. */
export const AT = {
  /** Handlers of interruptions. */
  HANDLER: 0x2000,
  /** PSWs that programs load, of 16 bytes. */
  PSWS: 0x3000,
  /** Elements of both spaces, which programs load into control registers. */
  ELEMENTS: 0x3100,
  /** State descriptions of the guests, 512 bytes each. Only in the first MiB. */
  DESCRIPTIONS: 0x4000,
  /** A second prefix area. */
  PREFIX: 0x8000,
  /** Two segment tables, and three page tables. */
  SEGMENT_A: 0x1_0000,
  SEGMENT_B: 0x1_1000,
  PAGES_A: 0x1_2000,
  PAGES_OTHER: 0x1_2800,
  PAGES_B: 0x1_3000,
  /** Pages of code, and of data. */
  CODE: 0x2_0000,
  DATA: 0x3_0000,
} as const;

/** Added to addresses in the first and second segment: other names of the pages, in the same slots of the TLB. */
export const OTHER_NAME = 4 * MIB;

/** Four pages of code: the handler of program interruptions knows that. */
export const CODE_PAGES = 4;
export const DATA_PAGES = 8;
/** The instruction that fills the pages of code: it does nothing. */
export const NOP = '0700';
/** Number of PSWs. */
export const PSW_COUNT = 8;

/** Pages from the start of the first segment that table A does not map to themselves, and their page-table entries. */
export const SPECIAL_PAGES: ReadonlyMap<number, number> = new Map([
  // Invalid; protected; other names of a data page and of code; outside storage; of code, not executable, and protected.
  [0x38, 0x400],
  [0x39, AT.DATA | 0x200],
  [0x3a, AT.DATA],
  [0x3b, AT.CODE],
  [0x3c, 0x3_c400],
  [0x3d, 0x7000_0000],
  [0x3e, AT.CODE | 0x100],
  [0x3f, (AT.CODE + PAGE_SIZE) | 0x200],
]);
