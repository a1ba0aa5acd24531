/**
 * Turns the lines of a host's trace into events, and counts what is not understood.
 */

import type { TracepointEvent } from '../../trace/index.ts';
import { isHeading, lostEvents, parseHostLine } from './lines.ts';
import { tracepointFacts } from './tracepoints.ts';

/** Maximum number of threads whose virtual CPU is remembered, and of names that are counted. */
const THREADS_MAX = 4096;
const NAMES_MAX = 100;
/** Lengths to which texts of a trace are cut. */
const NAME_WIDTH = 64;
const DETAILS_WIDTH = 1000;

/** What a reader did not understand. */
export interface NotUnderstood {
  /** Lines that are no events. */
  readonly lines: number;
  /** The number of the first such line, or null if there is none. */
  readonly firstLine: number | null;
  /** Events by name that are not known, or whose text is not as declared. At most 100 names. */
  readonly events: ReadonlyMap<string, number>;
  /** Events that the host says it lost. */
  readonly lost: number;
}

/** Reads the trace of a host, line by line. */
export class HostTraceReader {
  #lines = 0;
  #firstLine: number | null = null;
  #lost = 0;
  readonly #events = new Map<string, number>();
  /** The virtual CPU that each thread runs. */
  readonly #vcpus = new Map<number, number>();

  /** Returns the event of a line, or null if there is none. `number` is that of the line, from 1. */
  read(line: string, number: number): TracepointEvent | null {
    const parsed = parseHostLine(line);
    if (parsed === null) {
      this.#skip(line, number);
      return null;
    }
    const { name, details, command, thread } = parsed;
    const facts = tracepointFacts(name, details);
    if (facts === null) this.#count(name);
    if (facts?.psw !== undefined && this.#vcpus.size < THREADS_MAX) {
      this.#vcpus.set(thread, facts.vcpu as number);
    }
    const vcpu = facts?.vcpu ?? this.#vcpus.get(thread);
    return {
      type: 'tracepoint',
      ...parsed,
      name: name.slice(0, NAME_WIDTH),
      command: command.slice(0, NAME_WIDTH),
      details: details.slice(0, DETAILS_WIDTH),
      ...(vcpu === undefined ? {} : { vcpu }),
      ...(facts?.psw === undefined ? {} : { address: facts.psw.address }),
    };
  }

  #skip(line: string, number: number): void {
    const lost = lostEvents(line);
    if (lost !== null) this.#lost += lost;
    else if (!isHeading(line)) {
      this.#lines++;
      this.#firstLine ??= number;
    }
  }

  #count(name: string): void {
    if (this.#events.size < NAMES_MAX || this.#events.has(name)) {
      this.#events.set(name, (this.#events.get(name) ?? 0) + 1);
    }
  }

  get notUnderstood(): NotUnderstood {
    return { lines: this.#lines, firstLine: this.#firstLine, events: this.#events, lost: this.#lost };
  }
}
