/**
 * Addresses as fields: the indexes into tables.
 */

import type { Level } from '../../../../machine/index.ts';

/** A field of an address. */
export interface AddressField {
  /** The architecture's name: RFX … BX. */
  readonly name: string;
  readonly long: string;
  /** The table that it is an index into, or null for the byte index. */
  readonly level: Level | null;
  /** First and last bit, from the left. */
  readonly bits: readonly [number, number];
  readonly value: number;
}

const PARTS = [
  ['RFX', 'region-first index', 'region-first', 0, 10],
  ['RSX', 'region-second index', 'region-second', 11, 21],
  ['RTX', 'region-third index', 'region-third', 22, 32],
  ['SX', 'segment index', 'segment', 33, 43],
  ['PX', 'page index', 'page', 44, 51],
  ['BX', 'byte index', null, 52, 63],
] as const;

/** Returns the six fields of an address, from the left. */
export function addressFields(address: bigint): readonly AddressField[] {
  return PARTS.map(([name, long, level, first, last]) => ({
    name,
    long,
    level,
    bits: [first, last],
    value: Number(bitsOf(address, first, last)),
  }));
}

/** Returns bits `first` to `last` (from the left) of 64. */
export function bitsOf(value: bigint, first: number, last: number): bigint {
  return (value >> BigInt(63 - last)) & ((1n << BigInt(last - first + 1)) - 1n);
}

/** Formats bits in binary, in groups of four counted from the right. */
export function binary(value: bigint, first: number, last: number): string {
  const digits = bitsOf(value, first, last)
    .toString(2)
    .padStart(last - first + 1, '0');
  return digits.replace(/\B(?=(\d{4})+$)/g, ' ');
}

/** A field, or the bits between two fields. */
export interface BitRange<T> {
  readonly field: T | null;
  readonly bits: readonly [number, number];
}

/** Divides 64 bits into fields and the gaps between them, from the left. */
export function bitRanges<T extends { readonly bits: readonly [number, number] }>(
  fields: readonly T[],
): readonly BitRange<T>[] {
  const ranges: BitRange<T>[] = [];
  let next = 0;
  for (const field of [...fields].sort((a, b) => a.bits[0] - b.bits[0])) {
    // If two fields overlap, the first one gets the bits.
    if (field.bits[0] < next) continue;
    if (field.bits[0] > next) ranges.push({ field: null, bits: [next, field.bits[0] - 1] });
    ranges.push({ field, bits: field.bits });
    next = field.bits[1] + 1;
  }
  if (next < 64) ranges.push({ field: null, bits: [next, 63] });
  return ranges;
}
