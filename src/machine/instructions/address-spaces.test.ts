/**
 * Address spaces and the linkage stack: what the recordings do not have. The ASN-and-LX-reuse control; the stack across pages
 * and sections; identifications; protection; program events; interceptions.
 */

import { beforeEach, describe, expect, it } from 'vitest';
import { LOWCORE } from '../assigned-storage.ts';
import type { Cpu } from '../engine/cpu.ts';
import { PGM } from '../interruption.ts';
import { ICPT, SIE } from '../state-description.ts';
import { bare, CODE, DAT, exception, execute, get, MODE_31, MODE_64, PROBLEM, put } from '../testing/bare.ts';
import { MASK } from '../testing/code.ts';
import * as guest from '../testing/guest.ts';
import { DESCRIPTION, program, resetGuest, run, START, set32, set64, setPsw } from '../testing/guest.ts';
import { ICTL } from './line.ts';

// Real addresses of the tables.
const DUCT = 0x2000;
const AUTHORITY = 0x2100;
const ASTES = 0x2200;
const FIRST_TABLE = 0x3000;
const LINKAGE_FIRST = 0x3100;
const LINKAGE_SECOND = 0x3200;
const ENTRIES = 0x3300;
/** Sections of the linkage stack: their headers' descriptors. */
const STACK = 0x4010;
const SIZE = 296;
const TARGET = 0x1_8000;

const PRIMARY = MODE_64 | DAT;
const REUSE = 0x0408_00e0n;
const SINGLE = 0x0400_00e0n;
/** An address-space-control element of a real space. */
const REAL = 0x20n;

let cpu: Cpu;

beforeEach(() => {
  cpu = bare();
  const { storage } = cpu;
  storage.set32(FIRST_TABLE, ASTES);
  for (let n = 0; n < 4; n++) {
    const at = ASTES + n * 64;
    storage.set32(at, AUTHORITY);
    storage.set32(at + 4, (n << 17) | 0x10);
    storage.set64(at + 8, REAL);
    storage.set32(at + 20, 0x5500 + n);
    storage.set32(at + 24, 0x8000_0000 + LINKAGE_FIRST + 1);
    storage.set32(at + 44, 0x7700 + n);
  }
  storage.set64(AUTHORITY, -1n & 0xffff_ffff_ffff_ffffn);
  storage.set32(LINKAGE_FIRST, LINKAGE_SECOND);
  storage.set32(LINKAGE_SECOND + 8, ENTRIES);
  storage.set32(STACK, 0x0900_0000 + 4 * SIZE);
  Object.assign(cpu.gr, { 9: 0x100n, 15: 0n });
  cpu.setControl(0, REUSE);
  cpu.setControl(1, REAL);
  cpu.setControl(2, BigInt(DUCT));
  cpu.setControl(3, 0x0000_7702_f0f0_0002n);
  cpu.setControl(4, 0x0000_7701_0004_0001n);
  cpu.setControl(5, BigInt(ASTES + 0x40));
  cpu.setControl(7, REAL);
  cpu.setControl(13, REAL);
  cpu.setControl(14, 0xc208_0000n + BigInt(FIRST_TABLE >> 12));
  cpu.setControl(15, BigInt(STACK));
  entry(0x4000_0000);
});

/** The entry-table entry of PC number 0x100. */
function entry(flags: number, asn = 0, address = TARGET): void {
  put(cpu, ENTRIES, '0000000000000000 ffff000000000000');
  cpu.storage.set32(ENTRIES + 4, address);
  cpu.storage.set32(ENTRIES + 8, 0xffff_0000 + asn);
  cpu.storage.set32(ENTRIES + 16, flags);
  cpu.storage.set32(ENTRIES + 20, ASTES + asn * 64);
}

/** Executes an instruction. Returns the exception and its identification. */
function ended(code: string, mask = PRIMARY): readonly number[] {
  const found = exception(cpu, code, mask);
  return found === 0 ? [0] : [found, cpu.teidLo, cpu.exceptionAccess];
}

