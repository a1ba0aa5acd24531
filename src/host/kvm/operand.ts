/**
 * Operands of intercepted instructions.
 */

import { SIE } from '../../machine/index.ts';
import type { StateBlock } from './block.ts';
import type { Vcpu } from './vcpu.ts';

/** Address D2(B2) of an S- or RS-format instruction, as the guest's addressing mode cuts it. */
export function operandAddress(vcpu: Vcpu): bigint {
  const ipb = vcpu.block.get32(SIE.IPB);
  const base = ipb >>> 28;
  const address = (base === 0 ? 0n : (vcpu.gr[base] as bigint)) + BigInt((ipb >>> 16) & 0xfff);
  return BigInt.asUintN(addressBits(vcpu), address);
}

/** Address DH2,DL2(B2) of an RSY-format instruction, a signed displacement of 20 bits, as `operandAddress`. */
export function longOperandAddress(vcpu: Vcpu): bigint {
  const ipb = vcpu.block.get32(SIE.IPB);
  const base = ipb >>> 28;
  const displacement = ((((ipb >>> 8) & 0xff) << 24) >> 12) | ((ipb >>> 16) & 0xfff);
  const address = (base === 0 ? 0n : (vcpu.gr[base] as bigint)) + BigInt(displacement);
  return BigInt.asUintN(addressBits(vcpu), address);
}

/** The address in register `r`, as the guest's addressing mode cuts it. */
export function registerAddress(vcpu: Vcpu, r: number): bigint {
  return BigInt.asUintN(addressBits(vcpu), vcpu.gr[r] as bigint);
}

/**
 * Puts an address into register `r`, cut as the addressing mode has it: all 64 bits of the register in the 64-bit
 * mode, its low half in the others.
 */
export function setRegisterAddress(vcpu: Vcpu, r: number, address: bigint): void {
  const bits = addressBits(vcpu);
  const kept = bits === 64 ? 0n : (vcpu.gr[r] as bigint) & ~0xffff_ffffn;
  vcpu.gr[r] = kept | BigInt.asUintN(bits, address);
}

function addressBits(vcpu: Vcpu): 64 | 31 | 24 {
  const mask = vcpu.block.pswMask;
  return mask & (1n << 32n) ? 64 : mask & (1n << 31n) ? 31 : 24;
}

/** Bytes by which the PSW stands behind the intercepted instruction: its own, or those of the EXECUTE. */
export function interceptedLength(block: StateBlock): number {
  const status = block.get8(SIE.INTERCEPTION_STATUS);
  if (status & 1) return (status >>> 4) & 6;
  const top = block.get16(SIE.IPA) >>> 14;
  return top === 0 ? 2 : top === 3 ? 6 : 4;
}
