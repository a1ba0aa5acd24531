/**
 * Reads trace files: those of Guesthouse (docs/trace.md), and text that a Linux host wrote.
 */

import { TraceReader } from '../../analysis/index.ts';
import { linesOf } from '../../scenario/internal.ts';
import { type TraceEvent, TraceSyntaxError } from '../../trace/index.ts';
import { PlayerError } from '../positions.ts';

/** Maximum number of events in a file. */
const EVENTS_LIMIT = 1_000_000;

/** Returns the events of a trace file. @throws PlayerError naming the file and the line */
export function readTrace(text: string, name: string): TraceEvent[] {
  const events: TraceEvent[] = [];
  const reader = new TraceReader();
  for (const line of linesOf(text)) {
    try {
      const event = reader.read(line);
      if (event === null) continue;
      if (events.length === EVENTS_LIMIT) throw new TraceSyntaxError(`more than ${EVENTS_LIMIT} events`);
      events.push(event);
    } catch (error) {
      if (!(error instanceof TraceSyntaxError)) throw error;
      throw new PlayerError(`${name}:${reader.line}: ${error.message}`);
    }
  }
  if (events.length === 0) throw new PlayerError(`${name}: the trace contains no events`);
  return events;
}
