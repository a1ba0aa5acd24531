/**
 * A TCP connection that a program of the host has opened to a port of the guest. RFC 9293.
 *
 * It has the states from SYN-SENT on: the gateway listens on no port. Segments of the guest are checked as RFC 5961 says. They come
 * over a wire that loses and reorders nothing in this direction, so what is out of order is not kept.
 */

import { PAYLOAD_MAX } from '../ipv4.ts';
import type { GuestStream, HostStream } from './host-stream.ts';
import { Receiver } from './receiver.ts';
import { lengthOf, refusal, type Segment, TCP, TCP_BYTES } from './segment.ts';
import { Sender } from './sender.ts';
import { after } from './sequence.ts';

/** The largest segment that is sent and received, the size that counts if the guest tells none, and the least that it may tell. */
const SEGMENT_SIZE = { OWN: PAYLOAD_MAX - TCP_BYTES, DEFAULT: 536, LEAST: 64 } as const;
/** Times in milliseconds: until bytes are acknowledged, and that a connection exists after both ends are closed. */
const ACKNOWLEDGE_AFTER = 40;
const LINGER = 2000;
/** Number of times that the timer may expire in succession: while the connection opens (2 minutes), and later. */
const ATTEMPTS = { OPENING: 6, OPEN: 10 } as const;
const NO_BYTES = new Uint8Array(0);

/** What a connection uses of the network. */
export interface Wire {
  /** The time in milliseconds. */
  readonly now: number;
  /** Sends a segment to the guest. Returns false if it is lost. */
  transmit(segment: Segment): boolean;
}

/** Ports of a connection. */
export interface Ports {
  readonly gateway: number;
  readonly guest: number;
}

/** A connection. */
export class Connection implements GuestStream {
  readonly ports: Ports;
  readonly #wire: Wire;
  readonly #stream: HostStream;
  readonly #initial: number;
  readonly #sender: Sender;
  readonly #receiver = new Receiver(SEGMENT_SIZE.OWN);
  #state: 'opening' | 'open' | 'lingering' | 'closed' = 'opening';
  /** Whether the guest has closed its direction, and whether it was the first to do so. */
  #guestEnded = false;
  #guestEndedFirst = false;
  #hostEnded = false;
  /** Number of bytes that were received and not acknowledged, and when they must be; null if there are none. */
  #unacknowledged = 0;
  #acknowledgeAt: number | null = null;
  /** When a connection that both ends have closed is forgotten. */
  #lingerUntil: number | null = null;

