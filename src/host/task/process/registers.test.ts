import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Machine, PSW } from '../../../machine/index.ts';
import { Registers } from './registers.ts';

describe('registers of a thread', () => {
  it('hold numbers with and without a sign', () => {
    const registers = new Registers();
    fc.assert(
      fc.property(fc.maxSafeInteger(), fc.integer({ min: 0, max: 15 }), (value, r) => {
        registers.set(r, value);
        expect(registers.signed(r)).toBe(value);
        expect(registers.big(r)).toBe(BigInt.asUintN(64, BigInt(value)));
        if (value >= 0) expect(registers.unsigned(r)).toBe(value);
      }),
    );
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), (value) => {
        registers.setBig(3, value);
        expect(registers.big(3)).toBe(value);
      }),
    );
  });

  it('come back from a processor as they went there', () => {
    const cpu = new Machine({ storageSize: 1 << 20 }).cpu(0);
    const [registers, again] = [new Registers(), new Registers()];
    for (let r = 0; r < 16; r++) {
      registers.setBig(r, (0x0123_4567_89ab_cdefn * BigInt(r + 1)) & 0xffff_ffff_ffff_ffffn);
      registers.ar[r] = 0xa000_0000 + r;
      registers.fr[r] = 0x3ff0_0000_0000_0000n + BigInt(r);
    }
    registers.fpc = 0x00f8_0003;
    registers.address = 0x2aa_0000_1234;
    registers.load(cpu);
    again.save(cpu);
    expect(again).toEqual(registers);
    expect(again.address).toBe(0x2aa_0000_1234);
  });

  it('begin in the problem state, with translation and 64-bit addresses', () => {
    const wanted = PSW.DAT | PSW.IO | PSW.EXTERNAL | PSW.MACHINE_CHECK | PSW.PROBLEM | PSW.ADDRESSING_64;
    const registers = new Registers();
    expect(registers.mask).toBe(wanted);
    registers.maskHi = 0;
    registers.set(2, 7);
    registers.clear();
    expect([registers.mask, registers.unsigned(2)]).toEqual([wanted, 0]);
  });

  it('are the copy of another thread', () => {
    const [one, other] = [new Registers(), new Registers()];
    one.set(5, -3);
    one.address = 99;
    other.copy(one);
    one.set(5, 4);
    expect([other.signed(5), other.address]).toEqual([-3, 99]);
  });
});
