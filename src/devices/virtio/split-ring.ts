/**
 * A split virtqueue. Virtio 1.2, section 2.7.
 *
 * Three tables in guest memory: descriptors; the available ring, in which the driver names heads of descriptor chains; and the
 * used ring, in which the device returns them. Indices have 16 bits and run on; the size of the queue is a power of two.
 */

import type { GuestMemory } from '../memory.ts';
import { FEATURE, hasFeature } from './features.ts';
import { GuestWords } from './guest-words.ts';
import type { Request, RequestTicket } from './request.ts';
import type { Ring, RingAddresses, RingPosition } from './ring.ts';
import { RingError } from './ring-error.ts';
import { DESCRIPTOR, DESCRIPTOR_BYTES, Segments } from './segments.ts';

const NO_INTERRUPT = 1;
const USED_ELEMENT_BYTES = 8;

/** A split ring of a size. */
export class SplitRing implements Ring {
  readonly #words: GuestWords;
  readonly #size: number;
  readonly #at: RingAddresses;
  readonly #eventIndex: boolean;
  readonly #indirect: boolean;
  #available = 0;
  #used = 0;
  /** The used index when the driver was last asked whether it wants an interruption. */
  #signalled = 0;

  /**
   * @param size a power of two, at most 32,768
   * @param negotiated the features that driver and device have
   */
  constructor(memory: GuestMemory, size: number, at: RingAddresses, negotiated: bigint) {
    this.#words = new GuestWords(memory, hasFeature(negotiated, FEATURE.VERSION_1));
    this.#size = size;
    this.#at = at;
    this.#eventIndex = hasFeature(negotiated, FEATURE.EVENT_INDEX);
    this.#indirect = hasFeature(negotiated, FEATURE.INDIRECT_DESCRIPTORS);
  }

  take(): Request | null {
    if (this.#waiting() === 0) return null;
    const slot = this.#available % this.#size;
    const head = this.#words.get16(this.#at.driver + BigInt(4 + slot * 2));
    const request = this.#follow(head);
    this.#available = (this.#available + 1) & 0xffff;
    return request;
  }

  /** Returns the number of buffers that are available. */
  #waiting(): number {
    const waiting = (this.#words.get16(this.#at.driver + 2n) - this.#available) & 0xffff;
    if (waiting > this.#size) throw new RingError(`${waiting} buffers in a queue of ${this.#size}`);
    return waiting;
  }

  /** Follows a chain of descriptors in the table of the ring. */
  #follow(head: number): Request {
    const segments = new Segments();
    let next = head;
    // A chain with a loop is longer than the queue.
    for (let count = 0; count < this.#size; count++) {
      if (next >= this.#size) throw new RingError(`descriptor ${next} of ${this.#size}`);
      const view = this.#descriptor(this.#at.descriptors, next);
      const flags = view.getUint16(12, this.#words.littleEndian);
      if (flags & DESCRIPTOR.INDIRECT) {
        if (flags & DESCRIPTOR.NEXT) throw new RingError('an indirect descriptor has a next one');
        this.#followTable(view, segments);
      } else {
        this.#add(view, segments);
      }
      if (!(flags & DESCRIPTOR.NEXT)) {
        return segments.request(this.#words.memory, { id: head, descriptors: 1 });
      }
      next = view.getUint16(14, this.#words.littleEndian);
    }
    throw new RingError('a descriptor chain is longer than the queue');
  }

  /** Follows a chain of descriptors in a table of its own. */
  #followTable(descriptor: DataView, segments: Segments): void {
    const { littleEndian } = this.#words;
    const table = descriptor.getBigUint64(0, littleEndian);
    const bytes = descriptor.getUint32(8, littleEndian);
    if (!this.#indirect || bytes === 0 || bytes % DESCRIPTOR_BYTES !== 0) {
      throw new RingError(`a table of indirect descriptors with ${bytes} bytes`);
    }
    const size = bytes / DESCRIPTOR_BYTES;
    // `segments` ends chains with a loop.
    for (let next = 0; ; ) {
      if (next >= size) throw new RingError(`indirect descriptor ${next} of ${size}`);
      const view = this.#descriptor(table, next);
      const flags = view.getUint16(12, littleEndian);
      if (flags & DESCRIPTOR.INDIRECT) throw new RingError('a table of indirect descriptors in another one');
      this.#add(view, segments);
      if (!(flags & DESCRIPTOR.NEXT)) return;
      next = view.getUint16(14, littleEndian);
    }
  }

  #descriptor(table: bigint, index: number): DataView {
    return this.#words.view(table + BigInt(index * DESCRIPTOR_BYTES), DESCRIPTOR_BYTES);
  }

  #add(view: DataView, segments: Segments): void {
    const { littleEndian } = this.#words;
    const flags = view.getUint16(12, littleEndian);
    segments.add(view.getBigUint64(0, littleEndian), view.getUint32(8, littleEndian), flags);
  }

  enableNotification(): boolean {
    // The device's event index follows the used ring.
    const event = this.#at.device + BigInt(4 + this.#size * USED_ELEMENT_BYTES);
    if (this.#eventIndex) this.#words.set16(event, this.#available);
    return this.#waiting() > 0;
  }

  give({ id }: RequestTicket, written: number): void {
    const { littleEndian } = this.#words;
    const element = new DataView(new ArrayBuffer(USED_ELEMENT_BYTES));
    element.setUint32(0, id, littleEndian);
    element.setUint32(4, written, littleEndian);
    const slot = this.#used % this.#size;
    this.#words.store(this.#at.device + BigInt(4 + slot * USED_ELEMENT_BYTES), element);
    this.#used = (this.#used + 1) & 0xffff;
    this.#words.set16(this.#at.device + 2n, this.#used);
  }

  needsInterruption(): boolean {
    const before = this.#signalled;
    this.#signalled = this.#used;
    if (before === this.#used) return false;
    if (!this.#eventIndex) return (this.#words.get16(this.#at.driver) & NO_INTERRUPT) === 0;
    const event = this.#words.get16(this.#at.driver + BigInt(4 + this.#size * 2));
    // Whether the event index is one of those that have been used since the last call.
    return ((this.#used - event - 1) & 0xffff) < ((this.#used - before) & 0xffff);
  }

  position(): RingPosition {
    const position = { available: this.#available, used: this.#used, signalled: this.#signalled };
    return { ...position, availableWrap: false, usedWrap: false };
  }

  restore(position: RingPosition): void {
    this.#available = position.available;
    this.#used = position.used;
    this.#signalled = position.signalled;
  }
}
