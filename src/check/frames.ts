/** Compares the frames that tables own with what the allocator has given out. */

import { hex, PURPOSES, type Purpose } from '../host/index.ts';
import type { Census } from './rules.ts';

/** Frames in a block, by purpose. */
function framesIn(purpose: Purpose): number {
  return purpose === 'mm-table' || purpose === 'gmap-table' ? 4 : 1;
}

/** Checks that every block seen is one given out for that purpose, and that no more were. */
export function checkFrames(census: Census): void {
  const { frames } = census.host.kernel;
  const seen = new Map<Purpose, number>();
  for (const [address, purpose] of census.owners) {
    const given = frames.purposeOf(address);
    if (given !== purpose) {
      const message = `frame ${hex(address)} is used as a ${purpose}, but given out as ${given ?? 'nothing'}`;
      census.report({ rule: 'frames', message });
    }
    seen.set(purpose, (seen.get(purpose) ?? 0) + framesIn(purpose));
  }
  for (const purpose of PURPOSES) {
    if (purpose === 'kernel') continue;
    const used = seen.get(purpose) ?? 0;
    const given = frames.count(purpose);
    if (used !== given) {
      census.report({
        rule: 'frames',
        message: `${given} frames are given out as ${purpose}, ${used} are used`,
      });
    }
  }
}
