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
  /** Wrong usage, or input that cannot be read. */
  USAGE: 2,
  /** `boot`: the guest cannot go on. */
  STUCK: 3,
  /** `boot`: the limit of instructions is reached. */
  LIMIT: 4,
  /** `--check` found a broken rule. */
  BROKEN_RULE: 5,
  /** Storage is used up. */
  NO_MEMORY: 6,
  /** `boot`: interrupted from the keyboard. */
  INTERRUPTED: 130,
} as const;

/** What the user got wrong: one line on standard error, exit status 2. */
export class UsageError extends Error {}

const FLUSH_AT = 1 << 16;

/** Collects text and writes it in large pieces. */
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
    if (this.#buffer === '') return;
    process.stdout.write(this.#buffer);
    this.#buffer = '';
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
