/** The User Datagram Protocol. RFC 768. */

import { viewOf } from './addresses.ts';
import { checksum, pseudoSum } from './checksum.ts';
import { type Datagram, ipv4Frame, PROTOCOL } from './ipv4.ts';

/** Length of a header in bytes. */
export const UDP_BYTES = 8;

/** A message. */
export interface UdpMessage {
  readonly from: number;
  readonly to: number;
  readonly payload: Uint8Array;
}

/** Returns the message in a datagram, or null if its length or checksum is wrong. */
export function parseUdp({ source, destination, payload }: Datagram): UdpMessage | null {
  if (payload.length < UDP_BYTES) return null;
  const view = viewOf(payload);
  const length = view.getUint16(4);
  if (length < UDP_BYTES || length > payload.length) return null;
  const message = payload.subarray(0, length);
  // 0 means that the sender has calculated none.
  const isChecked = view.getUint16(6) !== 0;
  if (isChecked && checksum(message, pseudoSum(source, destination, PROTOCOL.UDP, length)) !== 0) return null;
  return { from: view.getUint16(0), to: view.getUint16(2), payload: message.subarray(UDP_BYTES) };
}

/** Returns a frame with a message. */
export function udpFrame(
  mac: number,
  { source, destination }: { readonly source: number; readonly destination: number },
  { from, to, payload }: UdpMessage,
): Uint8Array {
  const length = UDP_BYTES + payload.length;
  return ipv4Frame(mac, { source, destination, protocol: PROTOCOL.UDP }, length, (message) => {
    const view = viewOf(message);
    view.setUint16(0, from);
    view.setUint16(2, to);
    view.setUint16(4, length);
    message.set(payload, UDP_BYTES);
    view.setUint16(6, checksum(message, pseudoSum(source, destination, PROTOCOL.UDP, length)) || 0xffff);
  });
}
