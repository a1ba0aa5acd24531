/** What a debugger debugs: threads with registers, in memory that they share. A guest is one; its threads are its CPUs. */

/** A register, as GDB's target description has it. */
export interface TargetRegister {
  readonly name: string;
  /** Size in bits: 32 or 64. */
  readonly bits: 32 | 64;
}

/** The registers of a thread. */
export interface TargetDescription {
  /** In the order of their numbers in the protocol, from 0. */
  readonly registers: readonly TargetRegister[];
  /** The number of the register that has the address of the next instruction. */
  readonly programCounter: number;
  /** The target description, an XML document (GDB manual, "Target Descriptions"). */
  readonly xml: string;
}

/** A thread. */
export interface TargetThread {
  /** From 1 on. */
  readonly id: number;
  /** What it is and does, in a few words. */
  readonly description: string;
}

/** Where to stop: before an instruction at an address, or after an access to `length` bytes from an address on. */
export interface Point {
  readonly kind: 'software' | 'hardware' | 'write' | 'read' | 'access';
  readonly address: bigint;
  /** Bytes of an access, at least 1; of no meaning for instructions. */
  readonly length: number;
}

/** How to go on. The other threads run as well while one steps. */
export type Resume =
  | { readonly kind: 'continue' | 'reverse-continue' }
  | { readonly kind: 'step' | 'reverse-step'; readonly thread: number };

/** Why the target stopped. */
export type StopReason =
  | { readonly kind: 'step' | 'interrupt' }
  /** A point was hit. @see Point */
  | { readonly kind: 'point'; readonly point: Point; readonly address: bigint }
  /** It cannot go back further. */
  | { readonly kind: 'begin' }
  /** It ended, and can only go back. `sentence` says why. */
  | { readonly kind: 'end'; readonly sentence: string; readonly succeeded: boolean }
  /** It ended before, and was resumed again. */
  | { readonly kind: 'exit'; readonly succeeded: boolean };

/** A stop. */
export interface Stop {
  readonly thread: number;
  readonly reason: StopReason;
}

/**
 * A target. It is stopped until `resume`, and again from the stop on that `advance` returns. Only `advance`, `interrupt` and
 * `threads` may be called between the two.
 */
export interface DebugTarget {
  readonly description: TargetDescription;
  readonly threads: readonly TargetThread[];
  /** The stop that it is at; null while it runs. */
  readonly stop: Stop | null;
  /** Returns a register. @param thread an id of `threads` @param register its number */
  readRegister(thread: number, register: number): bigint;
  /** Sets a register. Returns whether it takes the value. */
  writeRegister(thread: number, register: number, value: bigint): boolean;
  /** Returns the bytes at an address of a thread: fewer than `length` if those after them cannot be read. */
  readMemory(thread: number, address: bigint, length: number): Uint8Array;
  /** Stores all bytes, or none. Returns whether it has. */
  writeMemory(thread: number, address: bigint, bytes: Uint8Array): boolean;
  /** Sets the points: those before are removed. */
  setPoints(points: readonly Point[]): void;
  /** Begins to run. */
  resume(how: Resume): void;
  /** Runs until the target stops, or until `pending`, which is called often, returns true. Returns the stop, or null. */
  advance(pending: () => boolean): Stop | null;
  /** Makes it stop soon. */
  interrupt(): void;
}
