/**
 * Operands of intercepted instructions.
 */

import { SIE } from '../../machine/index.ts';
import type { GuestCpu } from './vcpu-context.ts';

/** Returns the base register B2 of an S-, RS- or RSY-format instruction: in the access-register mode, that of its operand. */
export const operandRegister = (vcpu: GuestCpu) => vcpu.block.get32(SIE.IPB) >>> 28;

/** Returns the address D2(B2) of an S- or RS-format instruction, truncated by the guest's addressing mode. */
export function operandAddress(vcpu: GuestCpu): bigint {
  const ipb = vcpu.block.get32(SIE.IPB);
  const base = ipb >>> 28;
  const address = (base === 0 ? 0n : (vcpu.gr[base] as bigint)) + BigInt((ipb >>> 16) & 0xfff);
  return BigInt.asUintN(vcpu.block.addressBits, address);
}

/** Returns the address DH2,DL2(B2) of an RSY-format instruction, with a signed displacement of 20 bits. */
export function longOperandAddress(vcpu: GuestCpu): bigint {
  const ipb = vcpu.block.get32(SIE.IPB);
  const base = ipb >>> 28;
  const displacement = ((((ipb >>> 8) & 0xff) << 24) >> 12) | ((ipb >>> 16) & 0xfff);
  const address = (base === 0 ? 0n : (vcpu.gr[base] as bigint)) + BigInt(displacement);
  return BigInt.asUintN(vcpu.block.addressBits, address);
}

/** Returns the address in register `r`, truncated by the guest's addressing mode. */
export function registerAddress(vcpu: GuestCpu, r: number): bigint {
  return BigInt.asUintN(vcpu.block.addressBits, vcpu.gr[r] as bigint);
}

/**
 * Puts an address into register `r`, truncated by the addressing mode: into all 64 bits of the register in the 64-bit mode,
 * into its low half in the others.
 */
export function setRegisterAddress(vcpu: GuestCpu, r: number, address: bigint): void {
  const bits = vcpu.block.addressBits;
  const kept = bits === 64 ? 0n : (vcpu.gr[r] as bigint) & ~0xffff_ffffn;
  vcpu.gr[r] = kept | BigInt.asUintN(bits, address);
}
