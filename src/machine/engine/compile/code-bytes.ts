/**
 * The bytes of storage that code was compiled from. Their words are compared: a guest's code is compared again after each exit. It is
 * seldom in the cache of the computer then, so there is one array, with no more than the words in it.
 */

import { FRAME_SIZE } from '../../storage.ts';

const WORD = 4;
const PAGE_WORDS = FRAME_SIZE / WORD;
const ALL = -1;
/** Numbers before the words of a run: index of the first word in storage, how many words, bits of the first and of the last word. */
const HEADER = 4;

/** A copy of parts of a frame. */
export class CodeBytes {
  /** Runs of words that follow each other. Only the first and the last word of a run may be compiled in part. */
  readonly #runs: Int32Array;

  /**
   * @param storage absolute storage, as words
   * @param frame absolute address of the frame
   * @param ranges offsets [from, to[ in the frame
   */
  constructor(storage: Int32Array, frame: number, ranges: readonly (readonly [number, number])[]) {
    const masks = new Int32Array(PAGE_WORDS);
    const bytes = new Uint8Array(masks.buffer);
    for (const [from, to] of ranges) bytes.fill(0xff, from, to);
    const runs: number[] = [];
    for (let at = 0; at < PAGE_WORDS; ) {
      if (masks[at] === 0) {
        at++;
        continue;
      }
      let last = at;
      while (last + 1 < PAGE_WORDS && masks[last + 1] !== 0 && (last === at || masks[last] === ALL)) last++;
      const first = frame / WORD + at;
      runs.push(first, last + 1 - at, masks[at] as number, masks[last] as number);
      runs.push(...storage.subarray(first, first + last + 1 - at));
      at = last + 1;
    }
    this.#runs = Int32Array.from(runs);
  }

  /** Whether storage still has these bytes. */
  isIn(storage: Int32Array): boolean {
    const runs = this.#runs;
    for (let at = 0; at < runs.length; ) {
      const first = runs[at] as number;
      const last = (runs[at + 1] as number) - 1;
      const words = at + HEADER;
      if ((((storage[first] as number) ^ (runs[words] as number)) & (runs[at + 2] as number)) !== 0)
        return false;
      for (let i = 1; i < last; i++) if (storage[first + i] !== runs[words + i]) return false;
      const end = words + last;
      if ((((storage[first + last] as number) ^ (runs[end] as number)) & (runs[at + 3] as number)) !== 0)
        return false;
      at = end + 1;
    }
    return true;
  }
}
