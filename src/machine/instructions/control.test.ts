/** Control instructions of which only exceptions were recorded, and rare results of others. */

import { describe, expect, it } from 'vitest';
import type { Cpu } from '../engine/cpu.ts';
import { PGM } from '../interruption.ts';
import {
  bare,
  CODE,
  DAT,
  DATA,
  EXTERNAL,
  exception,
  execute,
  get,
  MODE_31,
  MODE_64,
  PROBLEM,
  put,
} from '../testing/bare.ts';

const TOD = 0x1234_5678_9abc_0000n;
const PAGES = 0xa000;

/** Makes a page table that maps segment 0 of the primary space to the same real addresses. */
function tables(cpu: Cpu): void {
  for (let i = 0; i < 512; i++) cpu.storage.set64(0x8000 + i * 8, 0x20n);
  cpu.storage.set64(0x8000, BigInt(PAGES));
  for (let i = 0; i < 256; i++) cpu.storage.set64(PAGES + i * 8, BigInt(i * 0x1000));
  cpu.setControl(1, 0x8000n);
}

describe('clocks', () => {
  it('SET CLOCK sets the clock; the CPU timer runs on', () => {
    const cpu = bare();
    cpu.gr[9] = BigInt(DATA);
    cpu.storage.set64(DATA, TOD);
    cpu.setTimer(1_000_000n);
    cpu.cc = 3;
    expect(exception(cpu, 'b2049000')).toBe(0);
    expect(cpu.cc).toBe(0);
    expect(cpu.tod - TOD).toBeLessThan(0x100n);
    expect(cpu.timer).toBe(1_000_000n - 4n);
    cpu.gr[9] = BigInt(DATA + 4);
    expect(exception(cpu, 'b2049000')).toBe(PGM.SPECIFICATION);
  });

  it('SET CLOCK COMPARATOR and STORE CLOCK COMPARATOR', () => {
    const cpu = bare();
    cpu.gr[9] = BigInt(DATA);
    cpu.storage.set64(DATA, TOD);
    expect(exception(cpu, 'b2069000')).toBe(0);
    expect(cpu.clockComparator).toBe(TOD);
    cpu.gr[9] = BigInt(DATA + 8);
    expect(exception(cpu, 'b2079000')).toBe(0);
    expect(get(cpu, DATA + 8, 8)).toBe('123456789abc0000');
  });

  it('SET CPU TIMER and STORE CPU TIMER: it runs down as the clock runs on', () => {
    const cpu = bare();
    cpu.gr[9] = BigInt(DATA);
    cpu.storage.set64(DATA, 0x1_0000n);
    expect(exception(cpu, 'b2089000')).toBe(0);
    cpu.gr[9] = BigInt(DATA + 8);
    expect(exception(cpu, 'b2099000')).toBe(0);
    expect(cpu.storage.get64(DATA + 8)).toBe(0x1_0000n - 4n);
    expect(execute(cpu, '0700 0700 0700', MODE_64, 3).reason).toBe('limit');
    expect(cpu.timer).toBe(0x1_0000n - 20n);
  });

  it('SET CLOCK PROGRAMMABLE FIELD takes 16 bits of register 0', () => {
    const cpu = bare();
    cpu.gr[0] = 0xff_0000_1234n;
    expect(exception(cpu, '0107')).toBe(0);
    expect(cpu.todProgrammable).toBe(0x1234);
    cpu.gr[0] = 0x1_0000n;
    expect(exception(cpu, '0107')).toBe(PGM.SPECIFICATION);
    expect(exception(cpu, '0107', MODE_64 | PROBLEM)).toBe(PGM.PRIVILEGED_OPERATION);
  });
});

