/** Comparison of registers, storage and immediates. Principles of Operation, chapter 7. */

import type { Processor } from '../cpu/processor.ts';
import { compare32, compare64, compareLogical32, compareLogical64, order } from './binary.ts';
import type { InstructionLine } from './line.ts';
import {
  advance,
  i32,
  i64,
  load8,
  load16,
  load16s,
  m16,
  m16u,
  m16x,
  m16z,
  m32,
  m32x,
  m32z,
  m64,
  r32x,
  r32z,
  relative,
  setSigned,
  setUnsigned,
  u64,
  Y,
  YL,
} from './operands.ts';

// biome-ignore format: a line each
const SIGNED: readonly InstructionLine[] = [
  ['CR', 'RR', 0x19, 'base', (c, r1, r2) => compare32(c, r1 * 2, r2 * 2)],
  ['C', 'RX', 0x59, 'base', (c, r1) => compare32(c, r1 * 2, m32(c))],
  ['CH', 'RX', 0x49, 'base', (c, r1) => compare32(c, r1 * 2, m16(c))],
  ['CHI', 'RI', 0xa7e, 'base', (c, r1, i2) => compare32(c, r1 * 2, i32(c, i2))],
  ['CY', 'RXY', 0xe359, 'ld', (c, r1) => compare32(c, r1 * 2, m32(c))],
  ['CHY', 'RXY', 0xe379, 'ld', (c, r1) => compare32(c, r1 * 2, m16(c))],
  ['CFI', 'RIL', 0xc2d, 'eimm', (c, r1, i2) => compare32(c, r1 * 2, i32(c, i2))],
  ['CRL', 'RIL', 0xc6d, 'gie', (c, r1, i2) => compare32(c, r1 * 2, m32(relative(c, i2, 4)))],
  ['CHRL', 'RIL', 0xc65, 'gie', (c, r1, i2) => compare32(c, r1 * 2, m16(relative(c, i2, 2)))],
  ['CGR', 'RRE', 0xb920, 'zarch', (c, r1, r2) => compare64(c, r1, r2)],
  ['CGFR', 'RRE', 0xb930, 'zarch', (c, r1, r2) => compare64(c, r1, r32x(c, r2))],
  ['CG', 'RXY', 0xe320, 'zarch', (c, r1) => compare64(c, r1, m64(c))],
  ['CGF', 'RXY', 0xe330, 'zarch', (c, r1) => compare64(c, r1, m32x(c))],
  ['CGH', 'RXY', 0xe334, 'gie', (c, r1) => compare64(c, r1, m16x(c))],
  ['CGHI', 'RI', 0xa7f, 'zarch', (c, r1, i2) => compare64(c, r1, i64(c, i2))],
  ['CGFI', 'RIL', 0xc2c, 'eimm', (c, r1, i2) => compare64(c, r1, i64(c, i2))],
  ['CGRL', 'RIL', 0xc68, 'gie', (c, r1, i2) => compare64(c, r1, m64(relative(c, i2, 8)))],
  ['CGFRL', 'RIL', 0xc6c, 'gie', (c, r1, i2) => compare64(c, r1, m32x(relative(c, i2, 4)))],
  ['CGHRL', 'RIL', 0xc64, 'gie', (c, r1, i2) => compare64(c, r1, m16x(relative(c, i2, 2)))],
  ['CHHSI', 'SIL', 0xe554, 'gie', (c, i2) => { c.cc = order(load16s(c), i2); }],
  ['CHSI', 'SIL', 0xe55c, 'gie', (c, i2) => { setSigned(c, Y, i2); compare32(c, m32(c), YL); }],
  ['CGHSI', 'SIL', 0xe558, 'gie', (c, i2) => { setSigned(c, Y, i2); compare64(c, m64(c), Y); }],
  ['CHHR', 'RRE', 0xb9cd, 'z196', (c, r1, r2) => compare32(c, r1 * 2 + 1, r2 * 2 + 1)],
  ['CHLR', 'RRE', 0xb9dd, 'z196', (c, r1, r2) => compare32(c, r1 * 2 + 1, r2 * 2)],
  ['CHF', 'RXY', 0xe3cd, 'z196', (c, r1) => compare32(c, r1 * 2 + 1, m32(c))],
  ['CIH', 'RIL', 0xccd, 'z196', (c, r1, i2) => compare32(c, r1 * 2 + 1, i32(c, i2))],
];

