/** Paths of the checkout, and the form of `--slice K/N`, for the scripts. */

import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The root of the checkout. */
export const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));

/** The path of a file in node_modules. */
export const inModules = (path: string): string => join(ROOT, 'node_modules', path);

/** Part K of N, with K from 1 to N. */
export type Slice = readonly [k: number, n: number];

/** Parses `K/N`. Ends the program with status 2 if the text has another form. */
export function parseSlice(text: string): Slice {
  const [k = 0, n = 0] = /^\d+\/\d+$/.test(text) ? text.split('/').map(Number) : [];
  if (k > 0 && k <= n) return [k, n];
  console.error(`--slice ${text}: it must be K/N with K from 1 to N`);
  process.exit(2);
}