describe('identification', () => {
  it('STORE CPU ID: CPU address and machine type', () => {
    const cpu = bare();
    cpu.gr[9] = BigInt(DATA);
    expect(exception(cpu, 'b2029000')).toBe(0);
    expect(get(cpu, DATA, 8)).toBe('0000000028170000');
  });

  it('STORE FACILITY LIST: the first word, at real 200, whatever the key and low-address protection', () => {
    const cpu = bare();
    cpu.setPrefix(0x4_0000);
    cpu.setControl(0, 0x1004_00e0n);
    expect(exception(cpu, 'b2b10000', MODE_64 | (1n << 52n))).toBe(0);
    expect(get(cpu, 0x4_0000 + 200, 4)).toBe(Buffer.from(cpu.machine.facilities.slice(0, 4)).toString('hex'));
    expect(get(cpu, 200, 4)).toBe('00000000');
  });

  it('STORE SYSTEM INFORMATION 0: the level; no information for higher levels', () => {
    const cpu = bare();
    Object.assign(cpu.gr, { 0: 0xffff_ffff_0000_0000n, 1: 0n, 9: BigInt(DATA) });
    expect(exception(cpu, 'b27d9000')).toBe(0);
    expect([cpu.gr[0], cpu.cc]).toEqual([0xffff_ffff_1000_0000n, 0]);
    cpu.gr[0] = 0x1000_0001n;
    expect(exception(cpu, 'b27d9000')).toBe(0);
    expect(cpu.cc).toBe(3);
    cpu.gr[0] = 0x0000_0100n;
    expect(exception(cpu, 'b27d9000')).toBe(PGM.SPECIFICATION);
  });
});

describe('EXTRACT CPU ATTRIBUTE', () => {
  it.each([
    ['the topology', '000', 0n],
    ['the topology, with a level that does not count', '00f', 0n],
    ['a line size', '010', -1n],
    ['an attribute that does not exist', '0f0', -1n],
    ['reserved bits', '100', -1n],
  ])('%s: there are no caches', (_, displacement, wanted) => {
    const cpu = bare();
    expect(exception(cpu, `eb400${displacement}004c`, MODE_64 | PROBLEM)).toBe(0);
    expect(cpu.grs[4]).toBe(wanted);
  });
});

describe('LOAD REAL ADDRESS', () => {
  it.each([
    ['LRA', 'b1209000'],
    ['LRAY', 'e32090000013'],
    ['LRAG', 'e32090000003'],
  ])('%s: the real address, or of what kind the exception would be', (_, code) => {
    const cpu = bare();
    tables(cpu);
    cpu.storage.set64(PAGES + 0x20 * 8, 0x5_5000n);
    cpu.gr[9] = 0x2_0123n;
    expect(exception(cpu, code)).toBe(0);
    expect([cpu.gr[2], cpu.cc]).toEqual([0x5_5123n, 0]);
    cpu.storage.set64(PAGES + 0x20 * 8, 0x400n);
    expect(exception(cpu, code)).toBe(0);
    expect([cpu.gr[2], cpu.cc]).toEqual([BigInt(PAGES + 0x20 * 8), 2]);
    cpu.gr[9] = 0x10_0000n;
    expect(exception(cpu, code)).toBe(0);
    expect([cpu.gr[2], cpu.cc]).toEqual([0x8008n, 1]);
  });

  it('of more than 31 bits is a special-operation exception, except for LRAG and in the 64-bit mode', () => {
    const cpu = bare();
    tables(cpu);
    cpu.storage.set64(PAGES + 0x20 * 8, 0x12_8000_0000n);
    cpu.gr[9] = 0x2_0123n;
    expect(exception(cpu, 'b1209000', MODE_31)).toBe(PGM.SPECIAL_OPERATION);
    expect(exception(cpu, 'b1209000')).toBe(0);
    expect(cpu.gr[2]).toBe(0x12_8000_0123n);
    expect(exception(cpu, 'e32090000003', MODE_31)).toBe(0);
    expect(cpu.gr[2]).toBe(0x12_8000_0123n);
    cpu.storage.set64(PAGES + 0x20 * 8, 0x7fff_f000n);
    cpu.gr[2] = 0xaaaa_aaaa_0000_0000n;
    expect(exception(cpu, 'b1209000', MODE_31)).toBe(0);
    expect(cpu.gr[2]).toBe(0xaaaa_aaaa_7fff_f123n);
  });
});

