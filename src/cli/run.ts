/** `guesthouse run PROGRAM`: runs a Linux program for s390x as a process of the host. */

import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import type { Command } from 'commander';
import { Host, LinuxError } from '../host/index.ts';
import { Linux, type LinuxEnd, Strace } from '../host/task/index.ts';
import { Machine } from '../machine/index.ts';
import { complain, EXIT, UsageError } from './output.ts';
import { countOption, cpusOption } from './sizes.ts';

interface RunFlags {
  readonly cpus: number;
  readonly seed: number;
  readonly strace?: boolean;
}

/** Adds the command. */
export function addRun(program: Command): void {
  program
    .command('run')
    .summary('run a Linux program for s390x')
    .description('Runs a Linux executable for s390x as a process of the host.')
    .argument('<program>', 'the executable')
    .argument('[arguments...]', 'its arguments')
    .passThroughOptions()
    .option('--cpus <n>', 'number of processors', cpusOption, 1)
    .option('--seed <n>', 'the seed of everything random', countOption, 0)
    .option('--strace', 'print system calls on standard error')
    .action(async (path: string, args: string[], flags: RunFlags) => {
      process.exitCode = await run(path, args, flags);
    });
}

async function run(path: string, args: readonly string[], flags: RunFlags): Promise<number> {
  const bytes = readFileSync(path);
  const linux = new Linux(new Host(new Machine({ cpus: flags.cpus })), { seed: flags.seed });
  const name = basename(path);
  linux.files.write(`/bin/${name}`, bytes, 0o755);
  const input = linux.makeInput();
  const take = (stream: NodeJS.WriteStream) => (part: Uint8Array) => void stream.write(Buffer.from(part));
  const out = linux.makeOutput(take(process.stdout));
  const error = linux.makeOutput(take(process.stderr));
  if (process.env.GH_MISSING)
    linux.system.onMissing = (call) => complain(`system call ${call} is not implemented`);
  if (flags.strace) linux.system.tracer = new Strace((line) => void process.stderr.write(`${line}\n`));
  let started: ReturnType<Linux['spawn']>;
  try {
    started = linux.spawn({
      path: `/bin/${name}`,
      args: [name, ...args],
      env: ['PATH=/bin'],
      files: [input.open(0), out.open(1), error.open(1)],
    });
  } catch (failed) {
    if (failed instanceof LinuxError) throw new UsageError(`${path}: ${failed.message}`);
    throw failed;
  }
  process.stdin.on('data', (part: Buffer) => input.pass(part));
  process.stdin.on('end', () => input.end());
  for (;;) {
    const until = performance.now() + 50;
    const end: LinuxEnd = linux.run(started, Infinity, () => performance.now() >= until);
    if (end.kind === 'ended') {
      process.stdin.destroy();
      return end.status.kind === 'exited' ? end.status.value : 128 + end.status.value;
    }
    if (end.kind === 'deadlock') {
      complain('nothing can go on');
      for (const line of linux.describeWaits()) complain(line);
      process.stdin.destroy();
      return EXIT.STUCK;
    }
    await setImmediate();
  }
}
