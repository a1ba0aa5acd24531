/** The bytes of storage that code was compiled from. Their words are compared: a guest's code is compared again after each exit. */

import { FRAME_SIZE } from '../../storage.ts';

const WORD = 4;
const PAGE_WORDS = FRAME_SIZE / WORD;

/** Words that follow each other. */
interface Run {
  /** Index of the first one in storage. */
  readonly first: number;
  readonly words: Int32Array;
  /** Which bits of each were compiled. */
  readonly masks: Int32Array;
}

/** A copy of parts of a frame. */
export class CodeBytes {
  readonly #runs: readonly Run[];

  /**
   * @param storage absolute storage, as words
   * @param frame absolute address of the frame
   * @param ranges offsets [from, to[ in the frame
   */
  constructor(storage: Int32Array, frame: number, ranges: readonly (readonly [number, number])[]) {
    const masks = new Int32Array(PAGE_WORDS);
    const bytes = new Uint8Array(masks.buffer);
    for (const [from, to] of ranges) bytes.fill(0xff, from, to);
    const runs: Run[] = [];
    for (let at = 0; at < PAGE_WORDS; ) {
      if (masks[at] === 0) {
        at++;
        continue;
      }
      let end = at + 1;
      while (end < PAGE_WORDS && masks[end] !== 0) end++;
      const first = frame / WORD + at;
      runs.push({ first, words: storage.slice(first, first + end - at), masks: masks.slice(at, end) });
      at = end;
    }
    this.#runs = runs;
  }

  /** Whether storage still has these bytes. */
  isIn(storage: Int32Array): boolean {
    for (const { first, words, masks } of this.#runs) {
      for (let i = 0; i < words.length; i++) {
        const difference = (storage[first + i] as number) ^ (words[i] as number);
        if ((difference & (masks[i] as number)) !== 0) return false;
      }
    }
    return true;
  }
}
