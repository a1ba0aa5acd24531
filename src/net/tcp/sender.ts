/** The sending half of a connection: bytes of the host's program, and the FIN behind them, on their way to the guest. */

import { Congestion } from './congestion.ts';
import { Retransmission } from './retransmission.ts';
import type { Segment } from './segment.ts';
import { SendBuffer } from './send-buffer.ts';
import { after, distance } from './sequence.ts';

/** Bytes that are kept until the guest has acknowledged them. */
const CAPACITY = 0x2_0000;

/** Sends a part of the stream. Returns false if it is lost on the way: it counts as not sent. */
export type Emit = (sequence: number, payload: Uint8Array, fin: boolean) => boolean;

/** The sending half. Times are in milliseconds. */
export class Sender {
  readonly timer = new Retransmission();
  readonly #emit: Emit;
  readonly #buffer = new SendBuffer(CAPACITY);
  #congestion = new Congestion(0);
  #segmentSize = 0;
  /** Sequence numbers: the first one not acknowledged, the next one to send, and the end of what was ever sent. */
  #first: number;
  #next: number;
  #end: number;
  /** The guest's window in bytes, and the segment that told it. */
  #window = 0;
  #windowSequence = 0;
  #windowAcknowledgement = 0;
  /** Whether a FIN follows the last byte, and whether it was acknowledged. */
  #ending = false;
  #finished = false;
  /** The segment whose round trip is measured: its end, and when it was sent. */
  #timed: { readonly end: number; readonly at: number } | null = null;

  /** @param first sequence number of the first byte */
  constructor(first: number, emit: Emit) {
    this.#first = first;
    this.#next = first;
    this.#end = first;
    this.#emit = emit;
  }

  /** Number of bytes that `add` would accept. */
  get space(): number {
    return this.#buffer.space;
  }

  /** The next sequence number to send. */
  get next(): number {
    return this.#next;
  }

  /** Whether the guest has acknowledged everything, and the FIN. */
  get finished(): boolean {
    return this.#finished;
  }

  /** Adds bytes. Returns the number accepted. */
  add(bytes: Uint8Array): number {
    return this.#buffer.add(bytes);
  }

  /** No bytes follow. */
  finish(): void {
    this.#ending = true;
  }

  /** The connection is open. @param segmentSize that the guest accepts */
  begin({ sequence, acknowledgement, window }: Segment, segmentSize: number): void {
    this.#segmentSize = segmentSize;
    this.#congestion = new Congestion(segmentSize);
    this.#window = window;
    this.#windowSequence = sequence;
    this.#windowAcknowledgement = acknowledgement;
    this.timer.acknowledged(null);
    this.timer.stop();
  }

  /** Handles the acknowledgement and window of a segment. Returns false if it acknowledges what was never sent. */
  acknowledge(segment: Segment, now: number): boolean {
    const { acknowledgement } = segment;
    const acknowledged = distance(this.#first, acknowledgement);
    if (distance(acknowledgement, this.#end) < 0) return false;
    if (acknowledged < 0) return true;
    if (acknowledged > 0) this.#advance(acknowledgement, acknowledged, now);
    else this.#repeated(segment);
    this.#setWindow(segment);
    this.transmit(now);
    return true;
  }

  #advance(to: number, count: number, now: number): void {
    const bytes = Math.min(count, this.#buffer.length);
    this.#buffer.drop(bytes);
    this.#first = to;
    // Its end stays where the guest has told it, unless this segment moves it.
    this.#window = Math.max(0, this.#window - count);
    if (distance(this.#next, to) > 0) this.#next = to;
    // What is acknowledged behind the last byte is the FIN.
    if (count > bytes) this.#finished = true;
    let trip: number | null = null;
    if (this.#timed !== null && distance(this.#timed.end, to) >= 0) {
      trip = now - this.#timed.at;
      this.#timed = null;
    }
    this.timer.acknowledged(trip);
    this.timer.stop();
    this.#congestion.acknowledged(bytes);
  }

  #repeated({ payload, window }: Segment): void {
    // A guest whose window is closed is alive as long as it answers.
    if (window === 0) this.timer.count = 0;
    const flight = this.#flight;
    if (payload.length > 0 || window !== this.#window || flight === 0) return;
    if (!this.#congestion.repeated(flight)) return;
    this.#timed = null;
    const size = Math.min(this.#buffer.length, this.#segmentSize);
    this.#emit(this.#first, this.#buffer.peek(0, size), size < flight && size === this.#buffer.length);
  }

  #setWindow({ sequence, acknowledgement, window }: Segment): void {
    const newer = distance(this.#windowSequence, sequence);
    if (newer < 0 || (newer === 0 && distance(this.#windowAcknowledgement, acknowledgement) < 0)) return;
    // A guest with a closed window has not taken the byte that probed it.
    if (this.#window === 0 && window > 0) this.#next = this.#first;
    this.#window = window;
    this.#windowSequence = sequence;
    this.#windowAcknowledgement = acknowledgement;
  }

  /** Number of sequence numbers on their way. */
  get #flight(): number {
    return distance(this.#first, this.#next);
  }

  /** Whether there is something that was not sent, or must be sent again. */
  get #pending(): boolean {
    return this.#flight < this.#buffer.length + (this.#ending && !this.#finished ? 1 : 0);
  }

  /** Sends what the windows allow. @param probe whether to send a byte in any case, to learn whether a closed window has opened */
  transmit(now: number, probe = false): void {
    let least = probe ? 1 : 0;
    while (this.#pending && this.#sendNext(now, least)) least = 0;
    if (this.#flight === 0 && !this.#pending) this.timer.stop();
    else if (this.timer.due === null) this.timer.start(now);
  }

  /** Sends one segment. Returns false if there is no room for one. @param least sequence numbers that may be sent in any case */
  #sendNext(now: number, least: number): boolean {
    const flight = this.#flight;
    const unsent = this.#buffer.length - flight;
    const usable = Math.max(Math.min(this.#window, this.#congestion.window) - flight, least);
    const size = Math.min(unsent, this.#segmentSize, usable);
    const fin = this.#ending && size === unsent && size < usable;
    if (size === 0 && !fin) return false;
    // No small segments only because the window is nearly full. RFC 9293, section 3.8.6.2.1.
    if (least === 0 && size < this.#segmentSize && size < unsent && flight > 0) return false;
    if (!this.#emit(this.#next, this.#buffer.peek(flight, size), fin)) return false;
    const isNew = this.#next === this.#end;
    this.#next = after(this.#next, size + (fin ? 1 : 0));
    if (distance(this.#end, this.#next) > 0) this.#end = this.#next;
    if (isNew && this.#timed === null) this.#timed = { end: this.#next, at: now };
    return true;
  }

  /** The timer has expired: sends everything again, as the windows open. */
  expired(now: number): void {
    this.#timed = null;
    this.#congestion.expired(this.#flight);
    this.timer.expired(now);
    this.#next = this.#first;
    this.transmit(now, true);
  }
}
