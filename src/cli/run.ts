/** `guesthouse run PROGRAM`: runs a Linux program for s390x as a process of the host. */

import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import type { Command } from 'commander';
import { Host, LinuxError } from '../host/index.ts';
import { Linux, type Process, type SpawnOptions, Strace } from '../host/task/index.ts';
import { Machine } from '../machine/index.ts';
import { Interrupts } from './interrupts.ts';
import { complain, EXIT, UsageError } from './output.ts';
import { ProgramFiles } from './program-files.ts';
import { type ProgramEnd, runProgram } from './program-loop.ts';
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
  if (process.env.GH_MISSING)
    linux.system.onMissing = (call) => complain(`system call ${call} is not implemented`);
  if (flags.strace) linux.system.tracer = new Strace((line) => void process.stderr.write(`${line}\n`));
  const interrupts = new Interrupts();
  const files = new ProgramFiles(linux, () => interrupts.interrupt(EXIT.INTERRUPTED));
  try {
    const program = {
      path: `/bin/${name}`,
      args: [name, ...args],
      env: ['PATH=/bin', ...terminalEnvironment()],
    };
    const started = startProgram(linux, path, { ...program, ...files.open() });
    files.begin();
    const end = await runProgram(started, { linux, files, interrupts });
    files.close();
    return statusOf(end, linux, interrupts);
  } finally {
    files.close();
    interrupts.close();
  }
}

/** Programs that draw on the terminal need to know its kind. */
function terminalEnvironment(): string[] {
  const { TERM } = process.env;
  return process.stdin.isTTY && TERM !== undefined ? [`TERM=${TERM}`] : [];
}

/** @throws UsageError if it is no program */
function startProgram(linux: Linux, path: string, options: SpawnOptions): Process {
  try {
    return linux.spawn(options);
  } catch (error) {
    if (error instanceof LinuxError) throw new UsageError(`${path}: ${error.message}`);
    throw error;
  }
}

function statusOf(end: ProgramEnd, linux: Linux, interrupts: Interrupts): number {
  if (end.kind === 'interrupted') return interrupts.status ?? EXIT.INTERRUPTED;
  if (end.kind === 'ended') return end.status.kind === 'exited' ? end.status.value : 128 + end.status.value;
  complain('nothing can go on');
  for (const line of linux.describeWaits()) complain(line);
  return EXIT.STUCK;
}
