/**
 * Access to storage, rule by rule: spaces, control registers, segment keys, the first slot of a TLB, operands that wrap
 * around, and the host's translation of a guest's pages.
 */

import { beforeEach, describe, expect, it } from 'vitest';
import { absolutePage, logicalPage } from '../addresses.ts';
import { CR0 } from '../control-registers.ts';
import { EDAT } from '../dat/formats.ts';
import type { Cpu } from '../engine/cpu.ts';
import { PGM } from '../interruption.ts';
import { KEY_CHANGED, KEY_REFERENCED } from '../storage.ts';
import { bare, CODE, DAT, DATA, exception, MODE_64, put } from '../testing/bare.ts';
import { FETCH, STORE, UNWIND } from './access.ts';
import type { SieContext } from './sie-context.ts';
import { SPACE } from './state.ts';

const SEGMENTS = 0xc_0000;
const PAGES = 0xd_0000;
/** Storage of the machine under test, in pages. */
const STORAGE_PAGES = 0x200;
const INVALID = 0x400n;
const PROTECT = 0x200n;

let cpu: Cpu;

beforeEach(() => {
  cpu = bare();
});

/** Makes a segment table at SEGMENTS whose first entry designates a page table at PAGES: page n is frame n. */
function tables(at = SEGMENTS, pages = PAGES): void {
  for (let i = 0; i < 2048; i++) cpu.storage.set64(at + i * 8, 0x20n);
  cpu.storage.set64(at, BigInt(pages));
  for (let i = 0; i < 256; i++) cpu.storage.set64(pages + i * 8, BigInt(i * 4096));
}

const setPage = (page: number, entry: bigint, pages = PAGES) => cpu.storage.set64(pages + page * 8, entry);

/** The exception code of an access of one byte, 0 if there is none. */
function code(page: number, access: typeof FETCH | typeof STORE, offset = 0): number {
  const kind = cpu.attemptAll(() => void cpu.frame(logicalPage(page), offset, access));
  return kind === 0 ? 0 : cpu.exceptionCode;
}

/** A context of interpretive execution. The host's tables are at SEGMENTS. */
function context(changes: Partial<SieContext> = {}): SieContext {
  return {
    originPage: 0x10,
    pages: 0x20,
    asceHi: 0,
    asceLo: SEGMENTS,
    prefix: 0,
    edat: EDAT.EDAT_2,
    executionProtection: true,
    pageStatus: false,
    interceptOperation: false,
    interceptions: 1,
    loadControls: 0,
    externalRequest: false,
    ioRequest: false,
    enforceEvents: false,
    ...changes,
  };
}

describe('low-address protection', () => {
  it.each([
    ['DAT off', MODE_64],
    ['DAT on', MODE_64 | DAT],
  ])('does not apply to fetches, nor to later pages: %s', (_, mask) => {
    tables();
    cpu.setControl(1, BigInt(SEGMENTS));
    cpu.setControl(0, BigInt(CR0.LOW_ADDRESS_PROTECTION));
    cpu.setPsw(mask, BigInt(CODE));
    expect([code(0, FETCH), code(1, FETCH), code(2, STORE)]).toEqual([0, 0, 0]);
    expect([code(0, STORE), code(1, STORE)]).toEqual([PGM.PROTECTION, PGM.PROTECTION]);
    expect([code(0, STORE, 512), code(1, STORE, 512)]).toEqual([0, 0]);
  });
});

describe('the space of an access', () => {
  it.each([
    ['primary', SPACE.PRIMARY, 1],
    ['secondary', SPACE.SECONDARY, 7],
    ['home', SPACE.HOME, 13],
  ])('%s: control register %i has its address-space-control element', (_, space, register) => {
    for (const n of [1, 7, 13]) cpu.setControl(n, 0n);
    tables();
    cpu.setControl(register, BigInt(SEGMENTS));
    cpu.setPsw(MODE_64 | DAT | (BigInt(space) << 46n), BigInt(CODE));
    expect(code(0x20, FETCH)).toBe(0);
    setPage(0x30, INVALID);
    expect(code(0x30, FETCH)).toBe(PGM.PAGE_TRANSLATION);
    expect(cpu.teidLo & 3).toBe(space);
  });
});

