/** Tracing: entries that no recording shows, and the ends of instructions with trace exceptions. */

import { describe, expect, it } from 'vitest';
import { LOWCORE } from '../assigned-storage.ts';
import type { Cpu } from '../engine/cpu.ts';
import { PGM } from '../interruption.ts';
import { SIE } from '../state-description.ts';
import { bare, CODE, DATA, exception, execute, get, MODE_24, MODE_31, MODE_64 } from '../testing/bare.ts';
import { MASK } from '../testing/code.ts';
import {
  GUEST_SIZE,
  get64,
  machine,
  ORIGIN,
  program,
  resetGuest,
  run,
  START,
  set64,
  setPsw,
} from '../testing/guest.ts';

const BRANCH = 1n << 63n;
const MODE = 1n << 62n;
const EXPLICIT = 1n;
const TABLE = 0x3_0010;

/** A processor that traces, with a table of bytes that no entry has. */
function tracing(controls: bigint, table = TABLE): Cpu {
  const cpu = bare();
  cpu.setControl(12, controls | BigInt(table));
  cpu.storage.fill(0x3_0000, 0x1000, 0xee);
  return cpu;
}

/** Executes one instruction. Returns the bytes of its entries, or null if it ends with an exception. */
function entry(cpu: Cpu, hex: string, mask = MODE_64): string | null {
  if (exception(cpu, hex, mask) !== 0) return null;
  const next = Number(BigInt.asUintN(62, cpu.cr[12] as bigint) & ~3n);
  const bytes = get(cpu, TABLE, next - TABLE);
  expect(get(cpu, next, 4)).toBe('eeeeeeee');
  return bytes;
}

describe('branches', () => {
  it.each([
    [0x7fff_fffen, 'fffffffe'],
    [0x8000_0000n, '52c000000000000080000000'],
    [0x1_2345_6788n, '52c000000000000123456788'],
    [0xffff_ffff_ffff_fffen, '52c00000fffffffffffffffe'],
  ])('to 0x%x in the 64-bit mode', (address, bytes) => {
    for (const hex of ['0524', '0d24']) {
      const cpu = tracing(BRANCH);
      cpu.gr[4] = address;
      expect(entry(cpu, hex)).toBe(bytes);
    }
    const cpu = tracing(BRANCH);
    cpu.gr[4] = address | 1n;
    expect(entry(cpu, '0c24')).toBe(bytes);
  });

  it('of 24 and 31 bits have the branch address without the bits that the mode ignores', () => {
    const cpu = tracing(BRANCH | MODE);
    cpu.gr[4] = 0xffff_ffff_ff12_3456n;
    expect(entry(cpu, '0d24', MODE_24)).toBe('00123456');
    cpu.setControl(12, BRANCH | BigInt(TABLE));
    expect(entry(cpu, '0d24', MODE_31)).toBe('ff123456');
  });

  it('the branch address is that of the register before the link information', () => {
    const cpu = tracing(BRANCH);
    cpu.gr[4] = BigInt(DATA);
    expect(entry(cpu, '0d44')).toBe('80020000');
    expect([cpu.gr[4], cpu.pswAddress]).toEqual([BigInt(CODE + 2), BigInt(DATA)]);
  });
});

describe('switches of the mode', () => {
  it('into the 64-bit mode by a branch to a high address', () => {
    for (const [address, bytes] of [
      [0x8000_0001n, '51b0000080000000'],
      [0x1_0000_0001n, '52f000000000000100000000'],
    ] as const) {
      const cpu = tracing(BRANCH | MODE);
      cpu.gr[4] = address;
      expect(entry(cpu, '0c24', MODE_31)).toBe(bytes);
    }
  });

  it('out of the 64-bit mode by a branch: the address without the bits that the new mode ignores', () => {
    for (const [address, bytes] of [
      [0xffff_ffff_ff12_3456n, '51a00000ff123456'],
      [0xffff_ffff_7f12_3456n, '51a0000000123456'],
    ] as const) {
      const cpu = tracing(BRANCH | MODE);
      cpu.gr[4] = address;
      expect(entry(cpu, '0c24')).toBe(bytes);
    }
  });

  it('at a high address', () => {
    for (const [address, bytes] of [
      [0x8000_0000n, '5120000080000002'],
      [0x1_0000_0000n, '526000000000000100000002'],
    ] as const) {
      const high = tracing(MODE);
      // Real addresses are not that high: virtual ones are.
      for (let i = 0; i < 2048; i++) high.storage.set64(0x8000 + i * 8, 0x20n);
      high.storage.set64(0x8000 + Number(address >> 31n) * 8, 0xc004n | 3n);
      for (let i = 0; i < 2048; i++) high.storage.set64(0xc000 + i * 8, 0x20n);
      high.storage.set64(0xc000, 0x1_0000n);
      high.storage.set64(0x1_0000, BigInt(CODE + 0x1000));
      high.setControl(1, 0x8007n);
      high.storage.write(CODE + 0x1000, Uint8Array.of(0x0b, 0x04));
      high.gr[4] = BigInt(DATA);
      high.setPsw(MODE_64 | 0x0400_0000_0000_0000n, address);
      expect(high.run(1).reason).toBe('limit');
      expect(high.pswAddress).toBe(BigInt(DATA));
      expect(get(high, TABLE, bytes.length / 2 + 2)).toBe(`${bytes}eeee`);
    }
  });
});

