/** Reads trace files, event by event. */

import { TraceReader } from '../analysis/index.ts';
import { type TraceEvent, TraceSyntaxError } from '../trace/index.ts';
import { readLines } from './lines.ts';
import { UsageError } from './output.ts';
import type { Progress } from './progress.ts';

/** Maximum length of a line in characters. */
const LINE_LIMIT = 1 << 20;
const NO_TRACE =
  'not a trace: expected one that guesthouse wrote, or output of perf script or trace-cmd report';

/** A trace file that is being read. */
export class TraceInput {
  readonly reader = new TraceReader();
  readonly #path: string;
  readonly #progress: Progress;

  /** @param path a file, or - for standard input */
  constructor(path: string, progress: Progress) {
    this.#path = path;
    this.#progress = progress;
  }

  /**
   * Generates the events.
   * @throws UsageError if the file cannot be read, has a line that is not an event, or contains no events
   */
  async *events(): AsyncGenerator<TraceEvent> {
    for await (const batch of this.batches()) yield* batch;
  }

  /** Generates the events as they arrive. @throws as `events` */
  async *batches(): AsyncGenerator<readonly TraceEvent[]> {
    let any = false;
    try {
      for await (const { lines } of readLines(this.#path, LINE_LIMIT)) {
        const events: TraceEvent[] = [];
        try {
          for (const line of lines) {
            const event = this.reader.read(line);
            if (event !== null) events.push(event);
          }
        } catch (error) {
          yield events;
          throw error;
        }
        any ||= events.length > 0;
        yield events;
        this.#progress.at(this.reader.line);
      }
    } catch (error) {
      if (!(error instanceof TraceSyntaxError)) throw error;
      const reason = this.reader.kind === null ? NO_TRACE : error.message;
      throw new UsageError(`${this.#path}:${this.reader.line}: ${reason}`);
    } finally {
      this.#progress.end();
    }
    if (!any) throw new UsageError(`${this.#path}: the trace contains no events`);
  }
}
