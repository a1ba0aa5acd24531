/** Loads of general registers, of all widths and extensions. Principles of Operation, chapter 7. */

import { FETCH } from '../cpu/access.ts';
import type { Processor } from '../cpu/processor.ts';
import { SPACE } from '../cpu/state.ts';
import { PGM } from '../interruption.ts';
import { holds } from './condition.ts';
import type { InstructionLine } from './line.ts';
import {
  advance,
  aligned,
  effectivePage,
  fetch64,
  load8,
  load8s,
  load16,
  load16s,
  load32,
  pair,
  r32x,
  relative,
  setAddress,
  setSigned,
  setUnsigned,
  X,
  Y,
} from './operands.ts';

/** Sets the low or high half of a register. */
function low(c: Processor, r: number, value: number): void {
  c.gr32[r * 2] = value;
}

function high(c: Processor, r: number, value: number): void {
  c.gr32[r * 2 + 1] = value;
}

/** Sets a register from one operand of 64 bits. */
function whole(c: Processor, r: number, x: number): void {
  c.op[r] = c.op[x] as bigint;
}

const signed8 = (n: number) => (n << 24) >> 24;
const signed16 = (n: number) => (n << 16) >> 16;

/** LOAD ADDRESS. */
function loadAddress(c: Processor, r: number): void {
  setAddress(c, r, c.eaHi, c.eaLo);
}

/** The ALETs that LOAD ADDRESS EXTENDED leaves for the primary, secondary and home space. */
const ALET = { [SPACE.PRIMARY]: 0, [SPACE.SECONDARY]: 1, [SPACE.HOME]: 2 } as const;

/** LOAD ADDRESS EXTENDED: the address, and into the access register what names the space. */
function loadAddressExtended(c: Processor, r: number, base: number): void {
  const { space } = c;
  const alet =
    space === SPACE.ACCESS_REGISTER ? (base === 0 ? 0 : (c.ar[base] as number)) : ALET[space as 0 | 2 | 3];
  loadAddress(c, r);
  c.ar[r] = alet;
}

/** The bytes of four, rightmost first. */
export function reversed(n: number): number {
  return ((n << 24) | ((n & 0xff00) << 8) | ((n >>> 8) & 0xff00) | (n >>> 24)) >>> 0;
}

function loadReversed64(c: Processor, r: number, x: number): void {
  const hi = c.op32[x * 2 + 1] as number;
  c.op32[r * 2 + 1] = reversed(c.op32[x * 2] as number);
  c.op32[r * 2] = reversed(hi);
}

/** Sets one halfword of a register, the others zeroed or kept. */
function halfword(half: 0 | 1, shift: 0 | 16, keep: boolean) {
  const mask = 0xffff << shift;
  return (c: Processor, r: number, i: number): void => {
    const at = r * 2 + half;
    const old = c.gr32[at] as number;
    if (!keep) c.gr[r] = 0n;
    c.gr32[at] = (keep ? old & ~mask : 0) | ((i & 0xffff) << shift);
  };
}

/** INSERT CHARACTERS UNDER MASK into half `half`. A mask of zero still accesses one byte. */
function insertUnderMask(half: 0 | 1) {
  return (c: Processor, r: number, mask: number): void => {
    const at = r * 2 + half;
    let value = c.gr32[at] as number;
    let inserted = 0;
    let first = -1;
    if (mask === 0) load8(c);
    for (let bit = 8, shift = 24; bit !== 0; bit >>= 1, shift -= 8) {
      if (!(mask & bit)) continue;
      const byte = load8(c);
      advance(c, 1);
      if (first < 0) first = byte;
      inserted |= byte;
      value = (value & ~(0xff << shift)) | (byte << shift);
    }
    c.gr32[at] = value;
    c.cc = inserted === 0 ? 0 : first & 0x80 ? 1 : 2;
  };
}

/** How many registers `first` to `last` are, wrapping from 15 to 0. */
export const registers = (first: number, last: number) => ((last - first) & 15) + 1;

/** Loads words from the effective address into halves of registers. */
export function loadHalves(
  c: Processor,
  into: Uint32Array,
  first: number,
  last: number,
  scale: 1 | 2,
  half: 0 | 1,
): void {
  const count = registers(first, last);
  const offset = c.eaLo & 0xfff;
  if (offset + count * 4 <= 0x1000) {
    const { view } = c.storage;
    let at = c.frame(effectivePage(c), offset, FETCH, count * 4) + offset;
    for (let i = 0; i < count; i++, at += 4) into[((first + i) & 15) * scale + half] = view.getUint32(at);
    return;
  }
  c.probe(c.eaHi, c.eaLo, count * 4, FETCH);
  for (let i = 0; i < count; i++, advance(c, 4)) into[((first + i) & 15) * scale + half] = load32(c);
}

