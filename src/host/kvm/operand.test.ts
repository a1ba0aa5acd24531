/** Operands of intercepted instructions: base registers, displacements, addressing modes, lengths. */

import { beforeEach, describe, expect, it } from 'vitest';
import { SIE } from '../../machine/index.ts';
import { MASK } from '../../machine/testing/index.ts';
import { TestGuest } from '../testing/index.ts';
import { interceptedLength } from './instruction-length.ts';
import { longOperandAddress, operandAddress, registerAddress, setRegisterAddress } from './operand.ts';

let guest: TestGuest;

beforeEach(() => {
  guest = new TestGuest();
  guest.vcpu.setPsw(MASK.PLAIN, 0n);
  for (let n = 0; n < 16; n++) guest.vcpu.gr[n] = 0x1111_2222_3333_0000n + BigInt(n);
});

const MODES = [
  ['64', MASK.PLAIN, (1n << 64n) - 1n],
  ['31', MASK.PLAIN & ~(1n << 32n), 0x7fff_ffffn],
  ['24', MASK.PLAIN & ~(3n << 31n), 0x00ff_ffffn],
] as const;

describe.each(MODES)('in the %s-bit mode', (_, mask, bits) => {
  beforeEach(() => guest.vcpu.setPsw(mask, 0n));
  const ipb = (value: number) => guest.vcpu.block.set32(SIE.IPB, value);

  it('an S-format operand is base and displacement; base register 0 means none', () => {
    ipb(0x2fff_0000);
    expect(operandAddress(guest.vcpu)).toBe(0x1111_2222_3333_1001n & bits);
    ipb(0x0fff_0000);
    expect(operandAddress(guest.vcpu)).toBe(0xfffn);
  });

  it('an RSY-format operand has a signed displacement of 20 bits', () => {
    ipb(0x2fff_7f00);
    expect(longOperandAddress(guest.vcpu)).toBe((0x1111_2222_3333_0002n + 0x7_ffffn) & bits);
    ipb(0x2000_8000);
    expect(longOperandAddress(guest.vcpu)).toBe((0x1111_2222_3333_0002n - 0x8_0000n) & bits);
    ipb(0x0123_0400);
    expect(longOperandAddress(guest.vcpu)).toBe(0x4123n);
  });

  it('an address in a register is wrapped', () => {
    expect(registerAddress(guest.vcpu, 3)).toBe(0x1111_2222_3333_0003n & bits);
  });

  it('an address is put into all of a register, or into its low half', () => {
    setRegisterAddress(guest.vcpu, 3, 0xffff_ffff_ffff_fff0n);
    const high = bits === (1n << 64n) - 1n ? 0n : 0x1111_2222_0000_0000n;
    expect(guest.vcpu.gr[3]).toBe(high | (0xffff_ffff_ffff_fff0n & bits));
  });
});

describe('the length of an intercepted instruction', () => {
  it.each([
    [0x0000, 2],
    [0x3fff, 2],
    [0x4000, 4],
    [0x8300, 4],
    [0xbfff, 4],
    [0xc000, 6],
    [0xeb00, 6],
  ])('%i: %i', (ipa, length) => {
    const { block } = guest.vcpu;
    block.set16(SIE.IPA, ipa);
    block.set8(SIE.INTERCEPTION_STATUS, 0);
    expect(interceptedLength(block)).toBe(length);
  });

  it.each([4, 6])('is that of an EXECUTE of %i bytes whose target it is', (length) => {
    const { block } = guest.vcpu;
    block.set16(SIE.IPA, 0x0a00);
    block.set8(SIE.INTERCEPTION_STATUS, 1 | (length << 4));
    expect(interceptedLength(block)).toBe(length);
  });
});
