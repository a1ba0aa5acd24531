/** Images of guests: ELF files and Linux kernels, told apart by their contents. */

import { checkIdentification, type ElfImage, ImageError, parseElf } from './elf.ts';
import { beginsAsKernel, linuxKernelOf, parseRawKernel } from './linux-kernel.ts';

const ELF_MAGIC = [0x7f, 0x45, 0x4c, 0x46];
/** The magic numbers of kernels for x86 and Arm, which are easily taken for ours: their offset and bytes. */
const FOREIGN_KERNELS: readonly (readonly [offset: number, bytes: readonly number[], name: string])[] = [
  [0x202, [0x48, 0x64, 0x72, 0x53], 'x86'],
  [0x38, [0x41, 0x52, 0x4d, 0x64], '64-bit Arm'],
];

/** Whether bytes are at an offset of a file. */
const has = (file: Uint8Array, offset: number, bytes: readonly number[]) =>
  bytes.every((byte, i) => file[offset + i] === byte);

/**
 * Checks the first bytes of a file, so that a file of another kind need not be read to its end.
 * @throws ImageError if no image begins with them
 */
export function checkBeginning(bytes: Uint8Array): void {
  if (has(bytes, 0, ELF_MAGIC)) checkIdentification(bytes);
  else if (beginsAsKernel(bytes) === false) throw notAnImage(bytes);
}

/** Returns the image in a file: an ELF file or a raw Linux kernel. @throws ImageError with what is wrong with it */
export function parseImage(file: Uint8Array): ElfImage {
  if (!(file instanceof Uint8Array)) throw new ImageError('an image is a Uint8Array');
  if (has(file, 0, ELF_MAGIC)) return parseElf(file);
  if (beginsAsKernel(file) !== true) throw notAnImage(file);
  const image = parseRawKernel(file);
  linuxKernelOf(image);
  return image;
}

/** Returns what is wrong with a file that is a Linux kernel of another architecture, or null if it is none. */
export function foreignKernel(file: Uint8Array): string | null {
  const foreign = FOREIGN_KERNELS.find(([offset, magic]) => has(file, offset, magic));
  return foreign === undefined ? null : `a Linux kernel for ${foreign[2]}; one for s390x is needed`;
}

function notAnImage(bytes: Uint8Array): ImageError {
  const foreign = foreignKernel(bytes);
  if (foreign !== null) return new ImageError(foreign);
  return new ImageError(
    'neither an ELF file (7f 45 4c 46 at 0) nor a Linux kernel for s390x ("S390EP" at 0x10008)',
  );
}
