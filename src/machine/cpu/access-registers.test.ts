/**
 * Access-register translation: which space an ALET designates, every exception and its identification, and the instructions
 * that depend on the mode. `instructions/spaces.test.ts` tests the operands of every instruction.
 */

import { beforeEach, describe, expect, it } from 'vitest';
import { LOWCORE } from '../assigned-storage.ts';
import type { Cpu } from '../engine/cpu.ts';
import { PGM } from '../interruption.ts';
import { bare, CODE, DAT, exception, execute, get, MODE_64, PROBLEM, put } from '../testing/bare.ts';

const BY_REGISTER = MODE_64 | DAT | (1n << 46n);
const SECONDARY = MODE_64 | DAT | (2n << 46n);
const HOME = MODE_64 | DAT | (3n << 46n);
const PRIMARY = MODE_64 | DAT;

const ACCESS_LIST = 0x2000;
const PRIMARY_LIST = 0x2800;
const DUCT = 0x3000;
const PRIMARY_ASTE = 0x3040;
const ASTE = 0x3080;
const AUTHORITY = 0x3100;
/** Segment tables of the primary, secondary, home and the other space, with a page table each. */
const SPACES = [0x4000, 0x6000, 0x8000, 0xa000] as const;
const OTHER = SPACES[3];
/** A virtual page of every space. */
const PAGE = 0x5_0000;
const frameOf = (space: number) => 0x10_0000 + space * 0x1000;

let cpu: Cpu;

beforeEach(() => {
  cpu = bare();
  const { storage } = cpu;
  SPACES.forEach((segments, space) => {
    for (let i = 0; i < 512; i++) storage.set64(segments + i * 8, 0x20n);
    storage.set64(segments, BigInt(segments + 0x1000));
    for (let i = 0; i < 256; i++) storage.set64(segments + 0x1000 + i * 8, BigInt(i * 0x1000));
    storage.set64(segments + 0x1000 + (PAGE >>> 12) * 8, BigInt(frameOf(space)));
    storage.set32(frameOf(space), 0x5ace_0000 + space);
  });
  storage.set32(DUCT + 16, ACCESS_LIST);
  storage.set32(PRIMARY_ASTE + 16, PRIMARY_LIST);
  for (const list of [ACCESS_LIST, PRIMARY_LIST]) {
    for (let i = 0; i < 8; i++) storage.set32(list + i * 16, 0x8000_0000);
  }
  entry(ACCESS_LIST + 0x20, 0x0007_0000);
  storage.set64(ASTE + 8, BigInt(OTHER));
  storage.set32(ASTE + 20, 0x77);
  cpu.setControl(0, 0x0404_00e0n);
  cpu.setControl(1, BigInt(SPACES[0]));
  cpu.setControl(2, BigInt(DUCT));
  cpu.setControl(5, BigInt(PRIMARY_ASTE));
  cpu.setControl(7, BigInt(SPACES[1]));
  cpu.setControl(13, BigInt(SPACES[2]));
  cpu.gr[9] = BigInt(PAGE);
  cpu.ar[9] = 0x0007_0002;
});

function entry(at: number, first: number, sequence = 0x77): void {
  cpu.storage.set32(at, first);
  cpu.storage.set32(at + 8, ASTE);
  cpu.storage.set32(at + 12, sequence);
}

/** Loads the word at the address in register 9. Returns the number of the space it is in, or the exception. */
function found(mask = BY_REGISTER): number | string {
  const code = exception(cpu, '58209000', mask);
  return code === 0 ? cpu.low(2) & 0xf : `exception ${code.toString(16)}`;
}

describe('an ALET', () => {
  it('0 designates the primary space, 1 the secondary space', () => {
    cpu.ar[9] = 0;
    expect(found()).toBe(0);
    cpu.ar[9] = 1;
    expect(found()).toBe(1);
  });

  it('of 2 or more designates the space of its access-list entry', () => {
    expect(found()).toBe(3);
    expect(found(PRIMARY)).toBe(0);
    expect(found(SECONDARY)).toBe(1);
    expect(found(HOME)).toBe(2);
  });

  it('with the primary-list bit selects the list of the primary space', () => {
    cpu.ar[9] = 0x0107_0002;
    expect(found()).toBe('exception 29');
    entry(PRIMARY_LIST + 0x20, 0x0007_0000);
    expect(found()).toBe(3);
  });

  it('in access register 0 is ignored: base register 0 means the primary space', () => {
    cpu.ar[0] = 0x0006_0002;
    put(cpu, 0x200, '12345678');
    expect(exception(cpu, '58200200', BY_REGISTER)).toBe(0);
    expect(cpu.low(2)).toBe(0x1234_5678);
  });

  it('without DAT is not looked at', () => {
    expect(exception(cpu, '58209000', BY_REGISTER & ~DAT)).toBe(0);
    expect(cpu.low(2)).toBe(0);
  });
});

