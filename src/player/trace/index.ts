/** Plays traces. */

import { NO_SYMBOLS } from '../../vmm/index.ts';
import type { Playable } from '../playable.ts';
import type { Source } from '../positions.ts';
import { fromStart } from '../run-pool.ts';
import { readTrace } from './trace-file.ts';
import { TraceRun } from './trace-run.ts';

/** Returns a trace, to be played. @throws PlayerError if a line of it is malformed */
export function playableTrace({ name, text }: Source & { kind: 'trace' }): Playable {
  const events = readTrace(text, name);
  return { kind: 'trace', symbols: NO_SYMBOLS, runs: () => fromStart(() => new TraceRun(events)) };
}
