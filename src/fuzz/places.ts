/**
 * The addresses of random operations: few, so that operations overlap, and at all edges.
 */

import { SEGMENT_PAGES } from './model/places.ts';
import type { Random } from './random.ts';

/** Groups of process segments: adjacent ones, and those at the edges of segment tables (2 GiB) and of the process (0, 4 TiB). */
const PROCESS_GROUPS = [
  [0x100, 0x101, 0x102],
  [0x100, 0x101, 0x102, 0x103, 0x180],
  [0x7fe, 0x7ff, 0x800, 0x801],
  [0, 1, 0x100],
  [0x3f_fffd, 0x3f_fffe, 0x3f_ffff],
  [0x100, 0x900, 0x1100, 0x3f_ffff],
] as const;

/** Segments around 4 TiB, where a fourth level of tables begins, and at its end. */
const HIGH_GROUP = [0x3f_fffe, 0x3f_ffff, 0x40_0000, 0x40_0001, 0x40_0800, 2 ** 33 - 1] as const;

/** Groups of guest segments: adjacent ones, and those at the edges of the tables of each level and of the address space. */
const GUEST_GROUPS = [
  [0, 1, 2],
  [0, 1, 2, 3, 4],
  [0x7fe, 0x7ff, 0x800, 0x801],
  [0x3f_fffe, 0x3f_ffff, 0x40_0000, 0x40_0001],
  [2 ** 33 - 2, 2 ** 33 - 1, 2 ** 33, 2 ** 33 + 1],
  [2 ** 44 - 4, 2 ** 44 - 3, 2 ** 44 - 2, 2 ** 44 - 1],
  [0, 0x800, 0x40_0000, 2 ** 33],
] as const;

const PAGES_IN_SEGMENT = [0, 0, 0, 1, 2, 3, 127, 128, 254, 255, 255] as const;
const PAGE_COUNTS = [1, 1, 2, 3, 127, 128, 129, 255, 256, 256, 257, 512, 640, 768] as const;
const OFFSETS = [0, 0, 8, 0x7f8, 0x800, 4088, 4090, 4095] as const;
const LENGTHS = [1, 1, 1, 2, 2, 4, 4, 4, 8, 8, 8, 8, 16, 16, 16, 100, 256, 4096, 4097, 9000] as const;
/** Numbers that are wrong for most operations. */
const ODD = [
  0n,
  1n,
  0xfffn,
  0x1001n,
  (1n << 42n) - 1n,
  1n << 42n,
  (1n << 64n) - 1n,
  (1n << 64n) - 4096n,
] as const;

/** The addresses of a scenario. */
export class Places {
  readonly #random: Random;
  readonly #process: readonly number[];
  readonly #guest: readonly number[];

  /** @param high whether processes have memory above 4 TiB */
  constructor(random: Random, high: boolean) {
    this.#random = random;
    this.#process = [...this.#someOf(PROCESS_GROUPS), ...(high ? HIGH_GROUP : [])];
    this.#guest = this.#someOf(GUEST_GROUPS);
  }

  /** Returns one group in most cases, or two. */
  #someOf(groups: readonly (readonly number[])[]): number[] {
    const some = [...this.#random.pick(groups)];
    if (this.#random.oneIn(3)) some.push(...this.#random.pick(groups));
    return some;
  }

  /** Returns a process segment. */
  processSegment(): number {
    return this.#random.pick(this.#process);
  }

  /** Returns a guest segment. */
  guestSegment(): number {
    return this.#random.pick(this.#guest);
  }

  /** Returns the byte address of a page in a segment. */
  pageIn(segment: number): bigint {
    return BigInt(segment * SEGMENT_PAGES + this.#random.pick(PAGES_IN_SEGMENT)) << 12n;
  }

  /** Returns the address of a byte in a page. */
  within(page: bigint): bigint {
    return page + BigInt(this.#random.pick(OFFSETS));
  }

  /** Returns a length of whole pages, in bytes. */
  pages(): bigint {
    return BigInt(this.#random.pick(PAGE_COUNTS)) << 12n;
  }

  /** Returns a length of whole segments, in bytes. */
  segments(): bigint {
    return BigInt(this.#random.pick([1, 1, 1, 2, 2, 3, 4])) << 20n;
  }

  /** Returns the length of an access in bytes. */
  length(): number {
    return this.#random.pick(LENGTHS);
  }

  /** Returns a number that is wrong for most operations, or the given one with a small difference. */
  odd(value: bigint): bigint {
    if (this.#random.oneIn(2)) return this.#random.pick(ODD);
    const off = value + this.#random.pick([1n, -1n, 0x800n, 4096n, -4096n, 0x8_0000n]);
    return off < 0n ? 0n : BigInt.asUintN(64, off);
  }
}
