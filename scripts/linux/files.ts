/** The kernel and the initial RAM disks that the scripts boot. */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { initrd } from './initrd.ts';
import { modulesWithNeeds } from './modules.ts';
import { busyboxOf, kernelOf, kernelPackage, unpackedPackage } from './packages.ts';

/** Drivers of the virtio devices, and file systems. */
const MODULES = [
  ...['crc32c_generic', 'virtio_console', 'virtio_rng', 'virtio_blk', 'virtio_balloon', 'virtio_net'],
  ...['ext4', '9pnet_virtio', '9p'],
];

/** Paths of files. */
export interface LinuxFiles {
  readonly kernel: string;
  /** A RAM disk that ends in a shell. */
  readonly initrd: string;
  /** A RAM disk without modules that powers off instead of starting a shell. */
  readonly quick: string;
}

/**
 * Fetches what is missing in a scratch folder, and makes the RAM disks. Ends the program if that is not possible.
 * @param name of the package with the kernel; default: Debian's current one
 */
export function linuxFiles(scratch: string, name = kernelPackage()): LinuxFiles {
  const kernelFiles = unpackedPackage(scratch, name);
  const busybox = busyboxOf(unpackedPackage(scratch, 'busybox-static'));
  const folder = join(scratch, name);
  const paths = { initrd: join(folder, 'initrd.img'), quick: join(folder, 'quick.img') };
  writeFileSync(paths.initrd, initrd(busybox, { modules: modulesWithNeeds(kernelFiles, MODULES) }));
  writeFileSync(paths.quick, initrd(busybox, { startup: 'echo READY; poweroff -f' }));
  return { kernel: kernelOf(kernelFiles), ...paths };
}
