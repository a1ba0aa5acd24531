/**
 * Dynamic address translation with tables in the arena's second page, which is 0x21000 to 0x211ff: a table of any level begins
 * there. Page 0 is the only one that the tables need not map, so an entry of index 0 may be that of two tables at once.
 *
 * Neither machine has enhanced DAT. TCG does not check storage keys, and its LOAD REAL ADDRESS does not translate with DAT off.
 */

import { Cases, type Random, type RecordedCase, type StateInput } from '../generate.ts';

const TABLE = 0x21000;
/** Page and segment that hold the arena. */
const PAGE = 0x20;
/** PSW bit 5. */
const DAT_ON = 4;
const CR0 = 0x4_00e0n;
const EXECUTION_PROTECTION = 0x10_0000n;
const LOW_ADDRESS = 0x1000_0000n;

const SEGMENT_TABLE = 0n;
const REGION_THIRD_TABLE = 4n;
const REGION_SECOND_TABLE = 8n;
const REGION_FIRST_TABLE = 12n;

/** Entries by index in the table at TABLE. */
type Entries = Readonly<Record<number, bigint>>;

const bytes = (value: bigint) => BigInt.asUintN(64, value).toString(16).padStart(16, '0');

/** State of a case with a table, DAT on, and its identification recorded. */
function mapped(entries: Entries, asce: bigint, state: StateInput = {}): StateInput {
  const m: Record<string, string> = {};
  for (const [index, value] of Object.entries(entries)) {
    m[(TABLE + Number(index) * 8).toString(16)] = bytes(value);
  }
  const c1 = BigInt(TABLE) | asce;
  return { system: DAT_ON, teid: 1, c0: CR0, c1, c7: c1, c13: c1, ...state, m: { ...m, ...state.m } };
}

/** A segment table and a page table in the same place: pages 0x20 and 0x21 are themselves, 0x22 has this entry. */
function paged(entry: bigint, state: StateInput = {}, segment = 0n): StateInput {
  const pages = { 0: BigInt(TABLE) | segment, [PAGE]: 0x2_0000n, [PAGE + 1]: 0x2_1000n, [PAGE + 2]: entry };
  return mapped(pages, SEGMENT_TABLE, state);
}

export function dat(): RecordedCase[] {
  const c = new Cases();
  pages(c);
  execution(c);
  return c.list;
}

/** Pages: the identification of every exception. */
function pages(c: Cases): void {
  const r9 = 0x2_2100n;
  for (const entry of [0x2_1000n, 0x2_1200n, 0x2_1400n, 0x2_1800n, 0x2_1100n, 0x7000_0000n]) {
    for (const space of [0, 2, 3]) {
      c.add('lg', 'lg %r2,0(%r9)', paged(entry, { r9, space }));
      c.add('stg', 'stg %r2,0(%r9)', paged(entry, { r9, space }));
    }
  }
  const c0 = CR0 | LOW_ADDRESS;
  for (const at of ['0x100', '0x1100', '0x200']) {
    c.add('stg', `stg %r2,${at}`, { teid: 1, c0 });
    for (const space of [0, 2, 3]) c.add('stg', `stg %r2,${at}`, paged(0n, { c0, space }));
  }
  const types = [SEGMENT_TABLE, REGION_THIRD_TABLE, REGION_SECOND_TABLE, REGION_FIRST_TABLE];
  for (const at of [0x10_0000n, 0x8000_0000n, 0x400_0000_0000n, 0x20_0000_0000_0000n, -0x1000n]) {
    c.add('lg', 'lg %r2,0(%r9)', paged(0n, { r9: at }));
    c.add('stg', 'stg %r2,0(%r9)', paged(0n, { r9: at }));
    // The tables do not even map the instruction.
    for (const type of types) c.add('lr', 'lr %r2,%r3', mapped({ 0: type | 0x20n }, type));
  }
}

