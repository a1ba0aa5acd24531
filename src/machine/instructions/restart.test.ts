/**
 * Instructions that work in units, or that report with condition code 3 that there is more to do: interrupted at any unit or at
 * any missing page, they end in the same state as without interruptions.
 * Principles of Operation, chapter 5, "Interruptible Instructions".
 */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bare, CODE, DAT, MODE_24, MODE_31, MODE_64 } from '../testing/bare.ts';

const PAGES = 0xa000;
const FIRST = 0x3_0000;
const SECOND = 0x4_0000;
const AREA = 0x5000;
const TABLE = 0x6_0000;

/** The instructions: code, with 4 as r1 and 6 as r2 or r3, and whether its lengths are even. */
const INSTRUCTIONS: readonly { name: string; code: string; even?: boolean }[] = [
  { name: 'MVCL', code: '0e46' },
  { name: 'CLCL', code: '0f46' },
  { name: 'MVCLE', code: 'a8460040' },
  { name: 'CLCLE', code: 'a9460041' },
  { name: 'MVCLU', code: 'eb460041008e', even: true },
  { name: 'CLCLU', code: 'eb460041008f', even: true },
  { name: 'TRE', code: 'b2a50046' },
  { name: 'CUSE', code: 'b2570046' },
  { name: 'CKSM', code: 'b2410046' },
  { name: 'MVST', code: 'b2550046' },
  { name: 'CLST', code: 'b25d0046' },
  { name: 'SRST', code: 'b25e0046' },
  { name: 'SRSTU', code: 'b9be0046', even: true },
  { name: 'TRTT', code: 'b9900046', even: true },
  { name: 'TRTO', code: 'b9910046', even: true },
  { name: 'TROT', code: 'b9920046' },
  { name: 'TROO', code: 'b9930046' },
  { name: 'TRTE', code: 'b9bf0046' },
  { name: 'TRTE', code: 'b9bfe046', even: true },
  { name: 'TRTRE', code: 'b9bd0046' },
  { name: 'TRTRE', code: 'b9bde046', even: true },
  { name: 'CU21', code: 'b2a60046' },
  { name: 'CU12', code: 'b2a70046' },
  { name: 'CU14', code: 'b9b00046' },
  { name: 'CU24', code: 'b9b10046' },
  { name: 'CU41', code: 'b9b20046' },
  { name: 'CU42', code: 'b9b30046' },
];

const cpu = bare();
for (let i = 0; i < 512; i++) cpu.storage.set64(0x8000 + i * 8, 0x20n);
cpu.storage.set64(0x8000, BigInt(PAGES));

/** The initial state of a run. */
interface Start {
  readonly mask: bigint;
  readonly first: number;
  readonly second: number;
  readonly lengths: readonly [number, number];
  /** The bytes of both operands repeat with this period, so that comparisons run on. */
  readonly period: number;
  /** The offset of a byte that differs. */
  readonly odd: number;
}

/** Runs until the instruction is complete. Pages in `missing` are mapped only after an access to them has failed. */
function run(code: string, start: Start, missing: ReadonlySet<number>): string {
  cpu.reset();
  cpu.interruptions = 'report';
  for (let i = 0; i < 256; i++)
    cpu.storage.set64(PAGES + i * 8, BigInt(i * 0x1000) | (missing.has(i) ? 0x400n : 0n));
  for (const base of [FIRST, SECOND]) {
    for (let i = 0; i < AREA; i++) cpu.storage.bytes[base + i] = 0x40 + (i % start.period);
  }
  cpu.storage.bytes[SECOND + start.odd] = 0x7f;
  for (let i = 0; i < 0x1000; i++) cpu.storage.bytes[TABLE + i] = (i * 7) & 0xff;
  cpu.setControl(1, 0x8000n);
  cpu.setControl(0, 0x4_00e0n);
  const high = start.mask === MODE_64 ? 0n : 0x1234_5678_0000_0000n;
  Object.assign(cpu.gr, {
    0: 0x7fn,
    1: BigInt(TABLE),
    4: high | BigInt(start.first),
    6: high | BigInt(start.second),
  });
  Object.assign(cpu.gr, { 5: high | BigInt(start.lengths[0]), 7: high | BigInt(start.lengths[1]) });
  cpu.storage.write(CODE, Buffer.from(code, 'hex'));
  complete();
  const operands = [FIRST, SECOND].map((at) => Buffer.from(cpu.storage.read(at, AREA)).toString('base64'));
  return [...cpu.gr.subarray(0, 8), cpu.cc, ...operands].join(' ');

  function complete(): void {
    const done = BigInt(CODE + code.length / 2);
    for (let turns = 0; turns < 1000; turns++) {
      cpu.setPsw((cpu.pswMask & 0x0000_3000_0000_0000n) | start.mask | DAT, BigInt(CODE));
      const stop = cpu.run(1);
      if (stop.reason === 'interruption') {
        const page = (cpu.teidHi * 2 ** 32 + cpu.teidLo) >>> 12;
        expect([cpu.exceptionCode, missing.has(page)]).toEqual([0x11, true]);
        cpu.storage.set64(PAGES + page * 8, BigInt(page * 0x1000));
      } else if (cpu.pswAddress === done && cpu.cc !== 3) {
        return;
      }
    }
    throw new Error('does not end');
  }
}

const starts = fc.record({
  mask: fc.constantFrom(MODE_24, MODE_31, MODE_64),
  first: fc.integer({ min: FIRST + 0x800, max: FIRST + 0x1800 }),
  second: fc.integer({ min: SECOND + 0x800, max: SECOND + 0x1800 }),
  lengths: fc.tuple(fc.integer({ min: 0, max: 0x1800 }), fc.integer({ min: 0, max: 0x1800 })),
  period: fc.constantFrom(1, 2, 8, 24),
  odd: fc.integer({ min: 0x1801, max: 0x37ff }),
});
const pages = [...Array(5).keys()].flatMap((i) => [FIRST / 0x1000 + i, SECOND / 0x1000 + i]);

/** Returns an initial state from which the instruction can complete. */
function fitting(start: Start, name: string, even = false): Start {
  const lengths = even ? ([start.lengths[0] & ~1, start.lengths[1] & ~1] as const) : start.lengths;
  // A search goes from the address in its second register up to that in its first.
  return { ...start, lengths, first: name.startsWith('SRST') ? start.second + lengths[0] : start.first };
}

describe('interrupted and resumed', () => {
  it.each(INSTRUCTIONS)('$name ends in the same state', ({ name, code, even }) => {
    fc.assert(
      fc.property(starts, fc.subarray(pages), (start, missing) => {
        const from = fitting(start, name, even);
        expect(run(code, from, new Set(missing))).toBe(run(code, from, new Set()));
      }),
      { numRuns: 40, seed: 7 },
    );
  });

  it('does not change the high halves of registers outside the 64-bit mode', () => {
    for (const { name, code } of INSTRUCTIONS) {
      for (const mask of [MODE_24, MODE_31]) {
        const start = {
          mask,
          first: FIRST + 0x1000,
          second: SECOND + 0x1000,
          lengths: [16, 16] as const,
          period: 1,
          odd: 0x2004,
        };
        run(code, fitting(start, name), new Set());
        expect([4, 5, 6, 7].map((r) => (cpu.gr[r] as bigint) >> 32n)).toEqual(Array(4).fill(0x1234_5678n));
      }
    }
  });
});
