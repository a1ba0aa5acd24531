/** Compares the frames that tables and pages own with those that the allocator has handed out. */

import { hex, PAGES_PER_SEGMENT, PURPOSES, type Purpose } from '../host/internal.ts';
import { FRAME_SIZE } from '../machine/index.ts';
import type { Census } from './rules.ts';

/** Returns the number of frames in a block for a purpose. */
function framesIn(purpose: Purpose): number {
  if (purpose === 'large-page') return PAGES_PER_SEGMENT;
  return purpose === 'mm-table' || purpose === 'gmap-table' ? 4 : 1;
}

/**
 * Checks that every block that the pass has seen is allocated for its purpose, with a reference for each owner, and that no
 * other block is allocated.
 */
export function checkFrames(census: Census): void {
  const { frames } = census.host.kernel;
  census.eachBlock((address, purpose, owners) => {
    const given = frames.purposeOf(address);
    if (given !== purpose) {
      const message = `frame ${hex(address)} is used as a ${purpose}, but allocated as ${given ?? 'nothing'}`;
      census.report({ rule: 'frames', message });
    } else if (owners !== frames.sharersOf(address) + 1) {
      const message = `frame ${hex(address)} has ${owners} owners, but ${frames.sharersOf(address) + 1} references`;
      census.report({ rule: 'frames', message });
    }
  });
  for (const [number, purpose] of PURPOSES.entries()) {
    if (purpose === 'kernel') continue;
    const used = (census.blocks[number] as number) * framesIn(purpose);
    const given = frames.count(purpose);
    if (used !== given) {
      const message = `${given} frames are allocated as ${purpose}, ${used} are used`;
      census.report({ rule: 'frames', message });
    }
  }
}

/** Notes the frame of zeros, which the kernel owns, and checks that nobody has written it. */
export function ownZeros(census: Census): void {
  const { zeros, storage } = census.host.kernel;
  if (zeros === null) return;
  census.own(zeros, 'page');
  for (let at = zeros; at < zeros + FRAME_SIZE; at += 4) {
    if (storage.view.getUint32(at) === 0) continue;
    census.report({ rule: 'frames', message: `frame ${hex(zeros)} is the one of zeros, and was written` });
    return;
  }
}
