/** Guarded storage: which loads are events, what an event stores, and where it branches. */

import { describe, expect, it } from 'vitest';
import type { Cpu } from '../engine/cpu.ts';
import { PGM } from '../interruption.ts';
import {
  bare,
  CODE,
  DAT,
  DATA,
  exception,
  execute,
  get,
  MODE_24,
  MODE_31,
  MODE_64,
  put,
} from '../testing/bare.ts';

const LIST = 0x3_0000;
const HANDLER = 0x5_0000;
const LGG = 'e3489000004c';
const LLGFSG = 'e34890000048';
/** An area of 2^25 bytes at 0x1234_0000_0000: sections of 512 KiB. */
const ORIGIN = 0x1234_0000_0000n;

/** A processor with guarded storage: `sections` of the area are guarded. The operand is at DATA + 0x10. */
function guarding(operand: bigint, sections = 1n << 60n, designation = ORIGIN | 25n): Cpu {
  const cpu = bare();
  cpu.setControl(2, 0x10n);
  cpu.guarded.set([designation, sections, BigInt(LIST)]);
  put(cpu, LIST, 'ff'.repeat(48));
  cpu.storage.set64(LIST + 8, BigInt(HANDLER));
  cpu.storage.set64(DATA + 0x10, operand);
  Object.assign(cpu.gr, { 4: 0x77n, 8: 0x10n, 9: BigInt(DATA) });
  return cpu;
}

/** Whether a load of the operand is an event. */
function isEvent(operand: bigint, sections?: bigint, designation?: bigint, mask = MODE_64): boolean {
  const cpu = guarding(operand, sections, designation);
  expect(exception(cpu, LGG, mask)).toBe(0);
  const event = cpu.pswAddress === BigInt(HANDLER);
  const cut = mask === MODE_64 ? operand : operand & (mask === MODE_31 ? 0x7fff_ffffn : 0xff_ffffn);
  expect(cpu.gr[4]).toBe(event ? 0x77n : cut);
  return event;
}

describe('a guarded load', () => {
  it('is an event if the address is in a section of the area whose bit in the mask is one', () => {
    const section = 0x8_0000n;
    for (const [operand, event] of [
      [ORIGIN + 3n * section, true],
      [ORIGIN + 4n * section - 1n, true],
      [ORIGIN + 3n * section - 1n, false],
      [ORIGIN + 4n * section, false],
      [ORIGIN, false],
      [ORIGIN + 3n * section + (1n << 25n), false],
      [3n * section, false],
    ] as const) {
      expect(isEvent(operand)).toBe(event);
    }
    expect(isEvent(ORIGIN, 1n << 63n)).toBe(true);
    expect(isEvent(ORIGIN + 63n * section, 1n)).toBe(true);
  });

  it('compares addresses of the addressing mode', () => {
    const origin = 0x4000_0000n | 25n;
    const operand = 0xffff_ffff_c000_0000n;
    expect(isEvent(operand, 1n << 63n, origin)).toBe(false);
    expect(isEvent(operand, 1n << 63n, origin, MODE_31)).toBe(true);
    expect(isEvent(operand, 1n << 63n, 25n, MODE_24)).toBe(true);
  });

  it.each([25n, 40n, 56n])('uses areas of 2^%i bytes', (characteristic) => {
    const origin = (0x7fn << 56n) & ~((1n << characteristic) - 1n);
    const inside = origin + (5n << (characteristic - 6n));
    expect(isEvent(inside, 1n << 58n, origin | characteristic)).toBe(true);
    expect(isEvent(inside - 1n, 1n << 58n, origin | characteristic)).toBe(false);
  });

  it.each([0n, 24n, 57n, 63n])('is no event with the reserved characteristic %i', (characteristic) => {
    expect(isEvent(0n, 0xffff_ffff_ffff_ffffn, characteristic)).toBe(false);
  });

  it('is no event while control register 2 does not enable the facility', () => {
    const cpu = guarding(ORIGIN, 1n << 63n);
    cpu.setControl(2, 0xffff_ffefn);
    expect(exception(cpu, LGG)).toBe(0);
    expect(cpu.gr[4]).toBe(ORIGIN);
  });

  it('of 32 bits is shifted left as the designation says', () => {
    for (const [shift, wanted] of [
      [0n, 0xf000_0001n],
      [3n, 0x7_8000_0008n],
    ] as const) {
      const cpu = guarding(0xf000_0001_0000_0000n, 0n, ORIGIN | (shift << 8n) | 25n);
      expect(exception(cpu, LLGFSG)).toBe(0);
      expect(cpu.gr[4]).toBe(wanted);
    }
    const cpu = guarding(0x0120_0000_0000_0000n, 1n << 63n, 0x1200_0000n | (4n << 8n) | 25n);
    expect(exception(cpu, LLGFSG)).toBe(0);
    expect([cpu.pswAddress, get(cpu, LIST + 32, 8)]).toEqual([BigInt(HANDLER), '0000000012000000']);
  });
});

