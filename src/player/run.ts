/**
 * A run of a recording: it goes forward, step by step, and can be looked at in between and from a listener of its trace.
 */

import type { Checker } from '../check/index.ts';
import type { Host } from '../host/index.ts';
import type { Storage } from '../machine/index.ts';
import type { Trace } from '../trace/index.ts';
import type { Progress, StepAnswer } from './positions.ts';
import type { Snapshot } from './snapshot.ts';

/** Who hears what a run answers and what its guest says. */
export interface RunListener {
  answered(answer: StepAnswer): void;
  output(step: number, text: string): void;
}

/** A run that goes forward. The same source makes the same run, step by step, event by event. */
export interface Run {
  readonly snapshot: Snapshot;
  /** Where events go while it goes on. Those of its making are not told. */
  readonly trace: Trace;
  /** Steps done. */
  readonly step: number;
  /** Steps there are; null when only playing tells. */
  readonly of: number | null;
  /** Why it does not go on; null while it can. */
  readonly end: Progress['end'];
  /** The host, for who checks its rules; null when there is none. */
  readonly host: Host | null;
  /** Steps that may be done between two looks at the rules. */
  readonly stride: number;
  /**
   * Does `steps` steps; fewer when it ends, or when `pending` returns true. It is asked often, but not before something
   * was done: runs know no clock of their own. Where a run stops makes no difference to it.
   */
  advance(steps: number, pending?: () => boolean): void;
  /** Tells the checker what is going to be done, and whether what was done has failed. */
  announce(checker: Checker): void;
  /** Ends the run. Its storage, cleared, can be used again; null when it has none. */
  close(): Storage | null;
}
