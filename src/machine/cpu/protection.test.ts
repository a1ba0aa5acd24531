/** Protection: every kind of access follows the same rules. Principles of Operation, chapter 3, "Protection". */

import { describe, expect, it } from 'vitest';
import type { Cpu } from '../engine/cpu.ts';
import { PGM } from '../interruption.ts';
import { bare, CODE, DAT, DATA, exception, execute, get, MODE_64, put } from '../testing/bare.ts';

const LOW_ADDRESS = 0x1000_0000n;
const FETCH_OVERRIDE = 0x0200_0000n;
const STORAGE_OVERRIDE = 0x0100_0000n;
const EDAT = 0x0080_0000n;
const CR0 = 0x4_00e0n;
/** PSW key 1. */
const KEY_1 = 0x0010_0000_0000_0000n;
const PRIVATE = 0x100n;
const SEGMENTS = 0xc_0000;

/** A processor whose primary space is storage itself, in 1 MiB frames, with DAT ready. */
function mapped(asce = 0n, entry = 0n): Cpu {
  const cpu = bare();
  for (let i = 0; i < 512; i++) cpu.storage.set64(SEGMENTS + i * 8, (BigInt(i) << 20n) | 0x400n | entry);
  cpu.setControl(1, BigInt(SEGMENTS) | asce);
  cpu.setControl(0, CR0 | EDAT);
  return cpu;
}

/** An instruction that stores one or more bytes at the address in register 9, and one that fetches. */
const WAYS: readonly { name: string; code: string; store: boolean; real?: boolean; length: number }[] = [
  { name: 'ST', code: '50209000', store: true, length: 4 },
  { name: 'STG', code: 'e32090000024', store: true, length: 8 },
  { name: 'MVI', code: '92119000', store: true, length: 1 },
  { name: 'MVC to', code: 'd20790008000', store: true, length: 8 },
  { name: 'STM', code: '90239000', store: true, length: 8 },
  { name: 'CS', code: 'ba249000', store: true, length: 4 },
  { name: 'STURA', code: 'b2460029', store: true, real: true, length: 4 },
  { name: 'L', code: '58209000', store: false, length: 4 },
  { name: 'LG', code: 'e32090000004', store: false, length: 8 },
  { name: 'IC', code: '43209000', store: false, length: 1 },
  { name: 'CLC', code: 'd50790008000', store: false, length: 8 },
  { name: 'LM', code: '98239000', store: false, length: 8 },
  { name: 'LURA', code: 'b24b0029', store: false, real: true, length: 4 },
];
const FETCHES = WAYS.filter(({ store }) => !store);
const STORES = WAYS.filter(({ store }) => store);

function at(cpu: Cpu, address: number): void {
  Object.assign(cpu.gr, { 8: BigInt(DATA + 0x800), 9: BigInt(address) });
}

/** Executes TEST PROTECTION for an address and a key. Returns the condition code. */
function tested(cpu: Cpu, address: number, key: number, mask: bigint): number {
  cpu.gr[9] = BigInt(address);
  cpu.gr[10] = BigInt(key << 4);
  expect(exception(cpu, 'e5019000a000', mask)).toBe(0);
  return cpu.cc;
}

