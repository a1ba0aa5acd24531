/** Writes trace events to a file, one JSON object per line. docs/trace.md describes them. */

import { closeSync, constants, openSync, writeSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import type { Trace, TraceEvent } from '../trace/index.ts';
import { hexadecimal } from './json.ts';
import { UsageError } from './output.ts';
import { reasonOf } from './reasons.ts';

const FLUSH_AT = 1 << 16;
/** Maximum number of characters that wait for the reader of a pipe. Beyond, the run waits for it. */
const WAITING_MAX = 1 << 24;
/** Time in milliseconds between two attempts to write into a full pipe. */
const RETRY = 5;

/** An open trace file. A pipe that is full does not block: see `full`. */
export class TraceFile {
  readonly #file: number;
  readonly #path: string;
  /** The error that ended writing, or null. */
  #failure: string | null = null;
  #buffer = '';
  /** Bytes that did not fit into a full pipe. */
  #rest: Uint8Array = new Uint8Array(0);
  #count = 0;
  #isClosed = false;

  /**
   * Opens the file and subscribes to the trace.
   * @throws UsageError if the file cannot be written
   */
  constructor(path: string, trace: Trace) {
    try {
      this.#file = open(path);
    } catch (error) {
      throw new UsageError(`could not open ${path} for writing: ${reasonOf(error)}`);
    }
    trace.subscribe((event) => this.#add(event));
    this.#path = path;
  }

  /** A sentence on the failure of the file, after which the command should end, or null if there was none. */
  get failure(): string | null {
    return this.#failure === null
      ? null
      : `could not write the whole trace to ${this.#path}: ${this.#failure}`;
  }

  /** Whether a pipe did not accept everything: wait for `drained` before continuing. */
  get full(): boolean {
    return this.#failure === null && this.#rest.length > 0;
  }

  /** Waits until a pipe has accepted everything, it failed, or `givenUp` returns true. */
  async drained(givenUp: () => boolean = () => false): Promise<void> {
    for (this.#write(); this.full && !givenUp(); this.#write()) await setTimeout(RETRY);
  }

  #add(event: TraceEvent): void {
    if (this.#failure !== null || this.#isClosed) return;
    this.#buffer += `${JSON.stringify({ n: this.#count++, ...event }, hexadecimal)}\n`;
    if (this.#buffer.length < FLUSH_AT) return;
    this.#write();
    // One operation can emit more events than memory should hold.
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
      if (code !== 'EAGAIN') this.#failure = reasonOf(error);
    }
    this.#rest = bytes.subarray(at);
  }

  /** Writes the rest and closes the file. Afterwards `failure` is null if the file is complete. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#write();
    if (this.#rest.length > 0) this.#failure ??= 'its reader does not read';
    try {
      closeSync(this.#file);
    } catch (error) {
      this.#failure ??= reasonOf(error);
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
  // A pipe without a reader: wait for one.
  const waiting = openSync(path, flags);
  const file = openSync(path, flags | constants.O_NONBLOCK);
  closeSync(waiting);
  return file;
}

function sleep(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}
