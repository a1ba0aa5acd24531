/**
 * Standard input as the console input of a guest. It is not touched before the guest listens to a console: until then
 * ^C on a terminal interrupts, and what is typed is the shell's.
 */

import type { Monitor } from '../vmm/index.ts';
import { EscapeKeys, KEYS_HELP } from './escape-keys.ts';

/** What `GuestInput` feeds: a `Monitor`. */
export type InputTaker = Pick<Monitor, 'input' | 'endInput' | 'listens' | 'inputRoom'>;

/** Passes standard input on. */
export class GuestInput {
  readonly #guest: InputTaker;
  readonly #keys: EscapeKeys;
  #open = false;
  #ended = false;
  /** What the guest had no room for. Standard input is paused while there is any. */
  #rest: Uint8Array = new Uint8Array(0);
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

  /** Opens standard input when the guest listens, and reads on when it has room again. */
  attend(): void {
    if (!this.#open && this.#guest.listens) this.#begin();
    if (this.#rest.length === 0 || this.#guest.inputRoom === 0) return;
    this.#pass(this.#rest);
    if (this.#rest.length > 0) return;
    if (this.#ended) this.#guest.endInput();
    else process.stdin.resume();
  }

  /** Waits until input has come or ended. */
  async more(): Promise<void> {
    const room = this.#guest.inputRoom;
    this.attend();
    // What did not fit before has come now.
    if (this.#guest.inputRoom < room) return;
    await new Promise<void>((resolve) => {
      this.#arrived = resolve;
    });
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
    if (process.stdin.isTTY) {
      // What does not fit is lost, as on any terminal: its keys must be heard.
      this.#guest.input(this.#keys.take(bytes));
    } else {
      this.#pass(bytes);
      if (this.#rest.length > 0) process.stdin.pause();
    }
    this.#arrived();
  }

  #pass(bytes: Uint8Array): void {
    this.#rest = bytes.subarray(this.#guest.input(bytes));
  }

  #end(): void {
    if (this.#ended) return;
    this.#ended = true;
    // Not before the guest has had room for all that came.
    if (this.#rest.length === 0) this.#guest.endInput();
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
