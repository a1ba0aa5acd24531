/** Channel reports: what STORE CHANNEL REPORT WORD stores. Principles of Operation, chapter 17, "Channel Report". */

import { SavedFields } from '../saved-state.ts';

/** Reporting-source codes. */
export const SOURCE = { SUBCHANNEL: 3, CHANNEL_PATH: 4 } as const;
/** Error-recovery codes. */
export const RECOVERY = { INITIALIZED: 2, PARAMETERS_INITIALIZED: 4 } as const;

/** Maximum number of reports that are kept. A guest can cause any number of them. */
const REPORTS_MAX = 64;
const OVERFLOW = 0x2000_0000;
const CHAINED = 0x1000_0000;

/** The channel-report words that are pending, oldest first. */
export class ChannelReports {
  readonly #request: () => void;
  #words: number[] = [];
  /** Whether a word was lost, which the next one reports. */
  #lost = false;
  /** Whether the next report causes a machine check: all earlier ones have been stored. */
  #quiet = true;

  /** @param request makes the machine-check interruption pending that tells of reports */
  constructor(request: () => void) {
    this.#request = request;
  }

  /**
   * Adds a report.
   * @param source `SOURCE`
   * @param recovery `RECOVERY`
   * @param id the number of the subchannel or channel path
   * @param chained whether the next word belongs to this report
   */
  add(source: number, recovery: number, id: number, chained: boolean): void {
    if (this.#words.length >= REPORTS_MAX) {
      this.#lost = true;
      return;
    }
    const word =
      (source << 24) | (recovery << 16) | id | (chained ? CHAINED : 0) | (this.#lost ? OVERFLOW : 0);
    this.#lost = false;
    this.#words.push(word >>> 0);
    if (this.#quiet) this.#request();
    this.#quiet = false;
  }

  /**
   * Removes the oldest word. Returns condition code 0, or 1 if there is none, or null if it could not be stored and remains.
   * @param store stores a word of 32 bits: 0 if there is none
   */
  take(store: (word: number) => boolean): 0 | 1 | null {
    const [word] = this.#words;
    if (!store(word ?? 0)) return null;
    if (word === undefined) this.#quiet = true;
    this.#words.shift();
    return word === undefined ? 1 : 0;
  }

  /** Whether a word is pending. */
  get pending(): boolean {
    return this.#words.length > 0;
  }

  /** Removes all words. */
  clear(): void {
    this.#words = [];
    this.#lost = false;
    this.#quiet = true;
  }

  /** Returns the state: values that can be cloned. */
  save(): unknown {
    return { words: [...this.#words], lost: this.#lost, quiet: this.#quiet };
  }

  /** @throws StateError as `ChannelDevice.prepareRestore` does */
  prepareRestore(state: unknown): () => void {
    const saved = new SavedFields('channel reports', state);
    const words = saved.list('words', REPORTS_MAX, (word) =>
      new SavedFields('channel report', { word }).integer('word', 0xffff_ffff),
    );
    const lost = saved.flag('lost');
    const quiet = saved.flag('quiet');
    return () => {
      this.#words = words;
      this.#lost = lost;
      this.#quiet = quiet;
    };
  }
}
