/** Files of Linux guests, told apart by their contents: kernels, initial RAM disks, and saved states. */

import { beginsAsKernel, beginsAsState } from '../../../../vmm/index.ts';

/** The command line of a kernel that is opened: its console is the terminal of the page. */
export const COMMAND_LINE = 'console=ttysclp0';

/** How the archives and compressed files begin that a kernel takes as an initial RAM disk. */
const INITRD_BEGINNINGS: readonly (readonly number[])[] = [
  [0x1f, 0x8b], // gzip
  [0x28, 0xb5, 0x2f, 0xfd], // zstd
  [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00], // xz
  [0x02, 0x21, 0x4c, 0x18], // LZ4, the legacy frame
  [0x42, 0x5a, 0x68], // bzip2
  [0x30, 0x37, 0x30, 0x37, 0x30, 0x31], // cpio, "070701"
  [0x30, 0x37, 0x30, 0x37, 0x30, 0x32], // cpio with checksums, "070702"
];

/** Whether a file is an initial RAM disk. */
export function isInitrd(bytes: Uint8Array): boolean {
  return INITRD_BEGINNINGS.some((beginning) => beginning.every((byte, at) => bytes[at] === byte));
}

/** Whether a file is a raw Linux kernel for s390x. */
export function isKernel(bytes: Uint8Array): boolean {
  return beginsAsKernel(bytes) === true;
}

/** Whether a file is the saved state of a guest. */
export const isState = beginsAsState;
