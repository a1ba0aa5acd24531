/**
 * Reads the lines of a file, one after another.
 */

import { LessonError } from './lesson.ts';

/** Maximum number of characters of a line that a message quotes. */
const QUOTED = 60;

/** The lines of a file, and the place that was reached. */
export class Reader {
  readonly file: string;
  readonly #lines: readonly string[];
  #at = 0;

  constructor(file: string, text: string) {
    this.file = file;
    const lines = text.replace(/^\uFEFF/, '').split(/\r?\n/);
    // The end of the last line begins no further one.
    this.#lines = lines.at(-1) === '' ? lines.slice(0, -1) : lines;
  }

  /** The number of the next line, from 1. */
  get number(): number {
    return this.#at + 1;
  }

  /** The next line without blanks at its end, or null after the last. */
  get line(): string | null {
    return this.#lines[this.#at]?.trimEnd() ?? null;
  }

  /** The line after the next one, or null. */
  get lineAfter(): string | null {
    return this.#lines[this.#at + 1]?.trimEnd() ?? null;
  }

  /** Returns the next line and goes past it. Preconditions: there is one. */
  take(): string {
    const line = this.line as string;
    this.#at++;
    return line;
  }

  /** Goes past blank lines. Returns whether there were any. */
  skipBlank(): boolean {
    const from = this.#at;
    while (this.line === '') this.#at++;
    return this.#at > from;
  }

  /** Returns an error about a line. @param line its number; the default is the next line */
  error(message: string, line = this.number): LessonError {
    return new LessonError(this.file, line, message);
  }
}

/** Quotes a text from a file in a message, cut to a readable length. */
export function quoted(text: string): string {
  return `"${text.length > QUOTED ? `${text.slice(0, QUOTED)}…` : text}"`;
}
