/**
 * The cost of the operations of the engine that the formats of the machine depend on (docs/decisions.md), in
 * nanoseconds: reads of a word in both byte orders, and calculations with bigints.
 *
 *     npm run bench -- primitives [--json]
 */

import { bestOf, type Figures, time } from './timing.ts';

/** A word of 32 bits, a doubleword as two words, a doubleword as a bigint, and conversions and sums of bigints. */
export const PRIMITIVES = [
  'little-endian',
  'big-endian',
  'two-words',
  'bigint-read',
  'bigint-convert',
  'bigint-add',
] as const;
export type Primitive = (typeof PRIMITIVES)[number];

const WORDS = 2048;
const TURNS = 1 << 20;
const ROUNDS = 9;

const buffer = new ArrayBuffer(WORDS * 4);
const view = new DataView(buffer);
const words = new Uint32Array(buffer);
const doublewords = new BigUint64Array(buffer);

// One function per loop, so that V8 compiles each loop separately. The results keep it from removing the loops.
const LOOPS: Readonly<Record<Primitive, () => number | bigint | undefined>> = {
  'little-endian': () => {
    let sum = 0;
    for (let i = 0; i < TURNS; i++) sum = (sum + (words[i & (WORDS - 1)] as number)) | 0;
    return sum;
  },
  'big-endian': () => {
    let sum = 0;
    for (let i = 0; i < TURNS; i++) sum = (sum + view.getUint32((i & (WORDS - 1)) * 4)) | 0;
    return sum;
  },
  'two-words': () => {
    let sum = 0;
    for (let i = 0; i < TURNS; i++) {
      const at = (i & (WORDS / 2 - 1)) * 8;
      sum = (sum + view.getUint32(at) + view.getUint32(at + 4)) | 0;
    }
    return sum;
  },
  'bigint-read': () => {
    let sum = 0n;
    for (let i = 0; i < TURNS; i++) {
      sum = BigInt.asUintN(64, sum + view.getBigUint64((i & (WORDS / 2 - 1)) * 8));
    }
    return sum;
  },
  'bigint-convert': () => {
    let sum = 0;
    for (let i = 0; i < TURNS; i++) sum += Number(view.getBigUint64((i & (WORDS / 2 - 1)) * 8));
    return sum;
  },
  'bigint-add': () => {
    for (let i = 0; i < TURNS; i++) doublewords[0] = (doublewords[0] as bigint) + (doublewords[1] as bigint);
    return doublewords[0];
  },
};

/** The best of several rounds. Returns nanoseconds per operation. */
export function benchPrimitives(rounds = ROUNDS): Figures<Primitive> {
  return bestOf(rounds, () => {
    const figures = PRIMITIVES.map((name) => [name, time(LOOPS[name]) / TURNS]);
    return Object.fromEntries(figures) as Figures<Primitive>;
  });
}
