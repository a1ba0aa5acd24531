/**
 * The output of a guest at a position.
 */

import type { Progress } from '../../../../player/index.ts';

/** Returns the output of the first `steps` steps. */
export function outputUpTo(output: Progress['output'], steps: number): string {
  let text = '';
  for (const one of output) {
    if (one.step >= steps) break;
    text += one.text;
  }
  return text;
}