/** Loads doublewords from the effective address into registers. */
export function loadWhole(c: Processor, into: Uint32Array, first: number, last: number): void {
  const count = registers(first, last);
  const offset = c.eaLo & 0xfff;
  if (offset + count * 8 <= 0x1000) {
    const { view } = c.storage;
    let at = c.frame(effectivePage(c), offset, FETCH, count * 8) + offset;
    for (let i = 0; i < count; i++, at += 8) {
      const r = ((first + i) & 15) * 2;
      into[r + 1] = view.getUint32(at);
      into[r] = view.getUint32(at + 4);
    }
    return;
  }
  c.probe(c.eaHi, c.eaLo, count * 8, FETCH);
  for (let i = 0; i < count; i++, advance(c, 8)) {
    const r = ((first + i) & 15) * 2;
    fetch64(c, X);
    into[r + 1] = c.op32[X * 2 + 1] as number;
    into[r] = c.op32[X * 2] as number;
  }
}

/** LOAD MULTIPLE DISJOINT: high halves from the second operand, low halves from the third. */
function loadDisjoint(c: Processor, first: number, last: number): void {
  const { ea2Hi, ea2Lo } = c;
  c.probe(ea2Hi, ea2Lo, registers(first, last) * 4, FETCH);
  loadHalves(c, c.gr32, first, last, 2, 1);
  c.eaHi = ea2Hi;
  c.eaLo = ea2Lo;
  loadHalves(c, c.gr32, first, last, 2, 0);
}

/** LOAD PAIR FROM QUADWORD. */
function loadQuadword(c: Processor, r: number): void {
  pair(c, r);
  aligned(c, 16);
  loadWhole(c, c.gr32, r, r + 1);
}

/** LOAD PAIR DISJOINT: two words, code 0 as one access, which it is on one processor at a time. */
function loadPairDisjoint(c: Processor, r: number): void {
  pair(c, r);
  if ((c.eaLo | c.ea2Lo) & 3) c.program(PGM.SPECIFICATION);
  const first = load32(c);
  c.gr32[r * 2 + 2] = c.load32(c.ea2Hi, c.ea2Lo);
  c.gr32[r * 2] = first;
  c.cc = 0;
}

function loadPairDisjoint64(c: Processor, r: number): void {
  pair(c, r);
  if ((c.eaLo | c.ea2Lo) & 7) c.program(PGM.SPECIFICATION);
  fetch64(c, X);
  c.eaHi = c.ea2Hi;
  c.eaLo = c.ea2Lo;
  fetch64(c, Y);
  whole(c, r, X);
  whole(c, r + 1, Y);
  c.cc = 0;
}

/** Runs a load when the condition holds. */
function when(load: (c: Processor, r: number, b: number) => void) {
  return (c: Processor, r: number, m: number): void => void (holds(c, m) && load(c, r, 0));
}

/** LOAD AND TRAP: a zero loaded is a data exception. */
function trapZero(c: Processor, zero: boolean): void {
  if (zero) c.dataException(0xff);
}

