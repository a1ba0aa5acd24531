/** The Internet Control Message Protocol. RFC 792, and RFC 1122, section 3.2.2. */

import { ADDRESS, isStation, viewOf } from './addresses.ts';
import { checksum } from './checksum.ts';
import { type Datagram, IPV4_BYTES, ipv4Frame, PAYLOAD_MAX, PROTOCOL } from './ipv4.ts';

const TYPE = { ECHO_REPLY: 0, UNREACHABLE: 3, ECHO: 8 } as const;
/** Types of queries and their answers. A message of any other type may be an error, which no error answers. */
const QUERIES: readonly number[] = [TYPE.ECHO_REPLY, TYPE.ECHO, 13, 14, 15, 16, 17, 18];
/** Codes of an unreachable destination. */
export const UNREACHABLE = { PROTOCOL: 2, PORT: 3, PROHIBITED: 13 } as const;

const HEADER_BYTES = 8;
/** Number of bytes of the payload that an error returns, besides the header. */
const QUOTED_BYTES = 8;

/** Returns the frame that answers an echo request, or null if the message is something else. */
export function echoReply(mac: number, { source, destination, payload }: Datagram): Uint8Array | null {
  const isRequest =
    payload.length >= HEADER_BYTES &&
    payload.length <= PAYLOAD_MAX &&
    payload[0] === TYPE.ECHO &&
    payload[1] === 0;
  if (!isRequest || checksum(payload) !== 0) return null;
  const route = { source: destination, destination: source, protocol: PROTOCOL.ICMP };
  return ipv4Frame(mac, route, payload.length, (reply) => {
    reply.set(payload);
    reply[0] = TYPE.ECHO_REPLY;
    reply.fill(0, 2, 4);
    viewOf(reply).setUint16(2, checksum(reply));
  });
}

/**
 * Returns the frame that tells the sender of a datagram that its destination cannot be reached, or null if no error may be sent: for an
 * error, a broadcast, or a sender that is not one station.
 * @param code of `UNREACHABLE`
 */
export function unreachable(mac: number, datagram: Datagram, code: number): Uint8Array | null {
  const { source, destination, protocol, payload, bytes } = datagram;
  const isError = protocol === PROTOCOL.ICMP && !QUERIES.includes(payload[0] ?? -1);
  if (isError || !isStation(source) || !isStation(destination)) return null;
  const header = bytes.length - payload.length;
  const quoted = bytes.subarray(0, Math.min(bytes.length, Math.max(header, IPV4_BYTES) + QUOTED_BYTES));
  const route = { source: ADDRESS.GATEWAY, destination: source, protocol: PROTOCOL.ICMP };
  return ipv4Frame(mac, route, HEADER_BYTES + quoted.length, (message) => {
    message[0] = TYPE.UNREACHABLE;
    message[1] = code;
    message.set(quoted, HEADER_BYTES);
    viewOf(message).setUint16(2, checksum(message));
  });
}
