/**
 * The I/O instructions: user space executes them, if it has a channel subsystem. The host executes TPI, because it holds the pending
 * interruptions, and takes the one that TSCH clears (Linux: handle_io_inst). Principles of Operation, chapter 14.
 */

import { type Cpu, LOWCORE, PGM, SIE } from '../../machine/index.ts';
import { accessGuest } from './guest-access.ts';
import { DONE, type Handled, USER_SPACE } from './handled.ts';
import { inject } from './inject.ts';
import { ioCode, ioSubclasses } from './io-interrupts.ts';
import { operandAddress } from './operand.ts';
import type { GuestCpu } from './vcpu-context.ts';

/** An I/O instruction that user space executes. */
export function executeIo(vcpu: GuestCpu): Handled {
  return vcpu.vm.channelSubsystem ? USER_SPACE : notOperational(vcpu);
}

/** TEST SUBCHANNEL. */
export function testSubchannel(vcpu: GuestCpu): Handled {
  if (!vcpu.vm.channelSubsystem) return notOperational(vcpu);
  const subchannel = Number((vcpu.gr[1] as bigint) & 0xffff_ffffn);
  const dequeued = vcpu.vm.floating.io.withdraw(subchannel);
  const ipb = vcpu.block.get32(SIE.IPB);
  return { kind: 'exit', exit: { reason: 'KVM_EXIT_S390_TSCH', subchannel, dequeued, ipb } };
}

/** TEST PENDING INTERRUPTION: stores the code of an enabled interruption and clears it, whatever the I/O mask of the PSW is. */
export function testPending(vcpu: GuestCpu, cpu: Cpu): Handled {
  if (!vcpu.vm.channelSubsystem) return notOperational(vcpu);
  const address = operandAddress(vcpu);
  if (address % 4n !== 0n) return inject(vcpu, PGM.SPECIFICATION);
  const { io } = vcpu.vm.floating;
  const found = io.first(ioSubclasses(vcpu));
  if (found !== null) {
    const code = ioCode(found);
    if (address === 0n) vcpu.vm.writeGuest(BigInt(vcpu.block.prefix + LOWCORE.IO_CODE), code);
    else if (!accessGuest(vcpu, cpu, address, (guest, hi, lo) => guest.storeBytes(hi, lo, 8, code)))
      return DONE;
    io.remove(found);
  }
  vcpu.block.conditionCode = found === null ? 0 : 1;
  return DONE;
}

/** There is no channel subsystem, so that no subchannel is operational. */
function notOperational(vcpu: GuestCpu): Handled {
  vcpu.block.conditionCode = 3;
  return DONE;
}
