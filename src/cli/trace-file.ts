/**
 * Writes trace events to a file, one JSON object a line. docs/trace.md describes them.
 */

import { closeSync, openSync, writeSync } from 'node:fs';
import type { Trace, TraceEvent } from '../trace/index.ts';
import { UsageError } from './output.ts';

const FLUSH_AT = 1 << 16;

/** An open trace file. */
export class TraceFile {
  readonly #file: number;
  #buffer = '';
  #count = 0;

  /** Opens the file and listens. @throws UsageError when it cannot be written */
  constructor(path: string, trace: Trace) {
    try {
      this.#file = openSync(path, 'w');
    } catch (error) {
      throw new UsageError(`${path} cannot be written: ${(error as NodeJS.ErrnoException).code}`);
    }
    trace.listener = (event) => this.#add(event);
  }

  #add(event: TraceEvent): void {
    this.#buffer += `${JSON.stringify({ n: this.#count++, ...event }, hexadecimal)}\n`;
    if (this.#buffer.length >= FLUSH_AT) this.#flush();
  }

  #flush(): void {
    writeSync(this.#file, this.#buffer);
    this.#buffer = '';
  }

  /** Writes what is left and closes the file. */
  close(): void {
    this.#flush();
    closeSync(this.#file);
  }
}

/** Addresses are written as hexadecimal text: JSON has no 64-bit numbers. */
export function hexadecimal(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? `0x${value.toString(16)}` : value;
}
