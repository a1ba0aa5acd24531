/** The console output of a guest that is played live: reports have only what is new of it. */

import type { Progress } from '../../../player/index.ts';

/** Returns a report with all output, or null if it is older than the last one. */
export function withEarlierOutput(last: Progress | null, known: Progress): Progress | null {
  if (last === null) return known;
  const lastEnd = last.outputFrom + last.output.length;
  if (known.steps < last.steps || known.outputFrom + known.output.length < lastEnd) return null;
  if (known.outputFrom !== lastEnd) return known;
  const output = known.output.length === 0 ? last.output : [...last.output, ...known.output];
  return { ...known, outputFrom: last.outputFrom, output };
}
