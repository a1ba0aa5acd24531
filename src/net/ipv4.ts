/** IPv4. RFC 791. Fragments are not put together: nothing on this network needs them. */

import { viewOf } from './addresses.ts';
import { checksum } from './checksum.ts';
import { ETHERNET_BYTES, ETHERTYPE, MTU, newFrame } from './ethernet.ts';

/** Protocol numbers. */
export const PROTOCOL = { ICMP: 1, TCP: 6, UDP: 17 } as const;
/** Length of a header without options. */
export const IPV4_BYTES = 20;
/** The largest payload of a datagram that is sent. */
export const PAYLOAD_MAX = MTU - IPV4_BYTES;
const TIME_TO_LIVE = 64;
const DO_NOT_FRAGMENT = 0x4000;
/** More fragments follow, or the offset of this one. */
const FRAGMENT = 0x3fff;

/** Where a datagram goes. */
export interface Route {
  readonly source: number;
  readonly destination: number;
  readonly protocol: number;
}

/** A datagram. */
export interface Datagram extends Route {
  readonly payload: Uint8Array;
  /** The whole datagram, without what follows it in the frame. */
  readonly bytes: Uint8Array;
}

/** Returns a datagram, or null if it is not a whole one or its header is wrong. */
export function parseIpv4(frame: Uint8Array): Datagram | null {
  if (frame.length < IPV4_BYTES) return null;
  const view = viewOf(frame);
  const first = view.getUint8(0);
  const header = (first & 15) * 4;
  const length = view.getUint16(2);
  if (first >>> 4 !== 4 || header < IPV4_BYTES || length < header || length > frame.length) return null;
  if (checksum(frame.subarray(0, header)) !== 0 || (view.getUint16(6) & FRAGMENT) !== 0) return null;
  return {
    ...{ source: view.getUint32(12), destination: view.getUint32(16), protocol: view.getUint8(9) },
    ...{ payload: frame.subarray(header, length), bytes: frame.subarray(0, length) },
  };
}

/**
 * Returns a frame with a datagram.
 * @param mac of its receiver
 * @param length of the payload, at most `PAYLOAD_MAX`
 * @param fill writes the payload, which is all zeros
 */
export function ipv4Frame(
  mac: number,
  { source, destination, protocol }: Route,
  length: number,
  fill: (payload: Uint8Array) => void,
): Uint8Array {
  const frame = newFrame(mac, ETHERTYPE.IPV4, IPV4_BYTES + length);
  const datagram = frame.subarray(ETHERNET_BYTES);
  const view = viewOf(datagram);
  view.setUint8(0, (4 << 4) | (IPV4_BYTES / 4));
  view.setUint16(2, IPV4_BYTES + length);
  view.setUint16(6, DO_NOT_FRAGMENT);
  view.setUint8(8, TIME_TO_LIVE);
  view.setUint8(9, protocol);
  view.setUint32(12, source);
  view.setUint32(16, destination);
  view.setUint16(10, checksum(datagram.subarray(0, IPV4_BYTES)));
  fill(datagram.subarray(IPV4_BYTES));
  return frame;
}