describe('TRACE', () => {
  it('has bits 16 to 63 of the clock, TRACE LONG bits 0 to 79', () => {
    const cpu = tracing(EXPLICIT);
    Object.assign(cpu.gr, { 2: 0x1111_2222_3333_4444n, 9: BigInt(DATA) });
    cpu.storage.set32(DATA, 0x00ab_cdef);
    cpu.machine.clock.tod = 0xfedc_ba98_7654_3210n;
    expect(entry(cpu, '99229000')).toBe('7000ba987654321000abcdef33334444');
    cpu.setControl(12, EXPLICIT | BigInt(TABLE));
    cpu.storage.fill(0x3_0000, 0x1000, 0xee);
    cpu.machine.clock.tod = 0xfedc_ba98_7654_3210n;
    expect(entry(cpu, 'eb229000000f')).toBe('7080fedcba9876543210000000abcdef1111222233334444');
  });

  it('with the trace-time control has zeros, the number of this model, in byte 1 of the operand', () => {
    const cpu = tracing(EXPLICIT);
    cpu.setControl(0, 0x8004_00e0n);
    cpu.gr[9] = BigInt(DATA);
    cpu.storage.set32(DATA, 0x12ab_cdef);
    expect(entry(cpu, '99229000')?.slice(16, 24)).toBe('1200cdef');
  });
});

describe('an exception of tracing', () => {
  it('changes nothing: a trace-table exception nullifies, a protection or addressing exception suppresses', () => {
    for (const [table, code, length] of [
      [0x3_0ffc, PGM.TRACE_TABLE, 0],
      [0x100, PGM.PROTECTION, 2],
      [0x7000_0000, PGM.ADDRESSING, 2],
    ] as const) {
      for (const hex of ['0524', '0d24', '0c24', '0b24', '010d']) {
        const cpu = tracing(BRANCH | MODE, table);
        cpu.setControl(0, 0x1004_00e0n);
        Object.assign(cpu.gr, { 2: 2n, 4: BigInt(DATA) });
        expect(exception(cpu, hex)).toBe(code);
        expect([cpu.gr[2], cpu.pswMask, cpu.pswAddress]).toEqual([2n, MODE_64, BigInt(CODE + length)]);
        expect(cpu.cr[12]).toBe(BRANCH | MODE | BigInt(table));
        expect(get(cpu, 0x3_0ff8, 8)).toBe('ee'.repeat(8));
      }
    }
  });

  it('an entry that ends before the last byte of its 4 KiB is made', () => {
    const cpu = tracing(BRANCH, 0x3_0ff8);
    cpu.gr[4] = BigInt(DATA);
    expect(execute(cpu, '0d24').reason).toBe('limit');
    expect([get(cpu, 0x3_0ff8, 8), cpu.cr[12]]).toEqual(['80020000eeeeeeee', BRANCH | 0x3_0ffcn]);
  });

  it('entries are real storage: prefixing applies, they are no storage alteration, and change bits are set', () => {
    const cpu = tracing(BRANCH, 0x1010);
    cpu.setPrefix(0x4_0000);
    cpu.setControl(9, 0x2000_0000n);
    cpu.setControl(11, 2n ** 64n - 1n);
    cpu.gr[4] = BigInt(DATA);
    cpu.storage.keys[0x41] = 0x30;
    expect(execute(cpu, '0d24', MODE_64 | (1n << 62n) | (5n << 52n)).reason).toBe('limit');
    expect([get(cpu, 0x4_1010, 4), cpu.storage.keys[0x41], cpu.cr[12]]).toEqual([
      '80020000',
      0x36,
      BRANCH | 0x1014n,
    ]);
  });
});

describe('a guest', () => {
  it('has its trace table in its own storage, at a real address', () => {
    resetGuest();
    set64(SIE.CONTROL_REGISTERS + 12 * 8, BRANCH | 0x3010n);
    set64(SIE.GR14, 0x1800n);
    program([0x0d, 0xfe]);
    expect(run(1)).toEqual({ kind: 'limit' });
    expect(machine.storage.get32(ORIGIN + 0x3010)).toBe(0x8000_1800);
    expect(get64(SIE.CONTROL_REGISTERS + 12 * 8)).toBe(BRANCH | 0x3014n);
    // Outside its storage.
    set64(SIE.CONTROL_REGISTERS + 12 * 8, BRANCH | BigInt(GUEST_SIZE + 0x10));
    setPsw(MASK.PLAIN, START);
    run(1);
    expect(machine.storage.get16(ORIGIN + LOWCORE.PROGRAM_CODE)).toBe(PGM.ADDRESSING);
  });
});
