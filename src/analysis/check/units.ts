/** Numbers of pages and segments. */

/** Returns the number of the page that holds a byte address. */
export function pageNumber(address: bigint): number {
  return Number(address >> 12n);
}

/** Returns the number of the segment that holds a byte address. */
export function segmentNumber(address: bigint): number {
  return Number(address >> 20n);
}

/** Returns the segment of a page number. */
export function segmentOf(page: number): number {
  return Math.floor(page / 256);
}

/** Formats an address. */
export function hex(address: bigint): string {
  return `0x${address.toString(16)}`;
}

/** Formats the address of a segment or a page. */
export function segmentAddress(segment: number): string {
  return hex(BigInt(segment) << 20n);
}

export function pageAddress(page: number): string {
  return hex(BigInt(page) << 12n);
}
