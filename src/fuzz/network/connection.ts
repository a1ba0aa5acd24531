/** A connection of a case: what its program and its guest have sent, and what each may get. */

import type { GuestStream, HostStream } from '../../net/index.ts';
import type { SeenSegment } from './frame-check.ts';

/** The guest's first sequence number: the numbers wrap soon. */
const GUEST_FIRST = 0xffff_ff00;
const SYN = 2;
const RST = 4;
const ACK = 16;

/** A rule that the network has broken. */
export class BrokenRule extends Error {
  override readonly name = 'BrokenRule';
}

/** The byte at a position of a stream: of the guest, or of the program. */
export const guestByte = (at: number): number => (at * 31 + 7) & 0xff;
export const programByte = (at: number): number => (at * 17 + (at >>> 8)) & 0xff;

/** A connection. */
export class FuzzConnection implements HostStream {
  readonly guest: number;
  readonly gateway: number;
  /** The gateway's first sequence number, when its SYN has come. */
  #first = 0;
  /** What the gateway has sent, and the end of the windows that the guest has told: positions in the program's stream. */
  #sent = 0;
  #edge = 0;
  /** The next position of the guest's stream that the gateway expects, and the end of what the guest has sent. */
  #expected = 0;
  #guestSent = 0;
  /** Bytes that the program has given, got and taken. */
  given = 0;
  #got = 0;
  #taken = 0;
  #ended = false;
  #over = false;
  stream: GuestStream | null = null;

  /** @param guest port of the guest. @param gateway that of the gateway */
  constructor(guest: number, gateway: number) {
    this.guest = guest;
    this.gateway = gateway;
  }

  get unsent(): number {
    return this.#got - this.#taken;
  }

  /** The program takes bytes that have come. */
  take(length: number): void {
    this.#taken += Math.min(length, this.unsent);
    this.stream?.drained();
  }

  write(bytes: Uint8Array): void {
    if (this.#ended || this.#over) throw new BrokenRule('bytes after the end');
    for (const byte of bytes) {
      if (byte !== guestByte(this.#got)) throw new BrokenRule(`another byte at ${this.#got} of the guest`);
      this.#got++;
    }
    if (this.#got > this.#guestSent) throw new BrokenRule('bytes that the guest has not sent');
    if (this.unsent > 0xffff) throw new BrokenRule(`${this.unsent} bytes wait for the program`);
  }

  end(): void {
    if (this.#ended || this.#over) throw new BrokenRule('a second end');
    this.#ended = true;
  }

  reset(): void {
    if (this.#over) throw new BrokenRule('a second reset');
    this.#over = true;
  }

  resume(): void {
    if (this.#over) throw new BrokenRule('room after a reset');
  }

  /** Takes a segment of the gateway. @throws BrokenRule */
  see({ sequence, acknowledgement, flags, payload }: SeenSegment): void {
    if ((flags & SYN) !== 0) {
      this.#first = (sequence + 1) >>> 0;
      return;
    }
    const start = (sequence - this.#first) | 0;
    const end = start + payload.length;
    payload.forEach((byte, n) => {
      if (byte !== programByte(start + n))
        throw new BrokenRule(`another byte at ${start + n} of the program`);
    });
    if (payload.length > 0 && end > this.given) throw new BrokenRule('bytes that the program has not given');
    // A closed window is probed with one byte.
    if (payload.length > 0 && end > this.#edge + 1) throw new BrokenRule(`${end} is beyond the window`);
    this.#sent = Math.max(this.#sent, end + (flags & 1));
    if ((flags & (ACK | RST)) === ACK) this.#expected = (acknowledgement - GUEST_FIRST - 1) | 0;
  }

  /** Returns the fields of a segment that the guest sends. */
  numbers(flags: number, sequence: number, acknowledgement: number, window: number, length: number) {
    const isSyn = (flags & SYN) !== 0;
    const at = isSyn ? -1 : this.#expected + sequence;
    const to = (isSyn ? 0 : this.#sent) + acknowledgement;
    if ((flags & ACK) !== 0 && to <= this.#sent) this.#edge = Math.max(this.#edge, to + window);
    this.#guestSent = Math.max(this.#guestSent, at + length);
    return {
      sequence: (GUEST_FIRST + 1 + at) >>> 0,
      acknowledgement: (this.#first + to) >>> 0,
      payload: Uint8Array.from({ length }, (_, n) => guestByte(at + n)),
    };
  }
}
