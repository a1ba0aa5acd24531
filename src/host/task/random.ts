/** The random numbers of a system: the same for the same seed. Not for secrets. */

/** A generator of bytes (splitmix32). */
export class RandomBytes {
  #state: number;

  /** @param seed any integer, of which the low 32 bits are used */
  constructor(seed: number) {
    this.#state = seed | 0;
  }

  /** Returns 32 bits without a sign. */
  word(): number {
    this.#state = (this.#state + 0x9e37_79b9) | 0;
    let z = this.#state;
    z = Math.imul(z ^ (z >>> 16), 0x21f0_aaad);
    z = Math.imul(z ^ (z >>> 15), 0x735a_2d97);
    return (z ^ (z >>> 15)) >>> 0;
  }

  /** Fills bytes. */
  fill(bytes: Uint8Array): Uint8Array {
    for (let i = 0; i < bytes.length; i++) bytes[i] = this.word() & 0xff;
    return bytes;
  }
}
