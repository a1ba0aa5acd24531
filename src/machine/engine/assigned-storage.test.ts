/**
 * The fields that an interruption stores besides PSW and code: "Assigned Storage Locations" of the Principles of Operation.
 */

import { beforeEach, describe, expect, it } from 'vitest';
import { LOWCORE } from '../assigned-storage.ts';
import { PGM } from '../interruption.ts';
import {
  bare,
  CODE,
  DAT,
  DATA,
  EXTERNAL,
  execute,
  get,
  MODE_24,
  MODE_31,
  MODE_64,
  put,
} from '../testing/bare.ts';
import type { Cpu } from './cpu.ts';

const NEW = 0x5_0000n;

let cpu: Cpu;

/** A processor that takes interruptions. Its prefix area is filled with 0xee, to show which bytes are stored. */
beforeEach(() => {
  cpu = bare();
  cpu.interruptions = 'take';
  cpu.storage.fill(128, 384 - 128, 0xee);
  for (const at of [LOWCORE.PROGRAM_NEW_PSW, LOWCORE.SVC_NEW_PSW, LOWCORE.EXTERNAL_NEW_PSW]) {
    cpu.storage.set64(at, MODE_64);
    cpu.storage.set64(at + 8, NEW);
  }
});

const UNTOUCHED = (length: number) => 'ee'.repeat(length);
const oldAddress = (at: number) => cpu.storage.get64(at + 8);

/** Tables for virtual storage: segment 0 is storage itself, the page tables' entry for page 0x20 is invalid. */
function tables(): void {
  for (let i = 0; i < 512; i++) cpu.storage.set64(0x8000 + i * 8, 0x20n);
  cpu.storage.set64(0x8000, 0xa000n);
  for (let i = 0; i < 256; i++) cpu.storage.set64(0xa000 + i * 8, BigInt(i * 0x1000));
  cpu.storage.set64(0xa000 + 0x20 * 8, 0x2_0400n);
  cpu.setControl(1, 0x8000n);
}

describe('a program interruption', () => {
  it.each([
    ['an operation exception', '0000', PGM.OPERATION, 2],
    ['a privileged operation', 'b2120000', PGM.PRIVILEGED_OPERATION, 4],
    ['a specification exception', 'b2b29001', PGM.SPECIFICATION, 4],
    ['an addressing exception', 'e32090000004', PGM.ADDRESSING, 6],
  ])('stores code and instruction length: %s', (_, code, interruption, length) => {
    cpu.gr[9] = 0x20_0000n;
    execute(cpu, code, MODE_64 | (interruption === PGM.PRIVILEGED_OPERATION ? 1n << 48n : 0n));
    expect(get(cpu, 140, 4)).toBe(`000${length}000${interruption}`);
    expect(oldAddress(LOWCORE.PROGRAM_OLD_PSW)).toBe(BigInt(CODE + length));
    expect(cpu.pswAddress).toBe(NEW);
  });

  it('of an instruction fetch has a length of 2', () => {
    for (const [address, code, old] of [
      [0x20_0000n, PGM.ADDRESSING, 0x20_0002n],
      [0x1_0001n, PGM.SPECIFICATION, 0x1_0003n],
    ] as const) {
      cpu.setPsw(MODE_64, address);
      cpu.run(1);
      expect(get(cpu, 140, 4)).toBe(`0002000${code}`);
      expect(oldAddress(LOWCORE.PROGRAM_OLD_PSW)).toBe(old);
    }
    tables();
    cpu.setPsw(MODE_64 | DAT, 0x2_0000n);
    cpu.run(1);
    expect(get(cpu, 140, 4)).toBe('00020011');
    expect(oldAddress(LOWCORE.PROGRAM_OLD_PSW)).toBe(0x2_0000n);
  });

  it.each([
    ['24', MODE_24, 0xff_fffen, 0n],
    ['31', MODE_31, 0x7fff_fffen, 0n],
  ])('wraps the address it moves on by in the %s-bit mode', (_, mask, address, old) => {
    const large = bare({ storageSize: 0x100_0000 });
    large.interruptions = 'take';
    large.setPsw(mask, address);
    large.run(1);
    expect(large.storage.get64(LOWCORE.PROGRAM_OLD_PSW + 8)).toBe(old);
  });

  it('of a data exception stores its code at 144 and, with the control on, in the FPC register', () => {
    for (const [cr0, fpc] of [
      [0xe0n, 0],
      [0x4_00e0n, 0xff00],
    ] as const) {
      cpu.fpc = 0;
      cpu.setControl(0, cr0);
      execute(cpu, 'b9728022');
      expect([get(cpu, 142, 2), get(cpu, 144, 4), cpu.fpc]).toEqual(['0007', '000000ff', fpc]);
    }
  });

  it('of MONITOR CALL stores class and code', () => {
    cpu.setControl(8, 0xffffn);
    cpu.gr[9] = 0x1234_5678_0000_0000n;
    execute(cpu, 'af059008');
    expect([get(cpu, 142, 2), get(cpu, 148, 2), get(cpu, 176, 8)]).toEqual([
      '0040',
      '0005',
      '1234567800000008',
    ]);
  });

  it('of an access stores the page, the kind of access, and an access-register number of 0', () => {
    tables();
    cpu.gr[9] = 0x2_0008n;
    execute(cpu, '58209000', MODE_64 | DAT);
    expect([get(cpu, 160, 1), get(cpu, 162, 1), get(cpu, 168, 8)]).toEqual(['00', '00', '0000000000020800']);
    execute(cpu, '50209000', MODE_64 | DAT);
    expect(get(cpu, 168, 8)).toBe('0000000000020400');
    expect(oldAddress(LOWCORE.PROGRAM_OLD_PSW)).toBe(BigInt(CODE));
  });

  it.each([
    ['the source', 0x3_0000n, 0x2_0000n, '0000000000020804'],
    ['the destination', 0x2_0000n, 0x3_0000n, '0000000000020404'],
  ])('of MOVE PAGE stores its register numbers at 162: %s is not there', (_, to, from, teid) => {
    tables();
    Object.assign(cpu.gr, { 0: 0n, 6: to, 7: from });
    execute(cpu, 'b2540067', MODE_64 | DAT);
    expect([get(cpu, 142, 2), get(cpu, 162, 1), get(cpu, 168, 8)]).toEqual(['0011', '67', teid]);
    cpu.gr[9] = 0x2_0000n;
    execute(cpu, '58209000', MODE_64 | DAT);
    expect(get(cpu, 162, 1)).toBe('00');
  });
});

