/** The reasons for which a processor ends a run, and the limit of a run. */

import type { Interruption } from '../interruption.ts';

/** The reason for which `run` returned. */
export type Stop =
  /** The units of work it was given are used up. */
  | { readonly reason: 'limit' }
  /**
   * Wait state, and no enabled interruption is pending. `disabled`: no interruption can end it. `until`: the TOD value
   * at which a clock interruption will end it, or null if none can.
   */
  | { readonly reason: 'wait'; readonly disabled: boolean; readonly until: bigint | null }
  /** An interruption for the host, if interruptions are reported. The PSW is what the old PSW would be. */
  | { readonly reason: 'interruption'; readonly interruption: Interruption }
  /** Program interruptions follow one another without an instruction completing. */
  | { readonly reason: 'program-loop'; readonly code: number }
  /** Interpreting a guest: the host's translation failed. `length` is 2 if it failed for an instruction fetch. */
  | { readonly reason: 'host'; readonly code: number; readonly teid: bigint; readonly length: number }
  /** Interpreting a guest: the instruction is an interception. */
  | {
      readonly reason: 'instruction';
      readonly ipa: number;
      readonly ipb: number;
      /** Whether the operation code is invalid. */
      readonly operation: boolean;
      /** Length in bytes of the EXECUTE whose target the instruction is; 0 if it is no target. */
      readonly executeLength: number;
      /** Whether its fetch is an event of program-event recording. */
      readonly fetchEvent: boolean;
    }
  /** Interpreting a guest: a clock interruption would be taken forever, because its new PSW is enabled for it. */
  | { readonly reason: 'external-loop'; readonly code: number }
  /** Interpreting a guest: it is enabled for an interruption that the host wants to deliver. */
  | { readonly reason: 'external-request' | 'io-request' }
  /** `stop` was called, or another processor stopped this one by SIGP. */
  | { readonly reason: 'stopped' }
  /**
   * Check-stop: an interruption could not be taken because the prefix area is outside storage or, interpreting a guest,
   * because the host's translation of the guest's prefix area failed.
   */
  | { readonly reason: 'check-stop' };

/** @throws RangeError for a limit that is neither a positive integer nor Infinity */
export function demandLimit(limit: number): void {
  if (limit === Infinity || (Number.isInteger(limit) && limit >= 1)) return;
  throw new RangeError(`limit ${String(limit)} is not a positive integer`);
}
