/** The cases of the engines' fuzzer, as JSON. 64-bit values are hexadecimal text with 0x. */

/** A number of 64 bits, as `0x…`. */
export type Hex = `0x${string}`;

/** Which program runs on a processor: the machine's own, or that of one of two guests. */
export type Program = 'host' | 'guest 0' | 'guest 1';

/** The setup of the machine. */
export interface EngineSetup {
  /** Seed of the contents of the data pages. */
  readonly seed: number;
  /** Number of processors, 1 to 3. */
  readonly cpus: number;
  /** Whether the second MiB of storage is that of guests; otherwise there is only one MiB. */
  readonly guests: boolean;
  /** Interception controls of the guests. */
  readonly interceptions: number;
}

/** Sets the state of a program: on a processor, or in the state description of a guest. */
export interface StartStep {
  readonly do: 'start';
  readonly cpu: number;
  readonly program: Program;
  readonly mask: Hex;
  readonly address: Hex;
  readonly gr: readonly Hex[];
  readonly fr: readonly Hex[];
  readonly fpc: number;
  readonly cr: Readonly<Record<string, Hex>>;
  readonly prefix: number;
  /** Whether program and supervisor-call interruptions are reported. */
  readonly report: boolean;
}

/** Stores a program, one instruction an item, at an absolute address. */
export interface CodeStep {
  readonly do: 'code';
  readonly at: number;
  readonly code: readonly string[];
}

/** Runs a program. */
export interface RunStep {
  readonly do: 'run';
  readonly cpu: number;
  readonly program: Program;
  readonly limit: number;
}

/** A step. */
export type EngineStep =
  | StartStep
  | CodeStep
  | RunStep
  /** Stores bytes at an absolute address. */
  | { readonly do: 'store'; readonly at: number; readonly bytes: string }
  /** Sets the storage key of an absolute page, and purges what depends on it. */
  | { readonly do: 'key'; readonly page: number; readonly key: number }
  /** Replaces an entry of a page table, and purges it. */
  | { readonly do: 'entry'; readonly table: number; readonly index: number; readonly value: Hex }
  /** Purges translations: all, those of an element, or those of the running program. */
  | { readonly do: 'purge'; readonly cpu: number; readonly asce: Hex | null }
  /** Sets a clock comparator to a time from now, and a CPU timer. */
  | {
      readonly do: 'clock';
      readonly cpu: number;
      readonly program: Program;
      readonly comparator: number;
      readonly timer: number;
    }
  /** Makes an emergency signal pending. */
  | { readonly do: 'signal'; readonly cpu: number };
