/**
 * Program exceptions of intercepted instructions.
 */

import { isNullifying } from '../../machine/index.ts';
import { interceptedLength } from './operand.ts';
import type { Vcpu } from './vcpu.ts';

/** Injects a program exception of the intercepted instruction, behind which the PSW stands. */
export function inject(vcpu: Vcpu, code: number, teid = 0n): null {
  const length = interceptedLength(vcpu.block);
  if (isNullifying(code)) vcpu.block.advance(-length);
  vcpu.prefixArea.program(code, length, teid);
  return null;
}
