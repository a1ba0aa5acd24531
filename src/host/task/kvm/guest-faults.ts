/** Guest memory that is not there, as commands of /dev/kvm tell it. */

import { LinuxError } from '../../errors.ts';
import { GuestMemoryFault } from '../../kvm/index.ts';

/** Performs a command. @throws LinuxError EFAULT where it needs guest memory that is not there; what the command throws */
export function withGuestFaults<T>(command: () => T): T {
  try {
    return command();
  } catch (error) {
    if (!(error instanceof GuestMemoryFault)) throw error;
    throw new LinuxError('EFAULT', error.message);
  }
}
