/** /dev/kvm: virtual machines of processes. */

import { makeDevice, S } from '../abi/files.ts';
import { addDevice } from '../files/index.ts';
import type { System } from '../system.ts';
import { KvmFile } from './kvm-file.ts';

/** The device number of /dev/kvm. Linux: include/linux/miscdevice.h. */
const MAJOR = 10;
const MINOR = 232;

/** Adds /dev/kvm to a system. */
export function registerKvm(system: System): void {
  const { devices } = system.files;
  devices.register(S.IFCHR, MAJOR, MINOR, (node, flags) => new KvmFile(system, node, flags));
  addDevice(system.files.directory('/dev'), 'kvm', S.IFCHR | 0o666, makeDevice(MAJOR, MINOR));
}
