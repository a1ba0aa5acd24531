/** The cases of the system calls' fuzzer, as JSON. 64-bit values are hexadecimal text with 0x. */

import type { Engine } from '../../machine/index.ts';

/** A number of 64 bits, as `0x…`. */
export type Hex = `0x${string}`;

/** What is stored for a system call: values of 8 bytes, bytes, and pointers to more. */
export type Item =
  | Hex
  /** Bytes, in hexadecimal digits. */
  | { readonly bytes: string }
  /** A pointer to other values, or to text of a character for each byte, with a 0 behind it. */
  | { readonly data: readonly Item[] }
  | { readonly text: string }
  /** The address of the code of a list. */
  | { readonly list: number };

/** An argument. */
export type Value =
  | Hex
  /** What an earlier call of the process returned. */
  | { readonly slot: number }
  | { readonly data: readonly Item[] }
  | { readonly text: string }
  /** An address: so many bytes above the stack pointer, or below it. */
  | { readonly stack: number };

/** A step of a list. */
export type CallsStep =
  /** A system call. */
  | {
      readonly do: 'call';
      readonly list: number;
      /** The name, or the number of one without a name. */
      readonly call: string | number;
      readonly args: readonly Value[];
      /** The slot that the result is stored to. */
      readonly slot?: number;
      /** The list that a process or thread performs that gets 0 from the call. */
      readonly child?: number;
    }
  /** Stores 8 bytes, or loads a byte. */
  | { readonly do: 'store'; readonly list: number; readonly at: Value; readonly value: Value }
  | { readonly do: 'load'; readonly list: number; readonly at: Value }
  /** A loop of so many instructions. */
  | { readonly do: 'spin'; readonly list: number; readonly count: number }
  /** Instructions, in hexadecimal digits. */
  | { readonly do: 'code'; readonly list: number; readonly code: string };

/** What the processes of a case run on. */
export interface CallsSetup {
  readonly seed: number;
  readonly cpus: number;
  /** Size of storage in bytes. */
  readonly storage: number;
  /** The limits of a system: threads, and bytes of files. */
  readonly threads: number;
  readonly files: number;
  /** User and group of the first process. */
  readonly uid: number;
  /** How instructions are executed when the case is performed for the second time. */
  readonly engine: Engine;
  /** Whether standard input is a terminal. */
  readonly terminal: boolean;
  /** Whether the memory is checked all the while. */
  readonly checked: boolean;
  /** The allocation of frames that fails, counted from the start of the program; 0 for none. */
  readonly failing: number;
}

/** Number of lists. The first process performs list 0; the last list is that of handlers of signals, which returns. */
export const LISTS = 5;
export const HANDLER = LISTS - 1;
/** Number of slots. */
export const SLOTS = 16;