const WORDS: readonly InstructionLine[] = [
  ['LR', 'RR', 0x18, 'base', (c, a, b) => low(c, a, c.gr32[b * 2] as number)],
  ['L', 'RX', 0x58, 'base', (c, a) => low(c, a, load32(c))],
  ['LH', 'RX', 0x48, 'base', (c, a) => low(c, a, load16s(c))],
  ['LHI', 'RI', 0xa78, 'base', low],
  ['LY', 'RXY', 0xe358, 'long-displacement', (c, a) => low(c, a, load32(c))],
  ['LHY', 'RXY', 0xe378, 'long-displacement', (c, a) => low(c, a, load16s(c))],
  ['LB', 'RXY', 0xe376, 'long-displacement', (c, a) => low(c, a, load8s(c))],
  ['LBR', 'RRE', 0xb926, 'extended-immediate', (c, a, b) => low(c, a, signed8(c.gr32[b * 2] as number))],
  ['LHR', 'RRE', 0xb927, 'extended-immediate', (c, a, b) => low(c, a, signed16(c.gr32[b * 2] as number))],
  ['LRL', 'RIL', 0xc4d, 'general-instructions-extension', (c, a, i) => low(c, a, load32(relative(c, i, 4)))],
  [
    'LHRL',
    'RIL',
    0xc45,
    'general-instructions-extension',
    (c, a, i) => low(c, a, load16s(relative(c, i, 2))),
  ],
  ['LLC', 'RXY', 0xe394, 'extended-immediate', (c, a) => low(c, a, load8(c))],
  ['LLCR', 'RRE', 0xb994, 'extended-immediate', (c, a, b) => low(c, a, (c.gr32[b * 2] as number) & 0xff)],
  ['LLH', 'RXY', 0xe395, 'extended-immediate', (c, a) => low(c, a, load16(c))],
  ['LLHR', 'RRE', 0xb995, 'extended-immediate', (c, a, b) => low(c, a, (c.gr32[b * 2] as number) & 0xffff)],
  [
    'LLHRL',
    'RIL',
    0xc42,
    'general-instructions-extension',
    (c, a, i) => low(c, a, load16(relative(c, i, 2))),
  ],
  ['IILF', 'RIL', 0xc09, 'extended-immediate', low],
  ['IILH', 'RI', 0xa52, 'zarch', halfword(0, 16, true)],
  ['IILL', 'RI', 0xa53, 'zarch', halfword(0, 0, true)],
  ['LRVR', 'RRE', 0xb91f, 'base', (c, a, b) => low(c, a, reversed(c.gr32[b * 2] as number))],
  ['LRV', 'RXY', 0xe31e, 'base', (c, a) => low(c, a, reversed(load32(c)))],
  [
    'LRVH',
    'RXY',
    0xe31f,
    'base',
    (c, a) => {
      const old = c.gr32[a * 2] as number;
      low(c, a, (old & 0xffff_0000) | (reversed(load16(c)) >>> 16));
    },
  ],
  ['LOCR', 'RRF', 0xb9f2, 'z196', (c, a, b, m) => void (holds(c, m) && low(c, a, c.gr32[b * 2] as number))],
  ['LOC', 'RSY', 0xebf2, 'z196', when((c, a) => low(c, a, load32(c)))],
  ['LOCHI', 'RIEg', 0xec42, 'load-store-on-condition-2', (c, a, m, i) => void (holds(c, m) && low(c, a, i))],
  [
    'LAT',
    'RXY',
    0xe39f,
    'miscellaneous-instruction-extensions',
    (c, a) => {
      low(c, a, load32(c));
      trapZero(c, c.gr32[a * 2] === 0);
    },
  ],
  ['LZRF', 'RXY', 0xe33b, 'load-store-on-condition-2', (c, a) => low(c, a, load32(c) & 0xffff_ff00)],
];

const HIGH_WORDS: readonly InstructionLine[] = [
  ['LFH', 'RXY', 0xe3ca, 'z196', (c, a) => high(c, a, load32(c))],
  ['LBH', 'RXY', 0xe3c0, 'z196', (c, a) => high(c, a, load8s(c))],
  ['LHH', 'RXY', 0xe3c4, 'z196', (c, a) => high(c, a, load16s(c))],
  ['LLCH', 'RXY', 0xe3c2, 'z196', (c, a) => high(c, a, load8(c))],
  ['LLHH', 'RXY', 0xe3c6, 'z196', (c, a) => high(c, a, load16(c))],
  ['IIHF', 'RIL', 0xc08, 'extended-immediate', high],
  ['IIHH', 'RI', 0xa50, 'zarch', halfword(1, 16, true)],
  ['IIHL', 'RI', 0xa51, 'zarch', halfword(1, 0, true)],
  [
    'LOCFHR',
    'RRF',
    0xb9e0,
    'load-store-on-condition-2',
    (c, a, b, m) => void (holds(c, m) && high(c, a, c.gr32[b * 2 + 1] as number)),
  ],
  ['LOCFH', 'RSY', 0xebe0, 'load-store-on-condition-2', when((c, a) => high(c, a, load32(c)))],
  [
    'LOCHHI',
    'RIEg',
    0xec4e,
    'load-store-on-condition-2',
    (c, a, m, i) => void (holds(c, m) && high(c, a, i)),
  ],
  [
    'LFHAT',
    'RXY',
    0xe3c8,
    'miscellaneous-instruction-extensions',
    (c, a) => {
      high(c, a, load32(c));
      trapZero(c, c.gr32[a * 2 + 1] === 0);
    },
  ],
];

