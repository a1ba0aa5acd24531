/**
 * Every instruction of the table has a recorded case. If the recorded machine does not have the instruction, or the result
 * depends on the machine, a test here was written by hand. The last tests cover deviations of the recorded machine.
 */

import { readdirSync, readFileSync } from 'node:fs';
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
  MODE_24,
  MODE_31,
  MODE_64,
  PROBLEM,
  put,
} from '../testing/bare.ts';
import { facilityList } from './decode.ts';
import { INSTRUCTIONS } from './table.ts';

const OTHER = DATA + 0x1000;

/** Makes two spaces of 1 MiB: the primary one maps each page to the same frame, the secondary one page 0x30 to frame 0x40. */
function twoSpaces(cpu: Cpu): void {
  for (const [segment, pages] of [
    [0x8000, 0xa000],
    [0x9000, 0xb000],
  ] as const) {
    for (let i = 0; i < 512; i++) cpu.storage.set64(segment + i * 8, 0x20n);
    cpu.storage.set64(segment, BigInt(pages));
    for (let i = 0; i < 256; i++) cpu.storage.set64(pages + i * 8, BigInt(i * 0x1000));
  }
  cpu.storage.set64(0xb000 + 0x30 * 8, 0x4_0000n);
  cpu.setControl(1, 0x8000n);
  cpu.setControl(7, 0x9000n);
  cpu.setControl(13, 0x8000n);
  cpu.setControl(0, 0x0404_00e0n);
}

function moveBetween(code: string, from: number, to: number): void {
  const cpu = bare();
  twoSpaces(cpu);
  put(cpu, from, '1122334455');
  Object.assign(cpu.gr, { 2: 4n, 4: 0n, 8: 0x3_0000n, 9: 0x3_0000n });
  expect(execute(cpu, code, MODE_64 | DAT).reason).toBe('limit');
  expect(get(cpu, to, 5)).toBe('1122334400');
  expect(cpu.cc).toBe(0);
  expect(exception(cpu, code)).toBe(PGM.SPECIAL_OPERATION);
}

/** An operand at DATA that key 5 may not fetch, moved by key 5 and by its own. */
function keyed(code: string, key: (cpu: Cpu, n: bigint) => void): void {
  const cpu = bare();
  put(cpu, DATA, '0102030405060708');
  cpu.storage.keys[DATA / 0x1000] = 0xa8;
  Object.assign(cpu.gr, { 8: BigInt(OTHER), 9: BigInt(DATA), 0: 7n, 2: 8n });
  key(cpu, 0x50n);
  expect(exception(cpu, code)).toBe(PGM.PROTECTION);
  key(cpu, 0xa0n);
  expect(exception(cpu, code)).toBe(0);
  expect(get(cpu, OTHER, 8)).toBe('0102030405060708');
}

/** A guarded load without guarded storage loads its operand, cut to an address of the addressing mode. */
function guardedLoad(code: string, bytes: string, loaded: bigint): void {
  for (const [mode, mask] of [
    [MODE_64, 0xffff_ffff_ffff_ffffn],
    [MODE_31, 0x7fff_ffffn],
    [MODE_24, 0x00ff_ffffn],
  ] as const) {
    const cpu = bare();
    put(cpu, DATA, bytes);
    Object.assign(cpu.gr, { 4: -1n, 9: BigInt(DATA) });
    expect(exception(cpu, code, mode)).toBe(0);
    expect(cpu.gr[4]).toBe(loaded & mask);
  }
}

/**
 * Executes IRBM or RRBM for the 256 KiB at 0x40000, of which the first, the fifteenth but last and the last frame have been
 * referenced. Returns the bits, and the keys of these frames.
 */
function referenceBits(code: string): (bigint | number | undefined)[] {
  const cpu = bare();
  const frames = [0x40, 0x40 + 49, 0x40 + 63];
  for (const [i, key] of [0x06, 0xf6, 0xfc].entries()) cpu.storage.keys[frames[i] as number] = key;
  cpu.gr[9] = 0x4_5678n;
  expect(exception(cpu, code, MODE_64 | PROBLEM)).toBe(PGM.PRIVILEGED_OPERATION);
  expect(exception(cpu, code)).toBe(0);
  const after = [cpu.gr[2], ...frames.map((frame) => cpu.storage.keys[frame])];
  // The storage ends after frame 0x1ff.
  cpu.gr[9] = 0x20_0000n;
  expect(exception(cpu, code)).toBe(PGM.ADDRESSING);
  return after;
}

/** LOAD ADDRESS EXTENDED by space: what names the space goes into the access register. */
function extendedAddress(code: string): void {
  for (const [space, alet] of [
    [0n, 0],
    [2n, 1],
    [3n, 2],
    [1n, 0x1234_5678],
  ] as const) {
    for (const [mode, wanted] of [
      [MODE_64, 0xffff_ffff_ffff_0123n],
      [MODE_31, 0x4444_4444_7fff_0123n],
      [MODE_24, 0x4444_4444_00ff_0123n],
    ] as const) {
      const cpu = bare();
      twoSpaces(cpu);
      Object.assign(cpu.gr, { 9: 0xffff_ffff_ffff_0000n, 4: 0x4444_4444_4444_4444n });
      cpu.ar[9] = 0x1234_5678;
      expect(exception(cpu, code, mode | (space << 46n))).toBe(0);
      expect([cpu.gr[4], cpu.ar[4]]).toEqual([wanted, alet]);
    }
  }
}

function clockStored(code: string, size: number, at: number): void {
  const cpu = bare({ tod: 0x1234_5678_9abc_0000n });
  cpu.gr[9] = BigInt(DATA);
  cpu.cc = 3;
  expect(execute(cpu, code).reason).toBe('limit');
  expect(cpu.cc).toBe(0);
  expect(get(cpu, DATA + at, 8)).toBe('123456789abc0000');
  expect(get(cpu, DATA + size, 2)).toBe('0000');
}

/** Returns the product of two floating-point registers, and the floating-point-control register. */
function product(code: string, first: bigint, second: bigint): [bigint | undefined, number] {
  const cpu = bare();
  Object.assign(cpu.fr, { 1: first, 4: second });
  execute(cpu, code);
  return [cpu.fr[1], cpu.fpc];
}

