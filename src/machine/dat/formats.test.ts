import { describe, expect, it } from 'vitest';
import { CR0 } from '../control-registers.ts';
import {
  ASCE,
  CRST_ENTRIES,
  CRST_SIZE,
  EXECUTION_PROTECT,
  INDEX_SHIFT,
  LARGE,
  LARGE_KEY_SHIFT,
  LEVEL_OF_TYPE,
  PAGE,
  PAGE_TABLE_ENTRIES,
  PAGE_TABLE_SIZE,
  REGION,
  SEGMENT,
} from './formats.ts';

/** Bit n of 64, counted from the left as the architecture does, as a mask of the low 32 bits. */
const bit = (n: number) => 2 ** (63 - n);
/** Bits n to m. */
const bits = (n: number, m: number) => 2 ** (64 - n) - 2 ** (63 - m);

describe('the fields are where the architecture has them', () => {
  it('address-space-control element', () => {
    expect(ASCE).toEqual({
      ORIGIN: bits(32, 51),
      SUBSPACE_GROUP: bit(54),
      PRIVATE: bit(55),
      STORAGE_ALTERATION: bit(56),
      SPACE_SWITCH: bit(57),
      REAL_SPACE: bit(58),
      TYPE: bits(60, 61),
      TYPE_REGION_FIRST: 0b1100,
      TYPE_REGION_SECOND: 0b1000,
      TYPE_REGION_THIRD: 0b0100,
      TYPE_SEGMENT: 0b0000,
      LENGTH: bits(62, 63),
    });
  });

  it('region-table entry', () => {
    expect(REGION).toEqual({
      ORIGIN: bits(32, 51),
      FRAME: bit(32),
      FORMAT_CONTROL: bit(53),
      PROTECT: bit(54),
      COMMON: bit(59),
      OFFSET: bits(56, 57),
      INVALID: bit(58),
      TYPE: bits(60, 61),
      LENGTH: bits(62, 63),
    });
  });

  it('segment-table entry', () => {
    expect(SEGMENT).toEqual({
      ORIGIN: bits(32, 52),
      FRAME: bits(32, 43),
      FORMAT_CONTROL: bit(53),
      PROTECT: bit(54),
      INVALID: bit(58),
      COMMON: bit(59),
      TYPE: bits(60, 61),
    });
  });

  it('an entry of a frame of 1 MiB or 2 GiB', () => {
    expect(LARGE).toEqual({ ACCESS_VALID: bit(47), ACCESS: bits(48, 52) });
    expect([0xf800 >>> LARGE_KEY_SHIFT, EXECUTION_PROTECT]).toEqual([0xf8, bit(55)]);
  });

  it('page-table entry', () => {
    expect(PAGE).toEqual({ FRAME: bits(32, 51), RESERVED: bit(52), INVALID: bit(53), PROTECT: bit(54) });
  });

  it('the controls of enhanced DAT and of instruction-execution protection, bits 40 and 43 of control register 0', () => {
    expect(CR0.EDAT).toBe(bit(40));
    expect(CR0.EXECUTION_PROTECTION).toBe(bit(43));
  });
});

describe('sizes', () => {
  it('a region or segment table has 2048 entries in 16 KiB, a page table 256 in 2 KiB', () => {
    expect([CRST_ENTRIES, CRST_SIZE]).toEqual([2048, 0x4000]);
    expect([PAGE_TABLE_ENTRIES, PAGE_TABLE_SIZE]).toEqual([256, 0x800]);
  });
});

describe('an address is cut into indexes', () => {
  // 0xffdf_fbff_7fef_d123 has index 2046 in each of the four upper tables and 253 in the page table.
  it.each([
    ['0x0000000000000000', [0, 0, 0, 0], 0x00],
    ['0x0000000000100000', [1, 0, 0, 0], 0x00],
    ['0x0000000080000000', [0, 1, 0, 0], 0x00],
    ['0x0000040000000000', [0, 0, 1, 0], 0x00],
    ['0x0020000000000000', [0, 0, 0, 1], 0x00],
    ['0x0020080180405000', [4, 3, 2, 1], 0x05],
    ['0xffffffffffffffff', [2047, 2047, 2047, 2047], 0xff],
    ['0xffdffbff7fefd123', [2046, 2046, 2046, 2046], 0xfd],
  ])('%s', (text, indexes, page) => {
    const address = BigInt(text);
    expect(INDEX_SHIFT.map((shift) => Number((address >> BigInt(shift)) & 0x7ffn))).toEqual(indexes);
    expect(Number((address >> 12n) & 0xffn)).toBe(page);
  });

  it('by the table of each type, which is named', () => {
    expect(LEVEL_OF_TYPE.map((name, type) => [name, INDEX_SHIFT[type], type << 2])).toEqual([
      ['segment', 20, 0x00],
      ['region-third', 31, 0x04],
      ['region-second', 42, 0x08],
      ['region-first', 53, 0x0c],
    ]);
  });
});
