/**
 * Runs: a run plays a recording forward, step by step. Snapshots can be taken between steps, and in a listener of its
 * trace.
 */

import type { Checker } from '../check/index.ts';
import type { Host, Vcpu } from '../host/index.ts';
import type { Storage } from '../machine/index.ts';
import type { Trace } from '../trace/index.ts';
import type { GuestState } from '../vmm/index.ts';
import type { Progress, StepAnswer } from './positions.ts';
import type { Snapshot } from './snapshot.ts';

/** Receives the answers of a run and the console output of its guest. */
export interface RunListener {
  answered(answer: StepAnswer): void;
  output(step: number, text: string): void;
}

/** Why a guest does not go on by itself: all its CPUs wait. */
export interface Wait {
  /** The TOD clock of the machine. */
  readonly now: bigint;
  /** Its value at which a clock interruption wakes the guest, or null if only input can wake it. */
  readonly until: bigint | null;
}

/** The run of a guest that is played live: it gets input, and leaves checkpoints for other runs. */
export interface LiveRun {
  /**
   * What the guest waits for, or null if it can go on. `advance` returns when it begins to wait; the next call goes on with the
   * input that has come, or without input at the time that it waits for.
   */
  readonly wait: Wait | null;
  /** The steps of the checkpoints. */
  readonly checkpoints: readonly number[];
  /** Adds console input. Returns the number of bytes accepted. */
  input(bytes: Uint8Array): number;
  /** Returns the state of the guest. @throws PlayerError before it is loaded, and after its end */
  save(): GuestState;
}

/** A run. The same source always gives the same steps and the same events. */
export interface Run {
  readonly snapshot: Snapshot;
  /** Emits the events of the run, except those of its setup. */
  readonly trace: Trace;
  /** Steps played. */
  readonly step: number;
  /**
   * The number, from 0, of the step whose events are emitted now. It is `step`, or the one before, if that is done and
   * the host still handles what it has led to.
   */
  readonly emitting: number;
  /** Steps in all, or null if this is known only at the end. */
  readonly of: number | null;
  /** Why it has ended, or null if it can continue. */
  readonly end: Progress['end'];
  /** The host, for the checker, or null if there is none. */
  readonly host: Host | null;
  /**
   * How often the host has acted: it has handled an exit, or performed an operation. Without that and without events, only
   * processors have changed memory.
   */
  readonly acts: number;
  /** Whether the host has acted for the next step already: this is not the position before that step. */
  readonly inStep: boolean;
  /** The virtual CPU that runs, or ran last; null if there is none. */
  readonly vcpu: Vcpu | null;
  /** The console and the state of a guest that is played live; null for all other runs. */
  readonly live: LiveRun | null;
  /** Steps between two checks. */
  readonly stride: number;
  /**
   * Plays `steps` steps, or fewer if the run ends or `pending` returns true. `pending` is called often, but not before
   * the first step. Steps and events do not depend on where calls stop.
   */
  advance(steps: number, pending?: () => boolean): void;
  /** Tells the checker which step comes next, and whether the last one failed. */
  announce(checker: Checker): void;
  /** Ends the run. Returns its storage, cleared for reuse, or null if it has none. */
  close(): Storage | null;
}
