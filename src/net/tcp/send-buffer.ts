/** The bytes that a connection has to send, until the guest has acknowledged them. */

/** A queue of bytes of a fixed capacity. Its memory is allocated when it is first used. */
export class SendBuffer {
  readonly #capacity: number;
  #bytes: Uint8Array = new Uint8Array(0);
  #start = 0;
  #length = 0;

  /** @param capacity in bytes */
  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get length(): number {
    return this.#length;
  }

  /** Number of bytes that `add` would accept. */
  get space(): number {
    return this.#capacity - this.#length;
  }

  /** Adds as many bytes as there is space for. Returns their number. */
  add(bytes: Uint8Array): number {
    if (this.#bytes.length === 0) this.#bytes = new Uint8Array(this.#capacity);
    const accepted = bytes.subarray(0, this.space);
    const at = (this.#start + this.#length) % this.#capacity;
    const first = Math.min(accepted.length, this.#capacity - at);
    this.#bytes.set(accepted.subarray(0, first), at);
    this.#bytes.set(accepted.subarray(first));
    this.#length += accepted.length;
    return accepted.length;
  }

  /** Returns a copy of `length` bytes from `offset` on. Preconditions: they are in the buffer. */
  peek(offset: number, length: number): Uint8Array {
    const copy = new Uint8Array(length);
    const at = (this.#start + offset) % this.#capacity;
    const first = Math.min(length, this.#capacity - at);
    copy.set(this.#bytes.subarray(at, at + first));
    copy.set(this.#bytes.subarray(0, length - first), first);
    return copy;
  }

  /** Removes the first `count` bytes. Preconditions: they are in the buffer. */
  drop(count: number): void {
    this.#start = (this.#start + count) % this.#capacity;
    this.#length -= count;
  }
}
