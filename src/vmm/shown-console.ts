/**
 * Selects which of a guest's consoles is shown. A guest may write the same lines to two of them: Linux does so until it has
 * selected one.
 */

import type { ConsoleKind } from '../devices/index.ts';

/**
 * The console to show; or `both` of the SCLP; or `auto`: the line-mode console until the guest writes to the ASCII console, and the
 * virtio console as soon as the guest writes to it.
 */
export type ConsoleChoice = ConsoleKind | 'both' | 'auto';

/** Maximum length of a line-mode message that is compared with the first ASCII text, in characters. */
const COMPARED_MAX = 4096;

/** Selects the text to show. */
export class ShownConsole {
  #choice: ConsoleChoice;
  readonly #isAutomatic: boolean;
  /** The last line-mode message shown, while the choice is `auto`. */
  #last = '';

  constructor(choice: ConsoleChoice = 'auto') {
    this.#choice = choice;
    this.#isAutomatic = choice === 'auto';
  }

  /** Returns whether to show text that the guest wrote to a console. */
  shows(text: string, console: ConsoleKind): boolean {
    if (console === 'virtio') {
      if (this.#isAutomatic) this.#choice = 'virtio';
      return this.#choice === 'virtio';
    }
    if (this.#choice !== 'auto') return this.#choice === 'both' || this.#choice === console;
    if (console === 'line') {
      this.#last = text.length <= COMPARED_MAX ? text.trim() : '';
      return true;
    }
    this.#choice = 'ascii';
    // A guest that writes every line to both consoles may write to the line-mode console first.
    return this.#last === '' || text.trim() !== this.#last;
  }
}
