/**
 * What the guest had said at a position.
 */

import type { Progress } from '../../../../player/index.ts';

/** Its text up to so many steps done. */
export function outputUpTo(output: Progress['output'], steps: number): string {
  let text = '';
  for (const one of output) {
    if (one.step >= steps) break;
    text += one.text;
  }
  return text;
}
