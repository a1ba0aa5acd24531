/** A buffer that a driver made available in a virtqueue: memory that the device reads, and memory that it writes. */

import type { GuestMemory } from '../memory.ts';
import { readGuest, writeGuest } from '../memory-access.ts';

/** A part of a buffer in guest memory. */
export interface Segment {
  /** Guest absolute address. */
  readonly address: bigint;
  /** In bytes, 32 bits. */
  readonly length: number;
}

/** Maximum number of segments of a buffer, as in QEMU. A table of indirect descriptors can be longer than the queue. */
export const SEGMENTS_MAX = 1024;
/** Maximum length of a buffer in bytes. Virtio 1.2, section 2.6.5: a driver must not exceed 2^32. */
export const LENGTH_MAX = 2 ** 32;

/** What is needed to return a buffer to its driver: values that can be cloned. */
export interface RequestTicket {
  /** Head of the descriptor chain (split), or buffer ID (packed). 16 bits. */
  readonly id: number;
  /** Number of descriptors that it takes in the ring. */
  readonly descriptors: number;
}

/** A buffer that is available to the device. Reads and writes throw a GuestAddressError if there is no memory. */
export class Request {
  readonly ticket: RequestTicket;
  readonly readable: readonly Segment[];
  readonly writable: readonly Segment[];
  /** Number of bytes that the device may read. */
  readonly readableLength: number;
  /** Number of bytes that the device may write. */
  readonly writableLength: number;
  readonly #memory: GuestMemory;

  constructor(
    memory: GuestMemory,
    ticket: RequestTicket,
    readable: readonly Segment[],
    writable: readonly Segment[],
  ) {
    this.#memory = memory;
    this.ticket = ticket;
    this.readable = readable;
    this.writable = writable;
    this.readableLength = lengthOf(readable);
    this.writableLength = lengthOf(writable);
  }

  /** Returns up to `length` bytes from `offset` on of what the device may read. */
  read(offset: number, length: number): Uint8Array {
    const size = Math.max(0, Math.min(length, this.readableLength - offset));
    const bytes = new Uint8Array(size);
    eachPart(this.readable, offset, size, (address, part, done) => {
      bytes.set(readGuest(this.#memory, address, part), done);
    });
    return bytes;
  }

  /** Stores bytes from `offset` on into what the device may write. Returns how many there was room for. */
  write(offset: number, bytes: Uint8Array): number {
    const size = Math.max(0, Math.min(bytes.length, this.writableLength - offset));
    eachPart(this.writable, offset, size, (address, part, done) => {
      writeGuest(this.#memory, address, bytes.subarray(done, done + part));
    });
    return size;
  }
}

function lengthOf(segments: readonly Segment[]): number {
  return segments.reduce((length, segment) => length + segment.length, 0);
}

/** Calls `action` for each contiguous part of a range of segments. */
function eachPart(
  segments: readonly Segment[],
  offset: number,
  length: number,
  action: (address: bigint, part: number, done: number) => void,
): void {
  let start = 0;
  let done = 0;
  for (const segment of segments) {
    if (done === length) return;
    const within = offset + done - start;
    if (within < segment.length) {
      const part = Math.min(segment.length - within, length - done);
      action(segment.address + BigInt(within), part, done);
      done += part;
    }
    start += segment.length;
  }
}
