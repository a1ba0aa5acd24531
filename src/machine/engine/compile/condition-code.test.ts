/** Each kind of condition code, compared with an instruction of the interpreter. */

import { expect, it } from 'vitest';
import { Storage } from '../../storage.ts';
import { bare, DATA, execute } from '../../testing/bare.ts';
import { CC, type Cc, codeFunction, pushCondition } from './condition-code.ts';
import { instantiate } from './module.ts';
import { Body, I32, I64 } from './wasm.ts';

const ones = (1n << 64n) - 1n;
const least = 1n << 63n;
const NUMBERS = [
  ...[0n, 1n, 2n, 0x7fff_ffffn, 0x8000_0000n, 0x8000_0001n, 0xffff_ffffn, 0x1_0000_0000n],
  ...[ones, ones - 1n, least, least - 1n, least + 1n, 0x8421_1248_0f0f_8001n],
];

const low = (value: bigint) => BigInt.asUintN(32, value);
const signed = (value: bigint) => BigInt.asIntN(32, value);

/** What compiled code has in A and B for two operands, and the instruction: r1 = 1, r2 = 2. */
interface Case {
  readonly kind: Cc;
  readonly hex: (b: bigint) => string;
  readonly a: (x: bigint, y: bigint) => bigint;
  readonly b: (x: bigint, y: bigint) => bigint;
}

const first = (x: bigint) => x;
const second = (_: bigint, y: bigint) => y;
const none = () => 0x1234_5678_9abc_def0n;
const fixed = (hex: string) => () => hex;
const mask16 = (y: bigint) => BigInt.asUintN(16, y).toString(16).padStart(4, '0');

const CASES: Readonly<Record<keyof typeof CC, Case>> = {
  // SPM
  VALUE: { kind: CC.VALUE, hex: fixed('0410'), a: (x) => (x >> 28n) & 3n, b: none },
  SIGN: { kind: CC.SIGN, hex: fixed('b9020001'), a: first, b: none },
  COMPARE: { kind: CC.COMPARE, hex: fixed('b9200012'), a: first, b: second },
  COMPARE_LOGICAL: { kind: CC.COMPARE_LOGICAL, hex: fixed('b9210012'), a: first, b: second },
  NONZERO: { kind: CC.NONZERO, hex: fixed('b9810012'), a: (x, y) => x | y, b: none },
  ADD: { kind: CC.ADD, hex: fixed('b9080012'), a: first, b: second },
  SUBTRACT: { kind: CC.SUBTRACT, hex: fixed('b9090012'), a: first, b: second },
  EXACT_32: { kind: CC.EXACT_32, hex: fixed('1a12'), a: (x, y) => signed(x) + signed(y), b: none },
  ADD_LOGICAL: { kind: CC.ADD_LOGICAL, hex: fixed('b90a0012'), a: (x, y) => x + y, b: second },
  SUBTRACT_LOGICAL: { kind: CC.SUBTRACT_LOGICAL, hex: fixed('b90b0012'), a: first, b: second },
  ADD_LOGICAL_32: { kind: CC.ADD_LOGICAL_32, hex: fixed('1e12'), a: (x, y) => low(x) + low(y), b: none },
  SUBTRACT_LOGICAL_32: {
    kind: CC.SUBTRACT_LOGICAL_32,
    hex: fixed('1f12'),
    a: (x, y) => low(x) - low(y),
    b: none,
  },
  // TM of the byte at DATA
  UNDER_MASK: {
    kind: CC.UNDER_MASK,
    hex: (y) => `91${mask16(y).slice(2)}3000`,
    a: (x, y) => x & y & 0xffn,
    b: (_, y) => y & 0xffn,
  },
  UNDER_MASK_LEFT: {
    kind: CC.UNDER_MASK_LEFT,
    hex: (y) => `a711${mask16(y)}`,
    a: (x, y) => x & y & 0xffffn,
    b: (_, y) => y & 0xffffn,
  },
};

/** Returns a function (A, B) that pushes a number of 32 bits. */
function functionOf(push: (body: Body) => void): (a: bigint, b: bigint) => number {
  const body = new Body();
  push(body);
  const code = { parameters: [I64, I64], results: [I32], locals: [], body };
  return instantiate([code], { memory: new Storage(0x1000).memory! })![0] as (a: bigint, b: bigint) => number;
}

it.each(Object.entries(CASES))('%s', (_, { kind, hex, a, b }) => {
  const cpu = bare({ engine: 'interpret' });
  const memory = new Storage(0x1000).memory!;
  const code = instantiate([codeFunction()], { memory })![0] as (k: Cc, a: bigint, b: bigint) => number;
  const conditions = Array.from({ length: 14 }, (_, i) =>
    functionOf((body) => pushCondition(body, kind, 0, 1, i + 1)),
  );
  for (const x of NUMBERS) {
    for (const y of NUMBERS) {
      cpu.gr.set([x, y, BigInt(DATA)], 1);
      cpu.storage.bytes[DATA] = Number(x & 0xffn);
      execute(cpu, hex(y));
      const [left, right] = [BigInt.asIntN(64, a(x, y)), BigInt.asIntN(64, b(x, y))];
      const what = `${x.toString(16)} ${y.toString(16)}`;
      expect([what, code(kind, left, right)]).toEqual([what, cpu.cc]);
      for (const [i, condition] of conditions.entries()) {
        const mask = i + 1;
        expect([what, mask, condition(left, right) !== 0]).toEqual([
          what,
          mask,
          (mask & (8 >> cpu.cc)) !== 0,
        ]);
      }
    }
  }
});

it('a kind for every case', () => {
  expect(Object.keys(CASES)).toEqual(Object.keys(CC));
});