/** The mnemonics that no recording covers, each with its test. */
const BY_HAND: Readonly<Record<string, () => void>> = {
  EPAIR: () => extracted('b99a0020', 0x0000_7701_0000_0001n),
  ESAIR: () => extracted('b99b0020', 0x0000_7702_0000_0002n),
  SSAIR: () => {
    const cpu = bare();
    cpu.setControl(4, 0x0000_7701_0004_0001n);
    cpu.setControl(14, 0xc208_0000n);
    cpu.setControl(1, 0x20n);
    cpu.gr[4] = 1n;
    expect(exception(cpu, 'b99f0040', MODE_64 | DAT)).toBe(0);
    expect([cpu.cr[3], cpu.cr[7]]).toEqual([0x0000_7701_0000_0001n, 0x20n]);
    expect(exception(cpu, 'b99f0040')).toBe(PGM.SPECIAL_OPERATION);
  },
  PTI: () => {
    const cpu = bare();
    cpu.storage.set32(0x2018, 0x8000_0000);
    cpu.setControl(1, 0x20n);
    cpu.setControl(3, 0xffff_0002n);
    cpu.setControl(4, 0x0000_7701_0004_0001n);
    cpu.setControl(5, 0x2000n);
    Object.assign(cpu.gr, { 4: 0x0000_7701_00f0_0001n, 5: BigInt(DATA) });
    expect(exception(cpu, 'b99e0045', MODE_64 | DAT)).toBe(0);
    expect([cpu.cr[3], cpu.pswAddress]).toEqual([0x0000_7701_00f0_0001n, BigInt(DATA)]);
    expect(exception(cpu, 'b99e0045')).toBe(PGM.SPECIAL_OPERATION);
  },
  LMD: () => {
    const cpu = bare();
    put(cpu, DATA, '0000000a 0000000b 0000000c');
    put(cpu, OTHER, '00000001 00000002 00000003');
    Object.assign(cpu.gr, { 4: BigInt(DATA - 8), 5: BigInt(OTHER - 16) });
    execute(cpu, 'ef1340085010');
    expect([...cpu.gr].slice(1, 4)).toEqual([0xa_0000_0001n, 0xb_0000_0002n, 0xc_0000_0003n]);
    cpu.gr[5] = 0x7000_0000n;
    cpu.gr[1] = 5n;
    expect(exception(cpu, 'ef1340085010')).toBe(PGM.ADDRESSING);
    expect(cpu.gr[1]).toBe(5n);
  },
  STMH: () => {
    const cpu = bare();
    Object.assign(cpu.gr, { 1: 0xa_0000_0001n, 2: 0xb_0000_0002n, 3: 0xc_0000_0003n, 4: BigInt(DATA + 8) });
    execute(cpu, 'eb134ff8ff26');
    expect(get(cpu, DATA, 12)).toBe('0000000a0000000b0000000c');
  },
  BASSM: () => {
    const cpu = bare();
    cpu.gr[9] = BigInt(CODE + 0x40) | 0x8000_0000n;
    execute(cpu, '0c29');
    expect([cpu.addressing, cpu.pswAddress, cpu.gr[2]]).toEqual([1, BigInt(CODE + 0x40), BigInt(CODE + 3)]);
    cpu.gr[9] = BigInt(CODE + 0x41);
    execute(cpu, '0c29', MODE_31);
    expect([cpu.addressing, cpu.pswAddress]).toEqual([3, BigInt(CODE + 0x40)]);
    expect(cpu.gr32[4]).toBe(0x8000_0000 + CODE + 2);
    cpu.gr[9] = BigInt(CODE + 0x40);
    execute(cpu, '0c29', MODE_24);
    expect([cpu.addressing, cpu.gr32[4]]).toEqual([0, CODE + 2]);
    execute(cpu, '0c20', MODE_31);
    expect([cpu.addressing, cpu.pswAddress]).toEqual([1, BigInt(CODE + 2)]);
  },
  BSM: () => {
    const cpu = bare();
    cpu.gr[9] = BigInt(CODE + 0x40);
    cpu.gr[2] = 0x8000_0000n;
    execute(cpu, '0b29');
    expect([cpu.addressing, cpu.pswAddress, cpu.gr[2]]).toEqual([0, BigInt(CODE + 0x40), 0x8000_0001n]);
    cpu.gr[2] = 0xffff_ffffn;
    execute(cpu, '0b20', MODE_24);
    expect(cpu.gr[2]).toBe(0x7fff_ffffn);
    execute(cpu, '0b20', MODE_31);
    expect(cpu.gr[2]).toBe(0xffff_ffffn);
  },
  IPK: () => {
    const cpu = bare();
    cpu.gr[2] = -1n;
    execute(cpu, 'b20b0000', MODE_64 | (5n << 52n));
    expect(cpu.gr[2]).toBe(0xffff_ffff_ffff_ff50n);
    expect(exception(cpu, 'b20b0000', MODE_64 | PROBLEM)).toBe(PGM.PRIVILEGED_OPERATION);
    cpu.setControl(0, 0x0804_00e0n);
    expect(exception(cpu, 'b20b0000', MODE_64 | PROBLEM)).toBe(0);
  },
  IAC: () => {
    const cpu = bare();
    twoSpaces(cpu);
    expect(exception(cpu, 'b2240020')).toBe(PGM.SPECIAL_OPERATION);
    execute(cpu, 'b2240020', MODE_64 | DAT | (2n << 46n));
    expect([cpu.gr[2], cpu.cc]).toEqual([0x100n, 1]);
    execute(cpu, 'b2240020', MODE_64 | DAT | (3n << 46n));
    expect([cpu.gr[2], cpu.cc]).toEqual([0x300n, 3]);
  },
  SAC: () => spaceSet('b219'),
  SACF: () => spaceSet('b279'),
  EPAR: () => {
    const cpu = bare();
    twoSpaces(cpu);
    cpu.setControl(4, 0xabcd_1234n);
    execute(cpu, 'b2260020', MODE_64 | DAT);
    expect(cpu.gr[2]).toBe(0x1234n);
    expect(exception(cpu, 'b2260020')).toBe(PGM.SPECIAL_OPERATION);
  },
  ESAR: () => {
    const cpu = bare();
    twoSpaces(cpu);
    cpu.setControl(3, 0xabcd_1234n);
    execute(cpu, 'b2270020', MODE_64 | DAT);
    expect(cpu.gr[2]).toBe(0x1234n);
    expect(exception(cpu, 'b2270020', MODE_64 | DAT | PROBLEM)).toBe(PGM.PRIVILEGED_OPERATION);
  },
  CPYA: () => {
    const cpu = bare();
    cpu.ar[3] = 0xdead_beef;
    execute(cpu, 'b24d0023');
    expect(cpu.ar[2]).toBe(0xdead_beef);
  },
  PALB: () => {
    const cpu = bare();
    expect(exception(cpu, 'b2480000')).toBe(0);
    expect(exception(cpu, 'b2480000', MODE_64 | PROBLEM)).toBe(PGM.PRIVILEGED_OPERATION);
  },
  STCK: () => clockStored('b2059000', 8, 0),
  STCKF: () => clockStored('b27c9000', 8, 0),
  STCKE: () => clockStored('b2789000', 16, 1),
  PFMF: () => {
    const cpu = bare();
    put(cpu, DATA, 'ff');
    cpu.gr[9] = BigInt(DATA);
    cpu.gr[2] = 0x3_0050n;
    execute(cpu, 'b9af0029');
    expect([get(cpu, DATA, 1), cpu.storage.keys[DATA / 0x1000]]).toEqual(['00', 0x50]);
    cpu.gr[2] = 0x2_1060n;
    cpu.gr[9] = BigInt(DATA) + 5n;
    // A unit of operation is 16 frames; the instruction is executed again until the segment is done.
    execute(cpu, 'b9af0029');
    expect([cpu.gr[9], cpu.pswAddress]).toEqual([0x3_0005n, BigInt(CODE)]);
    for (let units = 1; units < 14; units++) execute(cpu, 'b9af0029');
    expect([cpu.gr[9], cpu.storage.keys[255], cpu.storage.keys[256]]).toEqual([0x10_0005n, 0x60, 0]);
    expect(cpu.pswAddress).toBe(BigInt(CODE) + 4n);
    cpu.gr[2] = 0x100n;
    expect(exception(cpu, 'b9af0029')).toBe(PGM.SPECIFICATION);
  },
  LAE: () => extendedAddress('51409123'),
  LAEY: () => extendedAddress('e34091230075'),
  TB: () => {
    const cpu = bare();
    put(cpu, DATA, 'ff');
    Object.assign(cpu.gr, { 0: 5n, 9: BigInt(DATA) + 0x123n });
    cpu.storage.keys[DATA / 0x1000] = 0xf8;
    expect(exception(cpu, 'b22c0009')).toBe(0);
    expect([get(cpu, DATA, 1), cpu.gr[0], cpu.cc]).toEqual(['00', 0n, 0]);
    cpu.gr[0] = 0x5_0000_0005n;
    expect(exception(cpu, 'b22c0009', MODE_31)).toBe(0);
    expect(cpu.gr[0]).toBe(0x5_0000_0000n);
    expect(exception(cpu, 'b22c0009', MODE_64 | PROBLEM)).toBe(PGM.PRIVILEGED_OPERATION);
    cpu.gr[9] = 0x20_0000n;
    expect(exception(cpu, 'b22c0009')).toBe(PGM.ADDRESSING);
    cpu.gr[9] = 0x1fffn;
    cpu.setControl(0, 0x1000_00e0n);
    expect(exception(cpu, 'b22c0009')).toBe(PGM.PROTECTION);
    cpu.gr[9] = 0x2000n;
    expect(exception(cpu, 'b22c0009')).toBe(0);
  },
  CRDTE: () => {
    const cpu = bare();
    put(cpu, DATA + 0x10, '0000000000000123');
    Object.assign(cpu.gr, { 2: 0x123n, 3: 0x456n, 6: BigInt(DATA) | 0x10n, 7: 2n << 20n });
    expect(exception(cpu, 'b98f0026')).toBe(0);
    expect([cpu.cc, get(cpu, DATA + 0x10, 8)]).toEqual([0, '0000000000000456']);
  },
  RDP: () => {
    const cpu = bare();
    put(cpu, DATA + 0x28, '0000000000005200');
    Object.assign(cpu.gr, { 2: BigInt(DATA), 3: 0x5000n });
    expect(exception(cpu, 'b98b0023')).toBe(0);
    expect(get(cpu, DATA + 0x28, 8)).toBe('0000000000005000');
    expect(exception(cpu, 'b98b0023', MODE_64 | PROBLEM)).toBe(PGM.PRIVILEGED_OPERATION);
  },
  IRBM: () => expect(referenceBits('b9ac0029')).toEqual([0x8000_0000_0000_4001n, 0x06, 0xf6, 0xfc]),
  RRBM: () => expect(referenceBits('b9ae0029')).toEqual([0x8000_0000_0000_4001n, 0x02, 0xf2, 0xf8]),
  ECTG: () => {
    const cpu = bare();
    put(cpu, DATA, '0000000000001000 0000000000002000 0000000000003000');
    Object.assign(cpu.gr, { 3: BigInt(DATA + 16), 8: BigInt(DATA), 9: BigInt(DATA + 8) });
    cpu.setTimer(0x400n);
    expect(exception(cpu, 'c83180009000', MODE_64 | PROBLEM)).toBe(0);
    expect([cpu.gr[0], cpu.gr[1], cpu.gr[3]]).toEqual([0xc00n, 0x2000n, 0x3000n]);
    // The address in register 1 counts, although the register is a result.
    Object.assign(cpu.gr, { 1: BigInt(DATA + 16) });
    expect(exception(cpu, 'c81180009000')).toBe(0);
    expect(cpu.gr[1]).toBe(0x2000n);
    cpu.gr[3] = 0x7000_0000n;
    cpu.gr[0] = 5n;
    expect(exception(cpu, 'c83180009000')).toBe(PGM.ADDRESSING);
    expect(cpu.gr[0]).toBe(5n);
  },
  LPP: () => {
    const cpu = bare();
    put(cpu, DATA, '0123456789abcdef');
    cpu.gr[9] = BigInt(DATA);
    expect(exception(cpu, 'b2809000')).toBe(0);
    expect(cpu.programParameter).toBe(0x0123_4567_89ab_cdefn);
    expect(exception(cpu, 'b2809004')).toBe(PGM.SPECIFICATION);
    expect(exception(cpu, 'b2809000', MODE_64 | PROBLEM)).toBe(PGM.PRIVILEGED_OPERATION);
  },
  PTFF: () => {
    const cpu = bare();
    Object.assign(cpu.gr, { 0: 0n, 1: BigInt(DATA) });
    cpu.cc = 2;
    expect(exception(cpu, '0104', MODE_64 | PROBLEM)).toBe(0);
    expect([cpu.cc, get(cpu, DATA, 16)]).toEqual([0, 'f0000000000000000000000000000000']);
  },
  LBEAR: () => {
    const cpu = bare();
    put(cpu, DATA, '0123456789abcdee');
    cpu.gr[9] = BigInt(DATA);
    expect(exception(cpu, 'b2009000')).toBe(0);
    expect([cpu.breakingHi, cpu.breakingLo]).toEqual([0x0123_4567, 0x89ab_cdee]);
    expect(exception(cpu, 'b2009004')).toBe(PGM.SPECIFICATION);
    expect(exception(cpu, 'b2009000', MODE_64 | PROBLEM)).toBe(PGM.PRIVILEGED_OPERATION);
  },
  STBEAR: () => {
    const cpu = bare();
    Object.assign(cpu, { breakingHi: 0x0123_4567, breakingLo: 0x89ab_cdee });
    cpu.gr[9] = BigInt(DATA);
    expect(exception(cpu, 'b2019000')).toBe(0);
    expect(get(cpu, DATA, 8)).toBe('0123456789abcdee');
    expect(exception(cpu, 'b2019004')).toBe(PGM.SPECIFICATION);
    expect(exception(cpu, 'b2019000', MODE_64 | PROBLEM)).toBe(PGM.PRIVILEGED_OPERATION);
  },
  LPSWEY: () => {
    const cpu = bare();
    put(cpu, DATA, '0001000180000000 0000000000030000');
    cpu.gr[9] = BigInt(DATA) + 0x1_0000n;
    Object.assign(cpu, { breakingHi: 5, breakingLo: 6 });
    // The displacement is -0x10000; the immediate is ignored.
    expect(execute(cpu, 'ebff9000f071').reason).toBe('limit');
    expect([cpu.pswMask, cpu.pswAddress]).toEqual([MODE_64 | PROBLEM, 0x3_0000n]);
    expect([cpu.breakingHi, cpu.breakingLo]).toEqual([5, 6]);
    cpu.setPsw(MODE_64, 0n);
    expect(exception(cpu, 'ebff9004f071')).toBe(PGM.SPECIFICATION);
    expect(exception(cpu, 'ebff9000f071', MODE_64 | PROBLEM)).toBe(PGM.PRIVILEGED_OPERATION);
  },
  LGG: () => guardedLoad('e3409000004c', '0123456789abcdef', 0x0123_4567_89ab_cdefn),
  LLGFSG: () => guardedLoad('e34090000048', '89abcdef', 0x89ab_cdefn),
  LGSC: () => {
    const cpu = bare();
    put(cpu, DATA, 'ffffffffffffffff 0000000000000111 0000000000000222 0000000000000333');
    cpu.gr[9] = BigInt(DATA);
    cpu.setControl(2, 0x10n);
    expect(exception(cpu, 'e3f09000004d', MODE_64 | PROBLEM)).toBe(0);
    expect([...cpu.guarded]).toEqual([0x111n, 0x222n, 0x333n]);
    expect(exception(cpu, 'e3f09004004d')).toBe(PGM.SPECIFICATION);
    cpu.setControl(2, ~0x10n & 0xffff_ffffn);
    expect(exception(cpu, 'e3f09000004d')).toBe(PGM.SPECIAL_OPERATION);
  },
  STGSC: () => {
    const cpu = bare();
    cpu.guarded.set([0x111n, 0x222n, 0x333n]);
    cpu.gr[9] = BigInt(DATA);
    cpu.setControl(2, 0x10n);
    put(cpu, DATA, 'ffff');
    expect(exception(cpu, 'e3f090000049', MODE_64 | PROBLEM)).toBe(0);
    expect(get(cpu, DATA, 32)).toBe('0000000000000000000000000000011100000000000002220000000000000333');
    expect(exception(cpu, 'e3f090040049')).toBe(PGM.SPECIFICATION);
    cpu.setControl(2, 0n);
    expect(exception(cpu, 'e3f090000049')).toBe(PGM.SPECIAL_OPERATION);
  },
  MVCK: () => keyed('d92480009000', (cpu, key) => void (cpu.gr[4] = key)),
  MVCSK: () => keyed('e50e80009000', (cpu, key) => void (cpu.gr[1] = key)),
  MVCDK: () => {
    const cpu = bare();
    put(cpu, DATA, '01020304');
    cpu.storage.keys[OTHER / 0x1000] = 0xa0;
    Object.assign(cpu.gr, { 0: 3n, 1: 0x50n, 8: BigInt(OTHER), 9: BigInt(DATA) });
    expect(exception(cpu, 'e50f80009000')).toBe(PGM.PROTECTION);
    cpu.gr[1] = 0xa0n;
    expect(exception(cpu, 'e50f80009000')).toBe(0);
    expect(get(cpu, OTHER, 4)).toBe('01020304');
    expect(exception(cpu, 'e50f80009000', MODE_64 | PROBLEM)).toBe(PGM.PRIVILEGED_OPERATION);
  },
  MVCP: () => moveBetween('da2480009000', 0x4_0000, 0x3_0000),
  MVCS: () => moveBetween('db2480009000', 0x3_0000, 0x4_0000),
  MVCOS: () => {
    const code = 'c84080009000';
    const access = { secondary: 0x0081, home: 0x00c1, key5: 0x5002 };
    const cpu = bare();
    twoSpaces(cpu);
    put(cpu, 0x3_0000, '1122334455');
    // From the primary to the secondary space, where page 0x30 is frame 0x40.
    Object.assign(cpu.gr, { 0: BigInt(access.secondary << 16), 4: 4n, 8: 0x3_0000n, 9: 0x3_0000n });
    cpu.cc = 2;
    execute(cpu, code, MODE_64 | DAT);
    expect([get(cpu, 0x4_0000, 5), cpu.cc]).toEqual(['1122334400', 0]);
    // Of a greater length 4096 bytes are moved.
    cpu.gr[4] = 0x1_0000_0000n;
    execute(cpu, code, MODE_64 | DAT);
    expect([get(cpu, 0x4_0000, 5), cpu.cc]).toEqual(['1122334455', 3]);
    cpu.gr[4] = 0n;
    execute(cpu, code, MODE_64 | DAT);
    expect(cpu.cc).toBe(0);
    // A key of its own for the source, which key 5 may not fetch.
    cpu.gr[4] = 4n;
    cpu.gr[0] = BigInt(access.key5);
    cpu.storage.keys[0x30] = 0x38;
    expect(exception(cpu, code, MODE_64 | DAT)).toBe(PGM.PROTECTION);
    expect(exception(cpu, code, MODE_64)).toBe(PGM.SPECIAL_OPERATION);
    // In the problem state: neither the home space of the first operand, nor a key outside of the key mask.
    expect(exception(cpu, code, MODE_64 | DAT | PROBLEM)).toBe(PGM.PRIVILEGED_OPERATION);
    cpu.gr[0] = BigInt(access.home << 16);
    expect(exception(cpu, code, MODE_64 | DAT | PROBLEM)).toBe(PGM.SPECIAL_OPERATION);
    // The secondary space needs the secondary-space control.
    cpu.gr[0] = BigInt(access.secondary);
    cpu.setControl(0, 0x4_00e0n);
    expect(exception(cpu, code, MODE_64 | DAT)).toBe(PGM.SPECIAL_OPERATION);
  },
  MVPG: () => {
    const cpu = bare();
    twoSpaces(cpu);
    put(cpu, DATA + 0xffe, 'abcd');
    Object.assign(cpu.gr, { 0: 0n, 4: BigInt(OTHER + 5), 6: BigInt(DATA + 7) });
    cpu.cc = 2;
    execute(cpu, 'b2540046');
    expect([get(cpu, OTHER + 0xffe, 2), cpu.cc]).toEqual(['abcd', 0]);
    cpu.storage.set64(0xa000 + (OTHER / 0x1000) * 8, 0x400n);
    expect(exception(cpu, 'b2540046', MODE_64 | DAT)).toBe(PGM.PAGE_TRANSLATION);
    expect([cpu.operandAccess, cpu.teidLo]).toEqual([0x46, OTHER | 0x404]);
    cpu.gr[0] = 0x100n;
    execute(cpu, 'b2540046', MODE_64 | DAT);
    expect(cpu.cc).toBe(1);
    cpu.gr[0] = 0x1000n;
    expect(exception(cpu, 'b2540046')).toBe(PGM.SPECIFICATION);
  },
  STFLE: () => {
    const cpu = bare();
    const there = facilityList().length / 8;
    Object.assign(cpu.gr, { 0: 0xff_0000_00ffn, 9: BigInt(DATA) });
    execute(cpu, 'b2b09000');
    expect([cpu.cc, cpu.gr[0]]).toEqual([0, 0xff_0000_0000n + BigInt(there - 1)]);
    expect(get(cpu, DATA, there * 8)).toBe(Buffer.from(facilityList()).toString('hex'));
    cpu.gr[9] = BigInt(DATA + 4);
    expect(exception(cpu, 'b2b09000')).toBe(PGM.SPECIFICATION);
  },
  CHSC: () => expect(exception(bare(), 'b25f0020')).toBe(PGM.OPERATION),
  MDEBR: () => {
    expect(product('b30c0014', 0x4040_0000n << 32n, 0x4080_0000n << 32n)).toEqual([
      0x4028_0000_0000_0000n,
      0,
    ]);
    // The product of two short numbers has a long one's range.
    expect(product('b30c0014', 0x7f00_0000n << 32n, 0x7f00_0000n << 32n)).toEqual([
      0x4fd0_0000_0000_0000n,
      0,
    ]);
    expect(product('b30c0014', 1n << 32n, 1n << 32n)).toEqual([0x2d50_0000_0000_0000n, 0]);
    // Infinity times zero.
    expect(product('b30c0014', 0x7f80_0000n << 32n, 0n)).toEqual([0x7ff8_0000_0000_0000n, 0x80_0000]);
  },
  MDEB: () => {
    const cpu = bare();
    put(cpu, DATA, '40800000');
    Object.assign(cpu, { fpc: 0 });
    cpu.fr[1] = 0x4040_0000_1234_5678n;
    cpu.gr[9] = BigInt(DATA);
    execute(cpu, 'ed109000000c');
    expect(cpu.fr[1]).toBe(0x4028_0000_0000_0000n);
  },
  MXDBR: () => {
    const cpu = bare();
    // (1 + 2^-52) squared needs 105 bits.
    Object.assign(cpu.fr, { 1: 0x3ff0_0000_0000_0001n, 4: 0x3ff0_0000_0000_0001n });
    execute(cpu, 'b3070014');
    expect([cpu.fr[1], cpu.fr[3]]).toEqual([0x3fff_0000_0000_0000n, 0x2000_0000_0000_0100n]);
    expect(cpu.fpc).toBe(0);
    expect(exception(cpu, 'b3070024')).toBe(PGM.SPECIFICATION);
  },
  MXDB: () => {
    const cpu = bare();
    put(cpu, DATA, 'c000000000000000');
    cpu.fr[1] = 0x4008_0000_0000_0000n;
    cpu.gr[9] = BigInt(DATA);
    execute(cpu, 'ed1090000007');
    expect([cpu.fr[1], cpu.fr[3]]).toEqual([0xc001_8000_0000_0000n, 0n]);
    expect(exception(cpu, 'ed2090000007')).toBe(PGM.SPECIFICATION);
  },
  DIEBR: () => {
    const cpu = bare();
    const divide = (first: bigint, second: bigint) => {
      cpu.fpc = 0;
      Object.assign(cpu.fr, { 1: first << 32n, 4: second << 32n, 6: 0n });
      execute(cpu, 'b3536514');
      return [(cpu.fr[6] as bigint) >> 32n, (cpu.fr[1] as bigint) >> 32n, cpu.cc, cpu.fpc];
    };
    // 7 / 2 = 3, rest 1; rounded toward zero.
    expect(divide(0x40e0_0000n, 0x4000_0000n)).toEqual([0x4040_0000n, 0x3f80_0000n, 0, 0]);
    // 2^30 / 3: the quotient has more than 24 bits. 357913941 is cut to 357913920, the rest is 64.
    expect(divide(0x4e80_0000n, 0x4040_0000n)).toEqual([0x4daa_aaaan, 0x4280_0000n, 2, 0]);
    // The largest number by the smallest: the exponent of the quotient is reduced by 192.
    expect(divide(0x7f7f_ffffn, 1n)).toEqual([0x69ff_ffffn, 0n, 1, 0]);
    expect(divide(0x7f80_0000n, 1n)).toEqual([0x7fc0_0000n, 0x7fc0_0000n, 1, 0x80_0000]);
  },
  DIDBR: () => {
    const cpu = bare();
    const divide = (m4: number) => {
      Object.assign(cpu.fr, { 1: 0x401e_0000_0000_0000n, 4: 0x4000_0000_0000_0000n });
      execute(cpu, `b35b6${m4}14`);
      return [cpu.fr[6], cpu.fr[1], cpu.cc];
    };
    // 7.5 / 2: to nearest even, and up, 4, rest -0.5; toward zero 3, rest 1.5.
    expect(divide(4)).toEqual([0x4010_0000_0000_0000n, 0xbfe0_0000_0000_0000n, 0]);
    expect(divide(6)).toEqual([0x4010_0000_0000_0000n, 0xbfe0_0000_0000_0000n, 0]);
    expect(divide(5)).toEqual([0x4008_0000_0000_0000n, 0x3ff8_0000_0000_0000n, 0]);
    expect(exception(cpu, 'b35b6214')).toBe(PGM.SPECIFICATION);
    for (const same of ['b35b6011', 'b35b1014', 'b35b4014'])
      expect(exception(cpu, same)).toBe(PGM.SPECIFICATION);
  },
};

