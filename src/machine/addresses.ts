/**
 * What an address is. A number that passes from one part of the machine to another says so by its type, so that
 * prefixing is neither forgotten nor applied twice. Principles of Operation, chapter 3, "Address Types".
 *
 * All are page numbers: the byte address divided by 4096, below 2^52, as plain numbers. Under interpretive execution
 * they are the guest's.
 */

declare const kind: unique symbol;

/** A page of a logical address: virtual with DAT on, real with DAT off. */
export type LogicalPage = number & { readonly [kind]: 'logical' };
/** A page of a real address: prefixing makes it absolute. */
export type RealPage = number & { readonly [kind]: 'real' };
/** A page of absolute storage. */
export type AbsolutePage = number & { readonly [kind]: 'absolute' };

/** Marks a number as the page of a logical address. */
export const logicalPage = (page: number) => page as LogicalPage;
/** Marks a number as the page of a real address. */
export const realPage = (page: number) => page as RealPage;
/** Marks a number as a page of absolute storage. */
export const absolutePage = (page: number) => page as AbsolutePage;

/** Bytes of the prefix area, which is aligned to them. */
export const PREFIX_AREA_SIZE = 0x2000;

/**
 * Applies prefixing: real pages 0 and 1 and the two of the prefix area change places.
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
