/** A TCP server in the guest, for tests: it sends and receives over a wire that may lose anything. */

import { type Segment, TCP } from '../tcp/segment.ts';
import { after, distance } from '../tcp/sequence.ts';

const SEGMENT_SIZE = 1000;
const WINDOW = 20_000;
const INITIAL = 0xffff_f000;
const NO_BYTES = new Uint8Array(0);

/** One connection of the server. It accepts no byte out of order, and sends all again when it is asked to. */
export class TestServer {
  readonly #output: Uint8Array;
  readonly #send: (segment: Segment) => void;
  readonly #ports: { readonly from: number; readonly to: number };
  readonly received: number[] = [];
  /** Number of bytes of the window that it offers. */
  window = WINDOW;
  /** The next sequence number of the gateway, and the first of its own that is not acknowledged. */
  #next = 0;
  #first = INITIAL;
  #sent = INITIAL;
  #gatewayWindow = 0;
  ended = false;

  /** @param output what it sends. @param syn the segment that opens the connection */
  constructor(output: Uint8Array, syn: Segment, send: (segment: Segment) => void) {
    this.#output = output;
    this.#send = send;
    this.#ports = { from: syn.to, to: syn.from };
    this.#next = after(syn.sequence, 1);
    this.#answer(syn);
  }

  /** Whether all output, and its end, was acknowledged. */
  get finished(): boolean {
    return distance(this.#first, this.#end) === 0;
  }

  /** Number of bytes, and of the FIN, that were acknowledged. */
  get acknowledged(): number {
    return distance(INITIAL, this.#first) - 1;
  }

  /** The sequence number behind the FIN. */
  get #end(): number {
    return after(INITIAL, this.#output.length + 2);
  }

  #answer({ window }: Segment): void {
    this.#gatewayWindow = window;
    this.#emit(INITIAL, TCP.SYN | TCP.ACK, NO_BYTES);
    this.#sent = after(INITIAL, 1);
  }

  handle(segment: Segment): void {
    const { flags, sequence, acknowledgement, payload, window } = segment;
    if ((flags & TCP.SYN) !== 0) {
      this.#answer(segment);
      return;
    }
    this.#gatewayWindow = window;
    if (distance(this.#first, acknowledgement) > 0) this.#first = acknowledgement;
    if (distance(this.#sent, this.#first) > 0) this.#sent = this.#first;
    const fresh = distance(sequence, this.#next);
    if (fresh >= 0 && fresh <= payload.length && !this.ended) {
      const bytes = payload.subarray(fresh, fresh + this.window);
      this.received.push(...bytes);
      this.#next = after(this.#next, bytes.length);
      if (bytes.length === payload.length - fresh && (flags & TCP.FIN) !== 0) {
        this.ended = true;
        this.#next = after(this.#next, 1);
      }
    }
    if (payload.length > 0 || (flags & TCP.FIN) !== 0) this.acknowledge();
    this.transmit();
  }

  acknowledge(): void {
    this.#emit(this.#sent, TCP.ACK, NO_BYTES);
  }

  /** Sends what the window allows. @param again whether to send all that was not acknowledged */
  transmit(again = false): void {
    if (again) this.#sent = this.#first;
    if (this.#sent === INITIAL) return;
    for (;;) {
      const done = distance(INITIAL, this.#sent) - 1;
      const room = this.#gatewayWindow - distance(this.#first, this.#sent);
      const payload = this.#output.subarray(done, done + Math.max(0, Math.min(room, SEGMENT_SIZE)));
      const fin = done + payload.length === this.#output.length && room > payload.length;
      if (payload.length === 0 && (!fin || this.#sent === this.#end)) return;
      this.#emit(this.#sent, TCP.ACK | (fin ? TCP.FIN : 0), payload);
      this.#sent = after(this.#sent, payload.length + (fin ? 1 : 0));
    }
  }

  #emit(sequence: number, flags: number, payload: Uint8Array): void {
    const segmentSize = (flags & TCP.SYN) === 0 ? null : SEGMENT_SIZE;
    const common = { ...this.#ports, window: this.window, acknowledgement: this.#next };
    this.#send({ ...common, sequence, flags, segmentSize, payload });
  }
}
