/** The list of GCC's execution tests, and how each is compiled. */

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { optionsOf } from '../../torture/sources.ts';

/** Options of all tests: static, because a test then needs no other file. */
const COMMON = ['-w', '-static'];
/** Options of the folders (ieee.exp, builtins.exp). */
const OF_FOLDER: Readonly<Record<string, readonly string[]>> = {
  '': [],
  ieee: ['-fno-inline'],
  builtins: [
    ...['-fno-tree-dse', '-fno-tree-loop-distribute-patterns', '-fno-tracer', '-fno-ipa-ra'],
    '-fno-inline-functions',
  ],
};

/** A test. */
export interface GccTest {
  /** Its path in the folder of tests, without the extension. */
  readonly name: string;
  /** The arguments of the compiler but the level of optimization and the output. */
  readonly args: readonly string[];
}

/** Lists the tests in a folder whose names contain a text. */
export function listTests(folder: string, pattern: string): GccTest[] {
  const tests = Object.keys(OF_FOLDER).flatMap((part) =>
    readdirSync(join(folder, part))
      .filter((name) => name.endsWith('.c') && !name.endsWith('-lib.c'))
      .map((name) => testOf(folder, part, name.slice(0, -2))),
  );
  return tests
    .filter(({ name }) => name.includes(pattern))
    .sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
}

function testOf(folder: string, part: string, name: string): GccTest {
  const path = join(folder, part, name);
  const sources = [`${path}.c`];
  // Such a test has its own versions of the library's functions, to see which are called.
  if (part === 'builtins') sources.push(`${path}-lib.c`, join(folder, part, 'lib/main.c'));
  const options = [
    ...(OF_FOLDER[part] as string[]),
    ...scriptOptions(`${path}.x`),
    ...optionsOf(`${path}.c`),
  ];
  return { name: join(part, name), args: [...COMMON, ...options, ...sources, '-lm'] };
}

/** Returns the options that the script of a test adds without a condition: lines that are not indented. */
function scriptOptions(script: string): string[] {
  if (!existsSync(script)) return [];
  const lines = readFileSync(script, 'latin1').matchAll(/^(?:lappend|set) additional_flags (.*)$/gm);
  return [...lines].flatMap(([, options = '']) => options.replaceAll('"', '').trim().split(/\s+/));
}
