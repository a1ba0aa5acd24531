/**
 * Linux kernels for s390x: raw images (`vmlinuz`, `bzImage`), whose first byte belongs to absolute 0, and ELF files with the same contents.
 * The kernel finds its command line and its initial RAM disk through the parameter area at 0x10400 (Linux:
 * arch/s390/include/asm/setup.h, struct parmarea).
 */

import { hex } from '../host/internal.ts';
import { type ElfImage, ImageError } from './elf.ts';

/** Where a kernel starts, and the text behind its first instruction. */
const ENTRY = 0x1_0000n;
const MAGIC_AT = 0x1_0008;
const MAGIC = [0x53, 0x33, 0x39, 0x30, 0x45, 0x50]; // "S390EP" in ASCII
/** The parameter area. */
const PARAMETERS = {
  INITRD_START: 0x1_0408,
  INITRD_SIZE: 0x1_0410,
  COMMAND_LINE_SIZE: 0x1_0430,
  COMMAND_LINE: 0x1_0480,
} as const;
/** The size of the command line of kernels that do not tell it, and of images that are no kernels. */
export const COMMAND_LINE_SIZE = 896;
/** The largest size that is believed: Linux allows 4096, and a distribution may allow more. */
const COMMAND_LINE_SIZE_MAX = 0x1_0000;
/** The initial RAM disk lies at this address, or higher: at least 1 MiB behind the image. */
const INITRD_AT = 8n << 20n;
const MIB = 1n << 20n;
/** The flags of a segment that is readable, writable and executable. */
const ALL_FLAGS = 7;
const PAGE = 4096;

/** A kernel that was recognized. */
export interface LinuxKernel {
  /** Maximum length of its command line in bytes, the NUL included. */
  readonly commandLineSize: number;
  /** Guest absolute address of an initial RAM disk: behind the image, a multiple of 1 MiB. */
  readonly initrdAddress: bigint;
}

/** Whether the first bytes of a file are those of a raw kernel image; null if there are too few of them to know. */
export function beginsAsKernel(file: Uint8Array): boolean | null {
  if (file.length < MAGIC_AT + MAGIC.length) return null;
  return MAGIC.every((byte, i) => file[MAGIC_AT + i] === byte);
}

/** Returns a raw kernel image as one segment. @throws ImageError if it is none, or ends before its command line */
export function parseRawKernel(file: Uint8Array): ElfImage {
  if (beginsAsKernel(file) !== true)
    throw new ImageError(`not a Linux kernel: no "S390EP" at ${hex(MAGIC_AT)}`);
  if (file.length <= PARAMETERS.COMMAND_LINE) {
    throw new ImageError(
      `the kernel image ends at ${hex(file.length)}, before its command line at ${hex(PARAMETERS.COMMAND_LINE)}`,
    );
  }
  const memorySize = BigInt(Math.ceil(file.length / PAGE) * PAGE);
  return { entry: ENTRY, segments: [{ address: 0n, memorySize, bytes: file, flags: ALL_FLAGS }] };
}

/**
 * Returns what loading needs to know of a kernel, or null if an image is not a Linux kernel that starts at 0x10000.
 * @throws ImageError if its parameter area is malformed
 */
export function linuxKernelOf(image: ElfImage): LinuxKernel | null {
  if (image.entry !== ENTRY) return null;
  const magic = bytesAt(image, MAGIC_AT, MAGIC.length);
  if (magic === null || !MAGIC.every((byte, i) => magic[i] === byte)) return null;
  const size = bytesAt(image, PARAMETERS.COMMAND_LINE_SIZE, 8);
  if (size === null)
    throw new ImageError(`the kernel has no parameter area at ${hex(PARAMETERS.INITRD_START)}`);
  const told = new DataView(size.buffer, size.byteOffset).getBigUint64(0);
  if (told > BigInt(COMMAND_LINE_SIZE_MAX)) {
    throw new ImageError(
      `the kernel tells a command line of ${hex(told)} bytes at ${hex(PARAMETERS.COMMAND_LINE_SIZE)}`,
    );
  }
  const end = image.segments.reduce(
    (last, { address, memorySize }) => (address + memorySize > last ? address + memorySize : last),
    0n,
  );
  const behind = ((end + 2n * MIB - 1n) / MIB) * MIB;
  return {
    commandLineSize: told === 0n ? COMMAND_LINE_SIZE : Number(told),
    initrdAddress: behind > INITRD_AT ? behind : INITRD_AT,
  };
}

/** Returns what the parameter area says about an initial RAM disk, to be stored at `initrdFieldsAt`: its address and size. */
export function initrdFields(address: bigint, size: number): Uint8Array {
  const bytes = new Uint8Array(16);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, address);
  view.setBigUint64(8, BigInt(size));
  return bytes;
}

/** Guest absolute addresses of the two fields for an initial RAM disk, and of the command line. */
export const initrdFieldsAt = BigInt(PARAMETERS.INITRD_START);
export const commandLineAt = BigInt(PARAMETERS.COMMAND_LINE);

/** Returns bytes of an image by guest absolute address, or null if not all are in one segment. */
function bytesAt({ segments }: ElfImage, address: number, length: number): Uint8Array | null {
  for (const segment of segments) {
    const at = address - Number(segment.address);
    if (at >= 0 && at + length <= segment.bytes.length) return segment.bytes.subarray(at, at + length);
  }
  return null;
}
