import { describe, expect, it } from 'vitest';
import { INSTRUCTION, STORE } from '../cpu/access.ts';
import { FETCH, logicalPage, Machine, PGM, SPACE, Storage } from '../index.ts';
import { EDAT, type Edat } from './formats.ts';
import { AbsoluteEntries, Walk, type WalkStep } from './walk.ts';

/**
 * One set of tables, in four mebibytes of storage:
 *
 *     region-first table  0x10000   entry 1 at 0x10008 designates 0x14000
 *     region-second table 0x14000   entry 2 at 0x14010 designates 0x18000
 *     region-third table  0x18000   entry 3 at 0x18018 designates 0x1c000
 *     segment table       0x1c000   entry 4 at 0x1c020 designates 0x20000
 *     page table          0x20000   entry 5 at 0x20028 designates the frame at 0x30000
 *
 * The address with these indexes is 1 << 53 | 2 << 42 | 3 << 31 | 4 << 20 | 5 << 12 = 0x0020_0801_8040_5000.
 */
const STORAGE = 0x40_0000;

/** Below each level: how an element designates its table, and the address with the indexes from there on. */
const TOPS = [
  { name: 'segment', asce: 0x1_c000, page: 0x405, beyond: 0x8_0000 },
  { name: 'region-third', asce: 0x1_8007, page: 0x18_0405, beyond: 0x4000_0000 },
  { name: 'region-second', asce: 0x1_400b, page: 0x8018_0405, beyond: 0x200_0000_0000 },
  { name: 'region-first', asce: 0x1_000f, page: 0x200_8018_0405, beyond: 0 },
] as const;

/** The entry of each level, by table type (0 segment): its address and its value. */
const ENTRIES = [
  { name: 'segment', at: 0x1_c020, lo: 0x2_0000, exception: 0x10 },
  { name: 'region-third', at: 0x1_8018, lo: 0x1_c007, exception: 0x3b },
  { name: 'region-second', at: 0x1_4010, lo: 0x1_800b, exception: 0x3a },
  { name: 'region-first', at: 0x1_0008, lo: 0x1_400f, exception: 0x39 },
] as const;

const PAGE_ENTRY = 0x2_0028;

/** Every element with every level that its walk passes. */
const PASSED = TOPS.flatMap((top, type) =>
  ENTRIES.slice(0, type + 1).map((entry, level) => ({ top, entry, level, from: top.name, at: entry.name })),
);

function fillTables(storage: Storage): void {
  for (const { at, lo } of ENTRIES) {
    storage.set32(at, 0);
    storage.set32(at + 4, lo);
  }
  storage.set64(PAGE_ENTRY, 0x3_0000n);
}

interface Result {
  code: number;
  frame?: number;
  protect?: boolean;
  table?: number;
}

/** A storage with the tables, and a function that returns the result of a walk. */
function tree() {
  const storage = new Storage(STORAGE);
  fillTables(storage);
  const walk = new Walk(new AbsoluteEntries(storage));
  const to = (asce: bigint | number, page: number, edat: Edat = EDAT.OFF): Result => {
    const element = BigInt(asce);
    const code = walk.to(Number(element >> 32n), Number(element & 0xffff_ffffn), page, edat);
    expect(walk.code).toBe(code);
    return code ? { code } : { code, frame: walk.frame, protect: walk.protect, table: walk.table };
  };
  return { storage, walk, to };
}

/** A page table number is its origin in units of 2 KiB: 0x20000 / 0x800. */
const TABLE = 0x40;

