/** Loads an image into guest memory, with its command line and its initial RAM disk. */

import type { VirtualMachine } from '../host/index.ts';
import { hex } from '../host/internal.ts';
import { checkFits, type ElfImage, ImageError } from './elf.ts';
import {
  COMMAND_LINE_SIZE,
  commandLineAt,
  initrdFields,
  initrdFieldsAt,
  linuxKernelOf,
} from './linux-kernel.ts';

/** What is loaded. */
export interface Loaded {
  readonly image: ElfImage;
  /** ASCII, without NUL. */
  readonly commandLine: string;
  /** The initial RAM disk of a Linux kernel, or null. */
  readonly initrd: Uint8Array | null;
}

/**
 * Loads an image. Guest memory elsewhere does not change.
 * @throws ImageError if a part does not fit into guest memory, or if an image that is no Linux kernel has an initial RAM disk
 */
export function loadImage(vm: VirtualMachine, { image, commandLine, initrd }: Loaded): void {
  const kernel = linuxKernelOf(image);
  checkFits(image, (address, length) => vm.hasMemory({ address, length }));
  for (const segment of image.segments) {
    vm.writeGuest(segment.address, segment.bytes);
  }
  if (initrd !== null) {
    if (kernel === null)
      throw new ImageError('an initial RAM disk is for Linux kernels only, and this image is none');
    loadInitrd(vm, kernel.initrdAddress, initrd);
  }
  if (commandLine !== '') loadCommandLine(vm, commandLine, kernel?.commandLineSize ?? COMMAND_LINE_SIZE);
}

function loadInitrd(vm: VirtualMachine, address: bigint, initrd: Uint8Array): void {
  if (!vm.hasMemory({ address, length: BigInt(initrd.length) })) {
    throw new ImageError(
      `the initial RAM disk of ${initrd.length} bytes does not fit in guest memory at ${hex(address)}`,
    );
  }
  vm.writeGuest(address, initrd);
  vm.writeGuest(initrdFieldsAt, initrdFields(address, initrd.length));
}

function loadCommandLine(vm: VirtualMachine, commandLine: string, size: number): void {
  const bytes = asciiWithNul(commandLine);
  if (bytes.length > size) {
    throw new ImageError(`the arguments have ${bytes.length - 1} bytes; the maximum is ${size - 1}`);
  }
  if (!vm.hasMemory({ address: commandLineAt, length: BigInt(bytes.length) })) {
    throw new ImageError(`the guest has no memory for its arguments at ${hex(commandLineAt)}`);
  }
  vm.writeGuest(commandLineAt, bytes);
}

function asciiWithNul(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length + 1);
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === 0 || code > 0x7e)
      throw new ImageError(`the arguments have a character that is not ASCII: ${hex(code)}`);
    bytes[i] = code;
  }
  return bytes;
}
