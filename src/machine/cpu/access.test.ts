/**
 * Loads and stores of every length, compared with a plain model: with and without DAT, by the fast path and the general
 * path, across the ends of pages and of address spaces. The frames of consecutive pages are not adjacent.
 */

import { beforeEach, describe, expect, it } from 'vitest';
import { workOf } from '../../../test/work.ts';
import { logicalPage } from '../addresses.ts';
import type { Cpu } from '../engine/cpu.ts';
import { PGM } from '../interruption.ts';
import { bare, DAT, MODE_24, MODE_31, MODE_64 } from '../testing/bare.ts';
import { FETCH, INSTRUCTION, STORE, UNWIND } from './access.ts';

const SEGMENTS = 0x8000;
const PAGES = 0xc000;
/** Virtual page, and the frame behind it. The pages follow one another, also around the end of each address space. */
const FRAMES: readonly (readonly [page: number, frame: number])[] = [
  [0x30, 0x80],
  [0x31, 0x50],
  [0xfff, 0x90],
  [0x7_ffff, 0xa0],
  [0x1000, 0x70],
  [0, 0x60],
];
const LOW = 0x30_000;

let cpu: Cpu;

/** A processor with DAT ready: nothing is mapped but `FRAMES`, by page tables in storage. */
function mapped(): Cpu {
  const one = bare();
  const { storage } = one;
  for (let i = 0; i < 2048; i++) storage.set64(SEGMENTS + i * 8, 0x20n);
  FRAMES.forEach(([page, frame], n) => {
    const segment = SEGMENTS + (page >>> 8) * 8;
    let table = Number(storage.get64(segment));
    if (table === 0x20) {
      table = PAGES + n * 0x800;
      for (let i = 0; i < 256; i++) storage.set64(table + i * 8, 0x400n);
      storage.set64(segment, BigInt(table));
    }
    storage.set64(table + (page & 0xff) * 8, BigInt(frame) << 12n);
  });
  for (const [, frame] of FRAMES) {
    for (let i = 0; i < 0x1000; i++) storage.bytes[frame * 0x1000 + i] = (i * 37 + frame * 11 + 5) & 0xff;
  }
  one.setControl(1, BigInt(SEGMENTS) | 3n);
  return one;
}

beforeEach(() => {
  cpu = mapped();
  cpu.setPsw(MODE_64 | DAT, 0n);
});

const entryOf = (page: number) => Number(cpu.storage.get64(SEGMENTS + (page >>> 8) * 8)) + (page & 0xff) * 8;
const protect = (page: number) => cpu.storage.set64(entryOf(page), cpu.storage.get64(entryOf(page)) | 0x200n);
const invalidate = (page: number) => cpu.storage.set64(entryOf(page), 0x400n);

/**
 * The absolute addresses of the `length` bytes of an access, from an offset in the first frame on, continuing in the
 * second.
 */
const places = (first: number, second: number, offset: number, length: number) =>
  Array.from({ length }, (_, i) =>
    offset + i < 0x1000 ? first * 0x1000 + offset + i : second * 0x1000 + offset + i - 0x1000,
  );
const numberOf = (bytes: readonly number[]) =>
  bytes.reduce((value, byte) => (value << 8n) | BigInt(byte), 0n);

const LOADS = {
  1: (hi: number, lo: number) => BigInt(cpu.load8(hi, lo)),
  2: (hi: number, lo: number) => BigInt(cpu.load16(hi, lo)),
  4: (hi: number, lo: number) => BigInt(cpu.load32(hi, lo)),
  8: (hi: number, lo: number) => cpu.load64(hi, lo),
  3: (hi: number, lo: number) => {
    const into = new Uint8Array(4).fill(0xee);
    cpu.fetchBytes(hi, lo, 3, into);
    expect(into[3]).toBe(0xee);
    return numberOf([...into.subarray(0, 3)]);
  },
} as const;
const STORES = {
  1: (hi: number, lo: number, value: bigint) => cpu.store8(hi, lo, Number(value)),
  2: (hi: number, lo: number, value: bigint) => cpu.store16(hi, lo, Number(value)),
  4: (hi: number, lo: number, value: bigint) => cpu.store32(hi, lo, Number(value) | 0),
  8: (hi: number, lo: number, value: bigint) => cpu.store64(hi, lo, value),
  3: (hi: number, lo: number, value: bigint) =>
    cpu.storeBytes(hi, lo, 3, Uint8Array.of(Number(value >> 16n), Number(value >> 8n), Number(value), 0xee)),
} as const;
const LENGTHS = [1, 2, 3, 4, 8] as const;
const OFFSETS = [0, 1, 0x7ff, ...Array.from({ length: 16 }, (_, i) => 0xff0 + i)];
const VALUE = 0x8192_a3b4_c5d6_e7f8n;