describe('purging', () => {
  /** A processor whose TLB has an entry for the page at DATA that its tables no longer have. */
  function stale(): Cpu {
    const cpu = bare();
    tables(cpu);
    cpu.gr[9] = BigInt(DATA);
    expect(exception(cpu, '58209000', MODE_64 | DAT)).toBe(0);
    cpu.storage.set64(PAGES + (DATA / 0x1000) * 8, 0x400n);
    expect(exception(cpu, '58209000', MODE_64 | DAT)).toBe(0);
    return cpu;
  }
  const usesStale = (cpu: Cpu) => {
    cpu.gr[9] = BigInt(DATA);
    return exception(cpu, '58209000', MODE_64 | DAT) === 0;
  };

  it.each([
    ['CSP', 'b2500046'],
    ['CSPG', 'b98a0046'],
  ])('%s purges when it swaps and is asked to, and only then', (_, code) => {
    for (const [compare, ask, kept] of [
      [0x77n, 1n, true],
      [0x11n, 0n, true],
      [0x11n, 1n, false],
    ] as const) {
      const cpu = stale();
      cpu.storage.set64(0x6_0000, code.startsWith('b250') ? 0x11_0000_0000n : 0x11n);
      Object.assign(cpu.gr, { 4: compare, 5: 0x99n, 6: 0x6_0000n | ask });
      expect(exception(cpu, code)).toBe(0);
      expect(cpu.cc).toBe(compare === 0x11n ? 0 : 1);
      expect(usesStale(cpu)).toBe(kept);
    }
  });

  it('PTLB, IPTE and IDTE purge', () => {
    for (const [code, r2, r3] of [
      ['b20d0000', 0n, 0n],
      ['b2210023', BigInt(PAGES), BigInt(DATA)],
      ['b98e0023', 0x8000n, 0n],
      ['b98e0023', 0n, 0x800n],
    ] as const) {
      const cpu = stale();
      Object.assign(cpu.gr, { 2: r2, 3: r3 });
      expect(exception(cpu, code)).toBe(0);
      cpu.storage.set64(0x8000, BigInt(PAGES));
      expect(usesStale(cpu)).toBe(false);
    }
  });

  it('IDTE invalidates the number of entries in r2, and none after the end of the table', () => {
    const cpu = bare();
    for (let i = 0; i < 0x801; i++) cpu.storage.set64(0x10_0000 + i * 8, 0n);
    Object.assign(cpu.gr, { 2: 0x10_0000n, 3: (0x7fen << 20n) | 5n });
    expect(exception(cpu, 'b98e0023')).toBe(0);
    const entries = [0x7fd, 0x7fe, 0x7ff, 0x800].map((i) => cpu.storage.get64(0x10_0000 + i * 8));
    expect(entries).toEqual([0n, 0x20n, 0x20n, 0n]);
    cpu.gr[3] = 0x1000n;
    expect(exception(cpu, 'b98e0023')).toBe(PGM.SPECIFICATION);
    cpu.gr[3] = 0x1800n;
    expect(exception(cpu, 'b98e0023')).toBe(PGM.SPECIFICATION);
  });

  it('IDTE of a table that lies across 4 GiB does not wrap to low storage', () => {
    const cpu = bare();
    cpu.storage.set64(0, 0n);
    Object.assign(cpu.gr, { 2: 0xffff_f000n, 3: 0x200n << 20n });
    expect(exception(cpu, 'b98e0023')).toBe(PGM.ADDRESSING);
    expect(cpu.storage.get64(0)).toBe(0n);
  });
});

describe('a system mask that makes the PSW invalid', () => {
  it.each([
    ['SSM', '80009000', 4],
    ['STOSM', 'ad229000', 4],
    ['SSM by EXECUTE', '44009008', 4],
    ['SSM by EXECUTE RELATIVE LONG', 'c60000000003 80009000', 6],
    ['LPSWE', 'b2b29010', 0],
  ])('%s: the exception comes behind it and stores its length', (_, code, length) => {
    const cpu = bare();
    cpu.gr[9] = BigInt(DATA);
    put(cpu, DATA, '2200000000000000 8000900000000000 2200000180000000 0000000000030000');
    const stop = execute(cpu, code, MODE_64, 2);
    expect(stop).toMatchObject({ interruption: { code: PGM.SPECIFICATION, length } });
    expect(cpu.pswAddress).toBe(length === 0 ? 0x3_0000n : BigInt(CODE + length));
  });
});

