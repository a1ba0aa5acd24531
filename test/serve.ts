/**
 * The built `guesthouse explore` in a process of its own, for tests.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** The root of the repository. */
export const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** How the command ended, and what it said. */
export interface Ended {
  readonly status: number | null;
  readonly out: string;
  readonly err: string;
}

/** A command that was started. */
export interface Started {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  /** Its first line; what there was of one when it ended before. */
  readonly line: Promise<string>;
}

const children = new Set<ChildProcess>();

/** Starts the command, which goes on until somebody ends it. */
export function start(...args: readonly string[]): Started {
  const child = spawn(process.execPath, ['bin/guesthouse.js', 'explore', ...args], { cwd: ROOT });
  children.add(child);
  let out = '';
  let err = '';
  child.stderr.on('data', (data: Buffer) => {
    err += data;
  });
  const ended = new Promise<Ended>((resolve) => {
    child.on('close', (status) => resolve({ status, out, err }));
  });
  const line = new Promise<string>((resolve) => {
    child.stdout.on('data', (data: Buffer) => {
      out += data;
      if (out.includes('\n')) resolve(out);
    });
    child.on('close', () => resolve(out));
  });
  return { child, ended, line };
}

/** Starts it and answers where it is. */
export async function served(...args: readonly string[]): Promise<string> {
  const { line } = start('--json', ...args);
  return (JSON.parse(await line) as { url: string }).url;
}

/** Ends all that were started here. */
export async function endAll(): Promise<void> {
  const gone = [...children].map((child) => {
    if (child.exitCode !== null || child.signalCode !== null) return null;
    const closed = new Promise((resolve) => child.on('close', resolve));
    child.kill('SIGKILL');
    return closed;
  });
  children.clear();
  await Promise.all(gone);
}
