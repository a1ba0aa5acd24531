/**
 * Sources of recordings, and positions in them.
 *
 * A recording is a sequence of steps: the lines of a scenario, the units of work of a guest, or the events of a trace.
 * A step can emit events. A position lies between two steps, or inside a step, right after one of its events: at
 * `{ step: 7, event: 2 }` seven steps are done, and the eighth has just emitted its second event.
 */

import type { Violation } from '../check/index.ts';
import type { InjectedFault } from '../host/index.ts';
import type { TraceEvent } from '../trace/index.ts';
import type { SpaceName } from './snapshot.ts';

/** What to play. */
export type Source =
  /** A scenario (docs/scenarios.md). */
  | { readonly kind: 'scenario'; readonly text: string }
  /**
   * A guest image (ELF), or a Linux kernel, which is played live. `memory` is the size of its memory in bytes; the default is 64 MiB,
   * or 256 MiB for a kernel, which can have 512 MiB at most. `initrd` is the initial RAM disk of a kernel, and `cpus` the number of
   * its virtual CPUs, 1 by default.
   */
  | {
      readonly kind: 'guest';
      readonly name: string;
      readonly image: Uint8Array;
      readonly arguments?: string;
      readonly memory?: bigint;
      readonly initrd?: Uint8Array;
      readonly cpus?: number;
    }
  /**
   * A Linux program for s390x (an ELF executable without shared libraries), which runs as a process. `arguments` are those after the
   * name of the program, and `input` is all of its standard input; both are empty by default.
   */
  | {
      readonly kind: 'program';
      readonly name: string;
      readonly image: Uint8Array;
      readonly arguments?: readonly string[];
      readonly input?: string;
    }
  /** A trace file (docs/trace.md). It contains events only: no tables and no processors. */
  | { readonly kind: 'trace'; readonly name: string; readonly text: string };

/** How to play it. */
export interface Settings {
  /** A fault to inject into the host, or null, the default, for none. */
  readonly injectedFault?: InjectedFault | null;
  /** Whether to check every rule: after each step of a scenario, at intervals in a guest. The default is true. */
  readonly check?: boolean;
}

/** A position in a recording. */
export interface Position {
  /** Steps done. */
  readonly step: number;
  /** Events that the next step has emitted; 0 if it has not begun. */
  readonly event: number;
}

/** A recorded event. */
export interface RecordedEvent {
  /** Its number among all events, from 0. */
  readonly n: number;
  /** The position right after it. */
  readonly position: Position;
  readonly event: TraceEvent;
}

/** A page that a step accessed or changed. */
export interface TouchedPage {
  readonly space: SpaceName;
  /** In bytes; the page is the one that holds it. */
  readonly address: bigint;
}

/** The answer of one step. */
export interface StepAnswer {
  /** The number of the step, from 0. */
  readonly step: number;
  /** The scenario's line, from 1. */
  readonly line: number;
  /** At most 1000 lines, each cut to 2000 characters. */
  readonly answer: readonly string[];
  /** The bytes read, as text in quotation marks, if they look like text: see `formatText`. */
  readonly text?: string;
  /** The message of an error. */
  readonly explanation?: string;
  /** The first page that the step accessed or changed. */
  readonly touched?: TouchedPage;
}

/** What is known of a guest that is played live. */
export interface LiveProgress {
  /** Whether all its CPUs wait. */
  readonly waits: boolean;
  /** The steps of the checkpoints, from which going back plays. */
  readonly checkpoints: readonly number[];
  /** The step of the first event that is kept. */
  readonly eventsFrom: number;
}

/** How far a recording has come. */
export interface Progress {
  /** Steps played. */
  readonly steps: number;
  /** Steps in all, or null if this is known only at the end. */
  readonly of: number | null;
  /** Events emitted. Those beyond `EVENTS_KEPT` are only counted; of a live guest, the last ones are kept. */
  readonly events: number;
  /** Why it ended, or null if it can continue. `stuck` means that it could not continue, although it had not finished. */
  readonly end: { readonly sentence: string; readonly stuck: boolean } | null;
  /** Violations of the checker's rules, each with the number, from 0, of the step after which it was found. */
  readonly violations: readonly { readonly step: number; readonly violation: Violation }[];
  /** The console output of the guest, in order. */
  readonly output: readonly { readonly step: number; readonly text: string }[];
  /** The number of the first item of `output` among all: of a live guest, the last ones are kept. */
  readonly outputFrom: number;
  /** Of a guest that is played live; null for all other recordings. */
  readonly live: LiveProgress | null;
}

/** A source that cannot be played, or a player that was closed. The message is a sentence for the reader. */
export class PlayerError extends Error {}

/** Maximum number of events kept for one recording. */
export const EVENTS_KEPT = 200_000;

/** Whether two positions are the same. */
export function samePosition(a: Position, b: Position): boolean {
  return a.step === b.step && a.event === b.event;
}

/** Whether the first position is earlier than the second. */
export function isEarlier(a: Position, b: Position): boolean {
  return a.step < b.step || (a.step === b.step && a.event < b.event);
}
