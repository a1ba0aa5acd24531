/** A virtqueue of a device: where its driver has put the ring, and the buffers that the device has not returned yet. */

import type { GuestMemory } from '../memory.ts';
import { SavedFields, StateError } from '../saved-state.ts';
import { FEATURE, hasFeature } from './features.ts';
import { PackedRing } from './packed-ring.ts';
import { Request, type RequestTicket, SEGMENTS_MAX, type Segment } from './request.ts';
import type { Ring, RingAddresses, RingPosition } from './ring.ts';
import { RingError } from './ring-error.ts';
import { SplitRing } from './split-ring.ts';

/** What went through a queue, or all queues of a device, since it was made. It is not part of a saved state. */
export interface Traffic {
  /** Number of buffers that the device has returned. */
  requests: number;
  /** Bytes in these buffers that the device could read, and bytes that it has written into them. */
  bytesOut: number;
  bytesIn: number;
}

/** A virtqueue. Its methods throw a RingError or a GuestAddressError if the driver has made the ring wrong. */
export class Virtqueue {
  /** Number of the queue in its device, from 0. */
  readonly index: number;
  /** Maximum size that the driver may choose: a power of two. */
  readonly maximum: number;
  readonly traffic: Traffic = { requests: 0, bytesOut: 0, bytesIn: 0 };
  readonly #memory: GuestMemory;
  #size = 0;
  #at: RingAddresses | null = null;
  #ring: Ring | null = null;
  /** Number of buffers that were taken and not given back. */
  #taken = 0;

  constructor(index: number, maximum: number, memory: GuestMemory) {
    this.index = index;
    this.maximum = maximum;
    this.#memory = memory;
  }

  /** Whether the device may use it. */
  get active(): boolean {
    return this.#ring !== null;
  }

  /** Number of buffers that the device has taken and not returned. */
  get taken(): number {
    return this.#taken;
  }

  /** Sets where the ring is, or null if there is none. @param size 1 to `maximum` */
  place(size: number, at: RingAddresses | null): void {
    this.reset();
    if (at === null) return;
    this.#size = size;
    this.#at = at;
  }

  /** Whether the driver may choose a size. */
  allows(size: number, negotiated: bigint): boolean {
    const power = (size & (size - 1)) === 0;
    return size > 0 && size <= this.maximum && (power || hasFeature(negotiated, FEATURE.RING_PACKED));
  }

  /** Makes the ring active, if the driver has placed one. */
  start(negotiated: bigint): void {
    if (this.#at === null || this.#ring) return;
    if (!this.allows(this.#size, negotiated)) throw new RingError(`a queue of ${this.#size}`);
    const Kind = hasFeature(negotiated, FEATURE.RING_PACKED) ? PackedRing : SplitRing;
    this.#ring = new Kind(this.#memory, this.#size, this.#at, negotiated);
  }

  /** Forgets the ring and all buffers. */
  reset(): void {
    this.#size = 0;
    this.#at = null;
    this.#ring = null;
    this.#taken = 0;
  }

  /** Returns the next buffer that the driver has made available, or null. */
  take(): Request | null {
    if (!this.#ring) return null;
    const request = this.#ring.take();
    if (!request) return null;
    // The driver of a split ring can make the same buffer available again and again.
    if (this.#taken >= this.#size) throw new RingError(`more than ${this.#size} buffers`);
    this.#taken++;
    return request;
  }

  /**
   * Returns the buffers that are available, one after another, and then asks the driver to notify of the next one. Ends after
   * as many buffers as the queue has room for twice, since a buffer can overlap the ring.
   */
  *requests(): Generator<Request, void, void> {
    for (let n = 0; n < this.#size * 2; n++) {
      const request = this.take();
      if (request) yield request;
      else if (!this.awaitNotification()) return;
    }
  }

  /** Asks the driver to notify of the next buffer. Returns whether there is one already. */
  awaitNotification(): boolean {
    return this.#ring?.enableNotification() ?? false;
  }

  /** Returns a buffer to the driver, in any order. @param written number of bytes that the device has written into it */
  give({ ticket, readableLength }: Request, written: number): void {
    if (!this.#ring || this.#taken === 0) return;
    this.#taken--;
    this.traffic.requests++;
    this.traffic.bytesOut += readableLength;
    this.traffic.bytesIn += written;
    this.#ring.give(ticket, written);
  }

  /** Whether the driver wants an interruption for what was returned since the last call. */
  needsInterruption(): boolean {
    return this.#ring?.needsInterruption() ?? false;
  }

  /** Returns the state: values that can be cloned. */
  save(): unknown {
    const at = this.#at ?? { descriptors: 0n, driver: 0n, device: 0n };
    const position = this.#ring?.position() ?? null;
    return { size: this.#size, placed: this.#at !== null, ...at, position, taken: this.#taken };
  }

  /** @throws StateError as `ChannelDevice.prepareRestore` does */
  prepareRestore(state: unknown, negotiated: bigint): () => void {
    const saved = new SavedFields(`queue ${this.index}`, state);
    const size = saved.integer('size', this.maximum);
    const placed = saved.flag('placed');
    const at = {
      descriptors: saved.bigint('descriptors'),
      driver: saved.bigint('driver'),
      device: saved.bigint('device'),
    };
    const taken = saved.integer('taken', size);
    const position = saved.any('position') === null ? null : positionOf(saved.any('position'), size);
    const wrong = position ? !placed || !this.allows(size, negotiated) : taken > 0;
    if (wrong || (placed && size === 0)) throw new StateError(`queue ${this.index} is not valid`);
    return () => {
      this.place(size, placed ? at : null);
      if (!position) return;
      this.start(negotiated);
      this.#ring?.restore(position);
      this.#taken = taken;
    };
  }

  /** Returns a buffer that was saved by `saveRequest`. @throws StateError if it is none of this queue */
  restoreRequest(state: unknown): Request {
    const saved = new SavedFields(`a buffer of queue ${this.index}`, state);
    const ticket: RequestTicket = {
      id: saved.integer('id', 0xffff),
      descriptors: saved.integer('descriptors', this.maximum),
    };
    const readable = saved.list('readable', SEGMENTS_MAX, segmentOf);
    return new Request(this.#memory, ticket, readable, saved.list('writable', SEGMENTS_MAX, segmentOf));
  }
}

/** Returns a buffer that a device has not returned yet, as values that can be cloned. */
export function saveRequest({ ticket, readable, writable }: Request): unknown {
  return {
    ...ticket,
    readable: readable.map((one) => ({ ...one })),
    writable: writable.map((one) => ({ ...one })),
  };
}

function segmentOf(state: unknown): Segment {
  const saved = new SavedFields('a segment', state);
  return { address: saved.bigint('address'), length: saved.integer('length', 0xffff_ffff) };
}

function positionOf(state: unknown, size: number): RingPosition {
  const saved = new SavedFields('the position of a ring', state);
  const position = {
    available: saved.integer('available', 0xffff),
    used: saved.integer('used', 0xffff),
    availableWrap: saved.flag('availableWrap'),
    usedWrap: saved.flag('usedWrap'),
    signalled: saved.integer('signalled', 0xffff),
  };
  if (size === 0) throw new StateError('a ring without size');
  return position;
}
