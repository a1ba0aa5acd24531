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

const SIGNED: readonly InstructionLine[] = [
  ['CR', 'RR', 0x19, 'base', (c, a, b) => compare32(c, a * 2, b * 2)],
  ['C', 'RX', 0x59, 'base', (c, a) => compare32(c, a * 2, m32(c))],
  ['CH', 'RX', 0x49, 'base', (c, a) => compare32(c, a * 2, m16(c))],
  ['CHI', 'RI', 0xa7e, 'base', (c, a, i) => compare32(c, a * 2, i32(c, i))],
  ['CY', 'RXY', 0xe359, 'long-displacement', (c, a) => compare32(c, a * 2, m32(c))],
  ['CHY', 'RXY', 0xe379, 'long-displacement', (c, a) => compare32(c, a * 2, m16(c))],
  ['CFI', 'RIL', 0xc2d, 'extended-immediate', (c, a, i) => compare32(c, a * 2, i32(c, i))],
  [
    'CRL',
    'RIL',
    0xc6d,
    'general-instructions-extension',
    (c, a, i) => compare32(c, a * 2, m32(relative(c, i, 4))),
  ],
  [
    'CHRL',
    'RIL',
    0xc65,
    'general-instructions-extension',
    (c, a, i) => compare32(c, a * 2, m16(relative(c, i, 2))),
  ],
  ['CGR', 'RRE', 0xb920, 'zarch', (c, a, b) => compare64(c, a, b)],
  ['CGFR', 'RRE', 0xb930, 'zarch', (c, a, b) => compare64(c, a, r32x(c, b))],
  ['CG', 'RXY', 0xe320, 'zarch', (c, a) => compare64(c, a, m64(c))],
  ['CGF', 'RXY', 0xe330, 'zarch', (c, a) => compare64(c, a, m32x(c))],
  ['CGH', 'RXY', 0xe334, 'general-instructions-extension', (c, a) => compare64(c, a, m16x(c))],
  ['CGHI', 'RI', 0xa7f, 'zarch', (c, a, i) => compare64(c, a, i64(c, i))],
  ['CGFI', 'RIL', 0xc2c, 'extended-immediate', (c, a, i) => compare64(c, a, i64(c, i))],
  [
    'CGRL',
    'RIL',
    0xc68,
    'general-instructions-extension',
    (c, a, i) => compare64(c, a, m64(relative(c, i, 8))),
  ],
  [
    'CGFRL',
    'RIL',
    0xc6c,
    'general-instructions-extension',
    (c, a, i) => compare64(c, a, m32x(relative(c, i, 4))),
  ],
  [
    'CGHRL',
    'RIL',
    0xc64,
    'general-instructions-extension',
    (c, a, i) => compare64(c, a, m16x(relative(c, i, 2))),
  ],
  [
    'CHHSI',
    'SIL',
    0xe554,
    'general-instructions-extension',
    (c, i) => {
      c.cc = order(load16s(c), i);
    },
  ],
  [
    'CHSI',
    'SIL',
    0xe55c,
    'general-instructions-extension',
    (c, i) => {
      setSigned(c, Y, i);
      compare32(c, m32(c), YL);
    },
  ],
  [
    'CGHSI',
    'SIL',
    0xe558,
    'general-instructions-extension',
    (c, i) => {
      setSigned(c, Y, i);
      compare64(c, m64(c), Y);
    },
  ],
  ['CHHR', 'RRE', 0xb9cd, 'z196', (c, a, b) => compare32(c, a * 2 + 1, b * 2 + 1)],
  ['CHLR', 'RRE', 0xb9dd, 'z196', (c, a, b) => compare32(c, a * 2 + 1, b * 2)],
  ['CHF', 'RXY', 0xe3cd, 'z196', (c, a) => compare32(c, a * 2 + 1, m32(c))],
  ['CIH', 'RIL', 0xccd, 'z196', (c, a, i) => compare32(c, a * 2 + 1, i32(c, i))],
];

