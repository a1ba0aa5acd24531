/**
 * Selects which of a guest's two SCLP consoles is shown. A guest may write the same lines to both: Linux does so until it has
 * selected one.
 */

import type { ConsoleKind } from '../devices/index.ts';

/** The console to show, or both, or `auto`: the line-mode console until the guest writes to the ASCII console. */
export type ConsoleChoice = ConsoleKind | 'both' | 'auto';

/** Maximum length of a line-mode message that is compared with the first ASCII text, in characters. */
const COMPARED_MAX = 4096;

/** Selects the text to show. */
export class ShownConsole {
  #choice: ConsoleChoice;
  /** The last line-mode message shown, while the choice is `auto`. */
  #last = '';

  constructor(choice: ConsoleChoice = 'auto') {
    this.#choice = choice;
  }

  /** Returns whether to show text that the guest wrote to a console. */
  shows(text: string, console: ConsoleKind): boolean {
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
