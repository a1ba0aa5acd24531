/**
 * What the guest had said at a moment.
 */

import type { Progress } from '../../../player/index.ts';

/** Its text up to so many steps done. */
export function saidBy(said: Progress['said'], steps: number): string {
  let text = '';
  for (const one of said) {
    if (one.step >= steps) break;
    text += one.text;
  }
  return text;
}
