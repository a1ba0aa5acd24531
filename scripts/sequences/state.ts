/**
 * The state that a sequence starts from: a function of its kind and its seed. The recordings depend on it, so after a change of this file
 * they must be made again.
 *
 * The registers have roles, so that random operands often mean something: 8, 10 and 12 (and often 1) hold addresses of data, 9, 11, 13 and
 * 15 lengths and indexes, 14 the address of the code's last instruction, which EXECUTE may have as its target, and the others numbers.
 */

import { Random } from '../../src/fuzz/random.ts';
import { BLOCK_LENGTH, BLOCKS, CODE, CODE_LENGTH, type State } from './layout.ts';
import { ALET, ASCE, DUCT_ORIGIN, OTHER_ASCE, PLACES, PRIMARY_ENTRY } from './tables.ts';

/** What registers and data hold mostly. */
export type Kind = 'numbers' | 'floats' | 'decimals' | 'text';

/** Address of the last instruction of the code. */
export const TARGET = CODE + CODE_LENGTH - 8;

const EDGES = [
  0n,
  1n,
  2n,
  0x7fn,
  0x80n,
  0xffn,
  0x7fffn,
  0x8000n,
  0xffffn,
  0x7fff_ffffn,
  0x8000_0000n,
  0xffff_ffffn,
  0x1_0000_0000n,
  0x7fff_ffff_ffff_ffffn,
  0x8000_0000_0000_0000n,
  0x8000_0000_0000_0001n,
  0xffff_ffff_0000_0000n,
  0xffff_ffff_7fff_ffffn,
  0xffff_ffff_8000_0000n,
  0xffff_ffff_ffff_ffffn,
] as const;

/** Long, and in their high halves short, numbers: zeros, ones, subnormal and extreme ones, infinities, NaNs. */
const FLOATS = [
  0n,
  0x8000_0000_0000_0000n,
  0x3ff0_0000_0000_0000n,
  0xbff0_0000_0000_0000n,
  0x3f80_0000_0000_0000n,
  0x4008_0000_0000_0000n,
  0x4049_0fdb_5444_2d18n,
  0x0000_0000_0000_0001n,
  0x000f_ffff_ffff_ffffn,
  0x0010_0000_0000_0000n,
  0x7fef_ffff_ffff_ffffn,
  0x7ff0_0000_0000_0000n,
  0xfff0_0000_0000_0000n,
  0x7ff8_0000_0000_0000n,
  0x7ff4_0000_0000_0001n,
  0x7f80_0000_0000_0000n,
  0x7f7f_ffff_0000_0000n,
  0x0080_0000_0000_0000n,
  0x0000_0001_0000_0000n,
  0x7fa0_0000_0000_0000n,
  0x43e0_0000_0000_0000n,
  0x41df_ffff_ffc0_0000n,
  0x3fff_0000_0000_0000n,
  0x7fff_0000_0000_0000n,
] as const;

function u64(random: Random): bigint {
  return (BigInt(random.next()) << 32n) | BigInt(random.next());
}

function integer(random: Random): bigint {
  return random.oneIn(3) ? u64(random) : random.pick(EDGES);
}

function float(random: Random): bigint {
  if (random.oneIn(2)) return random.pick(FLOATS);
  if (random.oneIn(4)) return u64(random);
  // A number of ordinary size, with few digits or many.
  const exponent = BigInt(0x3ff + random.below(120) - 60) << 52n;
  const fraction = random.oneIn(2) ? BigInt(random.below(16)) << 48n : u64(random) & ((1n << 52n) - 1n);
  return (BigInt(random.below(2)) << 63n) | exponent | fraction;
}

function address(random: Random): bigint {
  const distance = random.below(96) - 64;
  const place = random.pick(PLACES) + BigInt(random.oneIn(3) ? distance : distance & ~7);
  // Bits that the 24- and 31-bit modes ignore.
  return BigInt.asUintN(64, random.oneIn(4) ? place | (u64(random) << 32n) : place);
}

function length(random: Random): bigint {
  if (random.oneIn(6)) return integer(random);
  const small = BigInt(random.below(40));
  return random.oneIn(8) ? BigInt.asUintN(64, small | (u64(random) << 24n)) : small;
}

function general(random: Random, kind: Kind, n: number): bigint {
  if (n === 14) return BigInt(TARGET);
  if (n === 8 || n === 10 || n === 12) return address(random);
  if (n === 9 || n === 11 || n === 13 || n === 15) return length(random);
  if (n === 0 && !random.oneIn(3)) return BigInt(random.below(random.oneIn(2) ? 32 : 256));
  if (n === 1 && !random.oneIn(3)) return address(random);
  return kind === 'floats' && random.oneIn(2) ? float(random) : integer(random);
}

