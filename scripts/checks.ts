/**
 * Runs the checks of `npm test` that execute none of the code: format, lint, imports and types. As many run at the same time
 * as there are cores, and all of them run, whatever fails. Prints the output of a check when it ends. Exit status 1 if one fails.
 */

import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { delimiter, join } from 'node:path';
import { inModules, ROOT } from './checkout.ts';

/** Names of npm scripts, those that take long first. */
const CHECKS = ['types', 'modules', 'lint', 'format'];

const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
  scripts: Record<string, string>;
};

/** Runs a command, with the programs of node_modules. Returns whether it succeeded. */
function succeeds(command: string): Promise<boolean> {
  const child = spawn(command, {
    cwd: ROOT,
    env: { ...process.env, PATH: [inModules('.bin'), process.env['PATH']].join(delimiter) },
    shell: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data: Buffer) => output.push(data));
  return new Promise((resolve) => {
    child.on('close', (status) => {
      process.stdout.write(`${command}\n`);
      process.stdout.write(Buffer.concat(output));
      resolve(status === 0);
    });
  });
}

const waiting = CHECKS.flatMap((name) => (scripts[name] as string).split(' && '));
let failed = false;

/** Runs one check after the other, until none is left. */
async function work(): Promise<void> {
  for (let command = waiting.shift(); command !== undefined; command = waiting.shift()) {
    if (!(await succeeds(command))) failed = true;
  }
}

await Promise.all(Array.from({ length: availableParallelism() }, work));
if (failed) {
  process.stderr.write('a check has failed\n');
  process.exitCode = 1;
}