const DOUBLEWORDS: readonly InstructionLine[] = [
  ['LGR', 'RRE', 0xb904, 'zarch', whole],
  ['LG', 'RXY', 0xe304, 'zarch', fetch64],
  ['LGF', 'RXY', 0xe314, 'zarch', (c, a) => void setSigned(c, a, load32(c))],
  ['LGFR', 'RRE', 0xb914, 'zarch', (c, a, b) => whole(c, a, r32x(c, b))],
  ['LGH', 'RXY', 0xe315, 'zarch', (c, a) => void setSigned(c, a, load16s(c))],
  [
    'LGHR',
    'RRE',
    0xb907,
    'extended-immediate',
    (c, a, b) => void setSigned(c, a, signed16(c.gr32[b * 2] as number)),
  ],
  ['LGB', 'RXY', 0xe377, 'long-displacement', (c, a) => void setSigned(c, a, load8s(c))],
  [
    'LGBR',
    'RRE',
    0xb906,
    'extended-immediate',
    (c, a, b) => void setSigned(c, a, signed8(c.gr32[b * 2] as number)),
  ],
  ['LGHI', 'RI', 0xa79, 'zarch', (c, a, i) => void setSigned(c, a, i)],
  ['LGFI', 'RIL', 0xc01, 'extended-immediate', (c, a, i) => void setSigned(c, a, i)],
  ['LGRL', 'RIL', 0xc48, 'general-instructions-extension', (c, a, i) => fetch64(relative(c, i, 8), a)],
  [
    'LGFRL',
    'RIL',
    0xc4c,
    'general-instructions-extension',
    (c, a, i) => void setSigned(c, a, load32(relative(c, i, 4))),
  ],
  [
    'LGHRL',
    'RIL',
    0xc44,
    'general-instructions-extension',
    (c, a, i) => void setSigned(c, a, load16s(relative(c, i, 2))),
  ],
  ['LLGF', 'RXY', 0xe316, 'zarch', (c, a) => void setUnsigned(c, a, load32(c))],
  ['LLGFR', 'RRE', 0xb916, 'zarch', (c, a, b) => void setUnsigned(c, a, c.gr32[b * 2] as number)],
  ['LLGH', 'RXY', 0xe391, 'zarch', (c, a) => void setUnsigned(c, a, load16(c))],
  [
    'LLGHR',
    'RRE',
    0xb985,
    'extended-immediate',
    (c, a, b) => void setUnsigned(c, a, (c.gr32[b * 2] as number) & 0xffff),
  ],
  ['LLGC', 'RXY', 0xe390, 'zarch', (c, a) => void setUnsigned(c, a, load8(c))],
  [
    'LLGCR',
    'RRE',
    0xb984,
    'extended-immediate',
    (c, a, b) => void setUnsigned(c, a, (c.gr32[b * 2] as number) & 0xff),
  ],
  [
    'LLGFRL',
    'RIL',
    0xc4e,
    'general-instructions-extension',
    (c, a, i) => void setUnsigned(c, a, load32(relative(c, i, 4))),
  ],
  [
    'LLGHRL',
    'RIL',
    0xc46,
    'general-instructions-extension',
    (c, a, i) => void setUnsigned(c, a, load16(relative(c, i, 2))),
  ],
  ['LLGT', 'RXY', 0xe317, 'zarch', (c, a) => void setUnsigned(c, a, load32(c) & 0x7fff_ffff)],
  [
    'LLGTR',
    'RRE',
    0xb917,
    'zarch',
    (c, a, b) => void setUnsigned(c, a, (c.gr32[b * 2] as number) & 0x7fff_ffff),
  ],
  [
    'LLIHF',
    'RIL',
    0xc0e,
    'extended-immediate',
    (c, a, i) => {
      low(c, a, 0);
      high(c, a, i);
    },
  ],
  ['LLILF', 'RIL', 0xc0f, 'extended-immediate', (c, a, i) => void setUnsigned(c, a, i)],
  ['LLIHH', 'RI', 0xa5c, 'zarch', halfword(1, 16, false)],
  ['LLIHL', 'RI', 0xa5d, 'zarch', halfword(1, 0, false)],
  ['LLILH', 'RI', 0xa5e, 'zarch', halfword(0, 16, false)],
  ['LLILL', 'RI', 0xa5f, 'zarch', halfword(0, 0, false)],
  ['LRVGR', 'RRE', 0xb90f, 'zarch', loadReversed64],
  [
    'LRVG',
    'RXY',
    0xe30f,
    'zarch',
    (c, a) => {
      fetch64(c, X);
      loadReversed64(c, a, X);
    },
  ],
  ['LOCGR', 'RRF', 0xb9e2, 'z196', (c, a, b, m) => void (holds(c, m) && whole(c, a, b))],
  ['LOCG', 'RSY', 0xebe2, 'z196', when(fetch64)],
  [
    'LOCGHI',
    'RIEg',
    0xec46,
    'load-store-on-condition-2',
    (c, a, m, i) => void (holds(c, m) && setSigned(c, a, i)),
  ],
  [
    'LGAT',
    'RXY',
    0xe385,
    'miscellaneous-instruction-extensions',
    (c, a) => {
      fetch64(c, a);
      trapZero(c, c.gr[a] === 0n);
    },
  ],
  [
    'LLGFAT',
    'RXY',
    0xe39d,
    'miscellaneous-instruction-extensions',
    (c, a) => {
      setUnsigned(c, a, load32(c));
      trapZero(c, c.gr32[a * 2] === 0);
    },
  ],
  [
    'LLGTAT',
    'RXY',
    0xe39c,
    'miscellaneous-instruction-extensions',
    (c, a) => {
      setUnsigned(c, a, load32(c) & 0x7fff_ffff);
      trapZero(c, c.gr32[a * 2] === 0);
    },
  ],
  [
    'LZRG',
    'RXY',
    0xe32a,
    'load-store-on-condition-2',
    (c, a) => {
      fetch64(c, a);
      c.gr32[a * 2]! &= 0xffff_ff00;
    },
  ],
  [
    'LLZRGF',
    'RXY',
    0xe33a,
    'load-store-on-condition-2',
    (c, a) => void setUnsigned(c, a, load32(c) & 0xffff_ff00),
  ],
];

