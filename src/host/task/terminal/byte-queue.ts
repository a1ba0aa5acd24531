/** Bytes on their way between the two ends of a terminal. */

const LEAST = 256;

/** A queue of bytes with a capacity. */
export class ByteQueue {
  readonly capacity: number;
  /** A ring: `#length` bytes from `#start` on. It grows to the capacity. */
  #ring = new Uint8Array(LEAST);
  #start = 0;
  #length = 0;

  /** @param capacity in bytes */
  constructor(capacity: number) {
    this.capacity = capacity;
  }

  get length(): number {
    return this.#length;
  }

  get room(): number {
    return this.capacity - this.#length;
  }

  /** Adds bytes, as many as there is room for. Returns their number. */
  put(bytes: Uint8Array): number {
    const count = Math.min(bytes.length, this.room);
    const needed = this.#length + count;
    if (needed > this.#ring.length) this.#grow(Math.max(needed, this.#ring.length * 2));
    const ring = this.#ring;
    for (let i = 0; i < count; i++) ring[(this.#start + this.#length + i) % ring.length] = bytes[i]!;
    this.#length += count;
    return count;
  }

  #grow(length: number): void {
    const ring = new Uint8Array(length);
    this.#copy(ring, this.#length);
    this.#ring = ring;
    this.#start = 0;
  }

  #copy(into: Uint8Array, count: number): void {
    const ring = this.#ring;
    for (let i = 0; i < count; i++) into[i] = ring[(this.#start + i) % ring.length]!;
  }

  /** Copies the first bytes, and leaves them. Returns their number. */
  peek(into: Uint8Array): number {
    const count = Math.min(into.length, this.#length);
    this.#copy(into, count);
    return count;
  }

  /** Removes the first bytes. @param count at most `length` */
  drop(count: number): void {
    this.#start = (this.#start + count) % this.#ring.length;
    this.#length -= count;
  }

  /** Takes bytes out. Returns their number. */
  take(into: Uint8Array): number {
    const count = this.peek(into);
    this.drop(count);
    return count;
  }

  /** Throws the bytes at the end away. @param length how many stay */
  shorten(length: number): void {
    this.#length = Math.min(this.#length, length);
  }
}