/** EXTRACT PRIMARY and SECONDARY ASN AND INSTANCE. */
function extracted(code: string, value: bigint): void {
  const cpu = bare();
  cpu.setControl(1, 0x20n);
  cpu.setControl(3, 0x0000_7702_f0f0_0002n);
  cpu.setControl(4, 0x0000_7701_0004_0001n);
  expect(exception(cpu, code)).toBe(PGM.SPECIAL_OPERATION);
  expect(exception(cpu, code, MODE_64 | DAT | PROBLEM)).toBe(PGM.PRIVILEGED_OPERATION);
  expect(exception(cpu, code, MODE_64 | DAT)).toBe(0);
  expect(cpu.gr[2]).toBe(value);
}

function spaceSet(code: string): void {
  const cpu = bare();
  twoSpaces(cpu);
  const after = (n: string, mask = MODE_64 | DAT) => exception(cpu, code + n, mask) || -cpu.space;
  expect(after('0100')).toBe(-2);
  expect(after('0000')).toBe(-0);
  expect(after('0300')).toBe(-3);
  expect(after('0200')).toBe(-1);
  expect(after('0400')).toBe(PGM.SPECIFICATION);
  expect(after('0300', MODE_64 | DAT | PROBLEM)).toBe(PGM.PRIVILEGED_OPERATION);
  expect(after('0100', MODE_64)).toBe(PGM.SPECIAL_OPERATION);
  cpu.setControl(0, 0x4_00e0n);
  expect(after('0100')).toBe(PGM.SPECIAL_OPERATION);
}

