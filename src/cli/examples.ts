/** Paths of the examples in the package, for help texts. */

import { isAbsolute, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The examples. Both src/cli and dist/cli lie two levels below the package's root. */
const FOLDER = new URL('../../examples/', import.meta.url);

/**
 * Returns the path of an example such as `images/hello.elf`. It is relative if the example lies below the current folder
 * (`node_modules/guesthouse/examples/…` for an installed package), and absolute otherwise.
 */
export function example(name: string): string {
  const path = fileURLToPath(new URL(name, FOLDER));
  const near = relative(process.cwd(), path);
  return near.startsWith('..') || isAbsolute(near) ? path : near.replaceAll('\\', '/');
}
