/** A raw kernel image that is one of our own guests: for tests of what is done with Linux kernels. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseElf } from '../src/vmm/index.ts';
import { ROOT } from './serve.ts';

/** Where a kernel starts: a jump by 64 KiB, to where our guests start, and the text behind it. */
const ENTRY = 0x1_0000;
const JUMP = [0xc0, 0xf4, 0x00, 0x00, 0x80, 0x00]; // BRCL 15,*+65536
const MAGIC_AT = 0x1_0008;
const MAGIC = Buffer.from('S390EP');

/** Returns a kernel image with a guest of `examples/images`, by its name. */
export function kernelImage(name: string): Uint8Array {
  const { segments } = parseElf(new Uint8Array(readFileSync(join(ROOT, `examples/images/${name}.elf`))));
  const size = Math.max(...segments.map(({ address, memorySize }) => Number(address + memorySize)));
  const image = new Uint8Array(size);
  image.set(JUMP, ENTRY);
  image.set(MAGIC, MAGIC_AT);
  for (const { address, bytes } of segments) image.set(bytes, Number(address));
  return image;
}
