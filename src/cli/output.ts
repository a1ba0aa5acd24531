/** The output of the commands: standard output in large blocks, errors of one line each, colour only on a terminal. */

import { styleText } from 'node:util';
import { reasonOf } from './reasons.ts';

/** Exit statuses. */
export const EXIT = {
  /** Success; for `boot`: the guest ended with status 0. */
  OK: 0,
  /** `boot`: the guest ended with another status; `trace`: the traces differ. */
  GUEST_STATUS: 1,
  /** Wrong usage, input that cannot be read, or output that cannot be written. */
  USAGE: 2,
  /** `boot`: the guest cannot continue. */
  STUCK: 3,
  /** `boot`: the limit is reached. */
  LIMIT: 4,
  /** `--check` found a broken rule. */
  BROKEN_RULE: 5,
  /** Storage is used up. */
  NO_MEMORY: 6,
  /** `boot`: a breakpoint was hit. */
  BREAKPOINT: 7,
  /** `boot`: interrupted from the keyboard. */
  INTERRUPTED: 130,
  /** The reader of standard output ended: the status of a program that SIGPIPE ends. */
  CLOSED: 141,
} as const;

/** A mistake of the user: one line on standard error, exit status 2. */
export class UsageError extends Error {}

const FLUSH_AT = 1 << 16;

/** The error code of standard output, such as ENOSPC, or null if it can be written. */
let failure: string | null = null;

/** Starts to watch standard output for failures. Call once. */
export function watchOutput(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    failure ??= error.code ?? error.message;
  });
}

/** Whether a closed standard output concerns the command itself, and not only a program that it runs. */
let closedMatters = true;

/** Makes a closed standard output the matter of the program that runs: the command goes on, and its exit status is the program's. */
export function passClosedOutput(): void {
  closedMatters = false;
}

/** Returns whether the reader of standard output, such as `head`, has ended. This is no error, but the command should end. */
export function outputClosed(): boolean {
  return closedMatters && failure === 'EPIPE';
}

/** Returns a sentence on the failure of standard output, or null if there was none. */
export function outputFailure(): string | null {
  return failure === null || failure === 'EPIPE'
    ? null
    : `could not write to standard output: ${reasonOf(failure)}`;
}

/** Collects text and writes it in large blocks. After a failure it drops everything. */
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

  /** Writes the collected text. */
  flush(): void {
    const text = this.#buffer;
    this.#buffer = '';
    if (text !== '' && failure === null) process.stdout.write(text);
  }

  /** Whether standard output has failed, so that the command should end. */
  get failed(): boolean {
    return failure !== null;
  }

  /** Whether the reader has not read everything: wait for `drained` before writing more. */
  get full(): boolean {
    return failure === null && process.stdout.writableNeedDrain;
  }

  /** Waits until the reader has read everything, or standard output has failed. */
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

/** Formats commands and their descriptions in two aligned columns. */
export function columns(rows: readonly (readonly [command: string, description: string])[]): string[] {
  const width = Math.max(...rows.map(([command]) => command.length));
  return rows.map(([command, description]) => `${command.padEnd(width)}  ${description}`.trimEnd());
}

/** Writes one line to standard error. */
export function complain(message: string): void {
  process.stderr.write(`guesthouse: ${message}\n`);
}

/** Returns text in a style if standard output is a terminal and NO_COLOR is not set. */
export function styled(style: 'bold' | 'dim' | 'green' | 'yellow' | 'cyan' | 'red', text: string): string {
  const wanted = process.stdout.isTTY === true && !process.env.NO_COLOR;
  return wanted ? styleText(style, text) : text;
}