/**
 * Loads and stores `length` bytes at every offset of a page, twice each: by the general path first, then by the fast path.
 */
function everywhere(
  hi: number,
  page: number,
  length: 1 | 2 | 3 | 4 | 8,
  first: number,
  second: number,
): void {
  const { bytes } = cpu.storage;
  for (const offset of OFFSETS) {
    const lo = (page * 0x1000 + offset) >>> 0;
    const at = places(first, second, offset, length);
    for (let turn = 0; turn < 2; turn++) {
      expect(LOADS[length](hi, lo)).toBe(numberOf(at.map((place) => bytes[place] as number)));
    }
    for (let turn = 0n; turn < 2n; turn++) {
      const before = Uint8Array.from(bytes);
      const value = BigInt.asUintN(length * 8, VALUE + turn * 0x0101_0101_0101_0101n);
      STORES[length](hi, lo, value);
      at.forEach((place, i) => {
        before[place] = Number((value >> BigInt((length - 1 - i) * 8)) & 0xffn);
      });
      expect(Buffer.compare(bytes, before)).toBe(0);
    }
  }
}

describe.each(LENGTHS)('%i bytes', (length) => {
  it('are those of the frames behind two pages', () => everywhere(0, 0x30, length, 0x80, 0x50));

  it('are those of two real pages without DAT, prefixing applied', () => {
    cpu.setPsw(MODE_64, 0n);
    everywhere(0, 0x80, length, 0x80, 0x81);
    cpu.setPrefix(0x8_2000);
    everywhere(0, 0x80, length, 0x80, 0x81);
    everywhere(0, 0x81, length, 0x81, 0);
    everywhere(0, 0, length, 0x82, 0x83);
    everywhere(0, 1, length, 0x83, 2);
  });

  it.each([
    ['24', MODE_24, 0xfff, 0x90, 0x60],
    ['31', MODE_31, 0xfff, 0x90, 0x70],
    ['64', MODE_64, 0xfff, 0x90, 0x70],
    ['31', MODE_31, 0x7_ffff, 0xa0, 0x60],
  ])('in the %s-bit mode wrap where it ends', (_, mode, page, first, second) => {
    cpu.setPsw(mode | DAT, 0n);
    everywhere(0, page, length, first, second);
  });

  it('in the 64-bit mode continue at 2^31, where no storage is: nothing is loaded or stored', () => {
    const ends = (act: () => unknown) => cpu.attemptAll(() => void act());
    for (const back of Array.from({ length: length - 1 }, (_, i) => i + 1)) {
      const lo = 0x8000_0000 - back;
      const before = Uint8Array.from(cpu.storage.bytes);
      expect(ends(() => LOADS[length](0, lo))).toBe(UNWIND.PROGRAM);
      expect(ends(() => STORES[length](0, lo, VALUE))).toBe(UNWIND.PROGRAM);
      expect([cpu.exceptionCode, cpu.teidHi, cpu.teidLo]).toEqual([PGM.ASCE_TYPE, 0, 0x8000_0400]);
      expect(Buffer.compare(cpu.storage.bytes, before)).toBe(0);
    }
  });

  it.each([
    ['invalid', invalidate, PGM.PAGE_TRANSLATION, 0x3_1400, 0x3_1800],
    ['protected', protect, PGM.PROTECTION, 0x3_1404, 0],
  ] as const)('are not stored in part when the second page is %s', (_, change, code, store, load) => {
    for (const back of Array.from({ length: length - 1 }, (_, i) => i + 1)) {
      cpu = mapped();
      cpu.setPsw(MODE_64 | DAT, 0n);
      change(0x31);
      const before = Uint8Array.from(cpu.storage.bytes);
      for (let turn = 0; turn < 2; turn++) {
        expect(cpu.attemptAll(() => STORES[length](0, LOW + 0x1000 - back, VALUE))).toBe(UNWIND.PROGRAM);
        expect([cpu.exceptionCode, cpu.teidLo]).toEqual([code, store]);
        expect(Buffer.compare(cpu.storage.bytes, before)).toBe(0);
      }
      const kind = cpu.attemptAll(() => void LOADS[length](0, LOW + 0x1000 - back));
      expect(kind).toBe(load === 0 ? 0 : UNWIND.PROGRAM);
      if (load !== 0) expect([cpu.exceptionCode, cpu.teidLo]).toEqual([code, load]);
    }
  });

  it('end with an exception of the first page when both cannot be accessed', () => {
    invalidate(0x30);
    invalidate(0x31);
    for (const act of [LOADS[length], (hi: number, lo: number) => STORES[length](hi, lo, VALUE)]) {
      expect(cpu.attemptAll(() => void act(0, LOW + 0xfff))).toBe(UNWIND.PROGRAM);
      expect(cpu.teidLo & ~0xfff).toBe(LOW);
    }
  });

  it('record reference and change in the keys of both frames only', () => {
    const { keys } = cpu.storage;
    const offset = length === 1 ? 0x10 : 0x1000 - length + 1;
    const touched = length === 1 ? [0x80] : [0x80, 0x50];
    const noted = () =>
      FRAMES.map(([, frame]) => frame).filter((frame) => ((keys[frame] as number) & 6) !== 0);
    keys.fill(0);
    LOADS[length](0, LOW + offset);
    expect(noted().sort()).toEqual(touched.toSorted());
    for (const frame of touched) expect(keys[frame]).toBe(4);
    STORES[length](0, LOW + offset, VALUE);
    for (const frame of touched) expect(keys[frame]).toBe(6);
    expect(noted().sort()).toEqual(touched.toSorted());
  });
});

