/** Kernel modules of a Debian kernel package, in the order in which they must be loaded. */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A module: its file name and its contents. */
export interface Module {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** Returns modules with all that they need, each before those that need it. @throws Error if one is missing */
export function modulesWithNeeds(files: string, wanted: readonly string[]): Module[] {
  const paths = new Map<string, string>();
  for (const path of readdirSync(join(files, 'lib/modules'), { recursive: true, encoding: 'utf8' })) {
    const name = /([^/]+)\.ko$/.exec(path)?.[1];
    if (name !== undefined) paths.set(canonical(name), join(files, 'lib/modules', path));
  }
  const found = new Map<string, Module>();
  const add = (name: string) => {
    if (found.has(name)) return;
    const path = paths.get(name);
    if (path === undefined) throw new Error(`the kernel package has no module ${name}`);
    const bytes = readFileSync(path);
    for (const need of needsOf(bytes)) add(canonical(need));
    found.set(name, { name: `${name}.ko`, bytes });
  };
  for (const name of wanted) add(canonical(name));
  return [...found.values()];
}

/** A module may be named with either. */
const canonical = (name: string) => name.replaceAll('-', '_');

/** The names in the field `depends` of the section .modinfo. */
function needsOf(bytes: Buffer): string[] {
  const at = bytes.indexOf('\0depends=');
  if (at < 0) return [];
  const start = at + '\0depends='.length;
  const text = bytes.toString('latin1', start, bytes.indexOf(0, start));
  return text === '' ? [] : text.split(',');
}