describe('exceptions of access-register translation', () => {
  /** Each with what causes it. */
  const CAUSES: readonly [number, string, () => void][] = [
    [PGM.ALET_SPECIFICATION, 'reserved bits of the ALET', () => void (cpu.ar[9] = 0x0207_0002)],
    [PGM.ALEN_TRANSLATION, 'a list that is too short', () => void (cpu.ar[9] = 0x0007_0008)],
    [PGM.ALEN_TRANSLATION, 'an invalid entry', () => entry(ACCESS_LIST + 0x20, 0x8007_0000)],
    [PGM.ALE_SEQUENCE, 'another sequence number of the entry', () => entry(ACCESS_LIST + 0x20, 0x0006_0000)],
    [PGM.ASTE_VALIDITY, 'an invalid ASTE', () => cpu.storage.set32(ASTE, 0x8000_0000)],
    [
      PGM.ASTE_SEQUENCE,
      'another sequence number of the ASTE',
      () => entry(ACCESS_LIST + 0x20, 0x0007_0000, 0x78),
    ],
    [PGM.EXTENDED_AUTHORITY, 'a private entry', () => entry(ACCESS_LIST + 0x20, 0x0107_1234)],
  ];

  it.each(CAUSES)(
    '%i: %s; it nullifies, or suppresses, and stores the number of the access register',
    (code, _, cause) => {
      cause();
      cpu.interruptions = 'take';
      put(cpu, LOWCORE.PROGRAM_NEW_PSW, '0000000180000000 0000000000060000');
      put(cpu, LOWCORE.EXCEPTION_ACCESS, 'ff');
      put(cpu, LOWCORE.TRANSLATION_EXCEPTION, 'eeeeeeeeeeeeeeee');
      execute(cpu, '58209000', BY_REGISTER);
      expect(get(cpu, LOWCORE.PROGRAM_ILC, 4)).toBe(`0004${code.toString(16).padStart(4, '0')}`);
      expect(get(cpu, LOWCORE.EXCEPTION_ACCESS, 1)).toBe('09');
      expect(get(cpu, LOWCORE.TRANSLATION_EXCEPTION, 8)).toBe('eeeeeeeeeeeeeeee');
      const suppressed = code === PGM.ALET_SPECIFICATION ? 4 : 0;
      expect(cpu.storage.get64(LOWCORE.PROGRAM_OLD_PSW + 8)).toBe(BigInt(CODE + suppressed));
      expect(cpu.low(2)).toBe(0);
    },
  );

  it('LOAD REAL ADDRESS reports them with condition code 3', () => {
    for (const [code, , cause] of CAUSES) {
      entry(ACCESS_LIST + 0x20, 0x0007_0000);
      cause();
      cpu.gr[2] = -1n & 0xffff_ffff_ffff_ffffn;
      expect(exception(cpu, 'b1209000', BY_REGISTER & ~DAT)).toBe(0);
      expect([cpu.low(2), cpu.cc]).toEqual([0x8000_0000 + code, 3]);
      expect(exception(cpu, 'e5019000a000', BY_REGISTER)).toBe(0);
      expect(cpu.cc).toBe(3);
      cpu.ar[9] = 0x0007_0002;
      cpu.storage.set32(ASTE, 0);
    }
  });

  it.each([
    ['control register 2', () => cpu.setControl(2, 0x7fff_ffc0n)],
    ['the access list', () => cpu.storage.set32(DUCT + 16, 0x7fff_ff80)],
    ['the ASTE', () => cpu.storage.set32(ACCESS_LIST + 0x28, 0x7fff_ffc0)],
  ])('addressing: %s designates a table outside storage', (_, cause) => {
    cause();
    expect(found()).toBe('exception 5');
    expect(exception(cpu, 'b1209000', BY_REGISTER)).toBe(PGM.ADDRESSING);
  });

  it('come one before the other', () => {
    cpu.ar[9] = 0x0207_0008;
    expect(found()).toBe('exception 28');
    cpu.ar[9] = 0x0006_0002;
    cpu.storage.set32(ASTE, 0x8000_0000);
    cpu.storage.set32(ACCESS_LIST + 0x2c, 0x78);
    expect(found()).toBe('exception 2a');
    cpu.ar[9] = 0x0007_0002;
    entry(ACCESS_LIST + 0x20, 0x0107_1234, 0x78);
    expect(found()).toBe('exception 2b');
    cpu.storage.set32(ASTE, 0);
    expect(found()).toBe('exception 2c');
  });
});