describe('key-controlled protection of two pages', () => {
  it.each([
    [0x80, LOW],
    [0x50, LOW + 0x1000],
  ])('of frame 0x%i', (frame, page) => {
    // Key 5 may neither store nor fetch; each frame by itself.
    cpu.setPsw(MODE_64 | DAT | (5n << 52n), 0n);
    cpu.storage.keys.fill(0x50);
    cpu.storage.keys[frame] = 0x48;
    const before = Uint8Array.from(cpu.storage.bytes);
    for (let turn = 0; turn < 2; turn++) {
      expect(cpu.attemptAll(() => void cpu.load32(0, LOW + 0xffe))).toBe(UNWIND.PROGRAM);
      expect([cpu.exceptionCode, cpu.teidLo]).toEqual([PGM.PROTECTION, page | 0x808]);
      expect(cpu.attemptAll(() => cpu.store32(0, LOW + 0xffe, 1))).toBe(UNWIND.PROGRAM);
      expect([cpu.exceptionCode, cpu.teidLo]).toEqual([PGM.PROTECTION, page | 0x408]);
    }
    expect(Buffer.compare(cpu.storage.bytes, before)).toBe(0);
    cpu.setPsw(MODE_64 | DAT | (4n << 52n), 0n);
    cpu.storage.keys.fill(0x40);
    expect(cpu.attemptAll(() => cpu.store32(0, LOW + 0xffe, 1))).toBe(0);
  });

  it('does not apply to accesses of the machine itself', () => {
    cpu.setPsw(MODE_64 | (5n << 52n), 0n);
    cpu.storage.keys.fill(0x48);
    expect(cpu.absoluteFrame(0x80 as never, STORE)).toBe(0x8_0000);
    expect(cpu.realFrame(0x81 as never, FETCH)).toBe(0x8_1000);
    expect([cpu.storage.keys[0x80], cpu.storage.keys[0x81]]).toEqual([0x4e, 0x4c]);
    expect(cpu.attemptAll(() => void cpu.absoluteFrame(0x200 as never, FETCH))).toBe(UNWIND.PROGRAM);
    expect(cpu.exceptionCode).toBe(PGM.ADDRESSING);
  });
});

