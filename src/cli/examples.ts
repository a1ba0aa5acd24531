/** The examples that come with the package, as somebody can name them in the folder where the command runs. */

import { isAbsolute, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Beside the sources and beside the built package alike. */
const FOLDER = new URL('../../examples/', import.meta.url);

/**
 * The path of an example, such as `images/hello.elf`: relative to the current folder where that is below it
 * (`node_modules/guesthouse/examples/…` of an installed package), absolute elsewhere.
 */
export function example(name: string): string {
  const path = fileURLToPath(new URL(name, FOLDER));
  const near = relative(process.cwd(), path);
  return near.startsWith('..') || isAbsolute(near) ? path : near.replaceAll('\\', '/');
}

/** Lines of a command and what it does, the second parts below each other, for help texts. */
export function columns(rows: readonly (readonly [command: string, does: string])[]): string[] {
  const width = Math.max(...rows.map(([command]) => command.length));
  return rows.map(([command, does]) => `${command.padEnd(width)}  ${does}`.trimEnd());
}
