/**
 * The built `guesthouse explore` in a process of its own, for tests.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** The root of the repository. */
export const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** The exit status and output of a command. */
export interface Ended {
  readonly status: number | null;
  readonly out: string;
  readonly err: string;
}

/** A started command. */
export interface Started {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  /** Its first line, or its output if it ended before the end of a line. */
  readonly line: Promise<string>;
}

const children = new Set<ChildProcess>();

/** Starts the command, which runs until it is stopped. */
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

/** Starts the command. Returns the address of the page. */
export async function served(...args: readonly string[]): Promise<string> {
  const { line } = start('--json', ...args);
  return (JSON.parse(await line) as { url: string }).url;
}

/** Stops all started commands. */
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