describe('the fast path', () => {
  it('is less work than the long way, which key 1 takes', () => {
    const all = () => {
      for (const length of [1, 2, 4, 8] as const) {
        LOADS[length](0, LOW + 8);
        STORES[length](0, LOW + 8, VALUE);
      }
    };
    const work = (key: bigint) => {
      cpu.setPsw(MODE_64 | DAT | (key << 52n), 0n);
      cpu.storage.keys.fill(0x10);
      all();
      return workOf(all);
    };
    const [fast, long] = [work(0n), work(1n)];
    expect(fast).toBeLessThan(long * 0.8);
  });

  it('is not taken when check mode asks of every use, nor in another space, nor for the first two pages', () => {
    let asked = 0;
    cpu.load8(0, LOW);
    cpu.onTlbHit = () => void asked++;
    for (const length of [1, 2, 4, 8] as const) LOADS[length](0, LOW + 8);
    expect(asked).toBe(4);
    cpu.onTlbHit = null;
    for (const length of [1, 2, 4, 8] as const) LOADS[length](0, LOW + 8);
    expect(asked).toBe(4);

    // In the secondary space the address is not mapped.
    cpu.storage.set64(0x6000, 0x20n);
    cpu.setControl(7, 0x6000n);
    cpu.setPsw(MODE_64 | DAT | (2n << 46n), 0n);
    expect(cpu.attemptAll(() => void cpu.load8(0, LOW))).toBe(UNWIND.PROGRAM);

    // Low-address protection, switched on after the page was cached, with its change bit recorded.
    cpu.setPsw(MODE_64 | DAT, 0n);
    cpu.store8(0, 0, 1);
    cpu.setControl(0, 0x1004_00e0n);
    expect(cpu.attemptAll(() => cpu.store8(0, 0, 1))).toBe(UNWIND.PROGRAM);
    expect(cpu.exceptionCode).toBe(PGM.PROTECTION);
    expect(cpu.attemptAll(() => cpu.store8(0, 512, 1))).toBe(0);
  });

  it('is not taken without DAT, though a translation of the page is cached', () => {
    cpu.storage.bytes[0x3_0000] = 1;
    cpu.storage.bytes[0x8_0000] = 2;
    expect(cpu.load8(0, LOW)).toBe(2);
    cpu.setPsw(MODE_64, 0n);
    expect(cpu.load8(0, LOW)).toBe(1);
    cpu.setPsw(MODE_64 | DAT, 0n);
    expect(cpu.load8(0, LOW)).toBe(2);
  });

  it('counts a hit for each use, and a miss for each walk', () => {
    const { tlb } = cpu;
    cpu.load8(0, LOW);
    expect([tlb.hits, tlb.misses]).toEqual([0, 1]);
    for (let n = 0; n < 5; n++) cpu.load8(0, LOW + n);
    expect([tlb.hits, tlb.misses]).toEqual([5, 1]);
  });
});

describe('a hit', () => {
  // Page 0x1000 has slot 0 of the TLB, page 0x30 another one.
  it.each([LOW, 0x100_0000])('at 0x%i is counted once for each access, of any length', (at) => {
    const { tlb } = cpu;
    cpu.store8(0, at, 0);
    const accesses = [
      ...LENGTHS.flatMap((length) => [() => LOADS[length](0, at), () => STORES[length](0, at, VALUE)]),
      () => cpu.frame((at / 0x1000) as never, 0, FETCH),
      () => cpu.frame((at / 0x1000) as never, 0, STORE),
      () => cpu.probe(0, at, 8, STORE),
    ];
    for (const access of accesses) {
      const [hits, misses] = [tlb.hits, tlb.misses];
      access();
      expect([tlb.hits - hits, tlb.misses - misses]).toEqual([1, 0]);
    }
  });
});

describe('access control in a segment-table entry', () => {
  it('counts instead of the storage key, also when it is key 0', () => {
    const KEY_4 = 4n << 52n;
    const page = (control: bigint) => {
      cpu = mapped();
      cpu.setControl(0, 0x4_00e0n | 0x80_0000n);
      cpu.storage.set64(SEGMENTS + 8, 0x10_0000n | 0x1_0400n | (control << 12n));
      cpu.storage.keys.fill(0x40);
      cpu.setPsw(MODE_64 | DAT | KEY_4, 0n);
      return [0, 1].map(() => cpu.attemptAll(() => cpu.store8(0, 0x10_0000, 1)));
    };
    expect(page(4n)).toEqual([0, 0]);
    expect(page(0n)).toEqual([UNWIND.PROGRAM, UNWIND.PROGRAM]);
    expect(cpu.exceptionCode).toBe(PGM.PROTECTION);
  });
});

