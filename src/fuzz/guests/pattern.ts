/**
 * Patterns that secrets are filled with, so that one that turns up elsewhere is recognised. A pattern repeats every 8
 * bytes, so however it was copied, every doubleword of the copy is one of its eight rotations.
 */

import { Random } from '../random.ts';

/** Bytes of a pattern. */
const PERIOD = 8;

/** One recognisable pattern. */
export class Pattern {
  /** What it marks, for messages. */
  readonly what: string;
  readonly page = new Uint8Array(4096);
  readonly #rotations = new Set<bigint>();
  /** The rotations as pairs of words of this platform's byte order: the first word leads to the second. */
  readonly #words = new Map<number, number>();

  constructor(what: string, seed: number) {
    this.what = what;
    const random = new Random(seed);
    const bytes = Array.from({ length: PERIOD }, () => 0x11 + random.below(0xe0));
    for (let i = 0; i < this.page.length; i++) this.page[i] = bytes[i % PERIOD] as number;
    const view = new DataView(this.page.buffer);
    for (let i = 0; i < PERIOD; i++) {
      this.#rotations.add(view.getBigUint64(i));
      const rotated = new Int32Array(this.page.slice(i, i + PERIOD).buffer);
      this.#words.set(rotated[0] as number, rotated[1] as number);
    }
  }

  /** Whether a doubleword is part of the pattern. */
  has(value: bigint): boolean {
    return this.#rotations.has(value);
  }

  /** Whether an aligned doubleword of the range of words is part of the pattern. */
  isIn(words: Int32Array, from: number, to: number): boolean {
    for (let at = from; at < to; at += 2) {
      const word = words[at] as number;
      if (word !== 0 && this.#words.get(word) === words[at + 1]) return true;
    }
    return false;
  }
}
