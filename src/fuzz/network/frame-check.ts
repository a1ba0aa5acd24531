/** Checks of the frames that the network sends, written without its code. */

const ETHERNET = 14;
const IPV4 = 20;
const FRAME_MAX = 1514;

/** A TCP segment that the guest got. */
export interface SeenSegment {
  readonly from: number;
  readonly to: number;
  readonly sequence: number;
  readonly acknowledgement: number;
  readonly flags: number;
  readonly payload: Uint8Array;
}

/** Returns what is wrong with a frame, or null. */
export function problemOf(frame: Uint8Array): string | null {
  if (frame.length < ETHERNET || frame.length > FRAME_MAX) return `a frame of ${frame.length} bytes`;
  const view = new DataView(frame.buffer, frame.byteOffset, frame.length);
  if (view.getUint16(6) !== 0x5255 || view.getUint32(8) !== 0x0a00_0202) return 'a frame of another sender';
  const type = view.getUint16(12);
  if (type === 0x0806) return frame.length === ETHERNET + 28 ? null : 'ARP of another length';
  if (type !== 0x0800) return `a frame of type ${type}`;
  if (frame[14] !== 0x45 || view.getUint16(16) !== frame.length - ETHERNET) return 'a wrong length of IPv4';
  if (!isSummed(frame.subarray(ETHERNET, ETHERNET + IPV4), 0)) return 'a wrong checksum of IPv4';
  const payload = frame.subarray(ETHERNET + IPV4);
  const protocol = frame[23] as number;
  if (protocol === 1) return isSummed(payload, 0) ? null : 'a wrong checksum of ICMP';
  const addresses = [26, 28, 30, 32].reduce((sum, at) => sum + view.getUint16(at), 0);
  if (!isSummed(payload, addresses + protocol + payload.length)) return 'a wrong checksum of UDP or TCP';
  return null;
}

function isSummed(bytes: Uint8Array, first: number): boolean {
  let sum = first;
  for (let at = 0; at < bytes.length; at++) sum += (bytes[at] as number) << (at % 2 === 0 ? 8 : 0);
  return sum % 0xffff === 0 && sum > 0;
}

/** Returns the segment in a frame without problems, or null if there is none of the gateway's own address. */
export function seenSegment(frame: Uint8Array): SeenSegment | null {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.length);
  if (view.getUint16(12) !== 0x0800 || frame[23] !== 6 || view.getUint32(26) !== 0x0a00_0202) return null;
  const header = ((frame[46] as number) >>> 4) * 4;
  return {
    ...{ from: view.getUint16(34), to: view.getUint16(36), sequence: view.getUint32(38) },
    ...{ acknowledgement: view.getUint32(42), flags: frame[47] as number },
    payload: frame.subarray(ETHERNET + IPV4 + header),
  };
}
