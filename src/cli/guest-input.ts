/**
 * Standard input as the console input of a guest. It is not read until the guest enables console input. Until then ^C on a
 * terminal interrupts, and typed text goes to the shell.
 */

import type { Monitor } from '../vmm/index.ts';
import { EscapeKeys, KEYS_HELP } from './escape-keys.ts';

/** The receiver of the input: a `Monitor`. */
export type InputReceiver = Pick<Monitor, 'input' | 'endInput' | 'inputEnabled' | 'inputSpace'>;

/** Passes standard input to the guest. */
export class GuestInput {
  readonly #guest: InputReceiver;
  readonly #keys: EscapeKeys;
  #open = false;
  #ended = false;
  /** Bytes that did not fit into the guest's buffer. Standard input is paused while there are any. */
  #rest: Uint8Array = new Uint8Array(0);
  /** Called when input arrives or ends. */
  #arrived: () => void = () => {};
  readonly #restore = () => this.#setRaw(false);

  /**
   * @param end called for ^A x
   * @param save called for ^A s, while the guest does not run
   */
  constructor(guest: InputReceiver, end: () => void, save: () => void) {
    this.#guest = guest;
    this.#keys = new EscapeKeys((command) => {
      if (command === 'end') end();
      else if (command === 'save') save();
      else process.stderr.write(`\n${KEYS_HELP}\n`);
    });
  }

  /** Opens standard input if the guest has enabled input, and continues to read if the guest's buffer has space. */
  service(): void {
    if (!this.#open && this.#guest.inputEnabled) this.#begin();
    if (this.#rest.length === 0 || this.#guest.inputSpace === 0) return;
    this.#pass(this.#rest);
    if (this.#rest.length > 0) return;
    if (this.#ended) this.#guest.endInput();
    else process.stdin.resume();
  }

  /** Waits until input arrives or ends. */
  async more(): Promise<void> {
    const space = this.#guest.inputSpace;
    this.service();
    // Waiting bytes were passed to the guest.
    if (this.#guest.inputSpace < space) return;
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
    // A terminal that was closed, or a folder: there will be no more input.
    stdin.on('error', () => this.#end());
  }

  #take(bytes: Uint8Array): void {
    if (process.stdin.isTTY) {
      // Bytes that do not fit are lost, as on any terminal: the escape keys must still be read.
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
    // Otherwise `service` ends it, when the rest has been passed.
    if (this.#rest.length === 0) this.#guest.endInput();
    this.#arrived();
  }

  #setRaw(raw: boolean): void {
    if (process.stdin.isTTY) process.stdin.setRawMode(raw);
  }

  /** Restores the terminal and stops reading. */
  close(): void {
    if (!this.#open) return;
    this.#restore();
    process.off('exit', this.#restore);
    process.stdin.removeAllListeners();
    process.stdin.on('error', () => {});
    process.stdin.destroy();
  }
}