describe('worked out by hand', () => {
  for (const [mnemonic, test] of Object.entries(BY_HAND)) it(mnemonic, test);
});

describe('the instruction table', () => {
  const fixtures = new URL('./fixtures/', import.meta.url);
  const recorded = new Set(
    readdirSync(fixtures)
      .filter((name) => name.endsWith('.json'))
      .flatMap((name) => JSON.parse(readFileSync(new URL(name, fixtures), 'utf8')) as [string][])
      .map(([mnemonic]) => mnemonic),
  );

  it('has a case for every line', () => {
    const without = INSTRUCTIONS.map(([mnemonic]) => mnemonic).filter(
      (mnemonic) => !recorded.has(mnemonic) && !(mnemonic in BY_HAND),
    );
    expect(without).toEqual([]);
  });

  it('has no name twice', () => {
    expect(new Set(INSTRUCTIONS.map(([mnemonic]) => mnemonic)).size).toBe(INSTRUCTIONS.length);
  });
});

describe('where the recorded machine deviates from the architecture', () => {
  it('LPSW requires bit 12 of a short PSW', () => {
    const cpu = bare();
    cpu.gr[9] = BigInt(DATA);
    put(cpu, DATA, '00082f00 80012340');
    execute(cpu, '82009000');
    expect([cpu.pswMask, cpu.pswAddress]).toEqual([0x0000_2f00_8000_0000n, 0x1_2340n]);
    put(cpu, DATA, '00002f00 80012340');
    expect(exception(cpu, '82009000')).toBe(PGM.SPECIFICATION);
  });

  it('SSM can be suppressed', () => {
    const cpu = bare();
    cpu.setControl(0, 0x4004_00e0n);
    expect(exception(cpu, '80000000')).toBe(PGM.SPECIAL_OPERATION);
  });

  it('SPKA checks the PSW-key mask in the problem state', () => {
    const cpu = bare();
    cpu.setControl(3, 0x0400_0000n);
    expect(exception(cpu, 'b20a0050', MODE_64 | PROBLEM)).toBe(0);
    expect(cpu.key).toBe(5);
    expect(exception(cpu, 'b20a0060', MODE_64 | PROBLEM)).toBe(PGM.PRIVILEGED_OPERATION);
  });

  it('a bit of ROTATE THEN SELECTED BITS only sets the condition code', () => {
    const cpu = bare();
    Object.assign(cpu.gr, { 2: 0xffn, 3: 0xf0n });
    // rnsbg %r2,%r3,0x80+56,63,0 and rxsbg with bits that come out zero.
    execute(cpu, 'ec23b83f0054');
    expect([cpu.gr[2], cpu.cc]).toEqual([0xffn, 1]);
    cpu.gr[3] = 0xffn;
    execute(cpu, 'ec23b83f0057');
    expect([cpu.gr[2], cpu.cc]).toEqual([0xffn, 0]);
  });

  it('UNPK and PKA use the leftmost byte, too', () => {
    const cpu = bare();
    Object.assign(cpu.gr, { 8: BigInt(OTHER), 9: BigInt(DATA) });
    put(cpu, DATA, '12 34 5d');
    execute(cpu, 'f34280009000');
    expect(get(cpu, OTHER, 5)).toBe('f1f2f3f4d5');
    put(cpu, DATA, '39 31');
    execute(cpu, 'e90180009000');
    expect(get(cpu, OTHER, 16)).toBe('0000000000000000000000000000091c'.slice(-32));
  });

  it('TPROT reports key-controlled and low-address protection, and invalid pages', () => {
    const cpu = bare();
    twoSpaces(cpu);
    const code = (key: string, mask = MODE_64) => exception(cpu, `e5019000${key}`, mask) || cpu.cc;
    cpu.gr[9] = BigInt(DATA);
    cpu.storage.keys[DATA / 0x1000] = 0xa0;
    expect([code('0000'), code('0050'), code('00a0')]).toEqual([0, 1, 0]);
    cpu.storage.keys[DATA / 0x1000] = 0xa8;
    expect([code('0050'), code('00a0')]).toEqual([2, 0]);
    cpu.storage.set64(0xa000 + (DATA / 0x1000) * 8, BigInt(DATA | 0x200));
    expect(code('0000', MODE_64 | DAT)).toBe(1);
    cpu.storage.set64(0xa000 + (DATA / 0x1000) * 8, 0x400n);
    expect(code('0000', MODE_64 | DAT)).toBe(3);
    cpu.gr[9] = 0x100n;
    cpu.setControl(0, 0x1004_00e0n);
    expect(code('0000')).toBe(1);
  });

  it('LURA and STURA require alignment', () => {
    const cpu = bare();
    cpu.gr[9] = BigInt(DATA + 2);
    for (const code of ['b24b0029', 'b9050029', 'b2460029', 'b9250029']) {
      expect(exception(cpu, code)).toBe(PGM.SPECIFICATION);
    }
  });

  it('MVCLU requires even lengths, and two-byte translations do, too', () => {
    const cpu = bare();
    Object.assign(cpu.gr, { 4: BigInt(DATA), 5: 3n, 6: BigInt(OTHER), 7: 2n, 9: BigInt(OTHER) });
    expect(exception(cpu, 'eb460000008e')).toBe(PGM.SPECIFICATION);
    expect(exception(cpu, 'b9910049')).toBe(PGM.SPECIFICATION);
    expect(exception(cpu, 'b9930059')).toBe(PGM.SPECIFICATION);
    // A length of 2^32 is even.
    Object.assign(cpu.gr, { 0: 0xffn, 5: 0x1_0000_0000n });
    expect(exception(cpu, 'b9910049')).toBe(0);
    expect(cpu.cc).toBe(3);
  });

  it('LRA loads the address of an invalid entry', () => {
    const cpu = bare();
    twoSpaces(cpu);
    cpu.gr[9] = BigInt(DATA + 0x123);
    execute(cpu, 'e32090000003');
    expect([cpu.gr[2], cpu.cc]).toEqual([BigInt(DATA + 0x123), 0]);
    cpu.storage.set64(0xa000 + (DATA / 0x1000) * 8, 0x400n);
    execute(cpu, 'e32090000003');
    expect([cpu.gr[2], cpu.cc]).toEqual([BigInt(0xa000 + (DATA / 0x1000) * 8), 2]);
    cpu.gr[9] = 0x10_0000n;
    execute(cpu, 'e32090000003');
    expect([cpu.gr[2], cpu.cc]).toEqual([0x8008n, 1]);
    cpu.gr[9] = 0x8000_0000n;
    execute(cpu, 'e32090000003');
    expect([cpu.gr[2], cpu.cc]).toEqual([0x8000_0038n, 3]);
  });
});