describe('ASN-and-LX reuse: numbers of instances', () => {
  it('PROGRAM TRANSFER WITH INSTANCE demands that of the ASTE, and loads it', () => {
    cpu.gr[4] = 0x0000_7703_00f0_0003n;
    cpu.gr[5] = BigInt(TARGET);
    expect(ended('b99e0045')).toEqual([0]);
    expect(cpu.cr.slice(3, 6)).toEqual(
      BigUint64Array.of(0x0000_7703_00f0_0003n, 0x0000_7703_0006_0003n, BigInt(ASTES + 0xc0)),
    );
    expect(cpu.pswAddress).toBe(BigInt(TARGET));
    cpu.gr[4] = 0x0000_7701_00f0_0002n;
    expect(ended('b99e0045')).toEqual([PGM.ASTE_INSTANCE, 0, 0x20]);
    // A controlled ASN is only for the supervisor state.
    cpu.storage.set32(ASTES + 0x84, 0x12);
    cpu.gr[4] = 0x0000_7702_00f0_0002n;
    cpu.gr[5] = BigInt(TARGET + 1);
    expect(ended('b99e0045', PRIMARY | PROBLEM)[0]).toBe(PGM.SPECIAL_OPERATION);
    expect(ended('b99e0045')).toEqual([0]);
  });

  it.each([
    ['with the control', REUSE, 0x7703],
    ['without', SINGLE, 0x7701],
  ])('PROGRAM TRANSFER loads it only %s, and then accepts no reusable ASN', (_, control, instance) => {
    cpu.setControl(0, control);
    cpu.gr[4] = 0xf0_0003n;
    cpu.gr[5] = BigInt(TARGET);
    if (control === SINGLE) for (let n = 0; n < 4; n++) cpu.storage.set32(ASTES + n * 64 + 24, 0x8000_0000);
    expect(ended('b2280045')).toEqual([0]);
    expect((cpu.cr[4] as bigint) >> 32n).toBe(BigInt(instance));
    cpu.storage.set32(ASTES + 0x84, 0x11);
    cpu.gr[4] = 0xf0_0002n;
    expect(ended('b2280045')[0]).toBe(control === REUSE ? PGM.SPECIAL_OPERATION : 0);
  });

  it('SET SECONDARY ASN WITH INSTANCE', () => {
    cpu.gr[4] = 0x0000_7703_0000_0003n;
    expect(ended('b99f0040')).toEqual([0]);
    expect(cpu.cr[3]).toBe(0x0000_7703_f0f0_0003n);
    cpu.gr[4] = 0x0000_7702_0000_0003n;
    expect(ended('b99f0040')).toEqual([PGM.ASTE_INSTANCE, 0, 0x10]);
    // Of the current primary space no number is demanded.
    cpu.gr[4] = 1n;
    expect(ended('b99f0040')).toEqual([0]);
    expect(cpu.cr[3]).toBe(0x0000_7701_f0f0_0001n);
    cpu.setControl(0, SINGLE);
    cpu.gr[4] = 3n;
    expect(ended('b2250040')).toEqual([0]);
    expect(cpu.cr[3]).toBe(0x0000_7701_f0f0_0003n);
    cpu.setControl(0, REUSE);
    expect(ended('b2250040')).toEqual([0]);
    expect(cpu.cr[3]).toBe(0x0000_7703_f0f0_0003n);
    cpu.storage.set32(ASTES + 0xc4, 0x11);
    expect(ended('b2250040')[0]).toBe(PGM.SPECIAL_OPERATION);
  });

  it('LOAD ADDRESS SPACE PARAMETERS has an operand of sixteen bytes', () => {
    cpu.gr[9] = 0x5000n;
    const load = (operand: string, how: string) => {
      put(cpu, 0x5000, operand);
      cpu.setControl(4, 0x0000_7701_0004_0001n);
      cpu.setControl(3, 0x0000_7702_f0f0_0002n);
      expect(ended(`e50090000${how}`)).toEqual([0]);
      return [cpu.cc, cpu.cr[3], cpu.cr[4]];
    };
    const kept = [0x0000_7702_f0f0_0002n, 0x0000_7701_0004_0001n];
    const loaded = [0, 0x0000_7703_5555_0003n, 0x0000_7702_0004_0002n];
    expect(load('00007703 5555 0003 00007702 0004 0002', '000')).toEqual(loaded);
    expect(load('00007704 5555 0003 00007702 0004 0002', '000')).toEqual([2, ...kept]);
    expect(load('00007703 5555 0003 00007701 0004 0002', '000')).toEqual([1, ...kept]);
    // The current ASN is not translated, so its number does not matter; unless bit 61 asks for it.
    const same = [0, 0x0000_7702_5555_0002n, 0x0000_7701_0004_0001n];
    expect(load('00000000 5555 0002 00000000 0004 0001', '001')).toEqual(same);
    expect(load('00007702 5555 0002 00000000 0004 0001', '004')).toEqual([1, ...kept]);
    expect(load('00000000 5555 0001 00000000 0004 0001', '000')).toEqual([
      0,
      0x0000_7701_5555_0001n,
      0x0000_7701_0004_0001n,
    ]);
  });

  it('a basic PROGRAM CALL keeps the number in register 3, and loads that of the new space', () => {
    entry(0x4000_0000, 2);
    expect(ended('b2189000')).toEqual([0]);
    expect(cpu.gr[3]).toBe(0x0000_7701_f0f0_0001n);
    expect([cpu.cr[3], cpu.cr[4]]).toEqual([0x0000_7701_f0f0_0001n, 0x0000_7702_0004_0002n]);
  });

  it('state entries have them, and PROGRAM RETURN demands them', () => {
    entry(0xc000_0000, 2);
    expect(ended('b2189000')).toEqual([0]);
    const state = STACK + 8;
    expect(get(cpu, state + 176, 8)).toBe('0000770200007701');
    expect(get(cpu, state + 144, 8)).toBe('0002770280000100');
    cpu.gr[4] = 5n;
    expect(ended('b24a0024')).toEqual([0]);
    expect([cpu.high(2), cpu.high(3), cpu.cc]).toEqual([0x7702, 0x7701, 1]);
    cpu.storage.set32(ASTES + 0x6c, 1);
    expect(ended('0101')).toEqual([PGM.ASTE_INSTANCE, 0, 0x20]);
    cpu.storage.set32(ASTES + 0x6c, 0x7701);
    cpu.storage.set32(ASTES + 0xac, 1);
    expect(ended('0101')).toEqual([PGM.ASTE_INSTANCE, 0, 0x10]);
    cpu.storage.set32(ASTES + 0xac, 0x7702);
    expect(ended('0101')).toEqual([0]);
    expect([cpu.cr[3], cpu.cr[4], cpu.cr[15]]).toEqual([
      0x0000_7702_f0f0_0002n,
      0x0000_7701_0002_0001n,
      BigInt(STACK),
    ]);
  });
});

