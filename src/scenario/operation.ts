/**
 * The operations of the scenario language, as plain objects. docs/scenarios.md describes them.
 *
 * A property is absent if the line does not mention it, so that lines and operations correspond one to one.
 */

/** How many gmaps a scenario can name: 0 to 63. */
export const GMAP_NAMES = 64;
/** How many processes: 0 to 15. Process 0 exists from the start. */
export const PROCESS_NAMES = 16;
/** How many files in memory: 0 to 15. */
export const FILE_NAMES = 16;
/** How many processors: 0 to 3. */
export const CPUS = 4;

/** The process; absent for process 0. */
interface OfProcess {
  readonly process?: number;
}

/** The gmap. */
interface OfGmap {
  readonly gmap: number;
}

/** The file. */
interface OfFile {
  readonly file: number;
}

/** The processor that performs an access; absent for the usual one. */
interface OnCpu {
  readonly cpu?: number;
}

/** An address, in bytes. */
interface At {
  readonly address: bigint;
}

/** A range of bytes. */
interface Range extends At {
  readonly length: bigint;
}

/** Bytes to store. */
interface Data extends At {
  readonly bytes: Uint8Array;
}

/** The options of an mmap. */
export interface MmapWords {
  /** PROT bits; absent for read and write. */
  readonly protection?: number;
  /** Replaces existing mappings. */
  readonly fixed?: true;
  /** The memory is shared with forks, and stores go to the file. */
  readonly shared?: true;
  /** Whole segments get 1 MiB frames. */
  readonly large?: true;
  /** Addresses beyond 4 TiB are allowed. */
  readonly high?: true;
  /** The file to map, and the byte of it to begin at: both or none. */
  readonly file?: number;
  readonly offset?: bigint;
}

/** An operation of the language. Addresses and lengths are in bytes. */
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
      /** Whether writes to it are logged. */
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

/** The operations with some verbs. */
export type OperationOf<V extends string> = Extract<Operation, { readonly verb: V }>;