/** Instruction fetches from pages that forbid them, and targets of EXECUTE. */
function execution(c: Cases): void {
  for (const c0 of [CR0, CR0 | EXECUTION_PROTECTION]) {
    for (const bit of [0n, 0x100n]) {
      for (const space of [0, 2, 3]) {
        const pages = { 0: BigInt(TABLE), [PAGE]: 0x2_0000n | bit, [PAGE + 1]: 0x2_1000n };
        c.add('lr', 'lr %r2,%r3', mapped(pages, SEGMENT_TABLE, { c0, space }));
      }
      const target = { r9: 0x2_2180n, c0, m: { '21180': '1823' } };
      for (const name of ['ex', 'lg']) c.add(name, `${name} %r0,0(%r9)`, paged(0x2_1000n | bit, target));
      c.add('bcr', 'br %r9', paged(0x2_1000n | bit, target));
    }
  }
}

/** The conditional SSKE: with each mask, of keys that differ in each part. */
function keys(c: Cases): void {
  for (const m3 of [0, 2, 4, 6, 8, 14]) {
    for (const k1 of [0x56, 0x50, 0x52, 0x54, 0x5e, 0x46]) {
      c.add('sske', `sske %r2,%r9,${m3}`, { r9: 0x2_1000n, r2: 0xff_a556n, k1, cc: 2 });
    }
  }
}

/** LOAD REAL ADDRESS in all addressing modes. */
function realAddresses(c: Cases): void {
  c.each('lra lray lrag', 24, (name, random, i) => {
    const entry = random.of([0x2_1000n, 0x2_1400n, 0x1_8000_0000n, 0x2_1200n]);
    const mode = [24, 31, 64][i % 3] as number;
    const state = { r2: random.u64(), r9: BigInt(0x2_2000 + random.below(0x1000)), mode, system: 0, c0: CR0 };
    c.add(name, `${name} %r2,0(%r9)`, i < 12 ? paged(entry, state) : anySegment(random, state));
  });
}

function anySegment(random: Random, state: StateInput): StateInput {
  const entry = random.of([0x20n, 0x8000_0000n, 0x4n, 0x420n]);
  return mapped({ 0: entry }, SEGMENT_TABLE, { ...state, r9: BigInt(random.below(0x10_0000)) });
}

/** Cases for Hercules: instructions that TCG does not implement. */
export function datTables(): RecordedCase[] {
  const c = new Cases();
  const off = { system: 0, c0: CR0, r10: TABLE };
  for (const system of [0, DAT_ON]) {
    for (const entry of [0x2_1000n, 0x2_1200n, 0x2_1400n, 0x123_4567_8000n, 0x2_1800n]) {
      const state = { ...off, system, r9: 0x2_2345n };
      c.add('strag', 'strag 0x108(%r10),0(%r9)', paged(entry, state));
      c.add('strag', 'strag 0x108(%r10),0(%r9)', paged(entry, { ...state, mode: 31 }));
      for (const m4 of [0, 2, 3, 4]) {
        const asm = `lptea %r2,%r0,%r3,${m4}`;
        c.add('lptea', asm, paged(entry, { ...off, system, r3: 0x2_2345n, cc: 3 }));
        c.add('lptea', asm, paged(entry, { ...off, system, r3: 0x2_2345n }, 0x200n));
      }
    }
    c.add('strag', 'strag 0x10c(%r10),0(%r9)', paged(0x2_1000n, { ...off, system, r9: 0x2_2345n }));
    c.add('strag', 'strag 0x108(%r10),0(%r9)', paged(0x2_1000n, { ...off, system, r9: 0x8000_0000n }));
  }
  for (const m4 of [5, 15])
    c.add('lptea', `lptea %r2,%r0,%r3,${m4}`, paged(0x2_1000n, { ...off, r3: 0x2_2345n }));
  for (const at of [0x10_0000n, 0x2000_0000n, 0x8000_0000n, -0x1000n]) {
    for (const entries of [{ 0: 0x20n }, { 0: 0x24n }, { 0: 0x2_1000n, 1: 0x20n }]) {
      for (const type of [SEGMENT_TABLE, REGION_THIRD_TABLE, 8n, 12n]) {
        c.add('lptea', 'lptea %r2,%r0,%r3,0', mapped(entries, type, { ...off, r3: at }));
      }
    }
  }
  c.add('lptea', 'lptea %r2,%r0,%r3,0', { ...off, c1: 0x20n });
  keys(c);
  realAddresses(c);
  return c.list;
}
