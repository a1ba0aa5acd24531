/** Invalidation of table entries: ranges, local clearing, comparison and replacement. */

import { describe, expect, it } from 'vitest';
import type { Cpu } from '../engine/cpu.ts';
import { PGM } from '../interruption.ts';
import { Machine, type MachineOptions } from '../machine.ts';
import { bare, CODE, DAT, DATA, exception, get, MODE_64, PROBLEM } from '../testing/bare.ts';

const SEGMENTS = 0x8000;
const PAGES = 0xa800;
const OTHER = 0x2000_0000n;

/** Two processors with the same tables: page n is frame n. */
function pair(options: MachineOptions = {}): [Cpu, Cpu] {
  const machine = new Machine({ storageSize: 0x20_0000, cpus: 2, ...options });
  const { storage } = machine;
  for (let i = 0; i < 512; i++) storage.set64(SEGMENTS + i * 8, 0x20n);
  storage.set64(SEGMENTS, BigInt(PAGES));
  for (let i = 0; i < 256; i++) storage.set64(PAGES + i * 8, BigInt(i * 0x1000));
  for (const cpu of machine.cpus) {
    cpu.interruptions = 'report';
    cpu.setControl(0, 0x4_00e0n);
    cpu.setControl(1, BigInt(SEGMENTS));
    cpu.gr[9] = BigInt(DATA);
    expect(exception(cpu, '58209000', MODE_64 | DAT)).toBe(0);
  }
  return [machine.cpu(0), machine.cpu(1)];
}

/** The pages of a processor's TLB. */
const cached = (cpu: Cpu) => [...cpu.tlb.entries()].map(({ page }) => page);
const invalid = (cpu: Cpu, index: number) => (cpu.storage.get64(PAGES + index * 8) & 0x400n) !== 0n;

describe('INVALIDATE PAGE TABLE ENTRY', () => {
  it('of a range invalidates the further entries, and updates r2 and r3', () => {
    const [cpu, other] = pair();
    Object.assign(cpu.gr, { 2: BigInt(PAGES) | 0x7ffn, 3: OTHER | 0x1_e123n, 4: 0x7777_0000_1234_5603n });
    expect(exception(cpu, 'b2214023')).toBe(0);
    expect([0x1d, 0x1e, 0x1f, 0x20, 0x21, 0x22].map((i) => invalid(cpu, i))).toEqual([
      false,
      true,
      true,
      true,
      true,
      false,
    ]);
    expect([cpu.gr[3], cpu.gr[4]]).toEqual([OTHER | 0x2_2123n, 0x7777_0000_1234_56ffn]);
    for (const one of [cpu, other]) expect(cached(one)).not.toContain(DATA / 0x1000);
  });

  it('may reach the last entry of the table, but not beyond it', () => {
    const [cpu] = pair();
    Object.assign(cpu.gr, { 2: BigInt(PAGES), 3: 0xf_f000n, 4: 0n });
    expect(exception(cpu, 'b2214023')).toBe(0);
    expect([invalid(cpu, 254), invalid(cpu, 255)]).toEqual([false, true]);
    Object.assign(cpu.gr, { 3: 0xf_e000n, 4: 2n });
    expect(exception(cpu, 'b2214023')).toBe(PGM.SPECIFICATION);
    expect([invalid(cpu, 254), cpu.gr[3], cpu.gr[4]]).toEqual([false, 0xf_e000n, 2n]);
  });

  it('of one entry leaves the registers as they are; so it is on a model without ranges', () => {
    for (const [code, cpuModel] of [
      ['b2210023', 'max'],
      ['b2214023', 'z10'],
    ] as const) {
      const [cpu] = pair({ cpuModel });
      Object.assign(cpu.gr, { 0: 3n, 2: BigInt(PAGES), 3: 0x2_0000n, 4: 3n });
      expect(exception(cpu, code)).toBe(0);
      expect([invalid(cpu, 0x20), invalid(cpu, 0x21), cpu.gr[3], cpu.gr[4]]).toEqual([
        true,
        false,
        0x2_0000n,
        3n,
      ]);
    }
  });
});

describe('local clearing', () => {
  it.each([
    ['IPTE', 'b2210123', BigInt(PAGES), 0x2_0000n],
    ['IPTE of a range', 'b2214123', BigInt(PAGES), 0x2_0000n],
    ['IDTE', 'b98e0123', BigInt(SEGMENTS), 0n],
    ['IDTE by ASCE', 'b98e0123', 0n, 0x800n],
    ['CRDTE', 'b98f0126', BigInt(PAGES), 0n],
  ])('%s purges the TLB of its own processor only, from the zEC12 on', (_, code, r2, r3) => {
    for (const [cpuModel, kept] of [
      ['max', true],
      ['zEC12', true],
      ['z196', false],
    ] as const) {
      if (code.startsWith('b98f') && cpuModel === 'z196') continue;
      const [cpu, other] = pair({ cpuModel });
      Object.assign(cpu.gr, { 2: r2, 3: r3, 4: 0n });
      if (code.startsWith('b98f')) Object.assign(cpu.gr, { 2: 0x2_0000n, 6: BigInt(PAGES), 7: 0x2_0000n });
      expect(exception(cpu, code)).toBe(0);
      expect(cached(cpu)).not.toContain(DATA / 0x1000);
      expect(cached(other).includes(DATA / 0x1000)).toBe(kept);
    }
  });
});

