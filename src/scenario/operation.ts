/**
 * The operations of the scenario language, as plain objects. docs/scenarios.md describes them.
 *
 * A property is absent if the line does not mention it, so that lines and operations correspond one to one.
 */

/** The number of gmaps that a scenario can name: 0 to 63. */
export const GMAP_NAMES = 64;
/** The number of processes: 0 to 15. Process 0 exists from the start. */
export const PROCESS_NAMES = 16;
/** The number of files in memory: 0 to 15. */
export const FILE_NAMES = 16;
/** The number of processors: 0 to 3. */
export const CPUS = 4;

/** The process of an operation; absent for process 0. */
export interface ProcessOperand {
  readonly process?: number;
}

/** The gmap of an operation. */
export interface GmapOperand {
  readonly gmap: number;
}

/** The file of an operation. */
export interface FileOperand {
  readonly file: number;
}

/** The processor that performs an access; absent for the default one. */
export interface ProcessorOperand {
  readonly cpu?: number;
}

/** The address of an operation, in bytes. */
export interface AddressOperand {
  readonly address: bigint;
}

/** The range of an operation, in bytes. */
export interface RangeOperand extends AddressOperand {
  readonly length: bigint;
}

/** The bytes that an operation stores at an address. */
export interface BytesOperand extends AddressOperand {
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
  | ({ readonly verb: 'mmap' } & ProcessOperand & RangeOperand & MmapWords)
  | ({ readonly verb: 'munmap' | 'dontneed' } & ProcessOperand & RangeOperand)
  | ({
      readonly verb: 'fault';
      /** Whether it is the fault of a store. */
      readonly write?: true;
    } & ProcessOperand &
      AddressOperand)
  | ({ readonly verb: 'mprotect'; readonly protection: number } & ProcessOperand & RangeOperand)
  | ({
      readonly verb: 'mremap';
      readonly address: bigint;
      readonly oldLength: bigint;
      readonly newLength: bigint;
      readonly mayMove?: true;
      readonly to?: bigint;
    } & ProcessOperand)
  | ({ readonly verb: 'new' | 'exit' } & ProcessOperand)
  | ({ readonly verb: 'fork'; readonly child: number } & ProcessOperand)
  | ({ readonly verb: 'file'; readonly length: bigint } & FileOperand)
  | ({ readonly verb: 'file read'; readonly offset: bigint; readonly length: bigint } & FileOperand)
  | ({ readonly verb: 'file write'; readonly offset: bigint; readonly bytes: Uint8Array } & FileOperand)
  | ({ readonly verb: 'file close' } & FileOperand)
  | ({ readonly verb: 'gmap_alloc' } & ProcessOperand & GmapOperand)
  | ({ readonly verb: 'gmap_free' | 'dump' | 'watched' } & GmapOperand)
  | ({
      readonly verb: 'gmap_map_segment';
      readonly from: bigint;
      readonly to: bigint;
      readonly length: bigint;
    } & GmapOperand)
  | ({ readonly verb: 'gmap_unmap_segment'; readonly to: bigint; readonly length: bigint } & GmapOperand)
  | ({ readonly verb: 'gmap_fault' } & GmapOperand & AddressOperand)
  | ({ readonly verb: 'gmap_discard'; readonly from: bigint; readonly to: bigint } & GmapOperand)
  | ({
      readonly verb: 'slot';
      /** Its number. */
      readonly slot: bigint;
      readonly from: bigint;
      readonly to: bigint;
      readonly length: bigint;
      /** Whether writes to it are logged. */
      readonly log?: true;
    } & GmapOperand)
  | ({ readonly verb: 'dirty'; readonly slot: bigint } & GmapOperand)
  | ({ readonly verb: 'key' } & GmapOperand & AddressOperand)
  | ({ readonly verb: 'set_key'; readonly key: number } & GmapOperand & AddressOperand)
  | ({ readonly verb: 'watch' } & GmapOperand & RangeOperand)
  | ({ readonly verb: 'process read' } & ProcessOperand & RangeOperand & ProcessorOperand)
  | ({ readonly verb: 'process write' } & ProcessOperand & BytesOperand & ProcessorOperand)
  | ({ readonly verb: 'kernel read' } & ProcessOperand & RangeOperand)
  | ({ readonly verb: 'kernel write' } & ProcessOperand & BytesOperand)
  | ({ readonly verb: 'guest read' } & GmapOperand & RangeOperand & ProcessorOperand)
  | ({ readonly verb: 'guest write' } & GmapOperand & BytesOperand & ProcessorOperand)
  | { readonly verb: 'stats' }
  | { readonly verb: 'fail'; readonly count: bigint };

/** The operations with some verbs. */
export type OperationOf<V extends string> = Extract<Operation, { readonly verb: V }>;