describe('a guarded-storage event', () => {
  const word = (value: number) => value.toString(16).padStart(16, '0');

  it('stores its parameters and branches to the handler, which is a breaking event', () => {
    const cpu = guarding(ORIGIN, 1n << 63n);
    execute(cpu, LGG);
    const list = `00030000 00000000 ${word(HANDLER)} ${word(CODE)} ${word(DATA + 0x10)} ${word(Number(ORIGIN))} ${word(CODE)}`;
    expect(get(cpu, LIST, 48)).toBe(list.replaceAll(' ', ''));
    expect([cpu.pswAddress, cpu.breakingHi, cpu.breakingLo]).toEqual([BigInt(HANDLER), 0, CODE]);
  });

  it('says which instruction it was, and the modes', () => {
    for (const [code, mask, bytes] of [
      [LGG, MODE_64, '000300'],
      [LLGFSG, MODE_64, '000301'],
      [LGG, MODE_31, '000100'],
      [LGG, MODE_24, '000000'],
    ] as const) {
      const cpu = guarding(0n, 1n << 63n, 25n);
      execute(cpu, code, mask);
      expect(get(cpu, LIST, 3)).toBe(bytes);
    }
  });

  it('of the target of an EXECUTE names the EXECUTE', () => {
    const cpu = guarding(ORIGIN, 1n << 63n);
    put(cpu, CODE + 0x100, LGG);
    cpu.gr[10] = BigInt(CODE + 0x100);
    execute(cpu, '4400a000');
    expect([get(cpu, LIST + 16, 8), get(cpu, LIST + 40, 8)]).toEqual([word(CODE), word(CODE)]);
  });

  it('in the access-register mode has its list in the primary space, and names the access register', () => {
    const cpu = guarding(ORIGIN, 1n << 63n);
    // Real space for both: access register 9 designates the secondary space, where the operand is elsewhere.
    for (let i = 0; i < 256; i++) cpu.storage.set64(0xa000 + i * 8, BigInt(i * 0x1000));
    for (let i = 0; i < 256; i++) cpu.storage.set64(0xa800 + i * 8, 0x400n);
    cpu.storage.set64(0xa800 + 0x44 * 8, BigInt(DATA));
    cpu.storage.set64(0x8000, 0xa000n);
    cpu.storage.set64(0x9000, 0xa800n);
    cpu.setControl(1, 0x8000n);
    cpu.setControl(7, 0x9000n);
    cpu.gr[9] = 0x4_4000n;
    cpu.ar[9] = 1;
    execute(cpu, LGG, MODE_64 | DAT | (1n << 46n));
    expect(cpu.pswAddress).toBe(BigInt(HANDLER));
    expect([get(cpu, LIST, 4), get(cpu, LIST + 24, 8), cpu.space]).toEqual(['00030059', word(0x4_4010), 1]);
  });

  it('cuts the handler’s address to the addressing mode', () => {
    const cpu = guarding(0n, 1n << 63n, 25n);
    cpu.storage.set64(LIST + 8, 0xffff_ffff_8005_0000n);
    execute(cpu, LGG, MODE_31);
    expect(cpu.pswAddress).toBe(BigInt(HANDLER));
  });

  it.each([
    ['not there', 0x400n, PGM.PAGE_TRANSLATION, 0x200n | 0x800n],
    ['protected', 0x200n, PGM.PROTECTION, 0x200n | 0x400n | 4n],
  ])(
    'whose list is %s changes nothing: the identification says that it was a side effect',
    (_, bits, code, teid) => {
      const cpu = guarding(ORIGIN, 1n << 63n);
      for (let i = 0; i < 256; i++) cpu.storage.set64(0xa000 + i * 8, BigInt(i * 0x1000));
      cpu.storage.set64(0xa000 + 0x31 * 8, 0x3_1000n | bits);
      cpu.storage.set64(0x8000, 0xa000n);
      cpu.setControl(1, 0x8000n);
      cpu.guarded[2] = 0x3_0ff0n;
      put(cpu, 0x3_0ff0, 'ee'.repeat(48));
      expect(exception(cpu, LGG, MODE_64 | DAT)).toBe(code);
      expect(cpu.teidLo).toBe(Number(0x3_1000n | teid));
      expect([cpu.gr[4], get(cpu, 0x3_0ff0, 48)]).toEqual([0x77n, 'ee'.repeat(48)]);
      // The exception of the operand itself is no side effect.
      cpu.gr[9] = 0x3_1000n;
      if (code === PGM.PAGE_TRANSLATION) {
        expect(exception(cpu, LGG, MODE_64 | DAT)).toBe(code);
        expect(cpu.teidLo).toBe(0x3_1800);
      }
    },
  );
});
