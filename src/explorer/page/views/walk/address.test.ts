import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addressFields, binary, bitRanges, bitsOf } from '../common/bits.ts';
import { parseAddress } from './address.ts';

describe('parseAddress', () => {
  it('reads decimal, hexadecimal and suffixes', () => {
    expect(parseAddress('4096').address).toBe(4096n);
    expect(parseAddress(' 0x4000_0000 ').address).toBe(1n << 30n);
    expect(parseAddress('1G').address).toBe(1n << 30n);
    expect(parseAddress('8p').address).toBe(8n << 50n);
    expect(parseAddress('0x10M').address).toBe(16n << 20n);
    expect(parseAddress('0x1E').address).toBe(30n);
    expect(parseAddress('0XFFFFFFFFFFFFFFFF').address).toBe((1n << 64n) - 1n);
  });

  it('names the error', () => {
    expect(parseAddress('').error).toContain('needed');
    expect(parseAddress('12q').error).toContain('12q');
    expect(parseAddress('-1').error).toContain('-1');
    expect(parseAddress('0x').error).toContain('0x');
    expect(parseAddress('16E').error).toContain('beyond 16 EiB');
  });
});

describe('bits', () => {
  it('divides an address as the walk does', () => {
    const fields = addressFields(0x4010_1234n);
    expect(fields.map(({ name, value }) => [name, value])).toEqual([
      ['RFX', 0],
      ['RSX', 0],
      ['RTX', 0],
      ['SX', 0x401],
      ['PX', 1],
      ['BX', 0x234],
    ]);
  });

  it('covers every bit', () => {
    fc.assert(
      fc.property(fc.bigInt(0n, (1n << 64n) - 1n), (address) => {
        const joined = addressFields(address).reduce(
          (all, { bits, value }) => (all << BigInt(bits[1] - bits[0] + 1)) | BigInt(value),
          0n,
        );
        expect(joined).toBe(address);
      }),
    );
  });

  it('formats bits in groups, and finds those between fields', () => {
    expect(binary(0x220n, 52, 63)).toBe('0010 0010 0000');
    expect(binary(0x220n, 53, 63)).toBe('010 0010 0000');
    expect(bitsOf(1n << 63n, 0, 0)).toBe(1n);
    const ranges = bitRanges([{ bits: [58, 58] }, { bits: [0, 51] }] as {
      bits: readonly [number, number];
    }[]);
    expect(ranges.map(({ bits, field }) => [...bits, field !== null])).toEqual([
      [0, 51, true],
      [52, 57, false],
      [58, 58, true],
      [59, 63, false],
    ]);
  });
});
