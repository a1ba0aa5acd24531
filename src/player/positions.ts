/**
 * What can be played, and positions of it.
 *
 * A recording is a row of steps: the lines of a scenario, the instructions of a guest, or the events of a trace. A step may
 * emit events. A position is between two steps, or inside one, right after one of its events: at the position
 * `{ step: 7, event: 2 }` seven steps are done, and the eighth has just emitted its second event.
 */

import type { Violation } from '../check/index.ts';
import type { InjectedFault } from '../host/index.ts';
import type { TraceEvent } from '../trace/index.ts';

/** What is played. */
export type Source =
  /** A scenario (docs/scenarios.md). */
  | { readonly kind: 'scenario'; readonly text: string }
  /** A guest image (ELF), with 64 MiB of memory unless `memory` (bytes) says otherwise. */
  | {
      readonly kind: 'guest';
      readonly name: string;
      readonly image: Uint8Array;
      readonly arguments?: string;
      readonly memory?: bigint;
    }
  /** A trace file (docs/trace.md): events only, so that there are no tables, walks and processors to look at. */
  | { readonly kind: 'trace'; readonly name: string; readonly text: string };

/** How it is played. */
export interface Settings {
  /** A fault to inject into the host, or null, the default, for none. */
  readonly injectedFault?: InjectedFault | null;
  /** Whether to check every rule after every step of a scenario, and now and then in a guest. The default is true. */
  readonly check?: boolean;
}

/** A position of a recording. */
export interface Position {
  /** Steps done. */
  readonly step: number;
  /** Events that the next step has emitted; 0 when it has not begun. */
  readonly event: number;
}

/** An event that was recorded. */
export interface RecordedEvent {
  /** Its number, from 0. */
  readonly n: number;
  /** The position right after it: `{ step, event }`. */
  readonly position: Position;
  readonly event: TraceEvent;
}

/** What one step answered. */
export interface StepAnswer {
  /** The number of the step, from 0. */
  readonly step: number;
  /** The scenario's line, from 1. */
  readonly line: number;
  /** At most 1000 lines of answer, each cut after 2000 characters. */
  readonly answer: readonly string[];
  /** The sentence that goes with an error. */
  readonly explanation?: string;
}

/** What is known of a recording, as far as it has been played once. */
export interface Progress {
  /** Steps performed. */
  readonly steps: number;
  /** Steps there are; null when only playing tells. */
  readonly of: number | null;
  /** Events emitted; beyond `EVENTS_KEPT` they are only counted. */
  readonly events: number;
  /** Why it does not go on: a sentence; null while it can. `stuck` says that it is not its own end. */
  readonly end: { readonly sentence: string; readonly stuck: boolean } | null;
  /** Broken rules, each with the number of the step, from 0, after which it was seen. */
  readonly violations: readonly { readonly step: number; readonly violation: Violation }[];
  /** What the guest has output, in the order in which it was output. */
  readonly output: readonly { readonly step: number; readonly text: string }[];
}

/** Why a source cannot be played: the message says it in a sentence. */
export class PlayerError extends Error {}

/** Events that are kept of one recording: what a long run says after so many is counted, not kept. */
export const EVENTS_KEPT = 200_000;

/** Whether two positions are the same. */
export function samePosition(a: Position, b: Position): boolean {
  return a.step === b.step && a.event === b.event;
}

/** Whether the first position is before the second. */
export function isEarlier(a: Position, b: Position): boolean {
  return a.step < b.step || (a.step === b.step && a.event < b.event);
}
