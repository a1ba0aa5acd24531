/** A message of the 9P protocol that is written field by field. */

import { FileError } from '../../../files/index.ts';

const FIRST_SIZE = 256;

/** A message. Methods that extend it throw FileError EMSGSIZE if it would be too long. */
export class MessageWriter {
  readonly #limit: number;
  #bytes = new Uint8Array(FIRST_SIZE);
  #view = new DataView(this.#bytes.buffer);
  #length = 0;

  /** @param limit maximum length in bytes */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** How many more bytes there can be. */
  get room(): number {
    return this.#limit - this.#length;
  }

  /** Its length in bytes so far. */
  get length(): number {
    return this.#length;
  }

  u8(value: number): this {
    const at = this.#extend(1);
    this.#view.setUint8(at, value);
    return this;
  }

  u16(value: number): this {
    const at = this.#extend(2);
    this.#view.setUint16(at, value, true);
    return this;
  }

  u32(value: number): this {
    const at = this.#extend(4);
    this.#view.setUint32(at, value, true);
    return this;
  }

  /** Adds the low 64 bits of a number. */
  u64(value: bigint): this {
    const at = this.#extend(8);
    this.#view.setBigUint64(at, BigInt.asUintN(64, value), true);
    return this;
  }

  /** Adds a text. @param text of at most 65,535 characters, each a byte */
  text(text: string): this {
    this.u16(text.length);
    const at = this.#extend(text.length);
    for (let n = 0; n < text.length; n++) this.#bytes[at + n] = text.charCodeAt(n);
    return this;
  }

  bytes(bytes: Uint8Array): this {
    const at = this.#extend(bytes.length);
    this.#bytes.set(bytes, at);
    return this;
  }

  /** Replaces a number that was written before. @param at its offset */
  setU32(at: number, value: number): void {
    this.#view.setUint32(at, value, true);
  }

  /** Returns the message. It must not be extended any more. */
  finish(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  /** Makes room, for which the array may be replaced. Returns where it is. */
  #extend(length: number): number {
    const at = this.#length;
    const needed = at + length;
    if (needed > this.#limit) throw new FileError('EMSGSIZE');
    if (needed > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(needed, this.#bytes.length * 2));
      larger.set(this.#bytes);
      this.#bytes = larger;
      this.#view = new DataView(larger.buffer);
    }
    this.#length = needed;
    return at;
  }
}