describe('ASN-and-LX reuse: the number of a PROGRAM CALL', () => {
  /** Calls a number. */
  const call = (number: bigint) => {
    cpu.gr[9] = number;
    return ended('b2189000');
  };

  it('of 20 bits has an index of six bits for the linkage first table', () => {
    cpu.storage.set32(LINKAGE_FIRST + 4, LINKAGE_SECOND + 0x400);
    cpu.storage.set32(LINKAGE_SECOND + 0x400, ENTRIES);
    expect(call(0x2000n)).toEqual([0]);
    expect(call(0xffff_ffff_fff0_2000n & 0xffff_ffffn)).toEqual([0]);
  });

  it('of 31 bits: bit 44 is one, and bits 32 to 43 are part of the index', () => {
    // First index 1 * 64 + 1.
    cpu.storage.set32(ASTES + 0x40 + 24, 0x8000_0000 + LINKAGE_FIRST + 1);
    cpu.storage.set32(LINKAGE_FIRST + 65 * 4, LINKAGE_SECOND);
    expect(call(0x0018_2100n)).toEqual([0]);
    expect(call(0x0028_2100n)).toEqual([PGM.LFX_TRANSLATION, 0x0028_2100, 0]);
    cpu.storage.set32(LINKAGE_FIRST + 65 * 4, 0x8000_0000);
    expect(call(0x0018_2100n)).toEqual([PGM.LFX_TRANSLATION, 0x0018_2100, 0]);
  });

  it('invalid entries, and the sequence number in register 15', () => {
    cpu.storage.set32(LINKAGE_SECOND + 16, 0x8000_0000);
    expect(call(0x200n)).toEqual([PGM.LSX_TRANSLATION, 0x200, 0]);
    cpu.storage.set32(LINKAGE_SECOND + 12, 0x1234_5678);
    expect(call(0x100n)).toEqual([PGM.LSTE_SEQUENCE, 0x100, 0]);
    cpu.gr[15] = 0x1234_5678_0000_0000n;
    expect(call(0x100n)).toEqual([0]);
    expect(call(0x104n)).toEqual([PGM.EX_TRANSLATION, 0x104, 0]);
    cpu.storage.set32(LINKAGE_FIRST, 0x8000_0000);
    expect(call(0x100n)).toEqual([PGM.LFX_TRANSLATION, 0x100, 0]);
  });

  it('a stacking call keeps it in the state entry', () => {
    cpu.storage.set32(LINKAGE_FIRST + 65 * 4, LINKAGE_SECOND);
    entry(0x8000_0000, 0, 0x8000_0000 + TARGET);
    expect(call(0x0018_2100n)).toEqual([0]);
    expect(get(cpu, STACK + 8 + 144, 8)).toBe('0000000000082100');
    cpu.setControl(15, BigInt(STACK));
    cpu.storage.set32(STACK, 0x0900_0000 + 4 * SIZE);
    entry(0xc000_0000);
    expect(call(0x100n)).toEqual([0]);
    expect(get(cpu, STACK + 8 + 144, 8)).toBe('0000000080000100');
  });
});

