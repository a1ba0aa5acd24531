/**
 * What one can ask about a machine and its spaces, and what the answers look like. All of it is plain data that can be
 * sent to another thread.
 *
 * Pages are page numbers (byte address / 4096, below 2^52) as plain numbers, ranges half open; entries, elements and
 * absolute addresses are bigint.
 */

import type { Level } from '../machine/index.ts';

/** Pages of a segment. */
export const PAGES_PER_SEGMENT = 256;

/** A run of pages of a space that are mapped. */
export interface Extent {
  readonly first: number;
  readonly end: number;
}

/** What a extent of a guest address space is, in segments. */
export interface GuestCounts {
  /** Mapped, not linked, and the process has memory there. */
  readonly promised: number;
  /** Mapped, not linked, and the process has nothing there (any more). */
  readonly gone: number;
  /** Linked to a page table of the process; `shared` ones included, `large` ones not. */
  readonly linked: number;
  /** Linked to a page table or 1 MiB frame that another guest segment is linked to, too. */
  readonly shared: number;
  /** Linked to a frame of 1 MiB. */
  readonly large: number;
}

/** A extent of a guest address space that is mapped: a run, or what there is in less than a bucket. */
export interface GuestExtent extends GuestCounts {
  /** Guest pages from the first to the last mapped segment of the extent. */
  readonly first: number;
  readonly end: number;
  /** Process pages behind it: from the lowest to behind the highest. */
  readonly processFirst: number;
  readonly processEnd: number;
  /** Whether it is one run: every segment mapped, in the same state, and process memory in the same order behind it. */
  readonly exact: boolean;
  /** Pages present in the page tables that its segments are linked to; 256 for a frame of 1 MiB. */
  readonly present: number;
}

/** A extent of a process's address space that is mapped: of one mapping, or what there is in less than a bucket. */
export interface MappingExtent {
  readonly first: number;
  readonly end: number;
  /** How many mappings have pages in the extent. */
  readonly mappings: number;
  /** PROT bits of the mapping; null when there are several. */
  readonly protection: number | null;
  /** Whether it is shared memory, is a file's, and is for frames of 1 MiB; false when there are several. */
  readonly sharedMemory: boolean;
  readonly file: boolean;
  readonly largeMemory: boolean;
}

/** Page tables of a process: of one segment, or of those in less than a bucket. */
export interface TableExtent {
  /** Pages from the first to the last segment that has a page table or a frame of 1 MiB. */
  readonly first: number;
  readonly end: number;
  /** Page tables; frames of 1 MiB. */
  readonly tables: number;
  readonly large: number;
  /** Pages present; 256 for a frame of 1 MiB. */
  readonly present: number;
  /** Guest segments that are linked to them. */
  readonly links: number;
}

/** A row of a picture: what of a space lies in a range of pages. */
export type Row =
  | { readonly kind: 'guest'; readonly extents: readonly GuestExtent[] }
  | {
      readonly kind: 'process';
      readonly extents: readonly MappingExtent[];
      readonly tables: readonly TableExtent[];
    };

/** Bits of `Pages.flags`. */
export const PAGE_FLAG = {
  /** The process has something mapped there (and, for a guest, the guest's segment is mapped). */
  MAPPED: 1,
  /** It has a frame. */
  PRESENT: 2,
  /** Stores are forbidden by an entry on the way. */
  PROTECTED: 4,
  /** The change bit of the frame's storage key is on. */
  CHANGED: 8,
  /** A dirty log covers it, and has noted it since it was last asked. */
  LOGGED: 16,
  /** Somebody wants to be told when it is taken away. */
  WATCHED: 32,
  /** The frame belongs to other processes or mappings, too: copied when it is written, or shared memory. */
  SHARED: 64,
  /** The guest's segment is linked. Set for guests only. */
  LINKED: 128,
} as const;

/** Pages one by one. */
export interface Pages {
  readonly first: number;
  /** A byte a page: see `PAGE_FLAG`. */
  readonly flags: Uint8Array;
}

/** A table entry that is not empty. */
export interface TableEntry {
  readonly index: number;
  /** Absolute address of the entry. */
  readonly at: bigint;
  readonly value: bigint;
  /** What the bits say, in a few words. */
  readonly meaning: string;
  /** First page that the entry translates. */
  readonly page: number;
  readonly state: 'table' | 'frame' | 'promise' | 'no-access' | 'invalid';
  /** The page-status-table entry beside a page-table entry, where there is one. */
  readonly pgste: bigint | null;
}

/** The populated entries of one table. */
export interface Table {
  readonly level: Level;
  /** Absolute address. */
  readonly origin: bigint;
  /** First page that the table translates. */
  readonly page: number;
  /** Entries that are not empty, whether shown or not. */
  readonly populated: number;
  /** Those from number `from` on, as many as were asked for. */
  readonly from: number;
  readonly entries: readonly TableEntry[];
  /** For a page table: the guest segments that are linked to it. At most 16 are named; `links` counts all. */
  readonly linkedFrom: readonly { readonly gmap: number; readonly page: number }[];
  readonly links: number;
}

/** A field of an entry, an element or a PSW. */
export interface Field {
  readonly name: string;
  /** First and last bit, numbered from the left, 0 to 63. */
  readonly bits: readonly [number, number];
  readonly value: bigint;
  /** What the field says, with this value. */
  readonly sentence: string;
}

/** One remembered translation of a processor. */
export interface CachedTranslation {
  /** Slot of the buffer. */
  readonly slot: number;
  readonly page: number;
  /** The address-space-control element it came by. */
  readonly asce: bigint;
  /** Absolute address of the frame. */
  readonly frame: bigint;
  /** The page table it came from, absolute; null for none (frames of 1 MiB). */
  readonly table: bigint | null;
  readonly protected: boolean;
  /** Whether a walk would find the same now. */
  readonly stale: boolean;
}

/** A translation-lookaside buffer. */
export interface TranslationBuffer {
  readonly hits: number;
  readonly misses: number;
  /** At most 1024, which is all there are. */
  readonly entries: readonly CachedTranslation[];
}

/** A line of disassembly. */
export interface Line {
  readonly address: bigint;
  /** The bytes of the instruction, in hexadecimal. */
  readonly bytes: string;
  readonly text: string;
}

/** What a processor, real or virtual, holds. */
export interface Registers {
  readonly general: readonly bigint[];
  readonly control: readonly bigint[];
  readonly access: readonly number[];
  readonly floating: readonly bigint[];
  readonly prefix: bigint;
  readonly pswMask: bigint;
  readonly pswAddress: bigint;
  /** PSW fields, explained. */
  readonly psw: readonly Field[];
  /** What is around the instruction address: empty when no code can be read there. */
  readonly code: readonly Line[];
}

/** A real processor. */
export interface ProcessorState {
  readonly address: number;
  /** Instructions it has executed. */
  readonly executed: number;
  /** The gmap it is in, or null. */
  readonly gmap: number | null;
  /** Its registers; those of the guest while it interprets one. */
  readonly registers: Registers;
  /** What it remembers of the host's translations, and of a guest's own. */
  readonly host: TranslationBuffer;
  readonly guest: TranslationBuffer;
}
