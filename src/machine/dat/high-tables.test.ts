/** Tables and frames beyond 4 GiB: both halves of an origin count, at every level. */

import { describe, expect, it } from 'vitest';
import { EDAT } from './formats.ts';
import { type EntrySource, Walk } from './walk.ts';

/** Entries by absolute address, wherever that is; anything else is an addressing exception. */
class Entries implements EntrySource {
  hi = 0;
  lo = 0;
  readonly #entries: ReadonlyMap<bigint, bigint>;
  constructor(entries: readonly (readonly [address: bigint, value: bigint])[]) {
    this.#entries = new Map(entries);
  }
  fetch(page: number, offset: number): number {
    const value = this.#entries.get(BigInt(page) * 4096n + BigInt(offset));
    if (value === undefined) return 0x05;
    this.hi = Number(value >> 32n);
    this.lo = Number(value & 0xffff_ffffn);
    return 0;
  }
}

const REGION_THIRD = 0x1_0001_0000n;
const SEGMENTS = 0x2_0002_0000n;
const PAGES = 0x3_0003_0800n;
const FRAME = 0x4_0004_0000n;
const ASCE = [Number(REGION_THIRD >> 32n), Number(REGION_THIRD & 0xffff_ffffn) | 0x7] as const;
/** Page number with the indexes 3, 4 and 5. */
const PAGE = (3 << 19) | (4 << 8) | 5;

const walkOf = (...more: [bigint, bigint][]) =>
  new Walk(
    new Entries([
      [REGION_THIRD + 3n * 8n, SEGMENTS | 0x7n],
      [SEGMENTS + 4n * 8n, PAGES],
      [PAGES + 5n * 8n, FRAME],
      ...more,
    ]),
  );

describe('a walk through tables beyond 4 GiB', () => {
  it('finds a frame beyond 4 GiB, and its page table', () => {
    const walk = walkOf();
    expect(walk.to(...ASCE, PAGE, EDAT.OFF)).toBe(0);
    expect([BigInt(walk.frame) * 4096n, BigInt(walk.table) * 2048n]).toEqual([FRAME, PAGES]);
  });

  it('distinguishes a page table beyond 4 GiB from one whose origin has the same low half', () => {
    const below = walkOf([SEGMENTS + 4n * 8n, PAGES & 0xffff_ffffn], [(PAGES & 0xffff_ffffn) + 40n, FRAME]);
    expect(below.to(...ASCE, PAGE, EDAT.OFF)).toBe(0);
    expect(BigInt(below.table) * 2048n).toBe(PAGES & 0xffff_ffffn);
  });

  it('finds a frame of 1 MiB beyond 4 GiB', () => {
    const walk = walkOf([SEGMENTS + 4n * 8n, 0x5_0010_0400n]);
    expect(walk.to(...ASCE, PAGE, EDAT.EDAT_2)).toBe(0);
    expect([BigInt(walk.frame) * 4096n, walk.table, walk.absolute]).toEqual([0x5_0010_5000n, -1, true]);
  });

  it('ends with an addressing exception if a table is outside storage', () => {
    const walk = walkOf([SEGMENTS + 4n * 8n, PAGES + (1n << 33n)]);
    expect(walk.to(...ASCE, PAGE, EDAT.OFF)).toBe(5);
  });
});
