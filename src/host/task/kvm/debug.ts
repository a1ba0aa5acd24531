/** KVM_SET_GUEST_DEBUG. */

import { LinuxError } from '../../errors.ts';
import type { HardwareBreakpoint } from '../../kvm/index.ts';
import type { UserMemory } from '../memory/user-memory.ts';
import type { Thread } from '../process/task.ts';
import { GUEST_DEBUG, GUESTDBG, HW_BREAKPOINT } from './abi.ts';
import type { KvmVcpu } from './vcpu.ts';

/** The most breakpoints and watchpoints (Linux: MAX_BP_COUNT). */
const MOST = 50;
/** What can be asked for; the value of KVM_CAP_SET_GUEST_DEBUG2. */
export const GUEST_DEBUG_FLAGS = GUESTDBG.ENABLE | GUESTDBG.SINGLESTEP | GUESTDBG.USE_HW_BP;

/**
 * Debugs the guest from now on, or no longer. Returns 0, or the code of the program interruption that reading a watched range would cause.
 * @throws LinuxError EINVAL for unknown flags, or too many breakpoints: the guest is no longer debugged then; EFAULT
 */
export function setGuestDebug({ vcpu }: KvmVcpu, at: number, { space }: Thread): number {
  const debug = space.memory.struct(at, GUEST_DEBUG.SIZE);
  const control = debug.getUint32(GUEST_DEBUG.CONTROL);
  vcpu.setGuestDebug();
  if ((control & ~GUEST_DEBUG_FLAGS) !== 0)
    throw new LinuxError('EINVAL', `flags 0x${control.toString(16)} of KVM_SET_GUEST_DEBUG`);
  if ((control & GUESTDBG.ENABLE) === 0) return 0;
  const singleStep = (control & GUESTDBG.SINGLESTEP) !== 0;
  if ((control & GUESTDBG.USE_HW_BP) === 0) return vcpu.setGuestDebug({ singleStep });
  const address = Number(debug.getBigUint64(GUEST_DEBUG.HW_BP));
  const breakpoints = readBreakpoints(space.memory, address, debug.getInt32(GUEST_DEBUG.NR_HW_BP));
  return vcpu.setGuestDebug({ singleStep, breakpoints });
}

function readBreakpoints(memory: UserMemory, at: number, count: number): HardwareBreakpoint[] {
  if (count <= 0 || at === 0) return [];
  if (count > MOST) throw new LinuxError('EINVAL', `${count} breakpoints`);
  return Array.from({ length: count }, (_, n) => {
    const one = memory.struct(at + n * HW_BREAKPOINT.SIZE, HW_BREAKPOINT.SIZE);
    return {
      type: one.getUint8(HW_BREAKPOINT.TYPE),
      address: one.getBigUint64(HW_BREAKPOINT.ADDR),
      physical: one.getBigUint64(HW_BREAKPOINT.PHYS_ADDR),
      length: Number(BigInt.asIntN(32, one.getBigUint64(HW_BREAKPOINT.LEN))),
    };
  });
}
