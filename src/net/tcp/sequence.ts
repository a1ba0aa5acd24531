/** Sequence numbers of TCP: modulo 2^32. RFC 9293, section 3.4. */

/** Returns a sequence number `count` further, which may be negative. */
export function after(sequence: number, count: number): number {
  return (sequence + count) >>> 0;
}

/** Returns how far `to` is behind `from`: -2^31 to 2^31 - 1. */
export function distance(from: number, to: number): number {
  return (to - from) | 0;
}
