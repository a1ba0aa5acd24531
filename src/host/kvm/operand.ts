/**
 * Operands of intercepted instructions.
 */

import { SIE } from '../../machine/index.ts';
import type { Vcpu } from './vcpu.ts';

/** Address D2(B2) of an S- or RS-format instruction, as the guest's addressing mode cuts it. */
export function operandAddress(vcpu: Vcpu): bigint {
  const ipb = vcpu.block.get32(SIE.IPB);
  const base = ipb >>> 28;
  const address = (base === 0 ? 0n : (vcpu.gr[base] as bigint)) + BigInt((ipb >>> 16) & 0xfff);
  const mask = vcpu.block.pswMask;
  return BigInt.asUintN(mask & (1n << 32n) ? 64 : mask & (1n << 31n) ? 31 : 24, address);
}
