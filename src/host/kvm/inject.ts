/**
 * Program exceptions of intercepted instructions.
 */

import { isNullifying } from '../../machine/index.ts';
import { DONE, type Handled } from './handled.ts';
import { interceptedLength } from './instruction-length.ts';
import type { GuestCpu } from './vcpu-context.ts';

/**
 * Injects a program exception of the intercepted instruction. Preconditions: the PSW designates the next one. Returns
 * `DONE`.
 */
export function inject(vcpu: GuestCpu, code: number, teid = 0n, exceptionAccess = 0): Handled {
  const length = interceptedLength(vcpu.block);
  if (isNullifying(code)) vcpu.block.advance(-length);
  vcpu.prefixArea.program(code, length, teid, exceptionAccess);
  return DONE;
}