describe('a walk that finds its frame', () => {
  it.each(TOPS)('starts at a $name table if the element has its type', ({ asce, page }) => {
    expect(tree().to(asce, page)).toEqual({ code: 0, frame: 0x30, protect: false, table: TABLE });
  });

  it.each(TOPS)('starts at a $name table, whatever the other bits of the element are', ({ asce, page }) => {
    expect(tree().to(asce | 0x3c0, page)).toEqual({ code: 0, frame: 0x30, protect: false, table: TABLE });
  });

  it('calls a visitor with each entry, in order', () => {
    const { walk } = tree();
    const steps: WalkStep[] = [];
    walk.to(0, 0x1_000f, 0x200_8018_0405, EDAT.OFF, (step) => steps.push(step));
    expect(steps).toEqual([
      { level: 'region-first', tablePage: 0x10, offset: 8, index: 1, hi: 0, lo: 0x1_400f },
      { level: 'region-second', tablePage: 0x14, offset: 16, index: 2, hi: 0, lo: 0x1_800b },
      { level: 'region-third', tablePage: 0x18, offset: 24, index: 3, hi: 0, lo: 0x1_c007 },
      { level: 'segment', tablePage: 0x1c, offset: 32, index: 4, hi: 0, lo: 0x2_0000 },
      { level: 'page', tablePage: 0x20, offset: 40, index: 5, hi: 0, lo: 0x3_0000 },
    ]);
  });

  it('calls a visitor with the invalid entry that ends it, and not again', () => {
    const { storage, walk } = tree();
    storage.set32(0x1_801c, 0x24);
    const levels: string[] = [];
    walk.to(0, 0x1_000f, 0x200_8018_0405, EDAT.OFF, ({ level }) => levels.push(level));
    expect(levels).toEqual(['region-first', 'region-second', 'region-third']);
  });

  it('finds entries in the last quarter of a table, which lies in its fourth frame', () => {
    const { storage, to } = tree();
    // Segment 2047: its entry is at 0x1c000 + 2047 * 8 = 0x1fff8.
    storage.set64(0x1_fff8, 0x2_0000n);
    expect(to(0x1_c003, 0x7_ff05)).toMatchObject({ code: 0, frame: 0x30 });
  });

  it('takes frames above 4 GiB from the high half of an entry', () => {
    const { storage, to } = tree();
    storage.set64(PAGE_ENTRY, 0xfedc_ba98_7654_3000n);
    expect(to(0x1_c000, 0x405).frame).toBe(0xf_edcb_a987_6543);
  });

  it('finds a page table in the upper half of a frame, and counts its index from there', () => {
    const { storage, walk, to } = tree();
    storage.set64(0x1_c020, 0x2_0800n);
    storage.set64(0x2_0828, 0x3_1000n);
    // 0x20800 / 0x800
    expect(to(0x1_c000, 0x405)).toEqual({ code: 0, frame: 0x31, protect: false, table: 0x41 });
    const indexes: number[] = [];
    walk.to(0, 0x1_c000, 0x405, EDAT.OFF, ({ index }) => indexes.push(index));
    expect(indexes).toEqual([4, 5]);
  });

  it('does not keep the protection and the page table of the walk before', () => {
    const { storage, to } = tree();
    storage.set64(PAGE_ENTRY, 0x3_0200n);
    expect(to(0x1_c000, 0x405).protect).toBe(true);
    expect(to(0x20, 0x77)).toEqual({ code: 0, frame: 0x77, protect: false, table: -1 });
  });
});

describe('a real-space element', () => {
  it.each(['0x20', '0x2f', '0x1e3'])('%s needs no tables: real is virtual', (asce) => {
    expect(tree().to(Number(asce), 0x123)).toEqual({ code: 0, frame: 0x123, protect: false, table: -1 });
  });

  it('translates all 64-bit addresses, whatever its type bits', () => {
    expect(tree().to(0x20, 0xf_ffff_ffff_ffff).frame).toBe(0xf_ffff_ffff_ffff);
  });
});

describe('ASCE-type exception', () => {
  it.each(TOPS.slice(0, 3))(
    'ends a walk from a $name table at the first page it cannot reach',
    ({ asce, beyond }) => {
      expect(tree().to(asce | 3, beyond)).toEqual({ code: 0x38 });
      expect(tree().to(asce | 3, 0xf_ffff_ffff_ffff)).toEqual({ code: 0x38 });
    },
  );

  it.each([
    { name: 'segment', asce: 0x1_c003, last: 0x7_ffff, code: 0x10 },
    { name: 'region-third', asce: 0x1_8007, last: 0x3fff_ffff, code: 0x3b },
    { name: 'region-second', asce: 0x1_400b, last: 0x1ff_ffff_ffff, code: 0x3a },
    { name: 'region-first', asce: 0x1_000f, last: 0xf_ffff_ffff_ffff, code: 0x39 },
  ])('does not end a walk from a $name table at the last page it can reach', ({ asce, last, code }) => {
    const { storage, to } = tree();
    const table = asce & ~0xfff;
    storage.set32(table + 2047 * 8 + 4, 0x20);
    expect(to(asce, last)).toEqual({ code });
  });
});