const ADDRESSES: readonly InstructionLine[] = [
  ['LA', 'RX', 0x41, 'base', loadAddress],
  ['LAY', 'RXY', 0xe371, 'long-displacement', loadAddress],
  ['LAE', 'RX', 0x51, 'base', loadAddressExtended],
  ['LAEY', 'RXY', 0xe375, 'general-instructions-extension', loadAddressExtended],
  [
    'LARL',
    'RIL',
    0xc00,
    'zarch',
    (c, a, i) => {
      c.addressRelative(i);
      loadAddress(c, a);
    },
  ],
];

const PIECES: readonly InstructionLine[] = [
  ['IC', 'RX', 0x43, 'base', (c, a) => low(c, a, ((c.gr32[a * 2] as number) & 0xffff_ff00) | load8(c))],
  [
    'ICY',
    'RXY',
    0xe373,
    'long-displacement',
    (c, a) => low(c, a, ((c.gr32[a * 2] as number) & 0xffff_ff00) | load8(c)),
  ],
  ['ICM', 'RS', 0xbf, 'base', insertUnderMask(0)],
  ['ICMY', 'RSY', 0xeb81, 'long-displacement', insertUnderMask(0)],
  ['ICMH', 'RSY', 0xeb80, 'zarch', insertUnderMask(1)],
];

const MULTIPLE: readonly InstructionLine[] = [
  ['LM', 'RS', 0x98, 'base', (c, a, b) => loadHalves(c, c.gr32, a, b, 2, 0)],
  ['LMY', 'RSY', 0xeb98, 'long-displacement', (c, a, b) => loadHalves(c, c.gr32, a, b, 2, 0)],
  ['LMH', 'RSY', 0xeb96, 'zarch', (c, a, b) => loadHalves(c, c.gr32, a, b, 2, 1)],
  ['LMG', 'RSY', 0xeb04, 'zarch', (c, a, b) => loadWhole(c, c.gr32, a, b)],
  ['LMD', 'SSb', 0xef, 'zarch', loadDisjoint],
  ['LPQ', 'RXY', 0xe38f, 'zarch', loadQuadword],
  ['LPD', 'SSF', 0xc84, 'z196', loadPairDisjoint],
  ['LPDG', 'SSF', 0xc85, 'z196', loadPairDisjoint64],
  ['LAM', 'RS', 0x9a, 'base', (c, a, b) => loadHalves(aligned(c, 4), c.ar, a, b, 1, 0)],
  ['LAMY', 'RSY', 0xeb9a, 'long-displacement', (c, a, b) => loadHalves(aligned(c, 4), c.ar, a, b, 1, 0)],
];

export const LOAD: readonly InstructionLine[] = [
  ...WORDS,
  ...HIGH_WORDS,
  ...DOUBLEWORDS,
  ...ADDRESSES,
  ...PIECES,
  ...MULTIPLE,
];
