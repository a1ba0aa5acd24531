/** What the auxiliary vector tells of the processor: AT_HWCAP and AT_PLATFORM. Linux: arch/s390/include/asm/elf.h. */

import type { CpuModel } from '../../../machine/index.ts';

/** Bits of AT_HWCAP, each with the facilities that it stands for. */
const CAPABILITIES: readonly (readonly [bit: number, ...facilities: number[]])[] = [
  [0, 0],
  [1, 2],
  [2, 7],
  [3, 17],
  [4, 18],
  [5, 21],
  [6, 42, 44],
  [8, 22, 30],
  [10, 50, 73],
  [11, 129],
  [14, 133],
];
/** The general registers have 64 bits also for 31-bit programs. */
const HIGH_GPRS = 1 << 9;

/** Returns AT_HWCAP for a facility list. */
export function hardwareCapabilities(facilities: Uint8Array): number {
  const has = (bit: number) => (facilities[bit >>> 3]! & (0x80 >>> (bit & 7))) !== 0;
  let bits = HIGH_GPRS;
  for (const [bit, ...needed] of CAPABILITIES) if (needed.every(has)) bits |= 1 << bit;
  return bits;
}

/** Returns AT_PLATFORM: `max` tells the machine type of the z196. Programs conclude from z13 on that there are vector instructions, which no model here has. */
export function platformOf(model: CpuModel): string {
  if (model === 'max') return 'z196';
  return model === 'z10' || model === 'z196' ? model : 'zEC12';
}