describe('the linkage stack', () => {
  /** The home space has page tables: virtual pages 0x40 to 0x4f are frames 0x80 to 0x8f. */
  const SEGMENTS = 0x6000;
  const PAGES = 0x7000;
  const HOME_STACK = 0x4_0ff8;

  function homeSpace(): void {
    const { storage } = cpu;
    for (let i = 0; i < 512; i++) storage.set64(SEGMENTS + i * 8, 0x20n);
    storage.set64(SEGMENTS, BigInt(PAGES));
    for (let i = 0; i < 256; i++) storage.set64(PAGES + i * 8, 0x400n);
    for (let i = 0; i < 16; i++) storage.set64(PAGES + (0x40 + i) * 8, BigInt((0x80 + i) << 12));
    cpu.setControl(13, BigInt(SEGMENTS));
    cpu.setControl(15, BigInt(HOME_STACK));
    storage.set32(0x8_0ff8, 0x0900_0000 + 2 * SIZE);
  }

  it('is in the home space, and no key protects it', () => {
    homeSpace();
    cpu.storage.keys.fill(0x30, 0x80, 0x90);
    expect(ended('b2400000', PRIMARY | 0x0050_0000_0000_0000n)).toEqual([0]);
    expect(get(cpu, 0x8_1000 + 72, 8)).toBe('0000000000000100');
    expect(get(cpu, 0x8_0ff8, 8)).toBe('0900025001280000');
    expect(cpu.cr[15]).toBe(BigInt(HOME_STACK + SIZE));
  });

  it('an entry across two pages: it is stored and restored whole, or not at all', () => {
    homeSpace();
    cpu.setControl(15, BigInt(HOME_STACK - 0x50));
    cpu.storage.set32(0x8_0fa8, 0x0900_0000 + 2 * SIZE);
    const registers = cpu.gr.map((_, r) => BigInt(r) * 0x0101_0101_0101_0101n);
    cpu.gr.set(registers);
    cpu.ar.forEach((_, r) => void (cpu.ar[r] = 0x0a00_0000 + r));
    const access = [...cpu.ar];
    expect(ended('b2400000')).toEqual([0]);
    const formed = cpu.cr[15] as bigint;
    cpu.gr.fill(0n);
    cpu.ar.fill(0);
    // Another entry, across two other pages.
    cpu.setControl(15, BigInt(HOME_STACK + 0x3fb0));
    cpu.storage.set32(0x8_4fa8, 0x0900_0000 + 2 * SIZE);
    expect(ended('b2400000')).toEqual([0]);
    cpu.setControl(15, formed);
    expect(ended('b90e000f')).toEqual([0]);
    expect([...cpu.gr]).toEqual([...registers]);
    expect([...cpu.ar]).toEqual(access);
    // The second page is missing: nothing changes.
    cpu.storage.set64(PAGES + 0x41 * 8, 0x400n);
    cpu.machine.purgeAll();
    cpu.setControl(15, BigInt(HOME_STACK - 0x50));
    const before = Buffer.from(cpu.storage.read(0x8_0f00, 0x100)).toString('hex');
    expect(ended('b2400000')).toEqual([PGM.PAGE_TRANSLATION, 0x4_1000 | 0x400 | 3, 0]);
    expect(Buffer.from(cpu.storage.read(0x8_0f00, 0x100)).toString('hex')).toBe(before);
    expect([cpu.cr[15], cpu.pswAddress]).toEqual([BigInt(HOME_STACK - 0x50), BigInt(CODE)]);
  });

  it('continues in the next section, and returns from there', () => {
    const { storage } = cpu;
    const next = 0x4800;
    storage.set32(STACK, 0x0911_0000 + SIZE + 8);
    expect(ended('b2400000')).toEqual([0]);
    // The trailer entry is behind the free space of 8 bytes; its address is not valid yet.
    const trailer = STACK + 8 + SIZE + 8;
    expect(ended('b2400000')[0]).toBe(PGM.STACK_FULL);
    storage.set64(trailer, BigInt(next) | 1n);
    storage.set32(next, 0x0922_0000 + SIZE - 8);
    expect(ended('b2400000')[0]).toBe(PGM.STACK_SPECIFICATION);
    storage.set32(next, 0x0922_0000 + SIZE);
    expect(ended('b2400000')).toEqual([0]);
    expect(storage.get64(next - 8)).toBe(BigInt(STACK + SIZE) | 1n);
    expect(get(cpu, next + SIZE, 8)).toBe('0c22000000000000');
    expect(ended('0101')).toEqual([0]);
    expect([cpu.cr[15], storage.get16(next + 4)]).toEqual([BigInt(next), 0]);
    // The current entry is a header: the entry to return from is in the section before.
    expect(ended('0101')).toEqual([0]);
    expect(cpu.cr[15]).toBe(BigInt(STACK));
  });

  it('low-address protection and DAT protection apply', () => {
    cpu.setControl(15, 0x80n);
    cpu.storage.set32(0x80, 0x0900_0000 + SIZE);
    cpu.setControl(0, REUSE | 0x1000_0000n);
    expect(ended('b2400000')[0]).toBe(PGM.PROTECTION);
    homeSpace();
    cpu.storage.set64(PAGES + 0x41 * 8, BigInt(0x81 << 12) | 0x200n);
    expect(ended('b2400000')).toEqual([PGM.PROTECTION, 0x4_1000 | 0x404 | 3, 0]);
  });
});

