/**
 * The output of a guest at a position.
 */

import type { Progress } from '../../../../player/index.ts';

/** Returns how many items of the output belong to the first `steps` steps. */
export function itemsUpTo(output: Progress['output'], steps: number): number {
  let [low, high] = [0, output.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((output[middle]?.step ?? 0) >= steps) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** Returns the text of some items of the output. */
export function textOf(output: Progress['output'], first: number, end: number): string {
  return output
    .slice(first, end)
    .map(({ text }) => text)
    .join('');
}

/** Returns the end of the output of the first `items` items, of `length` characters or little more. */
export function endOf(output: Progress['output'], items: number, length: number): string {
  let first = items;
  for (let size = 0; first > 0 && size < length; first--) size += output[first - 1]?.text.length ?? 0;
  return textOf(output, first, items);
}
