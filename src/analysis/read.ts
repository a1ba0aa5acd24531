/**
 * Reads traces of any kind, line by line: those of Guesthouse (docs/trace.md), and those that a Linux host wrote.
 */

import { parseEvent, type TraceEvent, TraceSyntaxError } from '../trace/index.ts';
import { isHeading, parseHostLine } from './host/lines.ts';
import { HostTraceReader, type NotUnderstood } from './host/read.ts';

/** The kinds of traces: `guesthouse` has events as JSON, `host` is text of perf, trace-cmd or ftrace. */
export type TraceKind = 'guesthouse' | 'host';

/** Maximum number of lines that may precede the first event of a host's trace. */
const HEADING_MAX = 200;
/** Characters of a text that are looked at to detect its kind. */
const BEGINNING = 1 << 16;

/** Returns the kind of trace that a text begins like, or null if it is none. */
export function traceKindOf(text: string): TraceKind | null {
  const lines = text.slice(0, BEGINNING).split('\n', HEADING_MAX);
  for (const line of lines) {
    if (line.startsWith('{')) return isEvent(line) ? 'guesthouse' : null;
    if (parseHostLine(line) !== null) return 'host';
    if (!isHeading(line) && !/^CPU:\d+ \[/.test(line)) return null;
  }
  return null;
}

/** Whether a line is an object with a type, as an event is. */
function isEvent(line: string): boolean {
  try {
    return typeof (JSON.parse(line) as { type?: unknown }).type === 'string';
  } catch {
    return false;
  }
}

/** Reads a trace, whose kind its first event decides. */
export class TraceReader {
  #kind: TraceKind | null = null;
  #line = 0;
  readonly #host = new HostTraceReader();

  /** The kind of the trace, or null before its first event. */
  get kind(): TraceKind | null {
    return this.#kind;
  }

  /** The number of the last line read, from 1; 0 before the first. */
  get line(): number {
    return this.#line;
  }

  /** What was not understood of a host's trace. */
  get notUnderstood(): NotUnderstood {
    return this.#host.notUnderstood;
  }

  /**
   * Returns the event of a line, or null for a line without one.
   * @throws TraceSyntaxError for a line of a trace of Guesthouse that is no event, or if the text is no trace
   */
  read(line: string): TraceEvent | null {
    this.#line++;
    if (this.#kind === 'guesthouse') return line.trim() === '' ? null : parseEvent(line);
    if (this.#kind === null && !this.#isHost(line)) {
      if (line.trim() === '' || line.startsWith('#') || isHeading(line)) return null;
      if (line.trimStart().startsWith('{')) {
        this.#kind = 'guesthouse';
        return parseEvent(line);
      }
      throw new TraceSyntaxError('not a JSON object');
    }
    const event = this.#host.read(line, this.#line);
    if (event !== null) this.#kind = 'host';
    return event;
  }

  #isHost(line: string): boolean {
    return parseHostLine(line) !== null || /^CPU:\d+ \[/.test(line);
  }
}