describe('a probe', () => {
  it('finds what an access would, and accesses nothing', () => {
    protect(0x31);
    const before = Uint8Array.from(cpu.storage.bytes);
    const probe = (lo: number, length: number, access: typeof STORE | typeof FETCH) =>
      cpu.attemptAll(() => cpu.probe(0, lo, length, access));
    expect(probe(LOW, 0x1000, STORE)).toBe(0);
    expect(probe(LOW + 0xfff, 1, STORE)).toBe(0);
    expect(probe(LOW + 0xfff, 2, STORE)).toBe(UNWIND.PROGRAM);
    expect(probe(LOW + 1, 0x1000, STORE)).toBe(UNWIND.PROGRAM);
    expect(probe(LOW + 0xfff, 2, FETCH)).toBe(0);
    expect(Buffer.compare(cpu.storage.bytes, before)).toBe(0);
  });
});

describe('the page after', () => {
  it.each([
    [MODE_24, 0xffe, 0xfff],
    [MODE_24, 0xfff, 0],
    [MODE_31, 0xfff, 0x1000],
    [MODE_31, 0x7_ffff, 0],
    [MODE_64, 0x7_ffff, 0x8_0000],
    [MODE_64, 2 ** 52 - 1, 0],
  ])('%#: of an addressing mode', (mode, page, after) => {
    cpu.setPsw(mode, 0n);
    expect(cpu.pageAfter(page as never)).toBe(after);
  });
});

describe('an observer', () => {
  it('learns which bytes of a frame each store may change', () => {
    const stored: number[][] = [];
    cpu.observer = {
      before: null,
      accessed: null,
      stored: (...what) => {
        stored.push(what);
        return true;
      },
      abandoned: () => undefined,
      ended: () => false,
    };
    cpu.store8(0, LOW + 0x123, 1);
    cpu.store32(0, LOW + 0x10, 2);
    cpu.store32(0, LOW + 0xffe, 3);
    expect(stored).toEqual([
      [0x80, 0x123, 0x123],
      [0x80, 0x10, 0x13],
      [0x80, 0xffe, 0xfff],
      [0x50, 0, 1],
    ]);
  });
});

describe('errors that are no exceptions of the machine', () => {
  it('pass through', () => {
    const error = new Error('ours');
    const fails = () => {
      throw error;
    };
    expect(() => cpu.attemptAll(fails)).toThrow(error);
    cpu.onTlbHit = fails;
    cpu.load8(0, LOW + 0x1000 - 1 - 0xfff);
    expect(() => cpu.attempt(logicalPage(0x30), FETCH)).toThrow(error);
    cpu.onTlbHit = null;
    expect(cpu.attempt(logicalPage(0x30), FETCH)).toBe(0x8_0000);
    expect(cpu.attempt(logicalPage(0x32), INSTRUCTION)).toBe(-1);
    expect(cpu.exceptionCode).toBe(PGM.PAGE_TRANSLATION);
  });
});

describe('a frame that is not in storage', () => {
  it('is an addressing exception, by DAT and without', () => {
    cpu.storage.set64(entryOf(0x30), 0x20_0000n);
    expect(cpu.attemptAll(() => void cpu.load8(0, LOW))).toBe(UNWIND.PROGRAM);
    expect(cpu.exceptionCode).toBe(PGM.ADDRESSING);
    cpu.storage.set64(entryOf(0x30), 0x1f_f000n);
    cpu.tlb.purgeAll();
    expect(cpu.attemptAll(() => void cpu.load8(0, LOW))).toBe(0);
    cpu.setPsw(MODE_64, 0n);
    expect(cpu.attemptAll(() => void cpu.load8(0, 0x1f_ffff))).toBe(0);
    expect(cpu.attemptAll(() => void cpu.load8(0, 0x20_0000))).toBe(UNWIND.PROGRAM);
    expect(cpu.exceptionCode).toBe(PGM.ADDRESSING);
  });
});
