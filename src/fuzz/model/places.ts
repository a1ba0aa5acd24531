/** Pages, segments and limits, as plain numbers. */

/** Pages in a segment. */
export const SEGMENT_PAGES = 256;
/** Pages that a process has: 4 TiB. */
export const LIMIT_PAGES = 2 ** 30;
/** Pages that a process has when it has grown: 8 PiB. */
export const GROWN_PAGES = 2 ** 41;
/** Segments of a process that guests can have. */
export const LIMIT_SEGMENTS = 2 ** 22;
/** The first address that no guest has. */
export const GUEST_LIMIT = 1n << 64n;

const PAGE = 4096n;
const SEGMENT = 1n << 20n;

/** The segment of a page. */
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

/** Number of the page that holds an address. */
export function pageOf(address: bigint): number {
  return Number(address >> 12n);
}

/** The first address that no process has, however it has grown: 8 PiB. */
export const GROWN_LIMIT = 1n << 53n;
