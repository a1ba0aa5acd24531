/**
 * Where the commands write: standard output in large pieces, errors as one line each, colour only on a terminal.
 */

import { styleText } from 'node:util';

/** How a command ends. */
export const EXIT = {
  /** Done; for `boot`: the guest ended with status 0. */
  OK: 0,
  /** `boot`: the guest ended with another status. */
  GUEST_STATUS: 1,
  /** Wrong usage, input that cannot be read, or output that cannot be written. */
  USAGE: 2,
  /** `boot`: the guest cannot go on. */
  STUCK: 3,
  /** `boot`: the limit is reached. */
  LIMIT: 4,
  /** `--check` found a broken rule. */
  BROKEN_RULE: 5,
  /** Storage is used up. */
  NO_MEMORY: 6,
  /** `boot`: interrupted from the keyboard. */
  INTERRUPTED: 130,
  /** The reader of standard output went away: as other programs end, by SIGPIPE. */
  CLOSED: 141,
} as const;

/** What the user got wrong: one line on standard error, exit status 2. */
export class UsageError extends Error {}

const FLUSH_AT = 1 << 16;

/** Why standard output cannot be written: an error code such as ENOSPC; null while it can. */
let failure: string | null = null;

/** Notes when standard output fails from now on. Call once. */
export function watchOutput(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    failure ??= error.code ?? error.message;
  });
}

/** Whether the reader of standard output has gone away, such as `head`: no error, but there is no use in going on. */
export function outputClosed(): boolean {
  return failure === 'EPIPE';
}

/** What is wrong with standard output, as a sentence; null when nothing is. */
export function outputFailure(): string | null {
  return failure === null || outputClosed() ? null : `standard output cannot be written: ${failure}`;
}

/** Collects text and writes it in large pieces. After a failure it drops everything. */
export class Output {
  #buffer = '';

  /** Adds text. */
  write(text: string): void {
    this.#buffer += text;
    if (this.#buffer.length >= FLUSH_AT) this.flush();
  }

  /** Adds a line. */
  line(text: string): void {
    this.write(`${text}\n`);
  }

  /** Writes what is there. */
  flush(): void {
    const text = this.#buffer;
    this.#buffer = '';
    if (text !== '' && failure === null) process.stdout.write(text);
  }

  /** Whether standard output cannot be written. There is no use in going on then. */
  get failed(): boolean {
    return failure !== null;
  }

  /** Whether more has been written than the reader has taken: wait for `drained` before writing more. */
  get full(): boolean {
    return failure === null && process.stdout.writableNeedDrain;
  }

  /** Waits until the reader has taken what was written, or standard output failed. */
  async drained(): Promise<void> {
    if (!this.full) return;
    await new Promise<void>((resolve) => {
      const done = () => {
        for (const event of ['drain', 'error', 'close']) process.stdout.off(event, done);
        resolve();
      };
      for (const event of ['drain', 'error', 'close']) process.stdout.on(event, done);
    });
  }
}

/** One line on standard error. */
export function complain(message: string): void {
  process.stderr.write(`guesthouse: ${message}\n`);
}

/** Text in a style, when standard output is a terminal and NO_COLOR is not set. */
export function styled(style: 'bold' | 'dim' | 'green' | 'yellow' | 'cyan' | 'red', text: string): string {
  const wanted = process.stdout.isTTY === true && !process.env.NO_COLOR;
  return wanted ? styleText(style, text) : text;
}
