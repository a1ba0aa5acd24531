/**
 * Standard input as the console input of a guest. It is not touched before the guest asks for input: until then ^C on a
 * terminal interrupts, and what is typed is the shell's.
 */

import type { Monitor } from '../vmm/index.ts';
import { EscapeKeys, KEYS_HELP } from './escape-keys.ts';

/** Characters that the guest has not read, above which no more is taken from a pipe and a terminal's are dropped. */
const UNREAD_MAX = 4096;

/** What `GuestInput` feeds: a `Monitor`. */
export type InputTaker = Pick<Monitor, 'input' | 'endInput' | 'wantsInput' | 'unreadInput'>;

/** Passes standard input on. */
export class GuestInput {
  readonly #guest: InputTaker;
  readonly #keys: EscapeKeys;
  #open = false;
  #ended = false;
  #paused = false;
  /** Called when input has come or ended. */
  #arrived: () => void = () => {};
  readonly #restore = () => this.#setRaw(false);

  /** @param end called when ^A x is typed */
  constructor(guest: InputTaker, end: () => void) {
    this.#guest = guest;
    this.#keys = new EscapeKeys((command) => {
      if (command === 'end') end();
      else process.stderr.write(`\n${KEYS_HELP}\n`);
    });
  }

  /** Opens standard input when the guest wants input, and reads on when it has read what was there. */
  attend(): void {
    if (!this.#open && this.#guest.wantsInput) this.#begin();
    if (this.#paused && this.#guest.unreadInput <= UNREAD_MAX / 2) {
      this.#paused = false;
      process.stdin.resume();
    }
  }

  /** Waits for input of a guest that waits for it. Returns false when none will come. */
  async more(): Promise<boolean> {
    this.attend();
    if (this.#guest.unreadInput > 0) return true;
    if (!this.#open || this.#ended) return false;
    await new Promise<void>((resolve) => {
      this.#arrived = resolve;
    });
    return true;
  }

  #begin(): void {
    this.#open = true;
    const { stdin } = process;
    process.on('exit', this.#restore);
    this.#setRaw(true);
    stdin.on('data', (bytes: Buffer) => this.#take(bytes));
    stdin.on('end', () => this.#end());
    // A terminal that goes away, a folder: nothing comes any more.
    stdin.on('error', () => this.#end());
  }

  #take(bytes: Uint8Array): void {
    const { stdin } = process;
    const passed = stdin.isTTY ? this.#keys.take(bytes) : bytes;
    const full = this.#guest.unreadInput > UNREAD_MAX;
    if (!full || !stdin.isTTY) this.#guest.input(passed);
    if (!stdin.isTTY && this.#guest.unreadInput > UNREAD_MAX) {
      this.#paused = true;
      stdin.pause();
    }
    this.#arrived();
  }

  #end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#guest.endInput();
    this.#arrived();
  }

  #setRaw(raw: boolean): void {
    if (process.stdin.isTTY) process.stdin.setRawMode(raw);
  }

  /** Puts the terminal back and reads no more. */
  close(): void {
    if (!this.#open) return;
    this.#restore();
    process.off('exit', this.#restore);
    process.stdin.removeAllListeners();
    process.stdin.on('error', () => {});
    process.stdin.destroy();
  }
}
