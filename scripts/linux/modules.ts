/** Kernel modules of a Debian kernel package, in the order in which they must be loaded. */

import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';

/** A module: its file name and its contents. */
export interface Module {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/**
 * Returns modules with all that they need, each before those that need it, without those that the kernel contains.
 * @throws Error if one is missing
 */
export function modulesWithNeeds(files: string, wanted: readonly string[]): Module[] {
  const paths = new Map<string, string>();
  const builtIn = new Set<string>();
  for (const path of readdirSync(join(files, 'lib/modules'), { recursive: true, encoding: 'utf8' })) {
    if (path.endsWith('modules.builtin')) {
      const lines = readFileSync(join(files, 'lib/modules', path), 'utf8').split('\n');
      for (const line of lines) builtIn.add(canonical(basename(line, '.ko')));
    }
    const name = /([^/]+)\.ko(?:\.xz)?$/.exec(path)?.[1];
    if (name !== undefined) paths.set(canonical(name), join(files, 'lib/modules', path));
  }
  const found = new Map<string, Module>();
  const add = (name: string) => {
    if (found.has(name) || builtIn.has(name)) return;
    const path = paths.get(name);
    if (path === undefined) throw new Error(`the kernel package has no module ${name}`);
    const bytes = contentsOf(path);
    for (const need of needsOf(bytes)) add(canonical(need));
    found.set(name, { name: `${name}.ko`, bytes });
  };
  for (const name of wanted) add(canonical(name));
  return [...found.values()];
}

/** Newer kernels have compressed modules. Busybox cannot load those. */
function contentsOf(path: string): Buffer {
  return path.endsWith('.xz')
    ? execFileSync('xz', ['-dc', path], { maxBuffer: 2 ** 28 })
    : readFileSync(path);
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