describe.each([
  ['DAT off', MODE_64],
  ['DAT on', MODE_64 | DAT],
])('key-controlled protection, %s', (_, mask) => {
  it.each(WAYS)('$name by key 1, of pages with other keys', ({ code, store }) => {
    const cpu = mapped();
    at(cpu, DATA);
    for (const [key, allowed] of [
      [0x10, true],
      [0x18, true],
      [0x90, !store],
      [0x98, false],
      [0x00, !store],
    ] as const) {
      cpu.storage.keys[DATA / 0x1000] = key;
      expect(exception(cpu, code, mask | KEY_1)).toBe(allowed ? 0 : PGM.PROTECTION);
      expect(exception(cpu, code, mask)).toBe(0);
    }
    cpu.setControl(0, CR0 | EDAT | STORAGE_OVERRIDE);
    cpu.storage.keys[DATA / 0x1000] = 0x98;
    expect(exception(cpu, code, mask | KEY_1)).toBe(0);
  });

  it('TEST PROTECTION answers by the same rules', () => {
    const cpu = mapped();
    for (const [key, override, wanted] of [
      [0x10, 0n, 0],
      [0x90, 0n, 1],
      [0x98, 0n, 2],
      [0x98, STORAGE_OVERRIDE, 0],
      [0xa8, STORAGE_OVERRIDE, 2],
    ] as const) {
      cpu.storage.keys[DATA / 0x1000] = key;
      cpu.setControl(0, CR0 | EDAT | override);
      expect(tested(cpu, DATA, 1, mask)).toBe(wanted);
      expect(tested(cpu, DATA, 0, mask)).toBe(0);
    }
  });

  it.each(FETCHES)('fetch-protection override opens the first 2 KiB to $name', ({ code, length }) => {
    const cpu = mapped();
    cpu.storage.keys[0] = 0x38;
    const end = 2048 - length;
    for (const [address, override, allowed] of [
      [0x200, 0n, false],
      [0x200, FETCH_OVERRIDE, true],
      [end - (end % 4), FETCH_OVERRIDE, true],
      [2048, FETCH_OVERRIDE, false],
    ] as const) {
      at(cpu, address);
      cpu.setControl(0, CR0 | EDAT | override);
      expect(exception(cpu, code, mask | KEY_1)).toBe(allowed ? 0 : PGM.PROTECTION);
    }
  });

  it('an operand that begins in the first 2 KiB and ends behind them is not opened', () => {
    const cpu = mapped();
    cpu.storage.keys[0] = 0x38;
    cpu.setControl(0, CR0 | EDAT | FETCH_OVERRIDE);
    for (const code of ['e32090000004', 'd50790008000', '98239000']) {
      at(cpu, 2044);
      expect(exception(cpu, code, mask | KEY_1)).toBe(PGM.PROTECTION);
    }
  });

  it('TEST PROTECTION of the first 2 KiB with the override: fetches may be made, stores not', () => {
    const cpu = mapped();
    cpu.storage.keys[0] = 0x38;
    expect(tested(cpu, 0x100, 1, mask)).toBe(2);
    cpu.setControl(0, CR0 | EDAT | FETCH_OVERRIDE);
    expect(tested(cpu, 0x100, 1, mask)).toBe(1);
    expect(tested(cpu, 0x800, 1, mask)).toBe(2);
  });

  it.each(STORES)('low-address protection keeps $name out of 0 to 511 and 4096 to 4607', ({ code }) => {
    const cpu = mapped();
    cpu.setControl(0, CR0 | EDAT | LOW_ADDRESS);
    for (const [address, allowed] of [
      [0, false],
      [508, false],
      [512, true],
      [4096, false],
      [4604, false],
      [4608, true],
      [8192, true],
    ] as const) {
      at(cpu, address);
      expect(exception(cpu, code, mask)).toBe(allowed ? 0 : PGM.PROTECTION);
      expect(tested(cpu, address, 0, mask)).toBe(allowed ? 0 : 1);
    }
  });
});

describe('a private space', () => {
  it.each(FETCHES)('has no fetch-protection override for $name, but for real addresses', ({ code, real }) => {
    const cpu = mapped(PRIVATE);
    cpu.storage.keys[0] = 0x38;
    cpu.setControl(0, CR0 | EDAT | FETCH_OVERRIDE);
    at(cpu, 0x200);
    expect(exception(cpu, code, MODE_64 | DAT | KEY_1)).toBe(real ? 0 : PGM.PROTECTION);
    expect(exception(cpu, code, MODE_64 | KEY_1)).toBe(0);
    expect(tested(cpu, 0x200, 1, MODE_64 | DAT)).toBe(2);
  });

  it.each(STORES)('has no low-address protection for $name, but for real addresses', ({ code, real }) => {
    const cpu = mapped(PRIVATE);
    cpu.setControl(0, CR0 | EDAT | LOW_ADDRESS);
    at(cpu, 0x100);
    expect(exception(cpu, code, MODE_64 | DAT)).toBe(real ? PGM.PROTECTION : 0);
    expect(exception(cpu, code, MODE_64)).toBe(PGM.PROTECTION);
    expect(tested(cpu, 0x100, 0, MODE_64 | DAT)).toBe(0);
  });

  it('is asked of the space that is used, not of the primary one', () => {
    const secondary = 0x0000_8000_0000_0000n;
    const cpu = mapped(PRIVATE);
    cpu.setControl(7, BigInt(SEGMENTS));
    cpu.setControl(0, CR0 | EDAT | LOW_ADDRESS);
    at(cpu, 0x100);
    expect(exception(cpu, '50209000', MODE_64 | DAT | secondary)).toBe(PGM.PROTECTION);
    cpu.setControl(1, BigInt(SEGMENTS));
    cpu.setControl(7, BigInt(SEGMENTS) | PRIVATE);
    expect(exception(cpu, '50209000', MODE_64 | DAT | secondary)).toBe(0);
  });
});