describe('the breaking-event address', () => {
  /** Executes code that ends with an operation exception. Returns the breaking-event address, stored at 272. */
  function breaking(code: string, count: number): number {
    execute(cpu, code, MODE_64, count);
    expect(get(cpu, 142, 2)).toBe('0001');
    return Number(cpu.storage.get64(272));
  }

  it('is 1 after a reset', () => {
    expect(breaking('0000', 1)).toBe(1);
  });

  it.each([
    ['BRC', '0700 a7f40003 0000 0000', 3, 2],
    ['BRCL', 'c0f400000003 0000', 2, 0],
    ['BCR', '07f9', 2, 0],
    ['BC', '47f09000', 2, 0],
    ['BASR', '0de9', 2, 0],
    ['BRASL', 'c0e500000003 0000', 2, 0],
    ['BRAS', 'a7e50002 0000', 2, 0],
    ['BRCT', 'a7260002 0000', 2, 0],
    ['BCTR', '0629', 2, 0],
    ['BXH', '86239000', 2, 0],
    ['CIJ', 'ec2c00037f7e 0000', 2, 0],
    ['CRB', 'ec22900080f6', 2, 0],
    ['BASSM', '0ce9', 2, 0],
    ['BSM', '0b09', 2, 0],
    ['LPSWE', 'b2b28000', 2, 0],
    ['the EXECUTE of a branch', '4400a000', 2, 0],
  ])('%s', (_, code, count, at) => {
    Object.assign(cpu.gr, { 2: 5n, 3: 1n, 8: BigInt(DATA), 9: 0x6_0001n & ~1n, 10: BigInt(DATA + 0x100) });
    put(cpu, DATA, '00000001800000000000000000060000');
    put(cpu, DATA + 0x100, '07f9');
    put(cpu, 0x6_0000, '0000');
    if (_ === 'BASSM' || _ === 'BSM') cpu.gr[9] = 0x6_0001n;
    expect(breaking(code, count)).toBe(CODE + at);
  });

  it('does not change if a branch is not taken', () => {
    cpu.gr[9] = 0x6_0000n;
    expect(breaking('a7040003 0709 4700 9000 0000', 4)).toBe(1);
  });
});

describe('other interruptions', () => {
  it('SUPERVISOR CALL stores its length and number', () => {
    execute(cpu, '0a2c');
    expect(get(cpu, 136, 4)).toBe('0002002c');
    expect(oldAddress(LOWCORE.SVC_OLD_PSW)).toBe(BigInt(CODE + 2));
    expect(get(cpu, 272, 8)).toBe(UNTOUCHED(8));
  });

  it('an external one stores code and CPU address, and a parameter only for the service signal', () => {
    cpu.setControl(0, 0x6200n);
    cpu.signal(0x1202, 0, 7);
    execute(cpu, '07000700', MODE_64 | EXTERNAL, 1);
    expect([get(cpu, 128, 4), get(cpu, 132, 4)]).toEqual([UNTOUCHED(4), '00071202']);
    cpu.signal(0x2401, 0x1234_5678);
    execute(cpu, '07000700', MODE_64 | EXTERNAL, 1);
    expect([get(cpu, 128, 4), get(cpu, 132, 4)]).toEqual(['12345678', '00002401']);
  });

  it('the enabled external interruption with the highest priority is taken first, regardless of arrival', () => {
    const machine = bare({ tod: 1n << 40n });
    machine.interruptions = 'take';
    machine.storage.set64(LOWCORE.EXTERNAL_NEW_PSW, MODE_64);
    machine.setClockComparator(5n);
    machine.setTimer(-1n);
    machine.signal(0x2401, 1);
    machine.signal(0x1202, 0, 3);
    machine.signal(0x1201, 0, 4);
    machine.setControl(0, 0xfe00n);
    const taken: string[] = [];
    for (let n = 0; n < 5; n++) {
      execute(machine, '07000700', MODE_64 | EXTERNAL, 1);
      taken.push(get(machine, 134, 2));
      if (n === 2) machine.setClockComparator((1n << 64n) - 1n);
      if (n === 3) machine.setTimer(1n << 60n);
    }
    expect(taken).toEqual(['1201', '1202', '1004', '1005', '2401']);
  });
});
