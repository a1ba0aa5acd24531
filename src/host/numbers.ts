/**
 * Kinds of page and segment numbers, as branded number types: the compiler rejects a process page where a guest page is
 * expected. A page number is a byte address / 4 KiB, a segment number a byte address / 1 MiB, as plain numbers.
 */

declare const space: unique symbol;

/** A page of a process. */
export type ProcessPage = number & { readonly [space]: 'process page' };
/** A page of a guest's absolute storage. */
export type GuestPage = number & { readonly [space]: 'guest page' };
/** A segment of a process. */
export type ProcessSegmentNumber = number & { readonly [space]: 'process segment' };
/** A segment of a guest's absolute storage. */
export type GuestSegmentNumber = number & { readonly [space]: 'guest segment' };

/** Brands a number as that of a process page. */
export const processPage = (page: number) => page as ProcessPage;
/** Brands a number as that of a guest page. */
export const guestPage = (page: number) => page as GuestPage;
/** Brands a number as that of a process segment. */
export const processSegment = (segment: number) => segment as ProcessSegmentNumber;
/** Brands a number as that of a guest segment. */
export const guestSegment = (segment: number) => segment as GuestSegmentNumber;