describe('binary floating point that the recorded machine deviates in', () => {
  it('LOAD AND TEST of a signaling NaN is invalid', () => {
    const cpu = bare();
    cpu.fr[4] = 0x7ff4_0000_0000_0000n;
    execute(cpu, 'b3120014');
    expect([cpu.fr[1], cpu.cc, cpu.fpc]).toEqual([0x7ffc_0000_0000_0000n, 3, 0x80_0000]);
    cpu.fpc = 0x8000_0000;
    expect(exception(cpu, 'b3120014')).toBe(PGM.DATA);
    expect(cpu.dataExceptionCode).toBe(0x80);
  });

  it('LOAD AND TEST of a subnormal number is no underflow', () => {
    const cpu = bare();
    cpu.fr[4] = 0x000f_ffff_ffff_ffffn;
    cpu.fpc = 0xf800_0000;
    expect(exception(cpu, 'b3120014')).toBe(0);
    expect([cpu.fr[1], cpu.cc, cpu.fpc]).toEqual([0x000f_ffff_ffff_ffffn, 2, 0xf800_0000]);
  });

  it('LOAD ROUNDED from extended numbers requires pairs: a trapped overflow needs both registers', () => {
    const cpu = bare();
    expect(exception(cpu, 'b3450024')).toBe(PGM.SPECIFICATION);
    expect(exception(cpu, 'b3460016')).toBe(PGM.SPECIFICATION);
    // 2^8192 as a long number: divided by 2^8192 it stays in the extended format.
    Object.assign(cpu.fr, { 4: 0x5fff_0000_0000_0000n, 6: 0n });
    cpu.fpc = 0x2000_0000;
    expect(exception(cpu, 'b3450014')).toBe(PGM.DATA);
    expect([cpu.fr[1], cpu.fr[3], cpu.dataExceptionCode]).toEqual([0x3fff_0000_0000_0000n, 0n, 0x20]);
  });

  it('a trapped inexact result is stored', () => {
    const cpu = bare();
    Object.assign(cpu.fr, { 1: 0x3ff0_0000_0000_0000n, 4: 0x4008_0000_0000_0000n });
    cpu.fpc = 0x0800_0000;
    expect(exception(cpu, 'b31d0014')).toBe(PGM.DATA);
    expect([cpu.fr[1], cpu.dataExceptionCode, cpu.fpc]).toEqual([0x3fd5_5555_5555_5555n, 0x08, 0x0800_0000]);
  });
});

