/**
 * Writes trace events to a file, one JSON object a line. docs/trace.md describes them.
 */

import { closeSync, openSync, writeSync } from 'node:fs';
import type { Trace, TraceEvent } from '../trace/index.ts';
import { complain, UsageError } from './output.ts';

const FLUSH_AT = 1 << 16;

/** An open trace file. */
export class TraceFile {
  readonly #file: number;
  readonly #path: string;
  /** Why it could not be written to the end; nothing more is written then. */
  #failed: string | null = null;
  #buffer = '';
  #count = 0;

  /** Opens the file and listens. @throws UsageError when it cannot be written */
  constructor(path: string, trace: Trace) {
    try {
      this.#file = openSync(path, 'w');
    } catch (error) {
      throw new UsageError(`${path} cannot be written: ${(error as NodeJS.ErrnoException).code}`);
    }
    trace.subscribe((event) => this.#add(event));
    this.#path = path;
  }

  #add(event: TraceEvent): void {
    this.#buffer += `${JSON.stringify({ n: this.#count++, ...event }, hexadecimal)}\n`;
    if (this.#buffer.length >= FLUSH_AT) this.#flush();
  }

  #flush(): void {
    const bytes = Buffer.from(this.#buffer);
    this.#buffer = '';
    try {
      for (let at = 0; at < bytes.length && this.#failed === null; ) at += writeSync(this.#file, bytes, at);
    } catch (error) {
      this.#failed = (error as NodeJS.ErrnoException).code ?? String(error);
    }
  }

  /** Writes what is left and closes the file. Says on standard error when not all of it could be written. */
  close(): void {
    this.#flush();
    closeSync(this.#file);
    if (this.#failed !== null) complain(`${this.#path} is not complete: ${this.#failed}`);
  }
}

/** Addresses are written as hexadecimal text: JSON has no 64-bit numbers. */
export function hexadecimal(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? `0x${value.toString(16)}` : value;
}
