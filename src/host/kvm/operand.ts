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
  const mask = vcpu.block.pswMask;
  return BigInt.asUintN(mask & (1n << 32n) ? 64 : mask & (1n << 31n) ? 31 : 24, address);
}

/** Bytes by which the PSW stands behind the intercepted instruction: its own, or those of the EXECUTE. */
export function interceptedLength(block: StateBlock): number {
  const status = block.get8(SIE.INTERCEPTION_STATUS);
  if (status & 1) return (status >>> 4) & 6;
  const top = block.get16(SIE.IPA) >>> 14;
  return top === 0 ? 2 : top === 3 ? 6 : 4;
}
