/** The receiving half of a connection: which bytes of the guest's segments are new, and how much it may send. */

import { type Segment, TCP } from './segment.ts';
import { after, distance } from './sequence.ts';

/** The largest window: what its field can tell, as window scaling is not offered. */
const WINDOW = 0xffff;

/** What is new in a segment. */
export interface Arrival {
  readonly bytes: Uint8Array;
  /** Whether the stream ends after them. */
  readonly fin: boolean;
  /** Whether it must be acknowledged at once: it was out of order, came twice, or did not fit. */
  readonly irregular: boolean;
}

const NOTHING: Arrival = { bytes: new Uint8Array(0), fin: false, irregular: true };

/** The receiving half. */
export class Receiver {
  readonly #segmentSize: number;
  /** The next sequence number, and the end of the window: it never moves back. */
  #next = 0;
  #edge = 0;

  /** @param segmentSize the largest segment that the guest sends, in bytes */
  constructor(segmentSize: number) {
    this.#segmentSize = segmentSize;
  }

  get next(): number {
    return this.#next;
  }

  /** @param next the sequence number after the guest's SYN */
  begin(next: number): void {
    this.#next = next;
    this.#edge = next;
  }

  /** Returns the window to tell the guest. @param unsent number of bytes that the program has not taken */
  window(unsent: number): number {
    if (this.growth(unsent) >= Math.min(this.#segmentSize, WINDOW / 2)) {
      this.#edge = after(this.#next, WINDOW - unsent);
    }
    return distance(this.#next, this.#edge);
  }

  /** Returns by how many bytes the window could open. */
  growth(unsent: number): number {
    return distance(this.#edge, after(this.#next, WINDOW - unsent));
  }

  /** Whether any of a segment is in the window. RFC 9293, section 3.10.7.4. One that is next is, even if there is no room for its bytes. */
  accepts({ sequence }: Segment, length: number): boolean {
    if (sequence === this.#next) return true;
    const window = distance(this.#next, this.#edge);
    const start = distance(this.#next, sequence);
    const end = start + length - 1;
    return window > 0 && ((start >= 0 && start < window) || (length > 0 && end >= 0 && end < window));
  }

  /** Takes what is new. Bytes behind a gap are not kept: the guest sends them again. */
  take({ sequence, payload, flags }: Segment): Arrival {
    const known = distance(sequence, this.#next);
    const isEmpty = payload.length === 0 && (flags & TCP.FIN) === 0;
    if (isEmpty) return { ...NOTHING, irregular: false };
    if (known < 0 || known > payload.length) return NOTHING;
    const fresh = payload.subarray(known);
    const bytes = fresh.slice(0, distance(this.#next, this.#edge));
    const isWhole = bytes.length === fresh.length;
    const fin = isWhole && (flags & TCP.FIN) !== 0;
    this.#next = after(this.#next, bytes.length + (fin ? 1 : 0));
    return { bytes, fin, irregular: known > 0 || !isWhole };
  }
}