describe('moves with keys', () => {
  it.each([
    [255n, 0],
    [256n, 0],
    [257n, 3],
    [0x1_0000_0000n, 3],
  ])('MVCK of %d bytes moves 256 at most', (length, cc) => {
    const cpu = bare();
    cpu.storage.fill(DATA, 0x400, 0x5a);
    Object.assign(cpu.gr, { 2: length, 4: 0n, 8: 0x6_0000n, 9: BigInt(DATA) });
    expect(exception(cpu, 'd92480009000')).toBe(0);
    const moved = cpu.storage.read(0x6_0000, 0x200).filter((byte) => byte === 0x5a).length;
    expect([cpu.cc, moved]).toEqual([cc, Math.min(Number(length), 256)]);
  });

  it('MVPG: bits of register 0 before the key, the key before the pages, the source before the destination', () => {
    const cpu = bare();
    tables(cpu);
    for (const page of [0x30, 0x40]) cpu.storage.set64(PAGES + page * 8, 0x400n);
    const outcome = (what: bigint, to: bigint, from: bigint, mask = MODE_64 | DAT) => {
      Object.assign(cpu.gr, { 0: what, 4: to, 6: from });
      return exception(cpu, 'b2540046', mask) || -cpu.cc;
    };
    const problem = MODE_64 | DAT | PROBLEM;
    expect(outcome(0x1c00n, 0x3_0000n, 0x4_0000n, problem)).toBe(PGM.SPECIFICATION);
    expect(outcome(0x0c00n, 0x3_0000n, 0x4_0000n, problem)).toBe(PGM.SPECIFICATION);
    expect(outcome(0x0510n, 0x3_0000n, 0x4_0000n, problem)).toBe(PGM.PRIVILEGED_OPERATION);
    expect(outcome(0x0100n, 0x3_0000n, 0x4_0000n)).toBe(-2);
    expect(outcome(0x0100n, 0x3_0000n, 0x2_0000n)).toBe(-1);
    expect(outcome(0x0100n, 0x2_0000n, 0x4_0000n)).toBe(-2);
    expect(outcome(0n, 0x2_0000n, 0x4_0000n)).toBe(PGM.PAGE_TRANSLATION);
    // A protected destination is an exception, whatever is in register 0.
    cpu.storage.set64(PAGES + 0x30 * 8, 0x3_0200n);
    expect(outcome(0x0100n, 0x3_0000n, 0x2_0000n)).toBe(PGM.PROTECTION);
  });
});

describe('updates', () => {
  it.each([
    ['CS', 'ba249000', 4],
    ['CSG', 'eb2490000030', 8],
    ['CDS', 'bb249000', 8],
    ['CDSG', 'eb249000003e', 16],
  ])('%s needs the right to store, whether or not it swaps, and its boundary', (_, code, size) => {
    const cpu = bare();
    tables(cpu);
    cpu.storage.set64(PAGES + (DATA / 0x1000) * 8, BigInt(DATA | 0x200));
    cpu.gr[9] = BigInt(DATA);
    cpu.gr[2] = 0x1234n;
    expect(exception(cpu, code, MODE_64 | DAT)).toBe(PGM.PROTECTION);
    cpu.gr[9] = BigInt(DATA + size / 2);
    expect(exception(cpu, code, MODE_64)).toBe(PGM.SPECIFICATION);
  });
});

describe('loops of interruptions', () => {
  it('program interruptions end the run after sixteen', () => {
    const cpu = bare();
    cpu.interruptions = 'take';
    // The new PSW designates an operation code that no instruction has.
    put(cpu, 464, '0000000180000000 0000000000060000');
    put(cpu, CODE, '0000');
    cpu.setPsw(MODE_64, BigInt(CODE));
    expect(cpu.run(16)).toEqual({ reason: 'limit' });
    expect(cpu.run(16)).toEqual({ reason: 'program-loop', code: PGM.OPERATION });
    expect(cpu.executed).toBe(16);
  });

  it('clock interruptions reach the limit, and advance the clock', () => {
    const cpu = bare();
    cpu.interruptions = 'take';
    put(cpu, 432, '0100000180000000 0000000000060000');
    cpu.setControl(0, 0x800n);
    cpu.setClockComparator(0n);
    const { tod } = cpu;
    cpu.setPsw(MODE_64 | EXTERNAL, BigInt(CODE));
    expect(cpu.run(1000)).toEqual({ reason: 'limit' });
    expect([cpu.executed, cpu.tod - tod]).toEqual([1000, 4000n]);
  });
});
