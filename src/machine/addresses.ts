/**
 * Kinds of addresses, as branded number types: the compiler then finds prefixing that is missing or applied twice.
 * Principles of Operation, chapter 3, "Address Types".
 *
 * All but segments are page numbers: the byte address divided by 4096, less than 2^52. While a processor interprets a
 * guest, they are the guest's.
 */

declare const kind: unique symbol;

/** A page of a logical address: virtual with DAT on, real with DAT off. */
export type LogicalPage = number & { readonly [kind]: 'logical' };
/** A page of a real address: prefixing makes it absolute. */
export type RealPage = number & { readonly [kind]: 'real' };
/** A page of absolute storage. */
export type AbsolutePage = number & { readonly [kind]: 'absolute' };

/** A segment: the byte address divided by 1 MiB, less than 2^44. */
export type SegmentNumber = number & { readonly [kind]: 'segment' };

/** Brands a number as the page of a logical address. */
export const logicalPage = (page: number) => page as LogicalPage;
/** Brands a number as the page of a real address. */
export const realPage = (page: number) => page as RealPage;
/** Brands a number as a page of absolute storage. */
export const absolutePage = (page: number) => page as AbsolutePage;

/** Size of the prefix area in bytes, and its alignment. */
export const PREFIX_AREA_SIZE = 0x2000;
/** The bits of a prefix: a multiple of 8 KiB, less than 2 GiB. */
export const PREFIX_BITS = 0x7fff_e000;

/**
 * Applies prefixing: swaps real pages 0 and 1 with the two pages of the prefix area.
 * @param prefix absolute byte address of the prefix area, a multiple of 8 KiB
 */
export function applyPrefix(page: RealPage, prefix: number): AbsolutePage {
  const first = prefix >>> 12;
  if (page < 2) return (page + first) as AbsolutePage;
  return (page === first || page === first + 1 ? page - first : page) as number as AbsolutePage;
}

/** Applies prefixing to a real byte address of 64 bits. */
export function absoluteAddress(real: bigint, prefix: number): bigint {
  const page = applyPrefix(realPage(Number(real >> 12n)), prefix);
  return (BigInt(page) << 12n) | (real & 0xfffn);
}

/** Brands a number as that of a segment. */
export const segmentNumber = (segment: number) => segment as SegmentNumber;
