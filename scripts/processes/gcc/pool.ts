/** Commands and workers that run at the same time. */

import { spawn } from 'node:child_process';

/** Bytes of output of a command that are kept. */
const OUTPUT_MAX = 4096;

/** How a command ended. */
export interface CommandEnd {
  /** `status N`, the name of a signal, or `time` if it took too long. */
  readonly end: string;
  /** The beginning of what it wrote. */
  readonly output: string;
}

/** Runs a command without input. It is killed after some seconds. */
export async function command(
  name: string,
  args: readonly string[],
  { cwd, seconds }: { readonly cwd: string; readonly seconds: number },
): Promise<CommandEnd> {
  return await new Promise((resolve, reject) => {
    const child = spawn(name, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      child.kill('SIGKILL');
    }, seconds * 1000);
    let output = '';
    const keep = (part: Buffer) => {
      if (output.length < OUTPUT_MAX) output += part.toString('latin1');
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    child.on('error', reject);
    child.on('close', (status, signal) => {
      clearTimeout(timer);
      resolve({ end: isLate ? 'time' : (signal ?? `status ${status}`), output });
    });
  });
}

/** Performs an action on each item, some at the same time. */
export async function forEach<Item>(
  items: readonly Item[],
  jobs: number,
  action: (item: Item, worker: number) => Promise<void>,
): Promise<void> {
  const queue = items.values();
  const worker = async (number: number) => {
    for (const item of queue) await action(item, number);
  };
  await Promise.all(Array.from({ length: jobs }, (_, number) => worker(number)));
}