describe('region-first, -second, -third and segment translation', () => {
  it.each(PASSED)('from a $from table, an invalid $at entry', ({ top, entry }) => {
    const { storage, to } = tree();
    storage.set32(entry.at + 4, entry.lo | 0x20);
    expect(to(top.asce, top.page)).toEqual({ code: entry.exception });
  });

  it.each(PASSED)('from a $from table, an invalid $at entry of a wrong type', ({ top, entry }) => {
    const { storage, to } = tree();
    storage.set32(entry.at + 4, (entry.lo ^ 0x0c) | 0x20);
    expect(to(top.asce, top.page)).toEqual({ code: entry.exception });
  });

  it.each(TOPS.flatMap((top, type) => [0, 1, 2].map((length) => ({ top, type, from: top.name, length }))))(
    'an element of length $length ends a $from table after that quarter',
    ({ top, type, length }) => {
      const { storage, to } = tree();
      const table = (top.asce & ~0xfff) >>> 0;
      const asce = table | (top.asce & 0x0c) | length;
      // The first entry of the quarter after, and the last of the quarter itself: both valid where they lie.
      const [inside, outside] = [(length + 1) * 512 - 1, (length + 1) * 512];
      const pages = [2 ** 8, 2 ** 19, 2 ** 30, 2 ** 41][type] as number;
      storage.set32(table + inside * 8 + 4, ENTRIES[type]!.lo ^ 0x0c);
      storage.set32(table + outside * 8 + 4, ENTRIES[type]!.lo);
      expect(to(asce, outside * pages)).toEqual({ code: ENTRIES[type]!.exception });
      expect(to(asce, inside * pages)).toEqual({ code: 0x12 });
    },
  );

  // A region entry gives the extent of the table below it: from quarter TF (0xc0) to quarter TL (0x03).
  const BELOW = [
    { above: 3, below: 2, over: 'region-first', under: 'region-second' },
    { above: 2, below: 1, over: 'region-second', under: 'region-third' },
    { above: 1, below: 0, over: 'region-third', under: 'segment' },
  ];

  it.each(BELOW.flatMap((pair) => [1, 2, 3].map((offset) => ({ ...pair, offset }))))(
    'a $over entry of offset $offset begins the $under table at that quarter',
    ({ above, below, offset }) => {
      const { storage, to } = tree();
      const entry = ENTRIES[above]!;
      storage.set32(entry.at + 4, (entry.lo & ~0x03) | (offset << 6) | 3);
      const table = ENTRIES[below]!.at & ~0x3fff;
      const [inside, outside] = [offset * 512, offset * 512 - 1];
      const pages = [2 ** 8, 2 ** 19, 2 ** 30, 2 ** 41][below] as number;
      const base = Math.floor(TOPS[above]!.page / (pages * 2048)) * pages * 2048;
      storage.set32(table + inside * 8 + 4, ENTRIES[below]!.lo ^ 0x0c);
      storage.set32(table + outside * 8 + 4, ENTRIES[below]!.lo);
      expect(to(TOPS[above]!.asce, base + outside * pages)).toEqual({ code: ENTRIES[below]!.exception });
      expect(to(TOPS[above]!.asce, base + inside * pages)).toEqual({ code: 0x12 });
    },
  );

  it.each(BELOW.flatMap((pair) => [0, 1, 2].map((length) => ({ ...pair, length }))))(
    'a $over entry of length $length ends the $under table after that quarter',
    ({ above, below, length }) => {
      const { storage, to } = tree();
      const entry = ENTRIES[above]!;
      storage.set32(entry.at + 4, (entry.lo & ~0x03) | length);
      const table = ENTRIES[below]!.at & ~0x3fff;
      const [inside, outside] = [(length + 1) * 512 - 1, (length + 1) * 512];
      const pages = [2 ** 8, 2 ** 19, 2 ** 30, 2 ** 41][below] as number;
      const base = Math.floor(TOPS[above]!.page / (pages * 2048)) * pages * 2048;
      storage.set32(table + inside * 8 + 4, ENTRIES[below]!.lo ^ 0x0c);
      storage.set32(table + outside * 8 + 4, ENTRIES[below]!.lo);
      expect(to(TOPS[above]!.asce, base + outside * pages)).toEqual({ code: ENTRIES[below]!.exception });
      expect(to(TOPS[above]!.asce, base + inside * pages)).toEqual({ code: 0x12 });
    },
  );

  it('a table whose offset exceeds its length has no entries', () => {
    const { storage, to } = tree();
    storage.set32(0x1_801c, 0x1_c000 | 0x04 | 0x80 | 1);
    for (const segment of [0, 511, 512, 1023, 1024, 2047]) {
      expect(to(0x1_8007, 3 * 2 ** 19 + segment * 256)).toEqual({ code: 0x10 });
    }
  });
});