describe('identifications', () => {
  it('an ASN or a PC number is stored at 172; what is before it does not change', () => {
    cpu.interruptions = 'take';
    put(cpu, LOWCORE.PROGRAM_NEW_PSW, '0000000180000000 0000000000060000');
    put(cpu, LOWCORE.TRANSLATION_EXCEPTION, 'eeeeeeeeeeeeeeee');
    cpu.gr[4] = 0x41n;
    execute(cpu, 'b2250040', PRIMARY);
    expect(get(cpu, LOWCORE.TRANSLATION_EXCEPTION, 8)).toBe('eeeeeeee00000041');
    cpu.gr[9] = 0x777n;
    execute(cpu, 'b2189000', PRIMARY);
    expect(get(cpu, LOWCORE.TRANSLATION_EXCEPTION, 8)).toBe('eeeeeeee00000777');
  });

  it('a space-switch event comes when the instruction is complete, and names the old space', () => {
    cpu.interruptions = 'take';
    put(cpu, LOWCORE.PROGRAM_NEW_PSW, '0000000180000000 0000000000060000');
    cpu.setControl(1, REAL | 0x40n);
    entry(0x4000_0000, 2);
    execute(cpu, 'b2189000', PRIMARY);
    expect(get(cpu, LOWCORE.PROGRAM_ILC, 4)).toBe('0004001c');
    expect(get(cpu, LOWCORE.TRANSLATION_EXCEPTION + 4, 4)).toBe('80000001');
    expect(cpu.storage.get64(LOWCORE.PROGRAM_OLD_PSW + 8)).toBe(BigInt(TARGET));
    expect((cpu.cr[4] as bigint) & 0xffffn).toBe(2n);
  });

  it('a program event causes a space-switch event', () => {
    entry(0x4000_0000, 2);
    cpu.setControl(9, 0x8000_0000n);
    cpu.setControl(11, -1n & 0xffff_ffff_ffff_ffffn);
    const stop = execute(cpu, 'b2189000', PRIMARY | 0x4000_0000_0000_0000n);
    expect(stop).toMatchObject({ interruption: { code: PGM.SPACE_SWITCH | PGM.PER } });
    expect(cpu.teidLo).toBe(1);
  });
});