describe('authority to use a private entry', () => {
  it('has a program whose index is that of the entry', () => {
    entry(ACCESS_LIST + 0x20, 0x0107_1234);
    cpu.setControl(8, 0x1234_0000n);
    expect(found()).toBe(3);
    cpu.setControl(8, 0x1234n);
    expect(found()).toBe('exception 2d');
  });

  it('or an index whose secondary bit in the authority table is one', () => {
    entry(ACCESS_LIST + 0x20, 0x0107_1234);
    cpu.storage.set32(ASTE, AUTHORITY);
    // Indexes up to 0x1f; index 0x12 has its two bits in byte 4.
    cpu.storage.set32(ASTE + 4, 0x10);
    cpu.setControl(8, 0x0012_0000n);
    expect(found()).toBe('exception 2d');
    put(cpu, AUTHORITY + 4, 'fb');
    expect(found()).toBe('exception 2d');
    put(cpu, AUTHORITY + 4, '04');
    expect(found()).toBe(3);
    cpu.storage.set32(ASTE + 4, 0);
    expect(found()).toBe('exception 2d');
  });
});

describe('identification and protection', () => {
  it('a translation exception names the access register and the mode', () => {
    cpu.storage.set64(OTHER + 0x1000 + (PAGE >>> 12) * 8, 0x400n);
    expect(found()).toBe('exception 11');
    expect([cpu.exceptionAccess, cpu.teidLo]).toEqual([9, PAGE | 0x800 | 1]);
    // Of an instruction fetch it is 0.
    cpu.storage.set64(SPACES[0] + 0x1000 + (CODE >>> 12) * 8, 0x400n);
    cpu.machine.purgeAll();
    expect(found()).toBe('exception 11');
    expect([cpu.exceptionAccess, cpu.teidLo]).toEqual([0, CODE | 0x800]);
  });

  it('an entry for fetches only forbids stores', () => {
    entry(ACCESS_LIST + 0x20, 0x0207_0000);
    expect(found()).toBe(3);
    for (const code of ['50209000', 'd20390009000', 'ba249000']) {
      expect(exception(cpu, code, BY_REGISTER)).toBe(PGM.PROTECTION);
      expect([cpu.exceptionAccess, cpu.teidLo]).toEqual([9, PAGE | 0x40c | 1]);
    }
    expect(cpu.storage.keys[frameOf(3) >>> 12]).toBe(4);
    expect(exception(cpu, 'e5019000a000', BY_REGISTER)).toBe(0);
    expect(cpu.cc).toBe(1);
    entry(ACCESS_LIST + 0x20, 0x0007_0000);
    expect(exception(cpu, '50209000', BY_REGISTER)).toBe(0);
  });

  it('the private-space control of the space that is found counts', () => {
    cpu.gr[9] = 0x100n;
    cpu.setControl(0, 0x1404_00e0n);
    expect(exception(cpu, '50209000', BY_REGISTER)).toBe(PGM.PROTECTION);
    cpu.storage.set64(ASTE + 8, BigInt(OTHER) | 0x100n);
    expect(exception(cpu, '50209000', BY_REGISTER)).toBe(0);
  });
});

