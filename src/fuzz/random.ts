/** Pseudo-random numbers, which are the same for the same seed on every computer. */

/** A sequence of pseudo-random numbers (splitmix32). */
export class Random {
  #state: number;

  /** @param seed any integer, of which the low 32 bits are used */
  constructor(seed: number) {
    this.#state = seed | 0;
  }

  /** Returns the next number: 0 to 2^32 - 1. */
  next(): number {
    this.#state = (this.#state + 0x9e37_79b9) | 0;
    let z = this.#state;
    z = Math.imul(z ^ (z >>> 16), 0x21f0_aaad);
    z = Math.imul(z ^ (z >>> 15), 0x735a_2d97);
    return (z ^ (z >>> 15)) >>> 0;
  }

  /** Returns a number from 0 to `bound` - 1. `bound` is 1 to 2^32. */
  below(bound: number): number {
    return Math.floor((this.next() / 0x1_0000_0000) * bound);
  }

  /** Returns true with a probability of 1 / the argument. */
  oneIn(times: number): boolean {
    return this.below(times) === 0;
  }

  /** Returns one of the choices. There must be at least one. */
  pick<T>(choices: readonly T[]): T {
    return choices[this.below(choices.length)] as T;
  }
}

/** Returns the seed of the sequence number `index` of a campaign with a seed. */
export function seedOf(seed: number, index: number): number {
  return new Random(seed ^ Math.imul(index, 0x85eb_ca6b)).next();
}
