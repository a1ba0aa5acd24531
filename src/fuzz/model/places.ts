/** Pages, segments and limits, as plain numbers. */

/** Pages in a segment. */
export const SEGMENT_PAGES = 256;
/** Pages of a process with three levels of tables: 4 TiB. */
export const LIMIT_PAGES = 2 ** 30;
/** Pages of a process with four levels of tables: 8 PiB. */
export const GROWN_PAGES = 2 ** 41;
/** Segments of a process that can be mapped to guests. */
export const LIMIT_SEGMENTS = 2 ** 22;
/** The end of the guest address space. */
export const GUEST_LIMIT = 1n << 64n;

const PAGE = 4096n;
const SEGMENT = 1n << 20n;

/** Returns the segment of a page. */
export function segmentOf(page: number): number {
  return Math.floor(page / SEGMENT_PAGES);
}

/** Whether a value is a multiple of 4 KiB. */
export function onPage(value: bigint): boolean {
  return value % PAGE === 0n;
}

/** Whether a value is a multiple of 1 MiB. */
export function onSegment(value: bigint): boolean {
  return value % SEGMENT === 0n;
}

/** Returns the number of the page that contains an address. */
export function pageOf(address: bigint): number {
  return Number(address >> 12n);
}

/** The end of the address space of a process with four levels of tables: 8 PiB. */
export const GROWN_LIMIT = 1n << 53n;