describe('a 1 MiB frame', () => {
  it('lies at an absolute address: prefixing does not apply to it', () => {
    const cpu = mapped();
    put(cpu, 0x1800, '11111111');
    put(cpu, 0x4_1800, '22222222');
    cpu.setPrefix(0x4_0000);
    at(cpu, 0x1800);
    // Virtual 0x1800 is absolute 0x1800, real 0x1800 is in the prefix area.
    expect(exception(cpu, '58209000', MODE_64 | DAT)).toBe(0);
    expect(cpu.gr[2]).toBe(0x1111_1111n);
    expect(exception(cpu, '58209000', MODE_64)).toBe(0);
    expect(cpu.gr[2]).toBe(0x2222_2222n);
    cpu.storage.keys[1] = 0x98;
    expect(tested(cpu, 0x1800, 1, MODE_64 | DAT)).toBe(2);
    expect(tested(cpu, 0x1800, 1, MODE_64)).toBe(1);
  });

  it('has the access control of its segment entry when that is valid', () => {
    const cpu = mapped(0n, 0x1_0000n | 0x9800n);
    cpu.storage.keys[DATA / 0x1000] = 0x10;
    at(cpu, DATA);
    for (const [key, allowed] of [
      [0x0010_0000_0000_0000n, false],
      [0x0090_0000_0000_0000n, true],
    ] as const) {
      put(cpu, CODE, '58209000');
      // The code is in a frame with the same access control.
      cpu.setControl(0, CR0 | EDAT);
      expect(exception(cpu, '58209000', MODE_64 | DAT | key)).toBe(allowed ? 0 : PGM.PROTECTION);
      expect(tested(cpu, DATA, Number(key >> 52n), MODE_64 | DAT)).toBe(allowed ? 0 : 2);
    }
    expect(tested(cpu, DATA, 1, MODE_64)).toBe(0);
  });
});

describe('what the machine itself does', () => {
  it('INVALIDATE PAGE TABLE ENTRY reaches its table by a real address that is protected', () => {
    const cpu = bare();
    Object.assign(cpu.gr, { 2: 0n, 3: 0x2_0000n });
    cpu.setControl(0, CR0 | LOW_ADDRESS);
    expect(exception(cpu, 'b2210023')).toBe(PGM.PROTECTION);
    cpu.gr[2] = BigInt(DATA);
    cpu.storage.keys[DATA / 0x1000] = 0x90;
    expect(exception(cpu, 'b2210023', MODE_64 | KEY_1)).toBe(PGM.PROTECTION);
    expect(get(cpu, DATA + 0x100, 8)).toBe('0000000000000000');
    expect(exception(cpu, 'b2210023')).toBe(0);
    expect(get(cpu, DATA + 0x100, 8)).toBe('0000000000000400');
  });

  it('an interruption stores into the prefix area whatever its key and low-address protection', () => {
    const cpu = bare();
    cpu.interruptions = 'take';
    cpu.storage.keys[0] = 0x98;
    cpu.setControl(0, CR0 | LOW_ADDRESS);
    cpu.storage.set64(464, MODE_64);
    cpu.storage.set64(472, 0x3_0000n);
    execute(cpu, '0000', MODE_64 | KEY_1);
    expect([get(cpu, 142, 2), cpu.pswAddress]).toEqual(['0001', 0x3_0000n]);
  });

  it('PERFORM FRAME MANAGEMENT FUNCTION does not clear what low-address protection covers', () => {
    const cpu = bare();
    Object.assign(cpu.gr, { 2: 0x1_0000n, 9: 0x1000n });
    cpu.setControl(0, CR0 | LOW_ADDRESS);
    expect(exception(cpu, 'b9af0029')).toBe(PGM.PROTECTION);
    cpu.gr[9] = 0x2000n;
    expect(exception(cpu, 'b9af0029')).toBe(0);
  });
});
