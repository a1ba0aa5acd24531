/**
 * The operations of the scenario language, as plain records. docs/scenarios.md describes them.
 *
 * What a line leaves out is absent here too, so that a line and its operation say the same.
 */

/** How many gmaps a scenario can name: 0 to 63. */
export const GMAP_NAMES = 64;
/** How many processes: 0 to 15. Process 0 is there from the start. */
export const PROCESS_NAMES = 16;
/** How many files in memory: 0 to 15. */
export const FILE_NAMES = 16;
/** Processors of the world: 0 to 3. */
export const CPUS = 4;

/** A line of a process: which one; absent for process 0. */
interface OfProcess {
  readonly process?: number;
}

/** A line of a gmap: its name. */
interface OfGmap {
  readonly gmap: number;
}

/** A line of a file: its name. */
interface OfFile {
  readonly file: number;
}

/** An access by code: on which processor; absent for the one where such code usually runs. */
interface OnCpu {
  readonly cpu?: number;
}

/** Where, in bytes. */
interface At {
  readonly address: bigint;
}

/** A range of bytes. */
interface Range extends At {
  readonly length: bigint;
}

/** What is stored where. */
interface Data extends At {
  readonly bytes: Uint8Array;
}

/** What is there to a mapping beside where it is. */
export interface MmapWords {
  /** PROT bits; absent for read and write. */
  readonly protection?: number;
  /** Replaces what is there. */
  readonly fixed?: true;
  /** Writes are for all who map it. */
  readonly shared?: true;
  /** Whole segments get frames of 1 MiB. */
  readonly large?: true;
  /** It may lie beyond 4 TiB. */
  readonly high?: true;
  /** The file whose pages they are, and the byte of it where they begin: both or none. */
  readonly file?: number;
  readonly offset?: bigint;
}

/** An operation of the language. Addresses and lengths in bytes. */
export type Operation =
  | ({ readonly verb: 'mmap' } & OfProcess & Range & MmapWords)
  | ({ readonly verb: 'munmap' | 'dontneed' } & OfProcess & Range)
  | ({ readonly verb: 'mprotect'; readonly protection: number } & OfProcess & Range)
  | ({
      readonly verb: 'mremap';
      readonly address: bigint;
      readonly oldLength: bigint;
      readonly newLength: bigint;
      readonly mayMove?: true;
      readonly to?: bigint;
    } & OfProcess)
  | ({ readonly verb: 'new' | 'exit' } & OfProcess)
  | ({ readonly verb: 'fork'; readonly child: number } & OfProcess)
  | ({ readonly verb: 'file'; readonly length: bigint } & OfFile)
  | ({ readonly verb: 'file read'; readonly offset: bigint; readonly length: bigint } & OfFile)
  | ({ readonly verb: 'file write'; readonly offset: bigint; readonly bytes: Uint8Array } & OfFile)
  | ({ readonly verb: 'file close' } & OfFile)
  | ({ readonly verb: 'gmap_alloc' } & OfProcess & OfGmap)
  | ({ readonly verb: 'gmap_free' | 'dump' | 'watched' } & OfGmap)
  | ({
      readonly verb: 'gmap_map_segment';
      readonly from: bigint;
      readonly to: bigint;
      readonly length: bigint;
    } & OfGmap)
  | ({ readonly verb: 'gmap_unmap_segment'; readonly to: bigint; readonly length: bigint } & OfGmap)
  | ({ readonly verb: 'gmap_fault' } & OfGmap & At)
  | ({ readonly verb: 'gmap_discard'; readonly from: bigint; readonly to: bigint } & OfGmap)
  | ({
      readonly verb: 'slot';
      /** Its number. */
      readonly slot: bigint;
      readonly from: bigint;
      readonly to: bigint;
      readonly length: bigint;
      /** Which of its pages are written is noted. */
      readonly log?: true;
    } & OfGmap)
  | ({ readonly verb: 'dirty'; readonly slot: bigint } & OfGmap)
  | ({ readonly verb: 'key' } & OfGmap & At)
  | ({ readonly verb: 'set_key'; readonly key: number } & OfGmap & At)
  | ({ readonly verb: 'watch' } & OfGmap & Range)
  | ({ readonly verb: 'process read' } & OfProcess & Range & OnCpu)
  | ({ readonly verb: 'process write' } & OfProcess & Data & OnCpu)
  | ({ readonly verb: 'kernel read' } & OfProcess & Range)
  | ({ readonly verb: 'kernel write' } & OfProcess & Data)
  | ({ readonly verb: 'guest read' } & OfGmap & Range & OnCpu)
  | ({ readonly verb: 'guest write' } & OfGmap & Data & OnCpu)
  | { readonly verb: 'stats' }
  | { readonly verb: 'fail'; readonly count: bigint };

/** The operations of some verbs. */
export type OperationOf<V extends string> = Extract<Operation, { readonly verb: V }>;
