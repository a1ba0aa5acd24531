/** The outputs of a guest's console: standard output, and the summary of `boot --json`. */

import { type ConsoleChoice, type ConsoleKind, ShownConsole, TerminalFilter } from '../vmm/index.ts';
import type { Output } from './output.ts';

/** Maximum console output that --json keeps, in bytes. */
const KEPT_MAX = 1 << 24;
const CHUNK = 1 << 16;

/** Writes the selected console to standard output. */
export class PrintedConsole {
  readonly #shown: ShownConsole;
  readonly #output: Output;
  /** A filter per console, so that their control sequences do not mix; null if everything passes. */
  readonly #filters: Readonly<Record<ConsoleKind, TerminalFilter>> | null;

  /** @param plain whether to pass only control sequences of a plain text screen */
  constructor(output: Output, choice: ConsoleChoice, plain: boolean) {
    this.#output = output;
    this.#shown = new ShownConsole(choice);
    this.#filters = plain
      ? { ascii: new TerminalFilter(), line: new TerminalFilter(), virtio: new TerminalFilter() }
      : null;
  }

  write(text: string, console: ConsoleKind): void {
    if (this.#shown.shows(text, console)) this.#output.write(this.#filters?.[console].filter(text) ?? text);
  }

  /** Resets the colours of the terminal. */
  finish(): void {
    if (Object.values(this.#filters ?? {}).some(({ styled }) => styled)) this.#output.write('\x1b[0m');
  }
}

/** Keeps the first 16 MiB of the selected console. */
export class KeptConsole {
  readonly #shown: ShownConsole;
  /** Bytes instead of strings, because a guest may write one character at a time. */
  readonly #chunks: Buffer[] = [];
  #pending = '';
  #length = 0;
  #cut = false;

  constructor(choice: ConsoleChoice) {
    this.#shown = new ShownConsole(choice);
  }

  write(text: string, console: ConsoleKind): void {
    if (this.#cut || !this.#shown.shows(text, console)) return;
    this.#pending += text;
    if (this.#pending.length >= CHUNK) this.#keep();
  }

  #keep(): void {
    const bytes = Buffer.from(this.#pending);
    this.#pending = '';
    const free = KEPT_MAX - this.#length;
    this.#cut = bytes.length > free;
    this.#chunks.push(bytes.subarray(0, free));
    this.#length += Math.min(bytes.length, free);
  }

  /** The fields of the summary. */
  get summary(): { console: string; consoleCut?: true } {
    if (!this.#cut) this.#keep();
    const console = Buffer.concat(this.#chunks).toString();
    return this.#cut ? { console, consoleCut: true } : { console };
  }
}