describe('MOVE TO PRIMARY and MOVE TO SECONDARY', () => {
  it.each([
    ['MVCP', 'da2480009000', 0x4_0000, 0x3_0000],
    ['MVCS', 'db2480009000', 0x3_0000, 0x4_0000],
  ])('%s moves between the spaces after an instruction with a relative operand', (_, hex, from, to) => {
    const cpu = bare();
    twoSpaces(cpu);
    put(cpu, from, '1122334455');
    Object.assign(cpu.gr, { 2: 4n, 4: 0n, 8: 0x3_0000n, 9: 0x3_0000n });
    // LOAD RELATIVE LONG of the instruction itself.
    execute(cpu, `c45d00000000${hex}`, MODE_64 | DAT, 2);
    expect(get(cpu, to, 5)).toBe('1122334400');
  });
});

describe('exceptions of two operands', () => {
  /** Maps pages to the same addresses, except 0x24 (stores are protected) and 0x22 and 0x27 (invalid). */
  function mapped(): Cpu {
    const cpu = bare();
    for (let i = 0; i < 512; i++) cpu.storage.set64(0x8000 + i * 8, 0x20n);
    cpu.storage.set64(0x8000, 0xa000n);
    for (let i = 0; i < 256; i++) cpu.storage.set64(0xa000 + i * 8, BigInt(i * 0x1000));
    cpu.storage.set64(0xa000 + 0x24 * 8, 0x2_4200n);
    for (const page of [0x22, 0x27]) cpu.storage.set64(0xa000 + page * 8, 0x400n);
    cpu.setControl(1, 0x8000n);
    return cpu;
  }

  /** Returns the code and the page of the exception that an instruction ends with. */
  function ending(cpu: Cpu, hex: string): readonly [code: number, page: number] {
    const code = exception(cpu, hex, MODE_64 | DAT);
    return [code, code === 0 ? 0 : cpu.teidLo >>> 12];
  }

  it.each([
    ['MVC', 'd20f80009000'],
    ['MVCIN', 'e80080009000'],
    ['PACK', 'f23380009000'],
    ['UNPKA', 'ea0f80009000'],
    ['ZAP', 'f83380009000'],
  ])('%s recognizes that of the second one, which it fetches first', (_, hex) => {
    const cpu = mapped();
    Object.assign(cpu.gr, { 8: 0x2_4000n, 9: 0x2_2000n });
    expect(ending(cpu, hex)).toEqual([PGM.PAGE_TRANSLATION, 0x22]);
  });

  it('CLC recognizes that of the first one, and none behind an unequal byte', () => {
    const cpu = mapped();
    Object.assign(cpu.gr, { 8: 0x2_7000n, 9: 0x2_2000n });
    expect(ending(cpu, 'd50f80009000')).toEqual([PGM.PAGE_TRANSLATION, 0x27]);
    Object.assign(cpu.gr, { 8: 0x2_1ffen, 9: 0x2_0000n });
    put(cpu, 0x2_1ffe, '0101');
    put(cpu, 0x2_0000, '0102');
    expect(ending(cpu, 'd50f80009000')).toEqual([0, 0]);
    expect(cpu.cc).toBe(1);
    put(cpu, 0x2_0000, '0101');
    expect(ending(cpu, 'd50f80009000')).toEqual([PGM.PAGE_TRANSLATION, 0x22]);
  });

  it.each([
    ['TRT', 'dd0f80009000', 0x2_1ffe],
    ['TRTR', 'd00f80009000', 0x2_8001],
  ])('%s accesses no page behind the byte it finds', (_, hex, start) => {
    const cpu = mapped();
    put(cpu, start - 1, '000100');
    put(cpu, 0x2_0000, '0005');
    Object.assign(cpu.gr, { 8: BigInt(start), 9: 0x2_0000n });
    expect(ending(cpu, hex)).toEqual([0, 0]);
    expect([cpu.cc, cpu.gr[1], (cpu.gr[2] as bigint) & 0xffn]).toEqual([1, BigInt(start), 5n]);
    put(cpu, start - 1, '000000');
    expect(ending(cpu, hex)[0]).toBe(PGM.PAGE_TRANSLATION);
  });

  it('TRE stores nothing, and accesses no table, if the first byte is the test byte', () => {
    const cpu = mapped();
    put(cpu, 0x2_4000, 'aa');
    Object.assign(cpu.gr, { 0: 0xaan, 8: 0x2_4000n, 9: 4n, 10: 0x2_2000n });
    expect(ending(cpu, 'b2a5008a')).toEqual([0, 0]);
    expect([cpu.cc, cpu.gr[8], cpu.gr[9]]).toEqual([1, 0x2_4000n, 4n]);
  });

  it('MVST accesses a page only if it stores or fetches a byte there', () => {
    const cpu = mapped();
    put(cpu, 0x2_0000, 'c1c2aa');
    Object.assign(cpu.gr, { 0: 0xaan, 8: 0x2_1ffdn, 9: 0x2_0000n });
    expect(ending(cpu, 'b2550089')).toEqual([0, 0]);
    expect([cpu.cc, cpu.gr[8]]).toEqual([1, 0x2_1fffn]);
    Object.assign(cpu.gr, { 8: 0x2_1ffen, 9: 0x2_0000n });
    expect(ending(cpu, 'b2550089')).toEqual([PGM.PAGE_TRANSLATION, 0x22]);
  });
});

