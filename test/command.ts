/** The built command `guesthouse`, for tests from outside: it runs in the root of the repository. */

import { type ChildProcess, fork, type StdioOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The root of the repository. */
export const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** The exit status and output of a command. */
export interface Result {
  readonly status: number | null;
  readonly out: string;
  readonly err: string;
}

/** How a command is run. */
export interface How {
  readonly input?: string;
  /** Code to run in the command's process first. */
  readonly before?: string;
  /** A file for standard output, which is then not part of the result. */
  readonly into?: string;
  /** Whether the command must have a process of its own. One with `before` or `into` has. */
  readonly alone?: boolean;
}

/** Runs the command in a process of its own. */
function alone(args: readonly string[], { input = '', before, into }: How): Promise<Result> {
  const preload =
    before === undefined ? [] : ['--import', `data:text/javascript,${encodeURIComponent(before)}`];
  const file = into === undefined ? null : openSync(into, 'w');
  const stdio: StdioOptions = ['pipe', file ?? 'pipe', 'pipe'];
  const child = spawn(process.execPath, [...preload, 'bin/guesthouse.js', ...args], { cwd: ROOT, stdio });
  if (file !== null) closeSync(file);
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  child.stdout?.on('data', (data: Buffer) => out.push(data));
  child.stderr?.on('data', (data: Buffer) => err.push(data));
  child.stdin?.on('error', () => {});
  child.stdin?.end(input);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (status) =>
      resolve({ status, out: Buffer.concat(out).toString(), err: Buffer.concat(err).toString() }),
    );
  });
}

/** The process that runs most commands, when it is ready, and the last command that was given to it. */
let many: Promise<ChildProcess> | null = null;
let last: Promise<unknown> = Promise.resolve();

async function startMany(): Promise<ChildProcess> {
  const child = fork('test/many-commands.js', {
    cwd: ROOT,
    execArgv: [],
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (data: Buffer) => (said += data));
  child.on('close', () => {
    many = null;
    child.emit('failed', said);
  });
  await once(child, 'message');
  return child;
}

/** Performs a command line in the process of many. @throws Error if the process ends */
async function perform(args: readonly string[], input: string): Promise<Result> {
  const child = await (many ??= startMany());
  return new Promise((resolve, reject) => {
    const failed = (said: string) =>
      reject(new Error(`guesthouse ${args.join(' ')} has ended its process: ${said}`));
    child.once('failed', failed);
    child.once('message', (result) => {
      child.off('failed', failed);
      resolve(result as Result);
    });
    child.send({ args, input });
  });
}

/**
 * Runs the command. If nothing about its process matters, it is performed by one that performs many, after those that were given before:
 * most of the time of a short command is the start of a process.
 */
export function guesthouse(args: readonly string[], how: How = {}): Promise<Result> {
  if (how.alone || how.before !== undefined || how.into !== undefined) return alone(args, how);
  const result = last.then(() => perform(args, how.input ?? ''));
  last = result.catch(() => {});
  return result;
}

/** Ends the process that has run many commands. Call after the last one. */
export async function endCommands(): Promise<void> {
  if (many === null) return;
  const child = await many;
  const closed = once(child, 'close');
  child.kill('SIGKILL');
  await closed;
}