  /** @param initial the initial sequence number */
  constructor(wire: Wire, stream: HostStream, ports: Ports, initial: number) {
    this.#wire = wire;
    this.#stream = stream;
    this.ports = ports;
    this.#initial = initial;
    this.#sender = new Sender(after(initial, 1), (sequence, payload, fin) =>
      this.#emit(sequence, payload, TCP.ACK | (payload.length > 0 ? TCP.PSH : 0) | (fin ? TCP.FIN : 0)),
    );
  }

  /** Whether it can be forgotten. */
  get closed(): boolean {
    return this.#state === 'closed';
  }

  /** When `advance` must be called at the latest, or null. */
  get due(): number | null {
    let due: number | null = null;
    for (const time of [this.#sender.timer.due, this.#acknowledgeAt, this.#lingerUntil]) {
      if (time !== null && (due === null || time < due)) due = time;
    }
    return this.closed ? null : due;
  }

  /** Asks the guest to open the connection. */
  open(): void {
    const flags = TCP.SYN;
    const segment = this.#segment(this.#initial, NO_BYTES, flags);
    this.#wire.transmit({ ...segment, window: 0xffff, segmentSize: SEGMENT_SIZE.OWN });
    if (this.#sender.timer.due === null) this.#sender.timer.start(this.#wire.now);
  }

  /** The guest can be reached now. */
  reachable(): void {
    if (this.#state === 'opening') this.open();
  }

  get space(): number {
    return this.#hostEnded || this.closed ? 0 : this.#sender.space;
  }

  send(bytes: Uint8Array): number {
    if (this.#hostEnded || this.closed) return 0;
    const accepted = this.#sender.add(bytes);
    if (this.#state === 'open') this.#sender.transmit(this.#wire.now);
    return accepted;
  }

  end(): void {
    if (this.#hostEnded || this.closed) return;
    this.#hostEnded = true;
    this.#sender.finish();
    if (this.#state === 'open') this.#sender.transmit(this.#wire.now);
  }

  abort(): void {
    if (this.#state === 'open') this.#reset();
    this.#close();
  }

  drained(): void {
    if (this.#state !== 'open' || this.#guestEnded) return;
    if (this.#receiver.growth(this.#stream.unsent) >= 2 * SEGMENT_SIZE.OWN) this.#acknowledge();
  }

  /** Handles a segment of the guest. */
  receive(segment: Segment): void {
    if (this.#state === 'opening') this.#receiveAnswer(segment);
    else if (this.#isAcceptable(segment)) this.#receiveOpen(segment);
  }

  /** The answer to the SYN. RFC 9293, section 3.10.7.3. */
  #receiveAnswer(segment: Segment): void {
    const { flags, sequence, acknowledgement } = segment;
    const acknowledges = (flags & TCP.ACK) !== 0 && acknowledgement === after(this.#initial, 1);
    if (!acknowledges) {
      const answer = (flags & TCP.ACK) === 0 ? null : refusal(segment);
      if (answer !== null) this.#wire.transmit(answer);
    } else if ((flags & TCP.RST) !== 0) {
      this.#fail();
    } else if ((flags & TCP.SYN) !== 0) {
      const told = segment.segmentSize ?? SEGMENT_SIZE.DEFAULT;
      const size = Math.min(Math.max(told, SEGMENT_SIZE.LEAST), SEGMENT_SIZE.OWN);
      this.#state = 'open';
      this.#receiver.begin(after(sequence, 1));
      this.#sender.begin(segment, size);
      this.#acknowledge();
      this.#sender.transmit(this.#wire.now);
    }
  }

  /** Whether a segment is in the window and neither RST nor SYN. Answers it if it is not. RFC 5961, sections 3 and 4. */
  #isAcceptable(segment: Segment): boolean {
    const { flags, sequence } = segment;
    const isReset = (flags & TCP.RST) !== 0;
    const inWindow = this.#receiver.accepts(segment, lengthOf(segment));
    if (isReset && inWindow && sequence === this.#receiver.next) {
      this.#fail();
      return false;
    }
    const isWrong = isReset || !inWindow || (flags & TCP.SYN) !== 0;
    if (isWrong && (!isReset || inWindow)) this.#acknowledge();
    return !isWrong && (flags & TCP.ACK) !== 0;
  }

  #receiveOpen(segment: Segment): void {
    const { now } = this.#wire;
    const space = this.#sender.space;
    if (!this.#sender.acknowledge(segment, now)) {
      this.#acknowledge();
      return;
    }
    this.#take(segment);
    if (this.#sender.space > space && !this.#hostEnded) this.#stream.resume();
    this.#finish();
  }

  /** Passes what is new in a segment to the program. */
  #take(segment: Segment): void {
    if (this.#guestEnded) {
      if (lengthOf(segment) > 0) this.#acknowledge();
      return;
    }
    const { bytes, fin, irregular } = this.#receiver.take(segment);
    if (bytes.length > 0) this.#stream.write(bytes);
    if (fin) {
      this.#guestEnded = true;
      this.#guestEndedFirst = !this.#hostEnded;
    }
    const isPushed = bytes.length > 0 && (segment.flags & TCP.PSH) !== 0;
    this.#acknowledgeSoon(bytes.length, irregular || fin || isPushed);
    if (fin) this.#stream.end();
  }

  /** Every second full segment is acknowledged at once, others a little later. RFC 9293, section 3.8.6.3. */
  #acknowledgeSoon(bytes: number, atOnce: boolean): void {
    this.#unacknowledged += bytes;
    if (atOnce || this.#unacknowledged >= 2 * SEGMENT_SIZE.OWN) this.#acknowledge();
    else if (bytes > 0) this.#acknowledgeAt ??= this.#wire.now + ACKNOWLEDGE_AFTER;
  }

  /** Ends the connection if both directions are closed. */
  #finish(): void {
    if (this.#state !== 'open' || !this.#guestEnded || !this.#sender.finished) return;
    if (this.#guestEndedFirst) {
      this.#close();
    } else {
      this.#state = 'lingering';
      this.#lingerUntil = this.#wire.now + LINGER;
    }
  }

  /** Does what is due. */
  advance(): void {
    const { now } = this.#wire;
    if (this.#acknowledgeAt !== null && this.#acknowledgeAt <= now) this.#acknowledge();
    if (this.#lingerUntil !== null && this.#lingerUntil <= now) this.#close();
    const { timer } = this.#sender;
    if (this.closed || timer.due === null || timer.due > now) return;
    const attempts = this.#state === 'opening' ? ATTEMPTS.OPENING : ATTEMPTS.OPEN;
    if (timer.count >= attempts) {
      if (this.#state === 'open') this.#reset();
      this.#fail();
    } else if (this.#state === 'opening') {
      timer.expired(now);
      this.open();
    } else {
      this.#sender.expired(now);
    }
  }

  /** Forgets the guest's end: the program learns that the connection is reset. */
  abandon(): void {
    this.#fail();
  }

  /** Returns the segment that resets it. */
  resetSegment(): Segment {
    return this.#segment(this.#sender.next, NO_BYTES, TCP.RST | TCP.ACK);
  }

  #reset(): void {
    this.#wire.transmit(this.resetSegment());
  }

  /** The guest is gone. */
  #fail(): void {
    const known = !this.closed;
    this.#close();
    if (known) this.#stream.reset();
  }

  #close(): void {
    this.#state = 'closed';
  }

  #acknowledge(): void {
    this.#emit(this.#sender.next, NO_BYTES, TCP.ACK);
  }

  /** Sends a segment, which acknowledges everything that was received. Returns false if it is lost. */
  #emit(sequence: number, payload: Uint8Array, flags: number): boolean {
    const segment = this.#segment(sequence, payload, flags);
    const window = this.#guestEnded ? 0 : this.#receiver.window(this.#stream.unsent);
    // If it is lost, the guest sends again what it acknowledges.
    this.#unacknowledged = 0;
    this.#acknowledgeAt = null;
    return this.#wire.transmit({ ...segment, window });
  }

  #segment(sequence: number, payload: Uint8Array, flags: number): Segment {
    const { gateway, guest } = this.ports;
    const acknowledgement = (flags & TCP.ACK) === 0 ? 0 : this.#receiver.next;
    const common = { from: gateway, to: guest, window: 0, segmentSize: null };
    return { ...common, sequence, acknowledgement, flags, payload };
  }
}
