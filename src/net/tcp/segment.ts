/** TCP segments. RFC 9293, section 3.1. */

import { viewOf } from '../addresses.ts';
import { checksum, pseudoSum } from '../checksum.ts';
import { type Datagram, ipv4Frame, PROTOCOL } from '../ipv4.ts';

/** Control bits. */
export const TCP = { FIN: 1, SYN: 2, RST: 4, PSH: 8, ACK: 16 } as const;
/** Length of a header without options. */
export const TCP_BYTES = 20;

const OPTION = { END: 0, NONE: 1, SEGMENT_SIZE: 2 } as const;
const SEGMENT_SIZE_BYTES = 4;

/** A segment. */
export interface Segment {
  /** Ports of the sender and the receiver. */
  readonly from: number;
  readonly to: number;
  readonly sequence: number;
  readonly acknowledgement: number;
  /** Bits of `TCP`. */
  readonly flags: number;
  readonly window: number;
  /** The option of the maximum segment size, or null. */
  readonly segmentSize: number | null;
  readonly payload: Uint8Array;
}

/** Returns the length of a segment in sequence numbers: SYN and FIN take one each. */
export function lengthOf({ flags, payload }: Segment): number {
  return payload.length + ((flags & TCP.SYN) === 0 ? 0 : 1) + ((flags & TCP.FIN) === 0 ? 0 : 1);
}

/** Returns the segment in a datagram, or null if its lengths, options or checksum are wrong. */
export function parseSegment({ source, destination, payload }: Datagram): Segment | null {
  if (payload.length < TCP_BYTES) return null;
  const view = viewOf(payload);
  const header = (view.getUint8(12) >>> 4) * 4;
  if (header < TCP_BYTES || header > payload.length) return null;
  if (checksum(payload, pseudoSum(source, destination, PROTOCOL.TCP, payload.length)) !== 0) return null;
  const segmentSize = segmentSizeOf(payload.subarray(TCP_BYTES, header));
  if (segmentSize === undefined) return null;
  return {
    ...{ from: view.getUint16(0), to: view.getUint16(2) },
    ...{ sequence: view.getUint32(4), acknowledgement: view.getUint32(8) },
    ...{ flags: view.getUint8(13), window: view.getUint16(14), segmentSize },
    payload: payload.subarray(header),
  };
}

/** Returns the maximum segment size among options, null if there is none, or undefined if the options are wrong. */
function segmentSizeOf(options: Uint8Array): number | null | undefined {
  let found: number | null = null;
  for (let at = 0; at < options.length; ) {
    const kind = options[at] as number;
    if (kind === OPTION.END) break;
    if (kind === OPTION.NONE) {
      at++;
      continue;
    }
    const length = options[at + 1];
    if (length === undefined || length < 2 || at + length > options.length) return undefined;
    if (kind === OPTION.SEGMENT_SIZE && length === SEGMENT_SIZE_BYTES)
      found = viewOf(options).getUint16(at + 2);
    at += length;
  }
  return found;
}

/** Returns a frame with a segment. */
export function segmentFrame(
  mac: number,
  { source, destination }: { readonly source: number; readonly destination: number },
  segment: Segment,
): Uint8Array {
  const options = segment.segmentSize === null ? 0 : SEGMENT_SIZE_BYTES;
  const length = TCP_BYTES + options + segment.payload.length;
  return ipv4Frame(mac, { source, destination, protocol: PROTOCOL.TCP }, length, (bytes) => {
    const view = viewOf(bytes);
    view.setUint16(0, segment.from);
    view.setUint16(2, segment.to);
    view.setUint32(4, segment.sequence);
    view.setUint32(8, segment.acknowledgement);
    view.setUint8(12, ((TCP_BYTES + options) / 4) << 4);
    view.setUint8(13, segment.flags);
    view.setUint16(14, segment.window);
    if (segment.segmentSize !== null) {
      view.setUint8(TCP_BYTES, OPTION.SEGMENT_SIZE);
      view.setUint8(TCP_BYTES + 1, SEGMENT_SIZE_BYTES);
      view.setUint16(TCP_BYTES + 2, segment.segmentSize);
    }
    bytes.set(segment.payload, TCP_BYTES + options);
    view.setUint16(16, checksum(bytes, pseudoSum(source, destination, PROTOCOL.TCP, length)));
  });
}

/** Returns the segment that refuses another one, or null for a reset, which nothing answers. RFC 9293, section 3.10.7.1. */
export function refusal(segment: Segment): Segment | null {
  const { from, to, flags, sequence, acknowledgement } = segment;
  if ((flags & TCP.RST) !== 0) return null;
  const common = { from: to, to: from, window: 0, segmentSize: null, payload: new Uint8Array(0) };
  if ((flags & TCP.ACK) !== 0) {
    return { ...common, sequence: acknowledgement, acknowledgement: 0, flags: TCP.RST };
  }
  const next = (sequence + lengthOf(segment)) >>> 0;
  return { ...common, sequence: 0, acknowledgement: next, flags: TCP.RST | TCP.ACK };
}
