/**
 * Observers: what a debugger outside of the machine learns of the instructions of a processor while they execute. An
 * observer changes nothing: a run has the same instructions, clocks, translations and events with it as without.
 *
 * Without an observer nothing is asked per instruction or access.
 */

import type { CpuState } from './state.ts';

/** An access to an operand in storage that an instruction has made. */
export interface ObservedAccess {
  /** Page number of the logical address, or of the real address for an operand that an instruction names by one. */
  readonly page: number;
  /** Page number of the guest's absolute address; -1 outside interpretive execution. */
  readonly absolute: number;
  /** Offset in the page of the first byte, and number of bytes, all in the page. */
  readonly offset: number;
  readonly length: number;
  readonly store: boolean;
}

/** Observes the processors of a machine, see `Machine.observer`. */
export interface Observer {
  /**
   * Called before each instruction, or null. Returns whether the run must end before the instruction; `ended` must return true
   * then, too. An instruction whose translation fails in the host is executed again, and observed again.
   */
  readonly before: ((cpu: CpuState) => boolean) | null;
  /**
   * Called for each operand that an instruction accesses, or null. Accesses do not take their fast path then. If the
   * instruction does not complete, `abandoned` follows. Fetches of instructions, and what the machine itself accesses (its own
   * tables, the prefix area in an interruption), are not reported. The argument is reused.
   */
  readonly accessed: ((access: ObservedAccess) => void) | null;
  /**
   * Called when a processor is about to store into a frame of absolute storage, for an instruction or for an interruption,
   * the first time since it cached the translation. If it returns true, the next such store is reported as well.
   * @param frame number of the frame
   * @param first offset in the frame of the first byte that may change
   * @param last offset of the last one. A store of the machine itself is reported as one to the whole frame
   */
  stored(frame: number, first: number, last: number): boolean;
  /** The instruction under way does not complete: it will be executed again, or has ended with an exception. */
  abandoned(): void;
  /**
   * Called between units of work, not after each one: when the processor has taken an interruption or ends its loop, and before it
   * returns to its caller. An observer makes it do so after the instruction under way by setting `attention`. Returns whether
   * the run must end.
   */
  ended(): boolean;
}
