/** The devices that a guest with channels gets besides its console and its balloon: one for entropy, a network, disks, and shared folders. */

import {
  BlockDevice,
  type DiskBackend,
  EntropyDevice,
  File9pDevice,
  type NetworkDevice,
  SeededBytes,
  VirtioCcw,
} from '../devices/index.ts';
import type { FileTree } from '../files/index.ts';
import type { AttachedDevice } from './channel-devices.ts';

/** Device numbers. */
const ENTROPY_NUMBER = 0x0002;
const NETWORK_NUMBER = 0x0004;
const FIRST_DISK_NUMBER = 0x0010;
const FIRST_SHARE_NUMBER = 0x0100;

/** Maximum number of disks: as many as have numbers before those of shared folders. */
export const DISKS_MAX = FIRST_SHARE_NUMBER - FIRST_DISK_NUMBER;

/** What the devices are made of. */
export interface StandardDevices {
  /** The seed of the entropy device. */
  readonly seed: number;
  /** The network device, or null for none. Default: none. */
  readonly network?: NetworkDevice | null;
  /** The disks, in order. */
  readonly disks: readonly DiskBackend[];
  /** The shared folders, in order, each with the tag by which the guest mounts it. */
  readonly shares: readonly { readonly tree: FileTree; readonly tag: string }[];
}

/**
 * Returns the devices: entropy as 0.0.0002, a network as 0.0.0004, disks from 0.0.0010 on, shared folders from 0.0.0100 on.
 * @throws RangeError for a wrong tag
 */
export function standardDevices({ seed, network, disks, shares }: StandardDevices): AttachedDevice[] {
  const entropy = new VirtioCcw(new EntropyDevice(new SeededBytes(seed)));
  return [
    { device: entropy, number: ENTROPY_NUMBER },
    ...(network ? [{ device: new VirtioCcw(network), number: NETWORK_NUMBER }] : []),
    ...disks.map((disk, n) => ({
      device: new VirtioCcw(new BlockDevice(disk)),
      number: FIRST_DISK_NUMBER + n,
    })),
    ...shares.map(({ tree, tag }, n) => ({
      device: new VirtioCcw(new File9pDevice(tree, tag)),
      number: FIRST_SHARE_NUMBER + n,
    })),
  ];
}
