/**
 * The answers to queries about a machine and its address spaces. Answers are plain data: they can be sent to
 * another thread.
 *
 * Pages are page numbers: the byte address divided by 4096, below 2^52. They are plain numbers, since callers compute
 * ranges from what they draw; their arguments are checked. Ranges are half open. Table entries, address-space-control
 * elements and absolute addresses are bigint.
 */

import type { Level } from '../machine/index.ts';

/** A range of pages: `first` up to, not including, `end`. */
export interface PageRange {
  readonly first: number;
  readonly end: number;
}

/** A range of pages, and how finely to divide it. */
export interface RowRange extends PageRange {
  /** About how many extents to return at most. Shorter extents are merged. */
  readonly limit: number;
}

/** An extent: a range of pages of a space that an answer describes as one. */
export interface Extent extends PageRange {}

/** The segments of a guest extent, counted by state. */
export interface GuestCounts {
  /** Mapped, not linked, and the process has memory at the segment's first byte. */
  readonly unlinked: number;
  /** Mapped, not linked, and the process has no memory there. */
  readonly unbacked: number;
  /** Linked to a page table of the process. Includes the shared ones, not the large ones. */
  readonly linked: number;
  /** Linked to a page table or a 1 MiB frame to which another guest segment is linked as well. */
  readonly shared: number;
  /** Linked to a 1 MiB frame. */
  readonly large: number;
}

/** An extent of a guest: consecutive segments in one state, or several short extents merged. */
export interface GuestExtent extends Extent, GuestCounts {
  /** The process pages behind it, from the lowest to the highest. */
  readonly processFirst: number;
  readonly processEnd: number;
  /** Whether nothing was merged: all segments are mapped, in one state, to consecutive process segments. */
  readonly exact: boolean;
  /** Pages present in the page tables to which its segments are linked. A 1 MiB frame counts as 256. */
  readonly present: number;
}

/** An extent of a process: one mapping, or several short ones merged. */
export interface MappingExtent extends Extent {
  /** How many mappings it holds. */
  readonly mappings: number;
  /** The PROT bits of the mapping, or null for several mappings. */
  readonly protection: number | null;
  /** Properties of the mapping; false for several mappings. */
  readonly sharedMemory: boolean;
  readonly file: boolean;
  readonly largeMemory: boolean;
}

/** The page tables and 1 MiB frames of a process: of one segment, or of several close to each other. */
export interface TableExtent extends Extent {
  /** Page tables. */
  readonly tables: number;
  /** Frames of 1 MiB. */
  readonly large: number;
  /** Pages present. A 1 MiB frame counts as 256. */
  readonly present: number;
  /** Guest segments linked to them. */
  readonly links: number;
}

/** The extents of a space that lie in a range. */
export type Row =
  | { readonly kind: 'guest'; readonly extents: readonly GuestExtent[] }
  | {
      readonly kind: 'process';
      readonly extents: readonly MappingExtent[];
      readonly tables: readonly TableExtent[];
    };

/** Bits of `Pages.flags`. */
export const PAGE_FLAG = {
  /** The process has a mapping there. For a guest: its segment is mapped as well. */
  MAPPED: 1,
  /** It has a frame. */
  PRESENT: 2,
  /** An entry on the way forbids stores. */
  PROTECTED: 4,
  /** The change bit of the frame's storage key is on. */
  CHANGED: 8,
  /** A dirty log covers it and has recorded a write since it was last read. */
  LOGGED: 16,
  /** A listener is to be notified when it loses its frame or the right to store. */
  WATCHED: 32,
  /** Other processes or mappings use the frame: it is copied on write, or it is shared memory. */
  SHARED: 64,
  /** The guest's segment is linked. Set for guests only. */
  LINKED: 128,
} as const;

/** The pages of a range, one by one. */
export interface Pages {
  readonly first: number;
  /** One byte for each page: see `PAGE_FLAG`. */
  readonly flags: Uint8Array;
}

