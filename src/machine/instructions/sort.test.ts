/**
 * COMPARE AND FORM CODEWORD and UPDATE TREE, stopped by pages that are not there yet: they end where they end when nothing
 * stops them, and agree with the plain algorithms.
 */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bare, CODE, DAT, MODE_24, MODE_31, MODE_64 } from '../testing/bare.ts';

const PAGES = 0xa000;
const FIRST = 0x3_0000;
const SECOND = 0x4_0000;
/** Bytes of a field, and of the tree: an index has 15 bits. */
const SIZE = 0x8000;
const END = 0x8006;

const cpu = bare();
for (let i = 0; i < 512; i++) cpu.storage.set64(0x8000 + i * 8, 0x20n);
cpu.storage.set64(0x8000, BigInt(PAGES));

/** Runs one instruction to its end; pages in `missing` appear when they are asked for. Returns the registers and the condition code. */
function run(code: string, mask: bigint, registers: object, missing: readonly number[]): string {
  cpu.reset();
  cpu.interruptions = 'report';
  for (let i = 0; i < 256; i++) {
    cpu.storage.set64(PAGES + i * 8, BigInt(i * 0x1000) | (missing.includes(i) ? 0x400n : 0n));
  }
  cpu.setControl(1, 0x8000n);
  cpu.setControl(0, 0x4_00e0n);
  Object.assign(cpu.gr, registers);
  cpu.storage.write(CODE, Buffer.from(code, 'hex'));
  cpu.setPsw(mask | DAT, BigInt(CODE));
  for (let turns = 0; turns < 1000; turns++) {
    const stop = cpu.run(1);
    if (stop.reason === 'interruption') {
      const page = cpu.teidLo >>> 12;
      expect([cpu.exceptionCode, missing.includes(page)]).toEqual([0x11, true]);
      cpu.storage.set64(PAGES + page * 8, BigInt(page * 0x1000));
    } else if (cpu.pswAddress === BigInt(CODE + code.length / 2)) {
      return [...cpu.gr.subarray(0, 6), cpu.cc].join(' ');
    }
  }
  throw new Error('does not end');
}

const modes = fc.constantFrom(MODE_24, MODE_31, MODE_64);
const pages = fc.subarray(Array.from({ length: 18 }, (_, i) => (i < 9 ? 0x30 + i : 0x40 + i - 9)));

describe('interrupted and resumed', () => {
  it('COMPARE AND FORM CODEWORD forms the codeword of the first difference', () => {
    const differences = fc.integer({ min: 0, max: SIZE - 1 });
    fc.assert(
      fc.property(modes, pages, differences, fc.boolean(), (mask, missing, at, fromLow) => {
        for (const base of [FIRST, SECOND]) cpu.storage.fill(base, END, 0x41);
        cpu.storage.bytes[SECOND + at] = 0x42;
        const limit = 0x7ffe + (fromLow ? 1 : 0);
        const registers = { 1: BigInt(FIRST), 2: 0n, 3: BigInt(SECOND), 9: BigInt(limit - 0xfff) };
        const width = mask === MODE_64 ? 6 : 2;
        const index = at - (at % width);
        // The first field is low. Its part is plain, or the part of the second field is complemented.
        const high = 0x42n << BigInt(8 * (width - 1 - (at - index)));
        const plain = BigInt(`0x${'41'.repeat(width)}`);
        const ones = 2n ** BigInt(width * 8) - 1n;
        const greater = (plain & ~(0xffn << BigInt(8 * (width - 1 - (at - index))))) | high;
        const part = fromLow ? plain : ones - greater;
        const codeword = (BigInt(index + width) << BigInt(width * 8)) | part;
        const bases = fromLow ? [SECOND, FIRST] : [FIRST, SECOND];
        const wanted = [0, bases[0], codeword, bases[1], 0, 0, fromLow ? 2 : 1].join(' ');
        expect(run('b21a9fff', mask, registers, missing)).toBe(wanted);
      }),
      { numRuns: 60, seed: 7 },
    );
  });

  it('UPDATE TREE exchanges the nodes on the path', () => {
    const inputs = fc.record({ mask: modes, missing: pages, leaf: fc.integer({ min: 1, max: 0xfff }) });
    fc.assert(
      fc.property(inputs, fc.integer({ min: 0, max: 4093 }), ({ mask, missing, leaf }, codeword) => {
        const value = mask === MODE_64 ? 8 : 4;
        const set = (at: number, to: number) => {
          if (value === 8) cpu.storage.set64(at, BigInt(to));
          else cpu.storage.set32(at, to);
        };
        const get = (at: number) => Number(value === 8 ? cpu.storage.get64(at) : cpu.storage.get32(at));
        let [lead, other] = [codeword * 10 + 1, 7];
        const nodes: [at: number, codeword: number][] = [];
        for (let node = leaf >> 1; node > 0; node >>= 1) {
          const at = FIRST + node * 2 * value;
          // Codewords differ from each other and from the one in the register: 4093 is a prime number.
          const here = ((node * 37) % 4093) * 10 + 2;
          set(at, here);
          set(at + value, node);
          nodes.push([at, Math.min(here, lead)]);
          if (here > lead) [lead, other] = [here, node];
        }
        const registers = {
          0: BigInt(codeword * 10 + 1),
          1: 7n,
          4: BigInt(FIRST),
          5: BigInt(leaf * 2 * value),
        };
        expect(run('0102', mask, registers, missing)).toBe([lead, other, 0, 0, FIRST, 0, 1].join(' '));
        for (const [at, left] of nodes) expect(get(at)).toBe(left);
      }),
      { numRuns: 60, seed: 7 },
    );
  });
});