describe('page translation', () => {
  it.each([
    ['0x400', 'an empty entry'],
    ['0x401', 'a page that may not be reached'],
    ['0x403', 'a page that was swapped out'],
    ['0x3_0600', 'an invalid entry that has a frame'],
    ['0x3_0c00', 'an invalid entry with the reserved bit'],
  ])('%s: %s', (lo) => {
    const { storage, to } = tree();
    storage.set32(PAGE_ENTRY + 4, Number(lo.replaceAll('_', '')));
    for (const { asce, page } of TOPS) expect(to(asce, page)).toEqual({ code: 0x11 });
  });

  it('software bits of a valid entry are ignored', () => {
    const { storage, to } = tree();
    storage.set32(PAGE_ENTRY + 4, 0x3_00ff);
    expect(to(0x1_c000, 0x405)).toMatchObject({ code: 0, frame: 0x30, protect: false });
  });
});

describe('translation specification', () => {
  it.each(PASSED.flatMap((one) => [0x00, 0x04, 0x08, 0x0c].map((type) => ({ ...one, type }))))(
    'from a $from table, a valid $at entry of type $type',
    ({ top, entry, level, type }) => {
      const { storage, to } = tree();
      storage.set32(entry.at + 4, (entry.lo & ~0x0c) | type);
      expect(to(top.asce, top.page).code).toBe(type === level * 4 ? 0 : 0x12);
    },
  );

  it('the reserved bit 0x800 of a valid page entry', () => {
    const { storage, to } = tree();
    storage.set32(PAGE_ENTRY + 4, 0x3_0800);
    for (const { asce, page } of TOPS) expect(to(asce, page)).toEqual({ code: 0x12 });
  });

  it('a common segment in a private space, and only there', () => {
    const { storage, to } = tree();
    storage.set32(0x1_c024, 0x2_0010);
    for (const { asce, page } of TOPS) {
      expect(to(asce | 0x100, page)).toEqual({ code: 0x12 });
      expect(to(asce, page)).toMatchObject({ code: 0, frame: 0x30 });
    }
  });

  it('a common segment of format control one in a private space', () => {
    const { storage, to } = tree();
    storage.set32(0x1_c024, 0x10_0410);
    expect(to(0x1_c100, 0x405, EDAT.EDAT_2)).toEqual({ code: 0x12 });
    expect(to(0x1_c000, 0x405, EDAT.EDAT_2)).toMatchObject({ code: 0, frame: 0x105 });
  });
});

