/**
 * Storage operands of intercepted instructions, accessed as the guest would: by its DAT, key and prefix.
 */

import {
  asGuest,
  type Cpu,
  type GuestProblem,
  isTranslationException,
  PGM,
  TEID_PAGE,
  TEID_STORE,
} from '../../machine/index.ts';
import { inject } from './inject.ts';
import { interceptedLength } from './instruction-length.ts';
import { operandRegister } from './operand.ts';
import type { GuestCpu } from './vcpu-context.ts';

/**
 * Accesses guest storage at a logical address. Returns whether the access completed. If not, the instruction has ended: the
 * guest's own exception is injected, or the host's fault is handled and the PSW set back to the instruction.
 *
 * @param access called with the processor in the guest's state, and the address in halves. An exception unwinds it
 * @param register the access register of the operand; default the base register of an S-, RS- or RSY-format instruction
 * @throws GuestMemoryFault when the process has no memory there; LinuxError ENOMEM
 */
export function accessGuest(
  vcpu: GuestCpu,
  cpu: Cpu,
  address: bigint,
  access: (guest: Cpu, hi: number, lo: number) => void,
  register = operandRegister(vcpu),
): boolean {
  const problem = asGuest(cpu, vcpu.block.origin, access, address, register);
  if (problem !== null) handleProblem(vcpu, problem);
  return problem === null;
}

function handleProblem(vcpu: GuestCpu, problem: GuestProblem): void {
  if (problem.kind === 'guest') {
    inject(vcpu, problem.code, problem.teid, problem.exceptionAccess);
    return;
  }
  const address = problem.teid & TEID_PAGE;
  const resolvable = isTranslationException(problem.code) || problem.code === PGM.PROTECTION;
  if (!resolvable || !vcpu.vm.slots.at(address)) {
    inject(vcpu, PGM.ADDRESSING);
    return;
  }
  vcpu.block.advance(-interceptedLength(vcpu.block));
  vcpu.vm.faultIn(address, (problem.teid & TEID_STORE) !== 0n);
}
