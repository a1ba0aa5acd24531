/** The guest's end of the wire, for tests: collects frames, and sends segments. */

import type { NetworkCard } from '../../devices/index.ts';
import { ADDRESS, GUEST_MAC, MAC, macAt, setMac, viewOf } from '../addresses.ts';
import { ETHERNET_BYTES } from '../ethernet.ts';
import { parseIpv4 } from '../ipv4.ts';
import type { HostStream } from '../tcp/host-stream.ts';
import { parseSegment, type Segment, segmentFrame } from '../tcp/segment.ts';
import { UserNetwork } from '../user-network.ts';

/** The MAC address as a number. */
export const TEST_MAC: number = macAt(viewOf(GUEST_MAC), 0);

/** The ARP request by which the gateway learns the MAC address. */
export const ANNOUNCEMENT: Uint8Array = Uint8Array.from([
  ...[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, ...GUEST_MAC, 8, 6],
  ...[0, 1, 8, 0, 6, 4, 0, 1, ...GUEST_MAC, 10, 0, 2, 15, 0, 0, 0, 0, 0, 0, 10, 0, 2, 2],
]);

/** A guest on a network whose time stands until it is moved. */
export class TestGuest implements NetworkCard {
  readonly network: UserNetwork;
  /** The time in milliseconds. */
  now = 0;
  /** The frames that have come. */
  frames: Uint8Array[] = [];
  /** Whether a frame finds room. */
  accepts: (frame: Uint8Array) => boolean = () => true;

  constructor() {
    this.network = new UserNetwork(() => this.now);
    this.network.connect(this);
  }

  receive(frame: Uint8Array): boolean {
    const accepted = this.accepts(frame);
    if (accepted) this.frames.push(frame);
    return accepted;
  }

  /** Returns the frames that have come since the last call. */
  take(): Uint8Array[] {
    const taken = this.frames;
    this.frames = [];
    return taken;
  }

  /** Returns the segments that have come since the last call. */
  segments(): Segment[] {
    return this.take().flatMap((frame) => segmentIn(frame) ?? []);
  }

  /** Sends bytes of a frame. Returns the frames that answer it. */
  ask(frame: Uint8Array): Uint8Array[] {
    this.take();
    this.network.send(frame);
    return this.take();
  }

  /** Tells the gateway the MAC address. */
  announce(): void {
    this.network.send(ANNOUNCEMENT);
    this.take();
  }

  /** Sends a segment to the gateway. */
  send(segment: Segment): void {
    this.network.send(guestSegment(segment));
  }

  /** Moves the time, and lets the network do what is due on the way. */
  wait(milliseconds: number): void {
    const end = this.now + milliseconds;
    for (let due = this.network.due; due !== null && due <= end; due = this.network.due) {
      this.now = Math.max(due, this.now);
      this.network.advance();
    }
    this.now = end;
  }
}

/** Makes a frame one that the guest sends to the gateway. */
export function fromGuest(frame: Uint8Array): Uint8Array {
  setMac(viewOf(frame), 0, MAC.GATEWAY);
  setMac(viewOf(frame), 6, TEST_MAC);
  return frame;
}

/** Returns the frame in which the guest sends a segment to the gateway. */
export function guestSegment(segment: Segment): Uint8Array {
  const route = { source: ADDRESS.GUEST, destination: ADDRESS.GATEWAY };
  return fromGuest(segmentFrame(0, route, segment));
}

/** Returns the segment in a frame, or null if there is none. */
export function segmentIn(frame: Uint8Array): Segment | null {
  const datagram = parseIpv4(frame.subarray(ETHERNET_BYTES));
  return datagram && datagram.protocol === 6 ? parseSegment(datagram) : null;
}

/** A program of the host, which keeps what it gets. */
export class TestStream implements HostStream {
  unsent = 0;
  readonly calls: string[] = [];
  #parts: Uint8Array[] = [];
  onResume: () => void = () => {};

  /** All bytes that have come. */
  get bytes(): Uint8Array {
    return Uint8Array.from(this.#parts.flatMap((part) => [...part]));
  }

  get length(): number {
    return this.#parts.reduce((sum, { length }) => sum + length, 0);
  }

  write(bytes: Uint8Array): void {
    this.#parts.push(bytes);
  }

  end(): void {
    this.calls.push('end');
  }

  reset(): void {
    this.calls.push('reset');
  }

  resume(): void {
    this.onResume();
  }
}