describe('a TLB', () => {
  it('hits in its first slot, too', () => {
    tables();
    setPage(0, 0x4_0000n);
    cpu.setControl(1, BigInt(SEGMENTS));
    cpu.setPsw(MODE_64 | DAT, BigInt(CODE));
    const { tlb } = cpu;
    expect(code(0, FETCH)).toBe(0);
    const { misses } = tlb;
    setPage(0, INVALID);
    expect(code(0, FETCH)).toBe(0);
    expect(tlb.misses).toBe(misses);
    cpu.key = 1;
    expect(code(0, FETCH)).toBe(0);
    expect(tlb.misses).toBe(misses);
  });

  it('of a guest hits in its first slot, too', () => {
    const guestSegments = 0xe_0000;
    const guestPages = 0xf_0000;
    tables();
    cpu.sie = context({ originPage: 0, pages: 0x100 });
    tables(guestSegments, guestPages);
    cpu.setControl(1, BigInt(guestSegments));
    cpu.setPsw(MODE_64 | DAT, BigInt(CODE));
    expect(code(0, FETCH)).toBe(0);
    setPage(0, INVALID, guestPages);
    expect(code(0, FETCH)).toBe(0);
  });

  it('has no entries for a guest whose address-space-control element equals that of a process', () => {
    const hostSegments = 0x14_0000;
    const hostPages = 0x15_0000;
    tables();
    tables(hostSegments, hostPages);
    setPage(0x20, 0x3_0000n, hostPages);
    cpu.setControl(1, BigInt(SEGMENTS));
    cpu.setPsw(MODE_64 | DAT, BigInt(CODE));
    expect(cpu.frame(logicalPage(0x20), 0, FETCH)).toBe(0x2_0000);
    // Both have their tables at SEGMENTS. The host maps the guest's page 0x20 to frame 0x30.
    cpu.sie = context({ originPage: 0, pages: 0x100, asceLo: hostSegments });
    expect(cpu.frame(logicalPage(0x20), 0, FETCH)).toBe(0x3_0000);
  });

  it('calls the TLB check hook for each hit, of the process and of the host’s translation of a guest', () => {
    tables();
    cpu.setControl(1, BigInt(SEGMENTS));
    cpu.setPsw(MODE_64 | DAT, BigInt(CODE));
    const seen: number[] = [];
    cpu.onTlbHit = (tlb, slot) => void seen.push(tlb.pages[slot] as number);
    for (let i = 0; i < 3; i++) code(0x20, FETCH);
    cpu.sie = context();
    cpu.dat = false;
    for (let i = 0; i < 2; i++) code(0x12, FETCH);
    expect(seen).toEqual([0x20, 0x20, 0x22]);
  });

  it('is filled with the enhanced-DAT control of the host, while a guest is interpreted', () => {
    const frame = 0x10_0000n;
    cpu.storage.set64(SEGMENTS, frame | 0x400n);
    cpu.sie = context({ originPage: 0 });
    cpu.setControl(0, 0n);
    expect(cpu.absoluteFrame(absolutePage(3), FETCH)).toBe(Number(frame) + 3 * 4096);
    cpu.sie = context({ originPage: 0, edat: EDAT.OFF });
    cpu.setControl(0, BigInt(CR0.EDAT));
    cpu.tlb.purgeAll();
    cpu.storage.set64(Number(frame) + 3 * 8, 0x5000n);
    expect(cpu.absoluteFrame(absolutePage(3), FETCH)).toBe(0x5000);
  });
});

describe('the key of a segment-table entry', () => {
  const ACCESS_VALID = 0x1_0000n;
  const FORMAT_CONTROL = 0x400n;
  const KEY_3 = 3n << 52n;

  it('of 0 overrides the storage key of the frame', () => {
    cpu.storage.set64(SEGMENTS, FORMAT_CONTROL | ACCESS_VALID);
    cpu.storage.keys.fill(0x30);
    cpu.setControl(0, BigInt(CR0.EDAT));
    cpu.setControl(1, BigInt(SEGMENTS));
    cpu.setPsw(MODE_64 | DAT | KEY_3, BigInt(CODE));
    expect([code(0x20, FETCH), code(0x20, STORE)]).toEqual([0, PGM.PROTECTION]);
  });

  it('of a guest overrides the storage key of the host’s frame', () => {
    const guestSegments = 0xe_0000;
    tables();
    cpu.sie = context({ originPage: 0, pages: 0x100 });
    cpu.storage.set64(guestSegments, FORMAT_CONTROL | ACCESS_VALID | 0x4000n);
    cpu.storage.keys.fill(0x30);
    cpu.setControl(0, BigInt(CR0.EDAT));
    cpu.setControl(1, BigInt(guestSegments));
    cpu.setPsw(MODE_64 | DAT | KEY_3, BigInt(CODE));
    expect(code(0x20, STORE)).toBe(PGM.PROTECTION);
    cpu.key = 4;
    expect(code(0x20, STORE)).toBe(0);
    cpu.guestTlb.purgeAll();
    cpu.storage.set64(guestSegments, FORMAT_CONTROL | ACCESS_VALID);
    cpu.key = 3;
    expect(code(0x20, STORE)).toBe(PGM.PROTECTION);
  });
});