describe('instructions and the mode', () => {
  it('SET ADDRESS SPACE CONTROL: from the next instruction on operands are found by access registers', () => {
    expect(execute(cpu, 'b2190200 58209000 b2190000 58309000', PRIMARY, 4).reason).toBe('limit');
    expect([cpu.low(2) & 15, cpu.low(3) & 15]).toEqual([3, 0]);
    expect(exception(cpu, 'b2240040', BY_REGISTER)).toBe(0);
    expect([cpu.cc, cpu.low(4) & 0xff00]).toEqual([2, 0x200]);
  });

  it('EXECUTE: the target is in the primary space, its operands by their access registers', () => {
    put(cpu, frameOf(0) + 0x10, '58209000');
    expect(exception(cpu, '44009010', BY_REGISTER)).toBe(0);
    expect(cpu.low(2) & 15).toBe(3);
  });

  it.each([
    ['by registers', BY_REGISTER],
    ['secondary', SECONDARY],
  ])('relative operands are in the space of the instruction: %s', (_, mask) => {
    // LRL and STRL of the word at PAGE.
    const relative = ((PAGE - CODE) / 2).toString(16).padStart(8, '0');
    expect(exception(cpu, `c42d${relative}`, mask)).toBe(0);
    expect(cpu.low(2)).toBe(0x5ace_0000);
    expect(exception(cpu, `c43f${relative}`, mask)).toBe(0);
    expect(SPACES.map((_space, i) => cpu.storage.get32(frameOf(i)))).toEqual([
      cpu.low(3),
      0x5ace_0001,
      0x5ace_0002,
      0x5ace_0003,
    ]);
  });

  it('a relative operand does not change the spaces of the next instruction', () => {
    Object.assign(cpu.gr, { 4: 4n, 8: BigInt(PAGE), 9: BigInt(PAGE + 0x10), 10: 0n });
    // LARL, and then MVCS to the secondary space, in the same run.
    const both = execute(cpu, 'c02000000000 db4a90008000', PRIMARY, 2);
    expect(both.reason).toBe('limit');
    expect(get(cpu, frameOf(1) + 0x10, 4)).toBe('5ace0000');
    // In the secondary-space mode, LRL fails; the next program is in the primary-space mode.
    cpu.storage.set64(SPACES[0] + 0x1000 + 0x60 * 8, 0x400n);
    const relative = ((0x6_0000 - CODE) / 2).toString(16).padStart(8, '0');
    expect(exception(cpu, `c42d${relative}`, SECONDARY)).toBe(PGM.PAGE_TRANSLATION);
    cpu.storage.set32(frameOf(1) + 0x10, 0);
    expect(exception(cpu, 'db4a90008000', PRIMARY)).toBe(0);
    expect(get(cpu, frameOf(1) + 0x10, 4)).toBe('5ace0000');
  });

  it('LOAD ADDRESS EXTENDED loads the ALET of the space', () => {
    const alet = (mask: bigint) => {
      expect(exception(cpu, '51209000', mask)).toBe(0);
      return cpu.ar[2];
    };
    expect([PRIMARY, BY_REGISTER, SECONDARY, HOME].map(alet)).toEqual([0, 0x0007_0002, 1, 2]);
    cpu.ar[0] = 5;
    expect(exception(cpu, '51200000', BY_REGISTER)).toBe(0);
    expect(cpu.ar[2]).toBe(0);
  });

  it('MOVE LONG: operands with different ALETs do not overlap', () => {
    const move = () => {
      Object.assign(cpu.gr, { 4: BigInt(PAGE + 1), 5: 4n, 8: BigInt(PAGE), 9: 4n });
      expect(exception(cpu, '0e48', BY_REGISTER)).toBe(0);
      return cpu.cc;
    };
    Object.assign(cpu.ar, { 4: 0, 8: 0 });
    expect(move()).toBe(3);
    cpu.ar[4] = 0x0007_0002;
    expect(move()).toBe(0);
    expect(get(cpu, frameOf(3), 5)).toBe('5a5ace0000');
  });

  it('MOVE WITH OPTIONAL SPECIFICATIONS may select the space by access register in any mode', () => {
    // The source, by an access register, is in space 3.
    Object.assign(cpu.gr, { 0: 0x41n, 4: 4n, 8: BigInt(PAGE + 0x10), 9: BigInt(PAGE) });
    expect(exception(cpu, 'c84080009000', PRIMARY)).toBe(0);
    expect(get(cpu, frameOf(0) + 0x10, 4)).toBe('5ace0003');
    // And the destination.
    Object.assign(cpu.gr, { 0: 0x41_0000n, 8: BigInt(PAGE), 9: BigInt(PAGE + 0x20) });
    expect(exception(cpu, 'c84090208000', PRIMARY)).toBe(0);
  });

  it('MOVE PAGE: the condition code for a page that is invalid in the space of its register', () => {
    cpu.storage.set64(OTHER + 0x1000 + (PAGE >>> 12) * 8, 0x400n);
    Object.assign(cpu.gr, { 0: 0x100n, 4: BigInt(PAGE), 9: BigInt(PAGE) });
    cpu.ar[4] = 0;
    expect(exception(cpu, 'b2540049', BY_REGISTER)).toBe(0);
    expect(cpu.cc).toBe(2);
    expect(exception(cpu, 'b2540094', BY_REGISTER)).toBe(0);
    expect(cpu.cc).toBe(1);
    cpu.gr[0] = 0n;
    expect(exception(cpu, 'b2540049', BY_REGISTER)).toBe(PGM.PAGE_TRANSLATION);
    expect([cpu.exceptionAccess, cpu.operandAccess]).toEqual([9, 0x49]);
  });

  it('STORE REAL ADDRESS and LOAD PAGE-TABLE-ENTRY ADDRESS translate by the access register', () => {
    cpu.gr[8] = BigInt(PAGE + 0x100);
    cpu.ar[8] = 0;
    expect(exception(cpu, 'e50280009004', BY_REGISTER)).toBe(0);
    expect(cpu.storage.get64(frameOf(0) + 0x100)).toBe(BigInt(frameOf(3) + 4));
    for (const m4 of ['4', '1']) {
      expect(exception(cpu, `b9aa0${m4}29`, BY_REGISTER)).toBe(0);
      expect([cpu.gr[2], cpu.cc]).toEqual([BigInt(OTHER + 0x1000 + (PAGE >>> 12) * 8), 0]);
    }
    cpu.ar[9] = 0x0006_0002;
    expect(exception(cpu, 'e50280009004', BY_REGISTER)).toBe(PGM.ALE_SEQUENCE);
    expect(cpu.exceptionAccess).toBe(9);
    expect(exception(cpu, 'b9aa0429', BY_REGISTER)).toBe(0);
    expect([cpu.gr[2], cpu.cc]).toEqual([BigInt(PGM.ALE_SEQUENCE), 3]);
  });

  it('PERFORM LOCKED OPERATION leaves the last ALET of its parameter list in access register R3', () => {
    // Compare and load, values in the list: the second operand at 8, the list at 9, R3 is 6.
    Object.assign(cpu.gr, { 0: 1n, 8: BigInt(PAGE + 0x200), 9: BigInt(PAGE + 0x100) });
    Object.assign(cpu.ar, { 6: 0x5555, 8: 0, 9: 0 });
    const list = frameOf(0) + 0x100;
    cpu.storage.set32(list + 68, 0x0007_0002);
    cpu.storage.set64(list + 72, BigInt(PAGE));
    const locked = (r3: number) => exception(cpu, `ee4${r3.toString(16)}80009000`, BY_REGISTER);
    expect(locked(0)).toBe(PGM.SPECIFICATION);
    expect(locked(6)).toBe(0);
    expect([cpu.cc, cpu.ar[6], get(cpu, list + 40, 4)]).toEqual([0, 0x0007_0002, '5ace0003']);
    // The operands differ, or the fourth is not accessible: the register keeps its ALET.
    cpu.ar[6] = 0x5555;
    cpu.storage.set64(list + 8, 1n);
    expect(locked(6)).toBe(0);
    expect([cpu.cc, cpu.ar[6]]).toEqual([1, 0x5555]);
    cpu.storage.set64(list + 8, 0n);
    cpu.storage.set32(list + 68, 0x0006_0002);
    expect(locked(6)).toBe(PGM.ALE_SEQUENCE);
    expect([cpu.ar[6], cpu.exceptionAccess]).toEqual([0x5555, 6]);
  });

  it('MOVE TO PRIMARY and TO SECONDARY are special-operation exceptions', () => {
    for (const code of ['da2480009000', 'db2480009000']) {
      expect(exception(cpu, code, BY_REGISTER)).toBe(PGM.SPECIAL_OPERATION);
    }
    expect(exception(cpu, 'b2190300', BY_REGISTER | PROBLEM)).toBe(PGM.PRIVILEGED_OPERATION);
  });
});