describe('COMPARE UNTIL SUBSTRING EQUAL', () => {
  it('takes a negative length as zero', () => {
    const cpu = bare();
    Object.assign(cpu.gr, { 0: 1n, 1: 0x40n, 8: BigInt(DATA), 9: 2n, 10: BigInt(DATA), 11: 1n << 63n });
    put(cpu, DATA, 'c140');
    execute(cpu, 'b257008a');
    expect([cpu.cc, cpu.gr[8], cpu.gr[9], cpu.gr[10]]).toEqual([0, BigInt(DATA + 1), 1n, BigInt(DATA)]);
  });
});

describe('MOVE RIGHT TO LEFT', () => {
  it('uses the rightmost byte of register 0 only, and moves the rightmost byte first', () => {
    const cpu = bare();
    Object.assign(cpu.gr, { 0: 0xffff_ffff_ffff_ff03n, 8: BigInt(DATA + 1), 9: BigInt(DATA) });
    put(cpu, DATA, '0102030405');
    execute(cpu, 'e50a80009000');
    expect(get(cpu, DATA, 5)).toBe('0101020304');
    Object.assign(cpu.gr, { 8: BigInt(DATA), 9: BigInt(DATA + 1) });
    execute(cpu, 'e50a80009000');
    expect(get(cpu, DATA, 5)).toBe('0404040404');
  });
});

describe('sorting', () => {
  const END = 0x20_0000;

  it('shows the units of COMPARE AND FORM CODEWORD that an exception leaves completed', () => {
    const cpu = bare();
    Object.assign(cpu.gr, { 1: BigInt(END - 10), 2: 0n, 3: BigInt(END - 10), 9: 0x7ffen });
    expect([exception(cpu, 'b21a9000', MODE_31), cpu.gr[2]]).toEqual([PGM.ADDRESSING, 10n]);
    Object.assign(cpu.gr, { 1: BigInt(END - 16), 2: 0n, 3: BigInt(END - 16) });
    expect([exception(cpu, 'b21a9000'), cpu.gr[2]]).toEqual([PGM.ADDRESSING, 12n]);
  });

  it('compares fields in several executions', () => {
    const cpu = bare();
    Object.assign(cpu.gr, { 1: BigInt(DATA), 2: 0xabcd_0000n, 3: 0x3_0000n, 9: 0x7ffen });
    execute(cpu, 'b21a9000', MODE_31);
    expect([cpu.pswAddress, cpu.gr[2]]).toEqual([BigInt(CODE), 0xabcd_0200n]);
    cpu.run(64);
    expect([cpu.pswAddress, cpu.gr[2], cpu.cc]).toEqual([BigInt(CODE + 4), 0x8003_0000n, 0]);
  });

  it('keeps what UPDATE TREE exchanged before an exception', () => {
    const cpu = bare();
    // The node at index 16 begins a page; its parent at index 8 is in front of it, in a page that is protected.
    put(cpu, 0x2_fff8, '0000000a00000008 0000000900000007');
    cpu.storage.keys[0x2f] = 0x10;
    cpu.storage.keys[0x30] = 0x20;
    Object.assign(cpu.gr, { 0: 5n, 1: 6n, 4: 0x2_fff0n, 5: 32n });
    expect(exception(cpu, '0102', MODE_31 | (2n << 52n))).toBe(PGM.PROTECTION);
    expect([cpu.gr[0], cpu.gr[1], cpu.gr[5]]).toEqual([9n, 7n, 16n]);
    expect(get(cpu, 0x2_fff8, 16)).toBe('0000000a000000080000000500000006');
  });
});

