/**
 * The reference bits of many frames at once: INSERT and RESET REFERENCE BITS MULTIPLE. Principles of Operation, chapter 10.
 */

import { absolutePage } from '../addresses.ts';
import type { Processor } from '../cpu/processor.ts';
import { KEY_REFERENCED } from '../storage.ts';
import { KEY_PLACE } from './key-place.ts';
import { ICTL, type InstructionLine } from './line.ts';
import { pageOf } from './operands.ts';

/** Number of frames: 256 KiB. */
const FRAMES = 64;

/**
 * Loads the reference bits of the 256 KiB at the absolute address in r2 into r1, that of the first frame on the left. An
 * exception comes before any bit is reset.
 */
function referenceBits(reset: boolean) {
  return (c: Processor, r1: number, r2: number): void => {
    c.effectiveRegister(r2);
    const page = pageOf(c.eaHi, c.eaLo);
    const first = page - (page % FRAMES);
    let hi = 0;
    let lo = 0;
    for (let i = 0; i < FRAMES; i++) {
      const key = KEY_PLACE.find(c, absolutePage(first + i), first + i).get(c);
      hi = (hi << 1) | (lo >>> 31);
      lo = (lo << 1) | (key & KEY_REFERENCED ? 1 : 0);
    }
    if (reset) resetAll(c, first);
    c.gr32[r1 * 2 + 1] = hi;
    c.gr32[r1 * 2] = lo;
  };
}

function resetAll(c: Processor, first: number): void {
  for (let i = 0; i < FRAMES; i++) KEY_PLACE.find(c, absolutePage(first + i), first + i).resetReference(c);
  c.machine.forgetKeys();
}

// biome-ignore format: a line each
export const REFERENCE_BITS: readonly InstructionLine[] = [
  ['RRBM', 'RRE', 0xb9ae, 'rrbm', referenceBits(true), { privileged: true, intercept: ICTL.RRBE }],
  ['IRBM', 'RRE', 0xb9ac, 'irbm', referenceBits(false), { privileged: true, intercept: ICTL.ISKE }],
];