/** Stores packed numbers of random lengths, some with invalid digits or signs. */
function decimals(random: Random, data: Uint8Array): void {
  let at = 0;
  while (at < data.length) {
    const end = Math.min(data.length, at + 1 + random.below(12));
    const zeros = random.oneIn(3);
    for (; at < end - 1; at++) data[at] = zeros ? 0 : random.below(10) * 16 + random.below(10);
    data[at++] = (zeros ? 0 : random.below(10) * 16) + random.pick([12, 12, 13, 13, 10, 11, 14, 15]);
    if (random.oneIn(40)) data[at - 1] = random.below(256);
  }
}

/** Stores words with blanks between them; in other blocks characters of UTF-8, UTF-16 and UTF-32. */
function text(random: Random, data: Uint8Array): void {
  for (let at = 0; at < data.length; at++) {
    data[at] = random.oneIn(5) ? 0x40 : random.oneIn(20) ? random.below(256) : 0xc1 + random.below(9);
  }
  for (let at = 0; at < data.length; at += BLOCK_LENGTH) {
    if (random.oneIn(2)) unicode(random, data.subarray(at, at + BLOCK_LENGTH));
  }
}

function unicode(random: Random, data: Uint8Array): void {
  const bytes = Buffer.alloc(data.length);
  const form = random.pick(['utf8', 'utf16', 'utf32'] as const);
  let at = 0;
  while (at < data.length) {
    const point = random.pick([0x41, 0x7f, 0x80, 0x7ff, 0x800, 0xd7ff, 0xe000, 0xffff, 0x1_0000, 0x10_ffff]);
    const encoded =
      form === 'utf8'
        ? Buffer.from(String.fromCodePoint(point))
        : form === 'utf16'
          ? Buffer.from(String.fromCodePoint(point), 'utf16le').swap16()
          : Buffer.from([0, point >>> 16, (point >>> 8) & 0xff, point & 0xff]);
    encoded.copy(bytes, at);
    at += encoded.length;
    if (random.oneIn(30)) bytes[Math.min(at, bytes.length) - 1] = random.below(256);
  }
  data.set(bytes);
}

function dataOf(random: Random, kind: Kind): Uint8Array {
  const data = Buffer.alloc(BLOCKS.length * BLOCK_LENGTH);
  if (kind === 'decimals') decimals(random, data);
  else if (kind === 'text') text(random, data);
  else {
    for (let at = 0; at < data.length; at += 8) {
      data.writeBigUInt64BE(kind === 'floats' ? float(random) : integer(random), at);
    }
  }
  return data;
}

const ADDRESSING = [0n, 0x8000_0000n, 0x1_8000_0000n, 0x1_8000_0000n] as const;
/** System mask: DAT, and external interruptions for the clock comparator. */
const SYSTEM = 0x05n << 56n;
const PROBLEM = 1n << 48n;
/** Control register 0: AFP registers, the clock comparator, enhanced DAT, the secondary space. */
const CR0 = 0x0484_08e0n;

/** PSW bits 16 and 17: the access-register mode, twice as often as the secondary-space mode. */
const SPACES = [1n << 46n, 1n << 46n, 2n << 46n] as const;

/**
 * Changes a state so that operands are in different spaces: in the access-register or secondary-space mode, with tokens of all spaces in
 * the access registers.
 */
export function inSpaces(state: State, seed: number): State {
  const random = new Random(seed ^ 0x5a5a);
  const control = [...state.control];
  control[2] = DUCT_ORIGIN;
  control[5] = PRIMARY_ENTRY;
  control[7] = control[13] = OTHER_ASCE;
  return {
    ...state,
    psw: state.psw | random.pick(SPACES),
    access: state.access.map(() =>
      random.oneIn(20) ? random.next() : random.pick([0, 0, 1, ALET, ALET, 5]),
    ),
    control,
  };
}

/**
 * Returns the state of a sequence.
 * @param supervisor whether it runs in the supervisor state
 */
export function stateOf(kind: Kind, seed: number, supervisor: boolean): State {
  const random = new Random(seed);
  const registers = Array.from({ length: 16 }, (_, n) => n);
  const psw =
    SYSTEM |
    (supervisor ? 0n : PROBLEM) |
    random.pick(ADDRESSING) |
    (BigInt(random.below(4)) << 44n) |
    // QEMU lacks fixed-point overflow exceptions, which would end the comparison.
    (BigInt(random.oneIn(3) ? random.below(random.oneIn(6) ? 16 : 8) : 0) << 40n);
  const masks = random.oneIn(3) ? random.below(32) << 27 : 0;
  return {
    psw,
    general: registers.map((n) => general(random, kind, n)),
    floating: registers.map(() => (kind === 'numbers' && random.oneIn(2) ? integer(random) : float(random))),
    access: registers.map(() => random.pick([0, 1, random.next()])),
    control: registers.map((n) => (n === 0 ? CR0 : n === 1 || n === 7 || n === 13 ? ASCE : 0n)),
    fpc: (masks | (random.oneIn(2) ? random.below(4) : 0)) >>> 0,
    data: dataOf(random, kind),
  };
}
