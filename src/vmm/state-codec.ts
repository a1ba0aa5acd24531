/**
 * Values as bytes: what a state consists of. Each value has a tag, then its contents; numbers are big-endian.
 *
 *     0 null   1 false   2 true
 *     3 a number: 8 bytes (IEEE 754)         4 a bigint: 8 bytes, unsigned
 *     5 a text: length, UTF-8                6 bytes: length, bytes
 *     7 an array: length, items              8 an object: number of fields, then name (a text) and value of each
 *
 * A length has 4 bytes.
 */

import { StateError, toUtf8, Utf8Decoder } from '../devices/index.ts';

const TAG = {
  NULL: 0,
  FALSE: 1,
  TRUE: 2,
  NUMBER: 3,
  BIGINT: 4,
  TEXT: 5,
  BYTES: 6,
  ARRAY: 7,
  OBJECT: 8,
} as const;
/** Objects and arrays inside each other. */
const DEPTH_MAX = 32;
/** Items of an array, and fields of an object. */
const ITEMS_MAX = 1 << 24;
const BIGINT_END = 1n << 64n;

/** Returns a value as bytes. @throws StateError for a value that is none of the kinds above */
export function encodeValue(value: unknown): Uint8Array<ArrayBuffer> {
  const parts = encodedParts(value);
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** As `encodeValue`, in parts: large ones are those of the value itself, and not copied. */
export function encodedParts(value: unknown): readonly Uint8Array[] {
  const encoder = new Encoder();
  encoder.add(value);
  return encoder.parts;
}

/** Returns the value that bytes stand for. @throws StateError if they stand for none */
export function decodeValue(bytes: Uint8Array): unknown {
  const decoder = new Decoder(bytes);
  const value = decoder.value(0);
  decoder.demandEnd();
  return value;
}

class Encoder {
  readonly parts: Uint8Array[] = [];

  add(value: unknown): void {
    if (value === null) this.#tag(TAG.NULL);
    else if (typeof value === 'boolean') this.#tag(value ? TAG.TRUE : TAG.FALSE);
    else if (typeof value === 'number') this.#number(value);
    else if (typeof value === 'bigint') this.#bigint(value);
    else if (typeof value === 'string') this.#text(value);
    else if (value instanceof Uint8Array) this.#bytes(TAG.BYTES, value);
    else if (Array.isArray(value)) this.#array(value);
    else if (typeof value === 'object') this.#object(value);
    else throw new StateError(`a ${typeof value} cannot be saved`);
  }

  #array(items: readonly unknown[]): void {
    this.#tag(TAG.ARRAY, items.length);
    for (const item of items) this.add(item);
  }

  #object(value: object): void {
    const fields = Object.entries(value);
    this.#tag(TAG.OBJECT, fields.length);
    for (const [name, field] of fields) {
      this.#text(name);
      this.add(field);
    }
  }

  #number(value: number): void {
    const bytes = new Uint8Array(9);
    bytes[0] = TAG.NUMBER;
    new DataView(bytes.buffer).setFloat64(1, value);
    this.#push(bytes);
  }

  #bigint(value: bigint): void {
    if (value < 0n || value >= BIGINT_END) throw new StateError(`${value} has more than 64 bits`);
    const bytes = new Uint8Array(9);
    bytes[0] = TAG.BIGINT;
    new DataView(bytes.buffer).setBigUint64(1, value);
    this.#push(bytes);
  }

  #text(text: string): void {
    this.#bytes(TAG.TEXT, toUtf8(text));
  }

  #bytes(tag: number, bytes: Uint8Array): void {
    this.#tag(tag, bytes.length);
    this.#push(bytes);
  }

  #tag(tag: number, length?: number): void {
    const bytes = new Uint8Array(length === undefined ? 1 : 5);
    bytes[0] = tag;
    if (length !== undefined) new DataView(bytes.buffer).setUint32(1, length);
    this.#push(bytes);
  }

  #push(bytes: Uint8Array): void {
    this.parts.push(bytes);
  }
}

class Decoder {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  demandEnd(): void {
    if (this.#at !== this.#bytes.length)
      throw new StateError(`${this.#bytes.length - this.#at} bytes too many`);
  }

  value(depth: number): unknown {
    if (depth > DEPTH_MAX) throw new StateError('too many objects inside each other');
    const tag = this.#bytes[this.#take(1)];
    switch (tag) {
      case TAG.NULL:
        return null;
      case TAG.FALSE:
      case TAG.TRUE:
        return tag === TAG.TRUE;
      case TAG.NUMBER:
        return this.#view.getFloat64(this.#take(8));
      case TAG.BIGINT:
        return this.#view.getBigUint64(this.#take(8));
      case TAG.TEXT:
        return this.#text();
      case TAG.BYTES:
        return this.#part();
      case TAG.ARRAY:
        return Array.from({ length: this.#count() }, () => this.value(depth + 1));
      case TAG.OBJECT:
        return this.#object(depth);
      default:
        throw new StateError(`no value begins with ${tag}`);
    }
  }

  #object(depth: number): object {
    // Without a prototype: a name such as __proto__ is a name like any other.
    const object: Record<string, unknown> = Object.create(null);
    for (let left = this.#count(); left > 0; left--) {
      if (this.#bytes[this.#take(1)] !== TAG.TEXT) throw new StateError('a field without a name');
      const name = this.#text();
      object[name] = this.value(depth + 1);
    }
    return object;
  }

  #text(): string {
    const decoder = new Utf8Decoder();
    return decoder.decode(this.#part()) + decoder.finish();
  }

  #part(): Uint8Array {
    const length = this.#length();
    const at = this.#take(length);
    return this.#bytes.subarray(at, at + length);
  }

  /** A number of items, each of which has at least a byte. */
  #count(): number {
    const count = this.#length();
    if (count > this.#bytes.length - this.#at) throw new StateError('the state ends too early');
    if (count > ITEMS_MAX) throw new StateError(`${count} items`);
    return count;
  }

  #length(): number {
    return this.#view.getUint32(this.#take(4));
  }

  #take(bytes: number): number {
    const at = this.#at;
    if (bytes > this.#bytes.length - at) throw new StateError('the state ends too early');
    this.#at += bytes;
    return at;
  }
}
