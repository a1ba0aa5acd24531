/** Collects the segments of a buffer while its descriptors are followed, and checks what is common to all rings. */

import type { GuestMemory } from '../memory.ts';
import { LENGTH_MAX, Request, type RequestTicket, SEGMENTS_MAX, type Segment } from './request.ts';
import { RingError } from './ring-error.ts';

/** Flags of a descriptor. Virtio 1.2, sections 2.7.5 and 2.8.1. */
export const DESCRIPTOR = { NEXT: 1, WRITE: 2, INDIRECT: 4, AVAILABLE: 0x80, USED: 0x8000 } as const;
/** Length of a descriptor in bytes. */
export const DESCRIPTOR_BYTES = 16;

/** The segments of a buffer, in order: first those to be read, then those to be written. */
export class Segments {
  readonly #readable: Segment[] = [];
  readonly #writable: Segment[] = [];
  #length = 0;

  /**
   * @param flags of its descriptor
   * @throws RingError if there are too many segments, they are too long, or one to be read follows one to be written
   */
  add(address: bigint, length: number, flags: number): void {
    this.#length += length;
    const count = this.#readable.length + this.#writable.length;
    if (count >= SEGMENTS_MAX || this.#length > LENGTH_MAX) throw new RingError('the buffer is too long');
    if (flags & DESCRIPTOR.WRITE) {
      this.#writable.push({ address, length });
    } else {
      if (this.#writable.length > 0) throw new RingError('a segment to be read follows one to be written');
      this.#readable.push({ address, length });
    }
  }

  request(memory: GuestMemory, ticket: RequestTicket): Request {
    return new Request(memory, ticket, this.#readable, this.#writable);
  }
}