describe('addressing', () => {
  it.each(TOPS)('an element whose $name table is outside storage', ({ asce, page }) => {
    const { to } = tree();
    expect(to(STORAGE + (asce & 0xf), page)).toEqual({ code: 0x05 });
    expect(to(0x7fff_ffff_0000_0000n + BigInt(asce), page)).toEqual({ code: 0x05 });
  });

  it.each(PASSED)('from a $from table, a $at entry that designates a table outside storage', (one) => {
    const { storage, to } = tree();
    storage.set32(one.entry.at + 4, STORAGE | (one.entry.lo & 0xf));
    expect(to(one.top.asce, one.top.page)).toEqual({ code: 0x05 });
    storage.set32(one.entry.at, 0x1000);
    expect(to(one.top.asce, one.top.page)).toEqual({ code: 0x05 });
  });

  it('a table that ends beyond storage: only for its entries outside storage', () => {
    const { storage, to } = tree();
    // A segment table of which the first frame is the last of storage.
    storage.set64(0x3f_f000, 0x2_0000n);
    expect(to(0x3f_f003, 5)).toMatchObject({ code: 0, frame: 0x30 });
    expect(to(0x3f_f003, 512 * 256)).toEqual({ code: 0x05 });
  });

  it('a table that exceeds 2^64 continues at 0', () => {
    const { storage, to } = tree();
    // Entry 512 is the first of the table's second frame: at 0xffff_ffff_ffff_f000 + 0x1000, which is 0.
    storage.set64(0, 0x2_0000n);
    expect(to(0xffff_ffff_ffff_f003n, 512 * 256 + 5)).toMatchObject({ code: 0, frame: 0x30 });
    expect(to(0xffff_ffff_ffff_f003n, 5)).toEqual({ code: 0x05 });
  });

  it('not for a page-table entry that designates a frame outside storage: the access ends with it, not the walk', () => {
    const { storage, to } = tree();
    storage.set32(PAGE_ENTRY + 4, STORAGE);
    expect(to(0x1_c000, 0x405)).toMatchObject({ code: 0, frame: 0x400 });
  });
});

describe('protection', () => {
  it.each([EDAT.OFF, EDAT.EDAT_1, EDAT.EDAT_2])(
    'of a segment or a page counts with enhanced DAT (%s)',
    (edat) => {
      for (const at of [0x1_c024, PAGE_ENTRY + 4]) {
        const { storage, to } = tree();
        storage.set32(at, storage.get32(at) | 0x200);
        for (const { asce, page } of TOPS) expect(to(asce, page, edat).protect).toBe(true);
      }
    },
  );

  it.each(PASSED.filter(({ level }) => level > 0))(
    'from a $from table, of a $at entry counts only with enhanced DAT',
    ({ top, entry }) => {
      const { storage, to } = tree();
      storage.set32(entry.at + 4, entry.lo | 0x200);
      expect(to(top.asce, top.page, EDAT.EDAT_2)).toMatchObject({ code: 0, frame: 0x30, protect: true });
      expect(to(top.asce, top.page, EDAT.OFF)).toMatchObject({ code: 0, frame: 0x30, protect: false });
    },
  );
});

describe('a segment entry of format control one', () => {
  it('designates a frame of 1 MiB with enhanced DAT: there is no page table', () => {
    const { storage, to } = tree();
    // Bits below 0x100000 that are not controls are not part of the frame's address.
    storage.set64(0x1_c020, 0x0000_0001_0020_0400n | 0xf_8000n);
    expect(to(0x1_c000, 0x405, EDAT.EDAT_2)).toEqual({
      code: 0,
      frame: 0x10_0205,
      protect: false,
      table: -1,
    });
    expect(to(0x1_c000, 0x4ff, EDAT.EDAT_2).frame).toBe(0x10_02ff);
  });

  it('is protected by its own bit', () => {
    const { storage, to } = tree();
    storage.set32(0x1_c024, 0x20_0600);
    expect(to(0x1_c000, 0x405, EDAT.EDAT_2)).toMatchObject({ code: 0, frame: 0x205, protect: true });
  });

  it('designates a page table without enhanced DAT', () => {
    const { storage, to } = tree();
    storage.set32(0x1_c024, 0x2_0400);
    expect(to(0x1_c000, 0x405, EDAT.OFF)).toEqual({ code: 0, frame: 0x30, protect: false, table: TABLE });
  });
});