describe('an operand that wraps around to page 0', () => {
  // In the 24-bit mode page 0 follows page 0xfff. Fetch-protection override opens its first 2 KiB.
  const start = (length: number) => 0x100_0000 - (4096 - length);
  beforeEach(() => {
    tables();
    for (let i = 1; i < 16; i++) cpu.storage.set64(SEGMENTS + i * 8, BigInt(PAGES));
    cpu.setControl(1, BigInt(SEGMENTS));
    cpu.setControl(0, BigInt(CR0.FETCH_OVERRIDE));
    cpu.storage.keys[0] = 0x18;
    cpu.setPsw(DAT | (2n << 52n), BigInt(CODE));
  });
  const accesses: [string, (lo: number) => void][] = [
    ['fetched', (lo) => cpu.fetchBytes(0, lo, 4096, new Uint8Array(4096))],
    ['probed', (lo) => cpu.probe(0, lo, 4096, FETCH)],
  ];

  it.each(accesses)('is %s up to the 2048th byte of page 0', (_, access) => {
    expect(cpu.attemptAll(() => access(start(2048)))).toBe(0);
    expect(cpu.attemptAll(() => access(start(2049)))).toBe(UNWIND.PROGRAM);
    expect(cpu.exceptionCode).toBe(PGM.PROTECTION);
  });
});

