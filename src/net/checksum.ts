/** The checksum of IPv4, ICMP, UDP and TCP. RFC 1071. */

/** Returns the sum of 16-bit words, big-endian, with carries added. A last odd byte is the high one of its word. */
export function sumOf(bytes: Uint8Array, sum = 0): number {
  let total = sum;
  const even = bytes.length & ~1;
  for (let at = 0; at < even; at += 2) total += ((bytes[at] as number) << 8) | (bytes[at + 1] as number);
  if (even < bytes.length) total += (bytes[even] as number) << 8;
  return folded(total);
}

/** Returns the checksum of bytes whose field for it is 0. Over bytes with their right checksum it is 0. */
export function checksum(bytes: Uint8Array, sum = 0): number {
  return sumOf(bytes, sum) ^ 0xffff;
}

/** Returns the sum of the pseudo header of UDP and TCP. RFC 9293, section 3.1. @param length of the segment */
export function pseudoSum(source: number, destination: number, protocol: number, length: number): number {
  const addresses = (source >>> 16) + (source & 0xffff) + (destination >>> 16) + (destination & 0xffff);
  return folded(addresses + protocol + length);
}

function folded(sum: number): number {
  let total = sum;
  while (total > 0xffff) total = Math.floor(total / 0x1_0000) + (total & 0xffff);
  return total;
}
