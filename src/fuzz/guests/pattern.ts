/**
 * Patterns for the contents of secrets, so that a copy elsewhere is recognized. A pattern repeats every 8 bytes, so every
 * doubleword of a copy at any offset is one of its eight rotations.
 */

import { Random } from '../random.ts';

/** Length of a pattern in bytes. */
const PERIOD = 8;

/** A recognizable pattern. */
export class Pattern {
  /** The name of the secret, for messages. */
  readonly what: string;
  readonly page = new Uint8Array(4096);
  readonly #rotations = new Set<bigint>();
  /** The rotations as pairs of words in the byte order of this platform: the second word by the first. */
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

  /** Whether a doubleword is a rotation of the pattern. */
  has(value: bigint): boolean {
    return this.#rotations.has(value);
  }

  /** Whether an aligned doubleword of the range of words is a rotation of the pattern. */
  isIn(words: Int32Array, from: number, to: number): boolean {
    for (let at = from; at < to; at += 2) {
      const word = words[at] as number;
      if (word !== 0 && this.#words.get(word) === words[at + 1]) return true;
    }
    return false;
  }
}
