/** The devices that a guest with channels gets besides its console and its balloon: one for entropy, and disks. */

import { BlockDevice, type DiskBackend, EntropyDevice, SeededBytes, VirtioCcw } from '../devices/index.ts';
import type { AttachedDevice } from './channel-devices.ts';

/** Device numbers. */
const ENTROPY_NUMBER = 0x0002;
const FIRST_DISK_NUMBER = 0x0010;

/** What the devices are made of. */
export interface StandardDevices {
  /** The seed of the entropy device. */
  readonly seed: number;
  /** The disks, in order. */
  readonly disks: readonly DiskBackend[];
}

/** Returns the devices: entropy as 0.0.0002, and disks from 0.0.0010 on. @throws RangeError for a seed that is none */
export function standardDevices({ seed, disks }: StandardDevices): AttachedDevice[] {
  const entropy = new VirtioCcw(new EntropyDevice(new SeededBytes(seed)));
  return [
    { device: entropy, number: ENTROPY_NUMBER },
    ...disks.map((disk, n) => ({
      device: new VirtioCcw(new BlockDevice(disk)),
      number: FIRST_DISK_NUMBER + n,
    })),
  ];
}
