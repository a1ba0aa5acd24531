/** /dev/kvm: virtual machines of processes. */

import { makeDevice, S } from '../abi/files.ts';
import { addDevice } from '../files/index.ts';
import type { System } from '../system.ts';
import { KvmFile, SYSTEM_COMMANDS } from './kvm-file.ts';
import { VCPU_COMMANDS } from './vcpu-commands.ts';
import { VM_COMMANDS } from './vm-file.ts';

/** The device number of /dev/kvm. Linux: include/linux/miscdevice.h. */
const MAJOR = 10;
const MINOR = 232;

/** Adds /dev/kvm to a system. */
export function registerKvm(system: System): void {
  const { devices } = system.files;
  devices.register(S.IFCHR, MAJOR, MINOR, (node, flags) => new KvmFile(system, node, flags));
  addDevice(system.files.directory('/dev'), 'kvm', S.IFCHR | 0o666, makeDevice(MAJOR, MINOR));
}

/** The commands that are there, by the file that has them. */
export const KVM_COMMANDS = { system: SYSTEM_COMMANDS, VM: VM_COMMANDS, vCPU: VCPU_COMMANDS } as const;
