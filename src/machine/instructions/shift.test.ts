/** Shifts of 64 bits, by all amounts, against arithmetic on whole numbers. */

import { expect, it } from 'vitest';
import { bare, execute } from '../testing/bare.ts';

const VALUES = [
  0n,
  1n,
  0x8000_0000n,
  0xffff_ffffn,
  0x1_0000_0000n,
  0x0123_4567_89ab_cdefn,
  0x8000_0000_0000_0000n,
  0xfedc_ba98_7654_3210n,
  0xffff_ffff_ffff_ffffn,
];

const signed = (n: bigint) => BigInt.asIntN(64, n);

it.each([
  ['SLLG', '0d', (value: bigint, by: bigint) => value << by],
  ['SRLG', '0c', (value: bigint, by: bigint) => value >> by],
  ['SRAG', '0a', (value: bigint, by: bigint) => signed(value) >> by],
] as const)('%s', (_, code, shifted) => {
  const cpu = bare();
  for (const value of VALUES) {
    for (let by = 0; by < 64; by++) {
      cpu.gr[2] = value;
      cpu.gr[3] = BigInt(by);
      execute(cpu, `eb123000 00${code}`);
      const expected = BigInt.asUintN(64, shifted(value, BigInt(by)));
      expect([by, cpu.gr[1]]).toEqual([by, expected]);
      if (code === '0a') expect(cpu.cc).toBe(expected === 0n ? 0 : signed(expected) < 0n ? 1 : 2);
      // Over the operand itself.
      execute(cpu, `eb223000 00${code}`);
      expect(cpu.gr[2]).toBe(expected);
    }
  }
});
