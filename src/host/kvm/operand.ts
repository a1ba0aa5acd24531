/**
 * Operands of intercepted instructions.
 */

import { ICPT, SIE, type StateDescription } from '../../machine/index.ts';
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

/**
 * Returns the distance from the intercepted instruction to the instruction that the PSW designates, in bytes: the length of
 * the instruction, or of the EXECUTE whose target it is.
 */
export function interceptedLength(block: StateDescription): number {
  const status = block.get8(SIE.INTERCEPTION_STATUS);
  if (status & 1) return (status >>> 4) & 6;
  const top = block.get16(SIE.IPA) >>> 14;
  return top === 0 ? 2 : top === 3 ? 6 : 4;
}

/** Returns the length of the instruction that the last interception was about, or 0 (Linux: kvm_s390_get_ilen). */
export function lastLength(block: StateDescription): number {
  switch (block.get8(SIE.INTERCEPTION_CODE)) {
    case ICPT.INSTRUCTION:
    case ICPT.OPERATION:
      return interceptedLength(block);
    case ICPT.PROGRAM:
      return block.get16(SIE.PROGRAM_LENGTH) & 6;
    default:
      return 0;
  }
}