const LOGICAL: readonly InstructionLine[] = [
  ['CLR', 'RR', 0x15, 'base', (c, a, b) => compareLogical32(c, a * 2, b * 2)],
  ['CL', 'RX', 0x55, 'base', (c, a) => compareLogical32(c, a * 2, m32(c))],
  ['CLY', 'RXY', 0xe355, 'long-displacement', (c, a) => compareLogical32(c, a * 2, m32(c))],
  ['CLFI', 'RIL', 0xc2f, 'extended-immediate', (c, a, i) => compareLogical32(c, a * 2, i32(c, i))],
  [
    'CLRL',
    'RIL',
    0xc6f,
    'general-instructions-extension',
    (c, a, i) => compareLogical32(c, a * 2, m32(relative(c, i, 4))),
  ],
  [
    'CLHRL',
    'RIL',
    0xc67,
    'general-instructions-extension',
    (c, a, i) => compareLogical32(c, a * 2, m16u(relative(c, i, 2))),
  ],
  ['CLGR', 'RRE', 0xb921, 'zarch', (c, a, b) => compareLogical64(c, a, b)],
  ['CLGFR', 'RRE', 0xb931, 'zarch', (c, a, b) => compareLogical64(c, a, r32z(c, b))],
  ['CLG', 'RXY', 0xe321, 'zarch', (c, a) => compareLogical64(c, a, m64(c))],
  ['CLGF', 'RXY', 0xe331, 'zarch', (c, a) => compareLogical64(c, a, m32z(c))],
  ['CLGFI', 'RIL', 0xc2e, 'extended-immediate', (c, a, i) => compareLogical64(c, a, u64(c, i))],
  [
    'CLGRL',
    'RIL',
    0xc6a,
    'general-instructions-extension',
    (c, a, i) => compareLogical64(c, a, m64(relative(c, i, 8))),
  ],
  [
    'CLGFRL',
    'RIL',
    0xc6e,
    'general-instructions-extension',
    (c, a, i) => compareLogical64(c, a, m32z(relative(c, i, 4))),
  ],
  [
    'CLGHRL',
    'RIL',
    0xc66,
    'general-instructions-extension',
    (c, a, i) => compareLogical64(c, a, m16z(relative(c, i, 2))),
  ],
  [
    'CLI',
    'SI',
    0x95,
    'base',
    (c, i) => {
      c.cc = order(load8(c), i);
    },
  ],
  [
    'CLIY',
    'SIY',
    0xeb55,
    'long-displacement',
    (c, i) => {
      c.cc = order(load8(c), i);
    },
  ],
  [
    'CLHHSI',
    'SIL',
    0xe555,
    'general-instructions-extension',
    (c, i) => {
      c.cc = order(load16(c), i & 0xffff);
    },
  ],
  [
    'CLFHSI',
    'SIL',
    0xe55d,
    'general-instructions-extension',
    (c, i) => {
      setUnsigned(c, Y, i & 0xffff);
      compareLogical32(c, m32(c), YL);
    },
  ],
  [
    'CLGHSI',
    'SIL',
    0xe559,
    'general-instructions-extension',
    (c, i) => {
      setUnsigned(c, Y, i & 0xffff);
      compareLogical64(c, m64(c), Y);
    },
  ],
  ['CLHHR', 'RRE', 0xb9cf, 'z196', (c, a, b) => compareLogical32(c, a * 2 + 1, b * 2 + 1)],
  ['CLHLR', 'RRE', 0xb9df, 'z196', (c, a, b) => compareLogical32(c, a * 2 + 1, b * 2)],
  ['CLHF', 'RXY', 0xe3cf, 'z196', (c, a) => compareLogical32(c, a * 2 + 1, m32(c))],
  ['CLIH', 'RIL', 0xccf, 'z196', (c, a, i) => compareLogical32(c, a * 2 + 1, i32(c, i))],
];

/** COMPARE LOGICAL CHARACTERS UNDER MASK, with half `half`. A mask of zero still accesses one byte. */
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

const UNDER_MASK: readonly InstructionLine[] = [
  ['CLM', 'RS', 0xbd, 'base', underMask(0)],
  ['CLMY', 'RSY', 0xeb21, 'long-displacement', underMask(0)],
  ['CLMH', 'RSY', 0xeb20, 'zarch', underMask(1)],
];

export const COMPARE: readonly InstructionLine[] = [...SIGNED, ...LOGICAL, ...UNDER_MASK];