// biome-ignore format: a line each
const LOGICAL: readonly InstructionLine[] = [
  ['CLR', 'RR', 0x15, 'base', (c, r1, r2) => compareLogical32(c, r1 * 2, r2 * 2)],
  ['CL', 'RX', 0x55, 'base', (c, r1) => compareLogical32(c, r1 * 2, m32(c))],
  ['CLY', 'RXY', 0xe355, 'ld', (c, r1) => compareLogical32(c, r1 * 2, m32(c))],
  ['CLFI', 'RIL', 0xc2f, 'eimm', (c, r1, i2) => compareLogical32(c, r1 * 2, i32(c, i2))],
  ['CLRL', 'RIL', 0xc6f, 'gie', (c, r1, i2) => compareLogical32(c, r1 * 2, m32(relative(c, i2, 4)))],
  ['CLHRL', 'RIL', 0xc67, 'gie', (c, r1, i2) => compareLogical32(c, r1 * 2, m16u(relative(c, i2, 2)))],
  ['CLGR', 'RRE', 0xb921, 'zarch', (c, r1, r2) => compareLogical64(c, r1, r2)],
  ['CLGFR', 'RRE', 0xb931, 'zarch', (c, r1, r2) => compareLogical64(c, r1, r32z(c, r2))],
  ['CLG', 'RXY', 0xe321, 'zarch', (c, r1) => compareLogical64(c, r1, m64(c))],
  ['CLGF', 'RXY', 0xe331, 'zarch', (c, r1) => compareLogical64(c, r1, m32z(c))],
  ['CLGFI', 'RIL', 0xc2e, 'eimm', (c, r1, i2) => compareLogical64(c, r1, u64(c, i2))],
  ['CLGRL', 'RIL', 0xc6a, 'gie', (c, r1, i2) => compareLogical64(c, r1, m64(relative(c, i2, 8)))],
  ['CLGFRL', 'RIL', 0xc6e, 'gie', (c, r1, i2) => compareLogical64(c, r1, m32z(relative(c, i2, 4)))],
  ['CLGHRL', 'RIL', 0xc66, 'gie', (c, r1, i2) => compareLogical64(c, r1, m16z(relative(c, i2, 2)))],
  ['CLI', 'SI', 0x95, 'base', (c, i2) => { c.cc = order(load8(c), i2); }],
  ['CLIY', 'SIY', 0xeb55, 'ld', (c, i2) => { c.cc = order(load8(c), i2); }],
  ['CLHHSI', 'SIL', 0xe555, 'gie', (c, i2) => { c.cc = order(load16(c), i2 & 0xffff); }],
  ['CLFHSI', 'SIL', 0xe55d, 'gie', (c, i2) => { setUnsigned(c, Y, i2 & 0xffff); compareLogical32(c, m32(c), YL); }],
  ['CLGHSI', 'SIL', 0xe559, 'gie', (c, i2) => { setUnsigned(c, Y, i2 & 0xffff); compareLogical64(c, m64(c), Y); }],
  ['CLHHR', 'RRE', 0xb9cf, 'z196', (c, r1, r2) => compareLogical32(c, r1 * 2 + 1, r2 * 2 + 1)],
  ['CLHLR', 'RRE', 0xb9df, 'z196', (c, r1, r2) => compareLogical32(c, r1 * 2 + 1, r2 * 2)],
  ['CLHF', 'RXY', 0xe3cf, 'z196', (c, r1) => compareLogical32(c, r1 * 2 + 1, m32(c))],
  ['CLIH', 'RIL', 0xccf, 'z196', (c, r1, i2) => compareLogical32(c, r1 * 2 + 1, i32(c, i2))],
];

/** COMPARE LOGICAL CHARACTERS UNDER MASK, with half `half`. With a mask of zero, one byte is still accessed. */
function underMask(half: 0 | 1) {
  return (c: Processor, r: number, mask: number): void => {
    const value = c.gr32[r * 2 + half] as number;
    if (mask === 0) load8(c);
    let code = 0;
    for (let bit = 8, shift = 24; bit !== 0; bit >>= 1, shift -= 8) {
      if (!(mask & bit)) continue;
      const byte = load8(c);
      advance(c, 1);
      if (code === 0) code = order((value >>> shift) & 0xff, byte);
    }
    c.cc = code;
  };
}

// biome-ignore format: a line each
const UNDER_MASK: readonly InstructionLine[] = [
  ['CLM', 'RS', 0xbd, 'base', underMask(0)],
  ['CLMY', 'RSY', 0xeb21, 'ld', underMask(0)],
  ['CLMH', 'RSY', 0xeb20, 'zarch', underMask(1)],
];

// biome-ignore format: a line each
export const COMPARE: readonly InstructionLine[] = [
  ...SIGNED,
  ...LOGICAL,
  ...UNDER_MASK,
];
