/** Bytes that follow from a seed. */

import { SavedFields } from '../saved-state.ts';
import type { ByteSource } from './entropy-device.ts';

/** The generator xoshiro128**, started by splitmix32. Not for cryptography: everyone with the seed knows the bytes. */
export class SeededBytes implements ByteSource {
  readonly #state = new Uint32Array(4);

  /** @param seed any integer, of which the low 32 bits are used */
  constructor(seed: number) {
    let at = seed | 0;
    for (let n = 0; n < 4; n++) {
      at = (at + 0x9e37_79b9) | 0;
      let z = Math.imul(at ^ (at >>> 16), 0x21f0_aaad);
      z = Math.imul(z ^ (z >>> 15), 0x735a_2d97);
      this.#state[n] = z ^ (z >>> 15);
    }
  }

  next(length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    for (let at = 0; at < length; at += 4) {
      const word = this.#word();
      for (let n = 0; n < 4 && at + n < length; n++) bytes[at + n] = word >>> (24 - n * 8);
    }
    return bytes;
  }

  #word(): number {
    const [a, b, c, d] = this.#state as unknown as [number, number, number, number];
    const result = Math.imul(rotate(Math.imul(b, 5), 7), 9);
    const third = c ^ a;
    const fourth = d ^ b;
    this.#state[1] = b ^ third;
    this.#state[0] = a ^ fourth;
    this.#state[2] = third ^ (b << 9);
    this.#state[3] = rotate(fourth, 11);
    return result;
  }

  save(): unknown {
    return { words: [...this.#state] };
  }

  prepareRestore(state: unknown): () => void {
    const saved = new SavedFields('sequence of bytes', state);
    const words = saved.list('words', 4, (word) =>
      new SavedFields('sequence of bytes', { word }).integer('word', 0xffff_ffff),
    );
    return () => {
      this.#state.fill(0);
      this.#state.set(words);
    };
  }
}

function rotate(word: number, by: number): number {
  return (word << by) | (word >>> (32 - by));
}
