/**
 * Where a guest's console goes: to standard output, or into the summary of `boot --json`.
 */

import { type ConsoleChoice, type ConsoleKind, ShownConsole, TerminalFilter } from '../vmm/index.ts';
import type { Output } from './output.ts';

/** Bytes of the console that --json keeps. */
const KEPT_MAX = 1 << 24;
const CHUNK = 1 << 16;

/** Shows the chosen console on standard output. */
export class PrintedConsole {
  readonly #shown: ShownConsole;
  readonly #output: Output;
  /** A filter for each console, so that sequences of one are not mixed with those of the other; null: all passes. */
  readonly #filters: Readonly<Record<ConsoleKind, TerminalFilter>> | null;

  /** @param plain whether only control sequences of a plain text screen pass */
  constructor(output: Output, choice: ConsoleChoice, plain: boolean) {
    this.#output = output;
    this.#shown = new ShownConsole(choice);
    this.#filters = plain ? { ascii: new TerminalFilter(), line: new TerminalFilter() } : null;
  }

  write(text: string, console: ConsoleKind): void {
    if (this.#shown.shows(text, console)) this.#output.write(this.#filters?.[console].filter(text) ?? text);
  }

  /** Leaves the terminal in its own colours. */
  finish(): void {
    if (this.#filters?.ascii.styled || this.#filters?.line.styled) this.#output.write('\x1b[0m');
  }
}

/** Keeps the first 16 MiB of the chosen console. */
export class KeptConsole {
  readonly #shown: ShownConsole;
  /** Bytes rather than strings: a guest may write letter by letter. */
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
    const room = KEPT_MAX - this.#length;
    this.#cut = bytes.length > room;
    this.#chunks.push(bytes.subarray(0, room));
    this.#length += Math.min(bytes.length, room);
  }

  /** The fields of the summary. */
  get summary(): { console: string; consoleCut?: true } {
    if (!this.#cut) this.#keep();
    const console = Buffer.concat(this.#chunks).toString();
    return this.#cut ? { console, consoleCut: true } : { console };
  }
}
