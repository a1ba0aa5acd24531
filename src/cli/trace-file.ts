/**
 * Writes trace events to a file, one JSON object a line. docs/trace.md describes them.
 */

import { closeSync, constants, openSync, writeSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import type { Trace, TraceEvent } from '../trace/index.ts';
import { hexadecimal } from './json.ts';
import { UsageError } from './output.ts';

const FLUSH_AT = 1 << 16;
/** Characters that wait at most for a reader of a pipe: beyond, the run waits for it. */
const WAITING_MAX = 1 << 24;
/** Milliseconds between two tries to write into a full pipe. */
const RETRY = 5;

/** An open trace file. A pipe that is full does not block: see `full`. */
export class TraceFile {
  readonly #file: number;
  readonly #path: string;
  /** Why it could not be written to the end; nothing more is written then. */
  #failure: string | null = null;
  #buffer = '';
  /** Bytes that a full pipe did not take. */
  #rest: Uint8Array = new Uint8Array(0);
  #count = 0;

  /** Opens the file and listens. @throws UsageError when it cannot be written */
  constructor(path: string, trace: Trace) {
    try {
      this.#file = open(path);
    } catch (error) {
      throw new UsageError(`${path} cannot be written: ${(error as NodeJS.ErrnoException).code}`);
    }
    trace.subscribe((event) => this.#add(event));
    this.#path = path;
  }

  /** What is wrong with the file, as a sentence; null when nothing is. There is no use in going on then. */
  get failure(): string | null {
    return this.#failure === null ? null : `${this.#path} is not complete: ${this.#failure}`;
  }

  /** Whether a pipe has not taken all that was written: wait for `drained` before going on. */
  get full(): boolean {
    return this.#failure === null && this.#rest.length > 0;
  }

  /** Waits until a pipe has taken what was written, it failed, or `given up` says so. */
  async drained(givenUp: () => boolean = () => false): Promise<void> {
    for (this.#write(); this.full && !givenUp(); this.#write()) await setTimeout(RETRY);
  }

  #add(event: TraceEvent): void {
    if (this.#failure !== null) return;
    this.#buffer += `${JSON.stringify({ n: this.#count++, ...event }, hexadecimal)}\n`;
    if (this.#buffer.length < FLUSH_AT) return;
    this.#write();
    // One operation can emit more events than should wait in memory.
    while (this.#rest.length > WAITING_MAX && this.#failure === null) {
      sleep(RETRY);
      this.#write();
    }
  }

  #write(): void {
    if (this.#failure !== null) return;
    const made = Buffer.from(this.#buffer);
    this.#buffer = '';
    const bytes = this.#rest.length === 0 ? made : Buffer.concat([this.#rest, made]);
    let at = 0;
    try {
      while (at < bytes.length) at += writeSync(this.#file, bytes, at);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code !== 'EAGAIN') this.#failure = code ?? String(error);
    }
    this.#rest = bytes.subarray(at);
  }

  /** Writes the rest and closes the file. `failure` then says whether it is complete. */
  close(): void {
    this.#write();
    if (this.#rest.length > 0) this.#failure ??= 'its reader does not read';
    try {
      closeSync(this.#file);
    } catch (error) {
      this.#failure ??= (error as NodeJS.ErrnoException).code ?? String(error);
    }
  }
}

/** Opens a file so that writing into a full pipe does not block. */
function open(path: string): number {
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC;
  if (process.platform === 'win32') return openSync(path, flags);
  try {
    return openSync(path, flags | constants.O_NONBLOCK);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENXIO') throw error;
  }
  // A pipe that nobody reads yet: wait for its reader.
  const waiting = openSync(path, flags);
  const file = openSync(path, flags | constants.O_NONBLOCK);
  closeSync(waiting);
  return file;
}

function sleep(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}