describe('overlapping packed operands', () => {
  const ended = (code: string, at: number, hex: string) => {
    const cpu = bare();
    Object.assign(cpu.gr, { 8: BigInt(at), 9: BigInt(DATA) });
    put(cpu, DATA, hex);
    return exception(cpu, code) || [cpu.cc, get(cpu, DATA, hex.length / 2)];
  };

  it('may have the same last byte', () => {
    expect(ended('fa2180009001', DATA, '00125d')).toEqual([1, '00250d']);
    expect(ended('fb2080009002', DATA, '00125d')).toEqual([1, '00120d']);
    expect(ended('f82180009001', DATA, '99125d')).toEqual([1, '00125d']);
  });

  it('are invalid if another byte of one is the last byte of the other', () => {
    for (const code of ['fa', 'fb', 'f9']) {
      expect(ended(`${code}1180009001`, DATA, '125c6c')).toBe(PGM.DATA);
      expect(ended(`${code}1180009000`, DATA + 1, '125c6c')).toBe(PGM.DATA);
    }
  });

  it('of ZERO AND ADD may overlap if the result ends behind the source', () => {
    expect(ended('f81180009000', DATA + 1, '123cff')).toEqual([2, '12123c']);
    expect(ended('f81180009001', DATA, '12345c')).toBe(PGM.DATA);
    expect(ended('f81180009002', DATA, '1234345c')).toEqual([2, '345c345c']);
  });
});

describe('long instructions', () => {
  it('process a bounded number of bytes at a time', () => {
    const cpu = bare();
    Object.assign(cpu.gr, { 4: 0x10_0000n, 5: 0x8_0000n, 6: 0n, 7: 0x5a00_0000n });
    expect(execute(cpu, '0e46', MODE_64, 3).reason).toBe('limit');
    expect([cpu.pswAddress, cpu.gr[4], cpu.gr[5]]).toEqual([BigInt(CODE), 0x10_3000n, 0x7_d000n]);
    cpu.run(125);
    expect([cpu.pswAddress, cpu.gr[5], cpu.cc]).toEqual([BigInt(CODE + 2), 0n, 2]);
    expect(get(cpu, 0x17_fffe, 3)).toBe('5a5a00');
  });

  it('update registers to the completed units if an access exception ends them', () => {
    const cpu = bare();
    Object.assign(cpu.gr, { 4: 0x1f_f000n, 5: 0x3000n, 6: 0n, 7: 0n });
    put(cpu, CODE, '0e46');
    cpu.setPsw(MODE_64, BigInt(CODE));
    const stop = cpu.run(9);
    expect(stop).toMatchObject({ reason: 'interruption', interruption: { code: PGM.ADDRESSING } });
    expect([cpu.gr[4], cpu.gr[5]]).toEqual([0x20_0000n, 0x2000n]);
  });

  it('can be interrupted between units', () => {
    const cpu = bare();
    cpu.interruptions = 'report-programs';
    cpu.setControl(0, 0x4_02e0n);
    put(cpu, 432, '0000000180000000 0000000000030000');
    Object.assign(cpu.gr, { 4: 0x10_0000n, 5: 0x8_0000n, 6: 0n, 7: 0n });
    execute(cpu, '0e46', MODE_64 | EXTERNAL, 2);
    cpu.signal(0x2401, 0);
    cpu.run(1);
    expect([cpu.pswAddress, get(cpu, 312, 8)]).toEqual([0x3_0000n, CODE.toString(16).padStart(16, '0')]);
  });

  it('search, compare and move strings over the end of a page: code 3 is for 256 bytes and more', () => {
    const cpu = bare();
    put(cpu, DATA + 0xffe, '61626300');
    put(cpu, 0x3_0000, '61626300');
    const compare = { 0: 0n, 4: 0x3_0000n, 6: BigInt(DATA + 0xffe) };
    Object.assign(cpu.gr, compare);
    execute(cpu, 'b25d0046');
    expect([cpu.cc, cpu.gr[4], cpu.gr[6]]).toEqual([0, 0x3_0000n, BigInt(DATA + 0xffe)]);
    Object.assign(cpu.gr, { 4: 0n, 6: BigInt(DATA + 0xffe) });
    execute(cpu, 'b25e0046');
    expect([cpu.cc, cpu.gr[4], cpu.gr[6]]).toEqual([1, BigInt(DATA + 0x1001), BigInt(DATA + 0xffe)]);
    Object.assign(cpu.gr, { 4: 0x4_0ffen, 6: BigInt(DATA + 0xffe) });
    execute(cpu, 'b2550046');
    expect([cpu.cc, cpu.gr[4], get(cpu, 0x4_0ffe, 4)]).toEqual([1, 0x4_1001n, '61626300']);
  });

  it.each([
    ['CLST', 'b25d0046', 3],
    ['MVST', 'b2550046', 3],
    ['SRST', 'b25e0046', 3],
    ['SRSTU', 'b9be0046', 3],
  ])('%s of long operands does at least 256 bytes, wherever pages end', (_, code, cc) => {
    for (const offset of [0x800, 0xf01, 0xf80, 0xffe, 0xfff]) {
      const cpu = bare();
      cpu.storage.fill(DATA, 0x4000, 0x61);
      cpu.storage.fill(0x4_0000, 0x4000, 0x61);
      const from = BigInt(DATA + offset);
      Object.assign(cpu.gr, {
        0: 0n,
        4: code.startsWith('b25e') || code.startsWith('b9be') ? 0n : 0x4_0ff0n,
        6: from,
      });
      execute(cpu, code);
      expect(cpu.cc).toBe(cc);
      expect(Number(cpu.gr[6] as bigint) - Number(from)).toBeGreaterThanOrEqual(256);
    }
  });

  it.each([
    ['CLST', 'b25d0046'],
    ['SRST', 'b25e0046'],
    ['SRSTU', 'b9be0046'],
    ['MVST', 'b2550046'],
  ])('%s does not touch the next page when it ends before it', (_, code) => {
    const cpu = bare();
    twoSpaces(cpu);
    put(cpu, DATA + 0xffc, '6161 0000');
    put(cpu, 0x4_0ffc, '6161 0000');
    cpu.storage.set64(0xa000 + (DATA / 0x1000 + 1) * 8, 0x400n);
    cpu.storage.set64(0xa000 + 0x41 * 8, 0x400n);
    const searches = code.startsWith('b25e') || code.startsWith('b9be');
    Object.assign(cpu.gr, { 0: 0n, 4: searches ? 0n : 0x4_0ffcn, 6: BigInt(DATA + 0xffc) });
    expect(exception(cpu, code, MODE_64 | DAT)).toBe(0);
    expect(cpu.cc).toBe(code.startsWith('b25d') ? 0 : 1);
  });
});

it.each([
  ['TRTO', 'b9911024', 0x5678, '9a'],
  ['TRTT', 'b9901024', 0x5678 * 2, '9abc'],
])('%s translates by the whole of a character of two bytes', (_, code, offset, translated) => {
  const cpu = bare();
  const [source, target, table] = [DATA, DATA + 0x100, 0x4_0000];
  put(cpu, source, '5678');
  put(cpu, table + offset, translated);
  Object.assign(cpu.gr, { 0: 0xffffn, 1: BigInt(table), 2: BigInt(target), 3: 2n, 4: BigInt(source) });
  execute(cpu, code);
  expect([get(cpu, target, translated.length / 2), cpu.cc]).toEqual([translated, 0]);
});