describe('while a guest is interpreted', () => {
  beforeEach(() => {
    tables();
    cpu.sie = context();
  });

  describe('whether a page can be stored to', () => {
    it('depends on the guest’s extent and on the host’s tables', () => {
      setPage(0x11, INVALID);
      setPage(0x12, BigInt(0x12 * 4096) | PROTECT);
      expect([0, 1, 2, 0x1f, 0x20].map((page) => cpu.absoluteStorable(absolutePage(page)))).toEqual([
        true,
        false,
        false,
        true,
        false,
      ]);
      expect([...cpu.tlb.entries()]).toEqual([]);
    });

    it('depends on the storage of the machine', () => {
      setPage(0x10, BigInt((STORAGE_PAGES - 1) * 4096));
      setPage(0x11, BigInt(STORAGE_PAGES * 4096));
      expect([cpu.absoluteStorable(absolutePage(0)), cpu.absoluteStorable(absolutePage(1))]).toEqual([
        true,
        false,
      ]);
    });

    it.each([0x10, 0])('is in the TLB if the page is: main-storage origin at page %i', (originPage) => {
      cpu.sie = context({ originPage });
      cpu.dat = false;
      for (const [page, protect] of [
        [0, 0n],
        [1, PROTECT],
      ] as const) {
        setPage(originPage + page, BigInt((originPage + page) * 4096) | protect);
        cpu.absoluteFrame(absolutePage(page), FETCH);
        setPage(originPage + page, INVALID);
      }
      expect([cpu.absoluteStorable(absolutePage(0)), cpu.absoluteStorable(absolutePage(1))]).toEqual([
        true,
        false,
      ]);
    });
  });

  it('a guest page is translated by the guest’s tables, then by the host’s', () => {
    const guestSegments = 0xe_0000;
    const guestPages = 0xf_0000;
    cpu.sie = context({ originPage: 0, pages: 0x100 });
    tables(guestSegments, guestPages);
    setPage(0x20, 0x3_0000n, guestPages);
    setPage(0x21, BigInt(0x21 * 4096) | PROTECT, guestPages);
    cpu.setControl(1, BigInt(guestSegments));
    cpu.setPsw(MODE_64 | DAT, BigInt(CODE));
    const walk = cpu.translate(logicalPage(0x20), SPACE.PRIMARY);
    expect([walk.code, cpu.absoluteOf(walk)]).toEqual([0, 0x30]);
    expect([code(0x21, FETCH), code(0x21, STORE)]).toEqual([0, PGM.PROTECTION]);
    // Its tables must be inside its extent, too.
    cpu.guestTlb.purgeAll();
    cpu.sie = context({ originPage: 0, pages: guestPages / 4096 });
    expect(code(0x22, FETCH)).toBe(PGM.ADDRESSING);
    cpu.sie = context({ originPage: 0, pages: guestPages / 4096 + 1 });
    expect(code(0x22, FETCH)).toBe(0);
  });

  it('a guest page is translated by tables in the guest’s storage, not at their addresses in the host’s', () => {
    cpu.sie = context({ originPage: 0x80, pages: 0x80 });
    const [segments, pages] = [0x1_0000, 0x2_0000];
    tables(0x8_0000 + segments, 0x8_0000 + pages);
    cpu.storage.set64(0x8_0000 + segments, BigInt(pages));
    setPage(0x20, 0x3_0000n, 0x8_0000 + pages);
    cpu.setControl(1, BigInt(segments));
    cpu.setPsw(MODE_64 | DAT, BigInt(CODE));
    const walk = cpu.translate(logicalPage(0x20), SPACE.PRIMARY);
    expect([walk.code, cpu.absoluteOf(walk)]).toEqual([0, 0x30]);
  });

  it('the host’s walk for a storage key changes nothing, and ends where the host’s storage does', () => {
    const walk = (page: number) => {
      const kind = cpu.attemptAll(() => void cpu.walkHost(absolutePage(page), page));
      return kind === 0 ? 0 : [kind, cpu.exceptionCode, cpu.teidLo];
    };
    cpu.storage.keys.fill(0);
    setPage(0x11, BigInt((STORAGE_PAGES - 1) * 4096));
    setPage(0x12, BigInt(STORAGE_PAGES * 4096));
    setPage(0x13, INVALID);
    expect(walk(1)).toBe(0);
    const result = cpu.walkHost(absolutePage(1), 1);
    expect([result.frame, result.absolute, result.table]).toEqual([STORAGE_PAGES - 1, true, PAGES / 0x800]);
    expect(walk(2)).toEqual([UNWIND.HOST, PGM.ADDRESSING, 0x1_2800]);
    expect(walk(3)).toEqual([UNWIND.HOST, PGM.PAGE_TRANSLATION, 0x1_3800]);
    expect(walk(0x20)).toEqual([UNWIND.PROGRAM, PGM.ADDRESSING, 0x2_0800]);
    expect(cpu.storage.keys.some((key) => key !== 0)).toBe(false);
    expect([...cpu.tlb.entries()]).toEqual([]);
  });

  it('a store through the host’s tables records reference and change', () => {
    cpu.storage.keys.fill(0);
    cpu.absoluteFrame(absolutePage(2), STORE);
    expect(cpu.storage.keys[0x12]).toBe(KEY_REFERENCED | KEY_CHANGED);
  });
});

describe('an operand at the end of a page', () => {
  // The general path serves an operand that crosses the end of the page, the fast path one that ends just before it.
  it.each([
    ['LH', '48209000', 2],
    ['L', '58209000', 4],
    ['LG', 'e32090000004', 8],
    ['STH', '40209000', 2],
    ['ST', '50209000', 4],
    ['STG', 'e32090000024', 8],
  ])('%s is in one page: the next page is not accessed', (_, instruction, length) => {
    tables();
    cpu.setControl(1, BigInt(SEGMENTS));
    setPage(DATA / 4096 + 1, INVALID);
    cpu.gr[9] = BigInt(DATA + 4096 - length);
    put(cpu, DATA + 4096 - length, '8182838485868788'.slice(0, length * 2));
    expect(exception(cpu, instruction, MODE_64 | DAT)).toBe(0);
    cpu.gr[9] = BigInt(DATA + 4097 - length);
    expect(exception(cpu, instruction, MODE_64 | DAT)).toBe(PGM.PAGE_TRANSLATION);
  });
});