describe('authority', () => {
  it('low-address protection applies to the dispatchable-unit control table', () => {
    cpu.setControl(0, REUSE | 0x1000_0000n);
    cpu.setControl(2, 0x100n);
    cpu.gr[4] = 0x30n;
    cpu.gr[5] = BigInt(TARGET);
    expect(ended('b25a0045')[0]).toBe(PGM.PROTECTION);
    expect(cpu.storage.get64(0x114)).toBe(0n);
    cpu.storage.set32(0x100, ASTES + 0x40);
    expect(ended('b2580045')[0]).toBe(PGM.PROTECTION);
    expect(ended('b25a0045', PRIMARY)[0]).toBe(PGM.PROTECTION);
  });

  it('BRANCH IN SUBSPACE GROUP loads the number of the primary ASN', () => {
    cpu.storage.set32(DUCT, ASTES + 0x40);
    cpu.gr[5] = BigInt(TARGET);
    expect(ended('b2580005')).toEqual([0]);
    expect(cpu.cr[3]).toBe(0x0000_7701_f0f0_0001n);
  });
});

describe('TRAP', () => {
  it.each([
    [MODE_64, '07654321'],
    [MODE_31, '07654321'],
  ])('saves 31 bits of the operand address, and enters the 31-bit mode', (mode, saved) => {
    cpu.storage.set32(DUCT + 44, 0x5001);
    put(cpu, 0x5000, '00060000 00000000 00000000 00005100 00000000 00018000');
    cpu.gr[9] = 0x8765_4000n;
    expect(ended('b2ff9321', mode | DAT | (1n << 46n))).toEqual([0]);
    expect(get(cpu, 0x5108, 4)).toBe(saved);
    expect([cpu.pswMask & 0x1_8000_0000n, cpu.space, cpu.pswAddress]).toEqual([MODE_31, 0, 0x1_8000n]);
    expect(cpu.gr[15]).toBe(0x5000n);
  });

  it('accesses block and save area with the PSW key', () => {
    cpu.storage.set32(DUCT + 44, 0x5001);
    put(cpu, 0x5000, '00060000 00000000 00000000 00005100 00000000 00018000');
    cpu.storage.keys[5] = 0x30;
    expect(ended('01ff', PRIMARY | 0x0050_0000_0000_0000n)[0]).toBe(PGM.PROTECTION);
    expect(ended('01ff', PRIMARY | 0x0030_0000_0000_0000n)).toEqual([0]);
  });
});

describe('in a guest', () => {
  const CODES: readonly [string, number, number][] = [
    ['PC', 0xb218, ICTL.PC],
    ['PT', 0xb228, ICTL.PT],
    ['PTI', 0xb99e, ICTL.PT],
    ['BSA', 0xb25a, ICTL.BSA],
    ['BAKR', 0xb240, ICTL.BAKR],
    ['LASP', 0xe500, ICTL.LASP],
    ['PALB', 0xb248, ICTL.PTLB],
  ];

  it.each(CODES)('%s is intercepted if its control is on, else executed', (_, opcode, control) => {
    for (const on of [true, false]) {
      resetGuest();
      set32(SIE.INTERCEPTION_CONTROLS, on ? control : 0x2000_0000);
      program([opcode >>> 8, opcode & 0xff, 0, 0, 0, 0]);
      setPsw(MASK.PLAIN, START);
      expect(run(1)).toEqual(
        opcode === 0xb248 && !on
          ? { kind: 'limit' }
          : { kind: 'interception', code: on ? ICPT.INSTRUCTION : ICPT.PROGRAM },
      );
    }
  });

  it('the tables are in its absolute storage, and interceptions have the identification', () => {
    resetGuest();
    set32(SIE.INTERCEPTION_CONTROLS, 0x2000_0000);
    // SSAR of ASN 0x41, whose first-table entry is invalid.
    guest.machine.storage.set32(guest.ORIGIN + 0x3004, 0x8000_0000);
    set64(SIE.CONTROL_REGISTERS + 8, REAL);
    set64(SIE.CONTROL_REGISTERS + 14 * 8, 0xc208_0003n);
    guest.cpu.gr[4] = 0x41n;
    program([0xb2, 0x25, 0x00, 0x40]);
    setPsw(MASK.DAT, START);
    expect(run(1)).toEqual({ kind: 'interception', code: ICPT.PROGRAM });
    expect(guest.machine.storage.get16(DESCRIPTION + SIE.PROGRAM_CODE)).toBe(PGM.AFX_TRANSLATION);
    expect(guest.get64(SIE.TRANSLATION_EXCEPTION)).toBe(0x41n);
  });
});