/** The 256 pages of a segment, and the contents of one of them. */
export interface SegmentPages {
  /** First page of the segment. */
  readonly first: number;
  /** The page whose contents `bytes` has. */
  readonly page: number;
  /** First page of the process segment behind it, or null if there is none. The segment itself for a process. */
  readonly process: number | null;
  /** One byte for each page: see `PAGE_FLAG`. */
  readonly flags: Uint8Array;
  /** Absolute addresses of the frames; -1 for a page that is not present. */
  readonly frames: Float64Array;
  /** Storage keys of the frames, 0 to 255; -1 for a page that is not present. */
  readonly keys: Int16Array;
  /** Absolute address of the page table, or null if the segment has none. */
  readonly table: number | null;
  /** The page-table entries; null if the segment has no page table. */
  readonly entries: BigUint64Array | null;
  /** The page-status-table entries; null if the segment has no page table, or one without them. */
  readonly pgstes: BigUint64Array | null;
  /** The 4096 bytes of `page`; null if it is not present. */
  readonly bytes: Uint8Array | null;
}

/** What an entry is. */
export type EntryState = 'table' | 'frame' | 'unlinked' | 'no-access' | 'invalid';

/** A table entry that is not empty. */
export interface TableEntry {
  readonly index: number;
  /** Absolute address of the entry. */
  readonly at: bigint;
  readonly value: bigint;
  /** A short description of the entry. */
  readonly meaning: string;
  /** First page that the entry translates. */
  readonly page: number;
  readonly state: EntryState;
  /** The page-status-table entry that belongs to a page-table entry, or null if there is none. */
  readonly pgste: bigint | null;
}

/** A table, and some of its populated entries. */
export interface Table {
  readonly level: Level;
  /** Absolute address. */
  readonly origin: bigint;
  /** First page that the table translates. */
  readonly page: number;
  /** How many entries are not empty. */
  readonly populated: number;
  /** The first of `entries`, counted among the populated entries from 0. */
  readonly from: number;
  readonly entries: readonly TableEntry[];
  /** Of a page table: the guest segments linked to it, at most 16 of them. */
  readonly linkedFrom: readonly { readonly gmap: number; readonly page: number }[];
  /** How many guest segments are linked to it. */
  readonly links: number;
}

/** A field of an entry, an element or a PSW. */
export interface Field {
  readonly name: string;
  /** First and last bit, numbered from the left, 0 to 63. */
  readonly bits: readonly [number, number];
  readonly value: bigint;
  /** What this value of the field means. */
  readonly sentence: string;
}

/** A translation cached in a translation-lookaside buffer. */
export interface CachedTranslation {
  /** Slot of the buffer. */
  readonly slot: number;
  readonly page: number;
  /** The address-space-control element under which it was made. */
  readonly asce: bigint;
  /** Absolute address of the frame. */
  readonly frame: bigint;
  /** Absolute address of the page table that was used, or null for a 1 MiB frame. */
  readonly table: bigint | null;
  readonly protected: boolean;
  /** Whether a walk would give another result now. */
  readonly stale: boolean;
}

/** A translation-lookaside buffer. */
export interface TranslationBuffer {
  readonly hits: number;
  readonly misses: number;
  /** All entries in use; the buffer has 16,384. */
  readonly entries: readonly CachedTranslation[];
}

/** A line of disassembly. */
export interface Line {
  readonly address: bigint;
  /** The bytes of the instruction, in hexadecimal. */
  readonly bytes: string;
  readonly text: string;
  /** The function that the address is in, and the offset: `main+0x10`. Only the player, which knows the image, sets it. */
  readonly symbol?: string;
}

/** The registers of a real or a virtual processor. */
export interface Registers {
  readonly general: readonly bigint[];
  readonly control: readonly bigint[];
  readonly access: readonly number[];
  readonly floating: readonly bigint[];
  readonly prefix: bigint;
  readonly pswMask: bigint;
  readonly pswAddress: bigint;
  /** The fields of the PSW. */
  readonly psw: readonly Field[];
  /** The code around the instruction address; empty if it cannot be read. */
  readonly code: readonly Line[];
}

/** A real processor. */
export interface ProcessorState {
  readonly address: number;
  /** Instructions executed. */
  readonly executed: number;
  /** The number of the gmap that it is running in, or null. */
  readonly gmap: number | null;
  /** Its registers, or those of the guest that it interprets. */
  readonly registers: Registers;
  /** Cached translations by the host's tables, and by a guest's own. */
  readonly host: TranslationBuffer;
  readonly guest: TranslationBuffer;
}