describe('a processor that recognizes an exception', () => {
  /** A processor with the tables in storage and the element in a control register. */
  function processor(asce: number | bigint, cr0 = 0n) {
    const machine = new Machine({ storageSize: STORAGE });
    fillTables(machine.storage);
    const cpu = machine.cpu(0);
    cpu.dat = true;
    cpu.setControl(0, cr0);
    cpu.setControl(1, BigInt(asce));
    /** Exception code and the 64 bits of the identification, or the frame's address. */
    const reach = (page: number, access: typeof FETCH | typeof STORE | typeof INSTRUCTION) => {
      const frame = cpu.attempt(logicalPage(page), access);
      if (frame >= 0) return frame;
      return [cpu.exceptionCode, (BigInt(cpu.teidHi) << 32n) | BigInt(cpu.teidLo)];
    };
    return { storage: machine.storage, cpu, reach };
  }

  const ENHANCED = 0x80_0000n;

  it.each(PASSED)('$at translation from a $from table', ({ top, entry }) => {
    const { storage, reach } = processor(top.asce);
    storage.set32(entry.at + 4, entry.lo | 0x20);
    const address = BigInt(top.page) << 12n;
    expect(reach(top.page, FETCH)).toEqual([entry.exception, address | 0x800n]);
    expect(reach(top.page, STORE)).toEqual([entry.exception, address | 0x400n]);
    expect(reach(top.page, INSTRUCTION)).toEqual([entry.exception, address | 0x800n]);
  });

  it('page translation: the address in two halves, and the kind of access', () => {
    const { storage, reach, cpu } = processor(0x1_000f);
    storage.set32(PAGE_ENTRY + 4, 0x400);
    expect(reach(0x200_8018_0405, FETCH)).toEqual([0x11, 0x0020_0801_8040_5800n]);
    expect([cpu.teidHi, cpu.teidLo]).toEqual([0x0020_0801, 0x8040_5800]);
    expect(reach(0x200_8018_0405, STORE)).toEqual([0x11, 0x0020_0801_8040_5400n]);
  });

  it('ASCE type', () => {
    const { reach } = processor(0x1_8007);
    expect(reach(0x4000_0000, FETCH)).toEqual([0x38, 0x0000_0400_0000_0800n]);
    expect(reach(0xf_ffff_ffff_ffff, STORE)).toEqual([0x38, 0xffff_ffff_ffff_f400n]);
  });

  it('translation specification', () => {
    const { storage, reach } = processor(0x1_c000);
    storage.set32(PAGE_ENTRY + 4, 0x3_0800);
    expect(reach(0x405, FETCH)).toEqual([0x12, 0x40_5800n]);
    expect(reach(0x405, STORE)).toEqual([0x12, 0x40_5400n]);
  });

  it('addressing, for a table and for the frame itself', () => {
    const { storage, reach } = processor(0x1_c000);
    storage.set32(PAGE_ENTRY + 4, STORAGE);
    expect(reach(0x405, FETCH)).toMatchObject([0x05, expect.anything()]);
    expect(reach(0x405, STORE)).toMatchObject([0x05, expect.anything()]);
    storage.set32(PAGE_ENTRY + 4, STORAGE - 0x1000);
    expect(reach(0x405, FETCH)).toBe(STORAGE - 0x1000);
    const outside = processor(STORAGE);
    expect(outside.reach(0x405, FETCH)).toMatchObject([0x05, expect.anything()]);
  });

  it('protection by DAT: of a page and of a segment, for stores alone, with 0x4 in the identification', () => {
    for (const at of [PAGE_ENTRY + 4, 0x1_c024]) {
      const { storage, reach } = processor(0x1_c000);
      storage.set32(at, storage.get32(at) | 0x200);
      expect(reach(0x405, FETCH)).toBe(0x3_0000);
      expect(reach(0x405, INSTRUCTION)).toBe(0x3_0000);
      expect(reach(0x405, STORE)).toEqual([0x04, 0x40_5404n]);
    }
  });

  it('protection of a region, when control register 0 has enhanced DAT on', () => {
    for (const [edat, expected] of [
      [0n, 0x3_0000],
      [ENHANCED, [0x04, 0x0000_0001_8040_5404n]],
    ] as const) {
      const { storage, reach } = processor(0x1_8007, edat);
      storage.set32(0x1_801c, 0x1_c207);
      expect(reach(0x18_0405, STORE)).toEqual(expected);
      expect(reach(0x18_0405, FETCH)).toBe(0x3_0000);
    }
  });

  it('a frame of 1 MiB, when control register 0 has enhanced DAT on', () => {
    const { storage, reach } = processor(0x1_c000, ENHANCED);
    storage.set32(0x1_c024, 0x20_0400);
    expect(reach(0x405, FETCH)).toBe(0x20_5000);
    expect(reach(0x405, STORE)).toBe(0x20_5000);
    const protect = processor(0x1_c000, ENHANCED);
    protect.storage.set32(0x1_c024, 0x20_0600);
    expect(protect.reach(0x405, STORE)).toEqual([0x04, 0x40_5404n]);
  });

  it('names the space in the last two bits', () => {
    const { cpu, storage, reach } = processor(0x1_c000);
    storage.set32(PAGE_ENTRY + 4, 0x400);
    cpu.setControl(7, 0x1_c000n);
    cpu.setControl(13, 0x1_c000n);
    cpu.space = SPACE.SECONDARY;
    expect(reach(0x405, FETCH)).toEqual([0x11, 0x40_5802n]);
    // Instructions come from the primary space then.
    expect(reach(0x405, INSTRUCTION)).toEqual([0x11, 0x40_5800n]);
    cpu.space = SPACE.HOME;
    expect(reach(0x405, STORE)).toEqual([0x11, 0x40_5403n]);
    expect(reach(0x405, INSTRUCTION)).toEqual([0x11, 0x40_5803n]);
    storage.set32(PAGE_ENTRY + 4, 0x3_0200);
    expect(reach(0x405, STORE)).toEqual([0x04, 0x40_5407n]);
  });

  it('takes the ASCE of each space from its control register', () => {
    const { cpu, reach } = processor(0x1_c000);
    cpu.setControl(7, 0x20n);
    cpu.setControl(13, 0x2000_0020n);
    cpu.space = SPACE.SECONDARY;
    expect(reach(0x111, FETCH)).toBe(0x11_1000);
    cpu.space = SPACE.PRIMARY;
    expect(reach(0x405, FETCH)).toBe(0x3_0000);
    cpu.space = SPACE.HOME;
    expect(reach(0x112, INSTRUCTION)).toBe(0x11_2000);
  });

  it('in real space: only the end of storage', () => {
    const { reach } = processor(0x20);
    expect(reach(0x3ff, STORE)).toBe(0x3f_f000);
    expect(reach(0x400, STORE)).toMatchObject([0x05, expect.anything()]);
  });

  it('a walk that failed makes no TLB entry', () => {
    const { storage, cpu, reach } = processor(0x1_c000);
    storage.set32(PAGE_ENTRY + 4, 0x400);
    reach(0x405, FETCH);
    expect([...cpu.tlb.entries()]).toEqual([]);
    storage.set32(PAGE_ENTRY + 4, 0x3_0000);
    expect(reach(0x405, FETCH)).toBe(0x3_0000);
  });

  it('uses a TLB entry until it is purged', () => {
    const { storage, cpu, reach } = processor(0x1_c000);
    expect(reach(0x405, STORE)).toBe(0x3_0000);
    storage.set32(PAGE_ENTRY + 4, 0x400);
    expect(reach(0x405, STORE)).toBe(0x3_0000);
    expect([...cpu.tlb.entries()]).toEqual([
      { page: 0x405, asceHi: 0, asceLo: 0x1_c000, frame: 0x30, table: TABLE, protect: false },
    ]);
    cpu.tlb.purgePage(TABLE, 5);
    expect(reach(0x405, STORE)).toEqual([0x11, 0x40_5400n]);
  });

  it('sets the reference bit of the frame, and for a store the change bit', () => {
    const { storage, reach } = processor(0x1_c000);
    reach(0x405, FETCH);
    expect(storage.keys[0x30]).toBe(0x04);
    reach(0x405, STORE);
    expect(storage.keys[0x30]).toBe(0x06);
  });

  it('exceptions have the codes that the architecture gives them', () => {
    expect(PGM).toMatchObject({
      PROTECTION: 0x04,
      ADDRESSING: 0x05,
      SEGMENT_TRANSLATION: 0x10,
      PAGE_TRANSLATION: 0x11,
      TRANSLATION_SPECIFICATION: 0x12,
      ASCE_TYPE: 0x38,
      REGION_FIRST_TRANSLATION: 0x39,
      REGION_SECOND_TRANSLATION: 0x3a,
      REGION_THIRD_TRANSLATION: 0x3b,
    });
  });
});