describe('INVALIDATE DAT TABLE ENTRY', () => {
  it('with an exception at a later entry has invalidated none', () => {
    const cpu = bare();
    for (let i = 0; i < 1024; i++) cpu.storage.set64(0x1f_f000 - 0x1000 + i * 8, 0n);
    // The table begins two pages before the end of storage.
    Object.assign(cpu.gr, { 2: 0x1f_e000n, 3: (0x3fen << 20n) | 2n });
    expect(exception(cpu, 'b98e0023')).toBe(PGM.ADDRESSING);
    expect(get(cpu, 0x1f_fff0, 16)).toBe('0'.repeat(32));
    cpu.gr[3] = (0x3fen << 20n) | 1n;
    expect(exception(cpu, 'b98e0023')).toBe(0);
    expect(get(cpu, 0x1f_fff0, 16)).toBe('00000000000000200000000000000020');
  });
});

describe('RESET DAT PROTECTION', () => {
  it('permits stores to a page, and purges what was made from its entry, on all processors or only on its own', () => {
    for (const [code, kept] of [
      ['b98b0023', false],
      ['b98b0123', true],
    ] as const) {
      const [cpu, other] = pair();
      cpu.storage.set64(PAGES + 0x20 * 8, 0x2_0200n);
      Object.assign(cpu.gr, { 2: BigInt(PAGES) | 0x7ffn, 3: OTHER | 0x2_0123n });
      expect(exception(cpu, code)).toBe(0);
      expect(cpu.storage.get64(PAGES + 0x20 * 8)).toBe(0x2_0000n);
      expect(cached(cpu)).not.toContain(DATA / 0x1000);
      expect(cached(other).includes(DATA / 0x1000)).toBe(kept);
    }
    expect(exception(bare({ cpuModel: 'z15' }), 'b98b0023')).toBe(PGM.OPERATION);
  });
});

describe('COMPARE AND REPLACE DAT TABLE ENTRY', () => {
  const address = (5n << 53n) | (6n << 42n) | (7n << 31n) | (8n << 20n) | (9n << 12n);

  it.each([
    ['page', 0x00n, 9],
    ['segment', 0x10n, 8],
    ['region-third', 0x14n, 7],
    ['region-second', 0x18n, 6],
    ['region-first', 0x1cn, 5],
  ])('replaces the entry of a %s table if it is the expected one', (_, type, index) => {
    const cpu = bare();
    const at = DATA + index * 8;
    cpu.storage.set64(at, 0x123n);
    Object.assign(cpu.gr, { 2: 0x123n, 3: 0x456n, 6: BigInt(DATA) | type | 3n, 7: address });
    expect(exception(cpu, 'b98f0026')).toBe(0);
    expect([cpu.cc, cpu.storage.get64(at), cpu.gr[2]]).toEqual([0, 0x456n, 0x123n]);
    expect(exception(cpu, 'b98f0026')).toBe(0);
    expect([cpu.cc, cpu.storage.get64(at), cpu.gr[2]]).toEqual([1, 0x456n, 0x456n]);
  });

  it('purges all TLBs when it replaces, and only then', () => {
    for (const [expected, kept] of [
      [0x2_0000n, false],
      [1n, true],
    ] as const) {
      const [cpu, other] = pair();
      Object.assign(cpu.gr, { 2: expected, 3: 0x400n, 6: BigInt(PAGES), 7: BigInt(DATA) });
      expect(exception(cpu, 'b98f0026')).toBe(0);
      for (const one of [cpu, other]) expect(cached(one).includes(DATA / 0x1000)).toBe(kept);
    }
  });

  it('needs even registers, a type of table, and the supervisor state; stores must be permitted', () => {
    const cpu = bare();
    Object.assign(cpu.gr, { 2: 1n, 6: BigInt(DATA) });
    for (const code of ['b98f0036', 'b98f0027']) expect(exception(cpu, code)).toBe(PGM.SPECIFICATION);
    for (const type of [4n, 8n, 12n]) {
      cpu.gr[6] = BigInt(DATA) | type;
      expect(exception(cpu, 'b98f0026')).toBe(PGM.SPECIFICATION);
    }
    expect(exception(cpu, 'b98f0026', MODE_64 | PROBLEM)).toBe(PGM.PRIVILEGED_OPERATION);
    cpu.gr[6] = 0n;
    cpu.setControl(0, 0x1004_00e0n);
    expect(exception(cpu, 'b98f0026')).toBe(PGM.PROTECTION);
    expect(cpu.pswAddress).toBe(BigInt(CODE) + 4n);
    expect(exception(bare({ cpuModel: 'z196' }), 'b98f0026')).toBe(PGM.OPERATION);
  });
});
