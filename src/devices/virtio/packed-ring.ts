/**
 * A packed virtqueue. Virtio 1.2, section 2.8.
 *
 * One table of descriptors, in which the driver makes buffers available and the device returns them. Two bits of a descriptor
 * say which of them it is; what they mean changes whenever the end of the table is passed.
 */

import type { GuestMemory } from '../memory.ts';
import { FEATURE, hasFeature } from './features.ts';
import { GuestWords } from './guest-words.ts';
import type { Request, RequestTicket } from './request.ts';
import type { Ring, RingAddresses, RingPosition } from './ring.ts';
import { RingError } from './ring-error.ts';
import { DESCRIPTOR, DESCRIPTOR_BYTES, Segments } from './segments.ts';

/** Values of the flags of an event-suppression structure. */
const EVENTS_ENABLE = 0;
const EVENTS_DISABLE = 1;
const EVENTS_AT_DESCRIPTOR = 2;
const WRAP = 0x8000;

/** A packed ring of a size. Its numbers are always little-endian. */
export class PackedRing implements Ring {
  readonly #words: GuestWords;
  readonly #size: number;
  readonly #at: RingAddresses;
  readonly #eventIndex: boolean;
  readonly #indirect: boolean;
  #available = 0;
  #availableWrap = true;
  #used = 0;
  #usedWrap = true;
  /** Number of descriptors passed by `give` since the last call of `needsInterruption`. */
  #given = 0;

  /**
   * @param size 1 to 32,768
   * @param negotiated the features that driver and device have
   */
  constructor(memory: GuestMemory, size: number, at: RingAddresses, negotiated: bigint) {
    this.#words = new GuestWords(memory, true);
    this.#size = size;
    this.#at = at;
    this.#eventIndex = hasFeature(negotiated, FEATURE.EVENT_INDEX);
    this.#indirect = hasFeature(negotiated, FEATURE.INDIRECT_DESCRIPTORS);
  }

  take(): Request | null {
    if (!this.#isAvailable(this.#available, this.#availableWrap)) return null;
    const segments = new Segments();
    let index = this.#available;
    let wrap = this.#availableWrap;
    // A chain ends within the table: it cannot be longer.
    for (let descriptors = 1; descriptors <= this.#size; descriptors++) {
      const view = this.#descriptor(this.#at.descriptors, index);
      const flags = view.getUint16(14, true);
      if (flags & DESCRIPTOR.INDIRECT) {
        if (descriptors > 1 || flags & DESCRIPTOR.NEXT)
          throw new RingError('an indirect descriptor in a chain');
        this.#addTable(view, segments);
      } else {
        this.#add(view, segments);
      }
      [index, wrap] = this.#step(index, wrap, 1);
      if (flags & DESCRIPTOR.NEXT) continue;
      this.#available = index;
      this.#availableWrap = wrap;
      return segments.request(this.#words.memory, { id: view.getUint16(12, true), descriptors });
    }
    throw new RingError('a descriptor chain is longer than the queue');
  }

  #addTable(descriptor: DataView, segments: Segments): void {
    const table = descriptor.getBigUint64(0, true);
    const bytes = descriptor.getUint32(8, true);
    if (!this.#indirect || bytes === 0 || bytes % DESCRIPTOR_BYTES !== 0) {
      throw new RingError(`a table of indirect descriptors with ${bytes} bytes`);
    }
    // `segments` ends tables that are too long.
    for (let index = 0; index < bytes / DESCRIPTOR_BYTES; index++) {
      const view = this.#descriptor(table, index);
      if (view.getUint16(14, true) & DESCRIPTOR.INDIRECT) {
        throw new RingError('a table of indirect descriptors in another one');
      }
      this.#add(view, segments);
    }
  }

  #descriptor(table: bigint, index: number): DataView {
    return this.#words.view(table + BigInt(index * DESCRIPTOR_BYTES), DESCRIPTOR_BYTES);
  }

  #add(view: DataView, segments: Segments): void {
    segments.add(view.getBigUint64(0, true), view.getUint32(8, true), view.getUint16(14, true));
  }

  #isAvailable(index: number, wrap: boolean): boolean {
    const flags = this.#words.get16(this.#at.descriptors + BigInt(index * DESCRIPTOR_BYTES + 14));
    const available = (flags & DESCRIPTOR.AVAILABLE) !== 0;
    return available === wrap && available !== ((flags & DESCRIPTOR.USED) !== 0);
  }

  /** Returns the place `count` descriptors further. */
  #step(index: number, wrap: boolean, count: number): [number, boolean] {
    const next = index + count;
    return next < this.#size ? [next, wrap] : [next - this.#size, !wrap];
  }

  enableNotification(): boolean {
    const view = new DataView(new ArrayBuffer(4));
    view.setUint16(0, this.#available | (this.#availableWrap ? WRAP : 0), true);
    view.setUint16(2, this.#eventIndex ? EVENTS_AT_DESCRIPTOR : EVENTS_ENABLE, true);
    this.#words.store(this.#at.device, view);
    return this.#isAvailable(this.#available, this.#availableWrap);
  }

  give({ id, descriptors }: RequestTicket, written: number): void {
    const at = this.#at.descriptors + BigInt(this.#used * DESCRIPTOR_BYTES);
    const view = new DataView(new ArrayBuffer(8));
    view.setUint32(0, written, true);
    view.setUint16(4, id, true);
    const mark = this.#usedWrap ? DESCRIPTOR.AVAILABLE | DESCRIPTOR.USED : 0;
    view.setUint16(6, (written > 0 ? DESCRIPTOR.WRITE : 0) | mark, true);
    this.#words.store(at + 8n, view);
    [this.#used, this.#usedWrap] = this.#step(this.#used, this.#usedWrap, descriptors);
    this.#given += descriptors;
  }

  needsInterruption(): boolean {
    const given = this.#given;
    this.#given = 0;
    if (given === 0) return false;
    const view = this.#words.view(this.#at.driver, 4);
    const flags = view.getUint16(2, true) & 3;
    if (flags !== EVENTS_AT_DESCRIPTOR || !this.#eventIndex) return flags !== EVENTS_DISABLE;
    const event = view.getUint16(0, true);
    // Whether the descriptor of the event is one of those that have been passed since the last call.
    const sameRound = ((event & WRAP) !== 0) === this.#usedWrap;
    const behind = this.#used - (event & ~WRAP) + (sameRound ? 0 : this.#size);
    return behind > 0 && behind <= given;
  }

  position(): RingPosition {
    return {
      available: this.#available,
      used: this.#used,
      availableWrap: this.#availableWrap,
      usedWrap: this.#usedWrap,
      signalled: this.#given & 0xffff,
    };
  }

  restore(position: RingPosition): void {
    this.#available = position.available % this.#size;
    this.#used = position.used % this.#size;
    this.#availableWrap = position.availableWrap;
    this.#usedWrap = position.usedWrap;
    this.#given = position.signalled;
  }
}
