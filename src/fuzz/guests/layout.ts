/**
 * The memory layout of the fuzzed virtual machines. Each of the two has a process of its own, with the same layout:
 *
 *     process address        guest absolute
 *     0x00008000  8 KiB      -                canaries at process addresses that are also guest addresses
 *     0x0fffe000  8 KiB      -                canaries directly before the guest's memory
 *     0x10000000  1 MiB      0x000000         slot 0
 *     0x10100000  1 MiB      0x100000         slot 1
 *     0x10200000  1 MiB      0x300000         slot 2, after a hole
 *     0x10300000  8 KiB      -                canaries directly after it
 *
 * A third process without a guest has canaries where the others have guest memory.
 */

/** Process address of guest address 0. */
export const HOME = 0x1000_0000;
/** Bytes of guest memory of one process. */
export const MEMORY = 0x30_0000;
export const MIB = 0x10_0000;

/** A slot: its number, its guest absolute address, and the offset of its memory from `HOME`, in bytes. */
export interface SlotPlace {
  readonly slot: number;
  readonly guest: number;
  readonly offset: number;
}

/** The slots that a virtual machine starts with, of 1 MiB each. */
export const SLOTS: readonly SlotPlace[] = [
  { slot: 0, guest: 0, offset: 0 },
  { slot: 1, guest: MIB, offset: MIB },
  { slot: 2, guest: 3 * MIB, offset: 2 * MIB },
];

/** First pages of the ranges of canary pages of a process with a guest. */
export const CANARY_PAGES = [0x8, (HOME >> 12) - 2, (HOME + MEMORY) >> 12] as const;
/** Number of pages of such a range. */
export const CANARY_RUN = 2;
/** Number of canary pages of the process without a guest, from `HOME` on. */
export const BYSTANDER_PAGES = 8;

/** Guest absolute addresses of the regions in a guest. */
export const AT = {
  /** Handlers of interruptions. */
  HANDLER: 0x1_1000,
  /** A region-third table, a segment table, and two page tables. */
  REGION_THIRD: 0x2_0000,
  SEGMENT: 0x2_4000,
  PAGE_TABLES: 0x2_8000,
  SCCB: 0x3_0000,
  /** Pages filled with the pattern of the virtual machine. */
  DATA: 0x4_0000,
  DATA_PAGES: 4,
} as const;

/** Pages that steps use: of every region above, at the edges of slots, outside of all slots, and beyond all memory. */
export const PAGES = [
  0, 1, 2, 3, 0x8, 0x10, 0x11, 0x12, 0x20, 0x24, 0x28, 0x30, 0x40, 0x41, 0x43, 0x44, 0xfe, 0xff, 0x100, 0x101,
  0x1fe, 0x1ff, 0x200, 0x201, 0x2ff, 0x300, 0x301, 0x3fe, 0x3ff, 0x400, 0x1_0000, 0x1_00ff, 0x1_0300,
  0x7_ffff,
] as const;
