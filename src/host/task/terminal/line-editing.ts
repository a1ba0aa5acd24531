/** Erasing in the line that is being typed, and on the screen. Linux: drivers/tty/n_tty.c, eraser. */

import { CC, LFLAG } from '../abi/terminals.ts';
import type { InputQueue } from './input-queue.ts';
import { isContinuation, isControlByte, type TerminalOutput } from './terminal-output.ts';
import { hasLocal, type Termios } from './termios.ts';

const BACKSPACE = 8;
const TAB = 9;
const NEWLINE = 10;
const BLANK = 32;
const SLASH = 47;
const BACKSLASH = 92;
const UNDERSCORE = 95;

/** How much is erased. */
export type Erasure = 'character' | 'word' | 'line';

/** Edits the line that is being typed. */
export class LineEditor {
  readonly #queue: InputQueue;
  readonly #output: TerminalOutput;
  readonly #modes: () => Termios;
  /** Whether the screen shows erased characters between \ and /: ECHOPRT. */
  #printsErased = false;

  constructor(queue: InputQueue, output: TerminalOutput, modes: () => Termios) {
    this.#queue = queue;
    this.#output = output;
    this.#modes = modes;
  }

  /** Erases. */
  erase(what: Erasure): void {
    const queue = this.#queue;
    if (queue.editable === 0) return;
    const has = (flag: number) => hasLocal(this.#modes(), flag);
    if (what === 'line' && !has(LFLAG.ECHO | LFLAG.ECHOK | LFLAG.ECHOKE | LFLAG.ECHOE)) {
      queue.shorten(0);
      if (has(LFLAG.ECHO)) this.#showKill(has(LFLAG.ECHOK));
      return;
    }
    let isInWord = false;
    while (queue.editable > 0) {
      const start = this.#lastCharacter();
      if (start === null) break;
      const byte = queue.at(start);
      if (what === 'word') {
        if (isWordByte(byte)) isInWord = true;
        else if (isInWord) break;
      }
      const rest = Array.from({ length: queue.editable - start - 1 }, (_, i) => queue.at(start + 1 + i));
      queue.shorten(start);
      if (has(LFLAG.ECHO)) this.#showErased(byte, rest, what);
      if (what === 'character') break;
    }
    if (queue.editable === 0 && has(LFLAG.ECHO)) this.finish();
  }

  /** What follows is no erasure. */
  finish(): void {
    if (!this.#printsErased) return;
    this.#output.echoAsIs(SLASH);
    this.#printsErased = false;
  }

  /** Forgets what was being erased. */
  reset(): void {
    this.#printsErased = false;
  }

  #showKill(withNewline: boolean): void {
    this.finish();
    this.#output.echo(this.#modes().cc[CC.KILL]!);
    if (withNewline) this.#output.echoAsIs(NEWLINE);
  }

  /** Returns where the last character begins, or null if it has no beginning. */
  #lastCharacter(): number | null {
    const queue = this.#queue;
    const modes = this.#modes();
    let at = queue.editable - 1;
    while (at > 0 && isContinuation(modes, queue.at(at))) at--;
    return isContinuation(modes, queue.at(at)) ? null : at;
  }

  #showErased(byte: number, rest: readonly number[], what: Erasure): void {
    const modes = this.#modes();
    const output = this.#output;
    if (hasLocal(modes, LFLAG.ECHOPRT)) {
      if (!this.#printsErased) output.echoAsIs(BACKSLASH);
      this.#printsErased = true;
      output.echo(byte);
      for (const one of rest) output.echoAsIs(one);
    } else if (what === 'character' && !hasLocal(modes, LFLAG.ECHOE)) {
      output.echo(modes.cc[CC.ERASE]!);
    } else if (byte === TAB) {
      this.#eraseTab();
    } else {
      const isShownAsTwo = isControlByte(byte) && hasLocal(modes, LFLAG.ECHOCTL);
      const columns = isShownAsTwo ? 2 : isControlByte(byte) ? 0 : 1;
      for (let i = 0; i < columns; i++) {
        for (const one of [BACKSPACE, BLANK, BACKSPACE]) output.echoAsIs(one);
      }
    }
  }

  #eraseTab(): void {
    const queue = this.#queue;
    const modes = this.#modes();
    let columns = 0;
    let at = queue.editable;
    while (--at >= 0) {
      const byte = queue.at(at);
      if (byte === TAB) break;
      if (isControlByte(byte)) columns += hasLocal(modes, LFLAG.ECHOCTL) ? 2 : 0;
      else if (!isContinuation(modes, byte)) columns++;
    }
    this.#output.eraseTab(columns, at >= 0);
  }
}

/** Letters, of Latin-1 too, digits, and the underscore. */
function isWordByte(byte: number): boolean {
  if (byte === UNDERSCORE || (byte >= 48 && byte <= 57)) return true;
  const letter = byte & ~0x20;
  if (byte < 128) return letter >= 65 && letter <= 90;
  return byte >= 0xc0 && byte !== 0xd7 && byte !== 0xf7;
}
