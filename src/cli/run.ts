/** `guesthouse run PROGRAM`: runs a Linux program for s390x as a process of the host. */

import { readFileSync } from 'node:fs';
import { basename, posix } from 'node:path';
import { type Command, Option } from 'commander';
import { Host, LinuxError } from '../host/index.ts';
import { Linux, type LinuxOptions, type LinuxProcess, type SpawnOptions } from '../host/task/index.ts';
import { maps } from '../host/task/internal.ts';
import { CPU_MODELS, type CpuModel, ENGINES, type Engine, Machine } from '../machine/index.ts';
import { crashReport } from './crash-report.ts';
import { Interrupts } from './interrupts.ts';
import { columns, complain, EXIT } from './output.ts';
import { Overlay } from './overlay/overlay.ts';
import { ProgramChecks } from './program-checks.ts';
import { debugProgram } from './program-debugger.ts';
import { ProgramFiles } from './program-files.ts';
import { type ProgramEnd, runProgram } from './program-loop.ts';
import { ProgramSignals } from './program-signals.ts';
import { reasonOf } from './reasons.ts';
import { type BindFlag, bindOption, envOption, handedFolder } from './run-options.ts';
import { checkStorage, countOption, cpusOption, memoryOption, portOption } from './sizes.ts';
import { TraceFile } from './trace-file.ts';

/** Status of a shell for a program that is not found, and one that cannot be executed. */
const NOT_FOUND = 127;
const NOT_EXECUTABLE = 126;
const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
const NANOSECONDS_PER_MILLISECOND = 1_000_000n;

interface RunFlags {
  readonly root?: string;
  readonly overlay?: string;
  readonly bind: readonly BindFlag[];
  readonly env: readonly string[];
  readonly cwd?: string;
  readonly memory: bigint;
  readonly cpus: number;
  readonly cpu: CpuModel;
  readonly engine: Engine;
  readonly seed: number;
  readonly realTime?: boolean;
  readonly strace?: boolean;
  readonly maps?: boolean;
  readonly stats?: boolean;
  readonly trace?: string;
  readonly check?: boolean;
  readonly limit?: number;
  readonly gdb?: number;
  readonly maxThreads: number;
  readonly maxFiles: bigint;
}

/** Adds the command. */
export function addRun(program: Command): void {
  const command = program.command('run');
  const parse = command.parseOptions.bind(command);
  command.parseOptions = (words) => parse(withPort(command, words));
  command
    .summary('run a Linux program for s390x')
    .description(
      'Runs a Linux executable for s390x: a process of the host in problem state, whose system calls the host performs. It sees no file of this computer but those that are handed to it.',
    )
    .argument(
      '<program>',
      'the executable: a path in --root, or a file of this computer, which is copied into the system',
    )
    .argument('[arguments...]', 'its arguments')
    .passThroughOptions()
    .option('--root <dir>', 'the root directory of the program. Changes stay in memory')
    .option(
      '--overlay <out>',
      'keep changes of the root directory in the folder OUT, and begin with those in it',
    )
    .addOption(
      new Option(
        '--bind <src:dst[:rw]>',
        'also hand over a folder or, with rw, let it be changed; may be repeated',
      )
        .argParser(bindOption)
        .default([], 'none'),
    )
    .addOption(
      new Option('--env <name=value>', 'a variable of the environment; may be repeated')
        .argParser(envOption)
        .default([], 'PATH, HOME, TERM'),
    )
    .option('--cwd <dir>', 'the working directory', '/')
    .addOption(
      new Option('--memory <size>', 'memory of the machine').argParser(memoryOption).default(1n << 30n, '1G'),
    )
    .option('--cpus <n>', 'number of processors', cpusOption, 1)
    .addOption(new Option('--cpu <model>', 'the CPU model').choices(CPU_MODELS).default('max'))
    .addOption(
      new Option('--engine <which>', 'how instructions are executed; the results are the same')
        .choices(ENGINES)
        .default('auto'),
    )
    .option('--seed <n>', 'the seed of everything random: the scheduler, getrandom', countOption, 0)
    .option('--real-time', 'clocks show the time of this computer, and sleeping takes its time')
    .option('--strace', 'print system calls and signals on standard error')
    .option('--maps', 'print the mappings of the program at its end on standard error')
    .option('--stats', 'print at the end what happened how often')
    .option('--limit <n>', 'stop after N instructions', countOption)
    .addOption(
      new Option('--gdb [port]', 'wait for GDB on this TCP port of this computer; default: any free one')
        .argParser(portOption)
        .conflicts(['limit', 'check', 'trace']),
    )
    .option('--trace <file>', 'write what happens to address spaces to FILE, one JSON object per line')
    .option('--check', "check every rule of processes' address spaces while the program runs")
    .option('--max-threads <n>', 'maximum number of threads', countOption, 4096)
    .addOption(
      new Option('--max-files <size>', 'maximum size of all files in memory')
        .argParser(memoryOption)
        .default(512n << 20n, '512M'),
    )
    .addHelpText('after', HELP)
    .action(async (path: string, args: string[], flags: RunFlags) => {
      process.exitCode = await run(path, args, flags);
    });
}

/** Returns the words of a command with a port after `--gdb`: the word that follows may be the program. */
function withPort({ options }: Command, words: readonly string[]): string[] {
  const all = [...words];
  for (let i = 0; i < all.length && all[i]?.startsWith('-') && all[i] !== '--'; i++) {
    if (all[i] === '--gdb' && !/^\d+$/.test(all[i + 1] ?? '')) all[i] = '--gdb=0';
    else if (options.some(({ long, required }) => required && long === all[i]) || all[i] === '--gdb') i++;
  }
  return all;
}

const HELP = `
Without --root the program has an empty file system in memory: /dev, /proc, /tmp, /etc/passwd. Its standard input, output and error are
those of this command. On a terminal ^C and ^Z reach the program; ^A x ends it. SIGINT, SIGTERM and SIGHUP to this command are passed to the
program; a second one within a second, if it has taken none, ends the command.
Runs are repeatable: addresses, random numbers and clocks are the same each time, and sleeping takes no time, unless --real-time is given.

--gdb waits for GDB before the first instruction, and prints the command that connects it. GDB reads the program and its libraries from the
program's own files.

Exit status: that of the program; 128 + N if signal N ended it; 126 and 127 if it cannot be executed, or is not there; 2 wrong usage; 3 all
threads wait for each other; 4 the limit is reached; 5 --check found a broken rule; 6 storage is used up.

Examples:
${columns([
  ['  guesthouse run ./hello world', 'a program of your own, linked with -static'],
  ['  guesthouse run --root ./debian /bin/bash', 'a shell in a folder with a Debian system for s390x'],
  [
    '  guesthouse run --bind .:/work:rw --cwd /work ./sort numbers',
    'a program that may read and write this folder',
  ],
  ['  guesthouse run --root ./debian --overlay ./changes /bin/bash', 'a shell whose changes are kept'],
  ['  guesthouse run --strace ./hello', 'its system calls'],
  ['  guesthouse run --gdb 1234 ./hello', 'a program that GDB debugs'],
  ['  guesthouse run --check --trace events.jsonl ./hello', 'its page tables, checked and recorded'],
]).join('\n')}`;

async function run(path: string, args: readonly string[], flags: RunFlags): Promise<number> {
  checkStorage('memory', flags.memory);
  const overlay = flags.overlay === undefined ? null : openOverlay(flags.overlay, flags);
  try {
    return await runWith(overlay, path, args, flags);
  } finally {
    overlay?.close();
  }
}

async function runWith(
  overlay: Overlay | null,
  path: string,
  args: readonly string[],
  flags: RunFlags,
): Promise<number> {
  const linux = makeLinux(flags, overlay, (line) => files.report(`${line}\n`));
  const interrupts = new Interrupts();
  const files: ProgramFiles = new ProgramFiles(linux, () => interrupts.interrupt(EXIT.INTERRUPTED));
  watch(linux, flags, files);
  const trace = flags.trace === undefined ? null : new TraceFile(flags.trace, linux.host.machine.trace);
  const checks = flags.check ? new ProgramChecks(linux, (text) => files.report(text)) : null;
  try {
    const started = startProgram(linux, path, () => ({
      ...programOf(linux, path, args, flags),
      ...files.open(),
    }));
    if (typeof started === 'number') return started;
    const signals = new ProgramSignals(linux, started, files);
    interrupts.pass = (signal) => signals.pass(signal);
    files.begin();
    const loop = { linux, files, interrupts, limit: flags.limit ?? Infinity, checks, trace };
    const end = await (flags.gdb === undefined
      ? runProgram(started, loop)
      : debugProgram(started, loop, flags.gdb));
    files.close();
    const status = statusOf(end, { linux, interrupts, checks, trace });
    if (overlay !== null) await keepChanges(overlay, linux, flags);
    return status;
  } finally {
    files.close();
    checks?.close();
    linux.close();
    trace?.close();
    interrupts.close();
    if (flags.stats) printStatistics(linux);
    // Node would fail to restore a terminal that is gone.
    if (files.isHungUp) process.kill(process.pid, 'SIGHUP');
  }
}

/** @throws UsageError if a folder cannot be used */
function openOverlay(folder: string, { root, bind }: RunFlags): Overlay {
  const lower = root === undefined ? null : handedFolder(root, 'memory').tree;
  const folders = [...(root === undefined ? [] : [root]), ...bind.map(({ source }) => source)];
  return new Overlay(folder, { lower, folders });
}

/** @throws UsageError if the folder cannot be written */
async function keepChanges(overlay: Overlay, linux: Linux, { maxFiles }: RunFlags): Promise<void> {
  for (const line of await overlay.keep(linux, Number(maxFiles))) complain(line);
}

/** @param report prints a line. @throws UsageError if a folder or a size cannot be used */
function makeLinux(flags: RunFlags, overlay: Overlay | null, report: (line: string) => void): Linux {
  const { cpus, cpu, engine, memory, seed } = flags;
  const machine = new Machine({ cpus, cpuModel: cpu, engine, storageSize: Number(memory) });
  const linux = new Linux(new Host(machine), {
    seed,
    maxThreads: flags.maxThreads,
    maxFiles: Number(flags.maxFiles),
    waits: flags.realTime === true,
    ...(flags.strace ? { strace: report, onMissing: onceEach(report) } : {}),
    ...(flags.realTime ? { realtime: BigInt(Date.now()) * NANOSECONDS_PER_MILLISECOND } : {}),
    ...rootOf(flags, overlay),
  });
  for (const { source, target, isWritable } of flags.bind) {
    linux.files.bind(target, handedFolder(source, isWritable ? 'tree' : 'memory'));
  }
  return linux;
}

function rootOf({ root }: RunFlags, overlay: Overlay | null): Pick<LinuxOptions, 'root' | 'minimal'> {
  if (overlay !== null) return { root: { tree: overlay.tree }, minimal: root === undefined && overlay.isNew };
  return root === undefined ? {} : { root: handedFolder(root, 'memory') };
}

/** Prints what the flags ask for while the program runs. */
function watch(linux: Linux, flags: RunFlags, files: ProgramFiles): void {
  const { system } = linux;
  system.onCrash = (thread, crash) => {
    for (const text of crashReport(system, thread, crash)) files.report(`${text}\n`);
  };
  if (flags.maps) system.onEnd = (thread) => files.report(maps(system, thread));
}

/** Returns what reports each system call that is not implemented, once. */
function onceEach(report: (line: string) => void): (call: string) => void {
  const named = new Set<string>();
  return (call) => {
    if (!named.has(call)) report(`guesthouse: system call ${call} is not implemented`);
    named.add(call);
  };
}

/** What is executed: a path of the system, or a file of this computer, which is copied. @throws LinuxError if there is none */
function programOf(linux: Linux, path: string, args: readonly string[], flags: RunFlags): SpawnOptions {
  const common = {
    args: [path, ...args],
    env: environment(flags),
    directory: flags.cwd ?? '/',
  };
  if (flags.root !== undefined || flags.overlay !== undefined || flags.bind.length > 0) {
    const found = linux.files.find(path, { directory: common.directory, list: PATH });
    if (found !== null) return { ...common, path: found };
  }
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    const isThere = (error as NodeJS.ErrnoException).code !== 'ENOENT';
    throw new LinuxError(isThere ? 'EACCES' : 'ENOENT', reasonOf(error));
  }
  const target = `/bin/${basename(path)}`;
  if (!linux.files.has(target, bytes)) linux.files.write(target, bytes, 0o755);
  if (flags.overlay === undefined) copyToName(linux, path, common.directory, bytes);
  return { ...common, path: target };
}

/** Copies a program to where its name leads in the system, so that it finds itself there, if that is a place for a file. */
function copyToName(linux: Linux, path: string, directory: string, bytes: Uint8Array): void {
  const place = posix.resolve('/', directory, path);
  if (!path.includes('/') || linux.files.has(place, bytes)) return;
  try {
    linux.files.write(place, bytes, 0o755);
  } catch (error) {
    if (!(error instanceof LinuxError)) throw error;
  }
}

function environment({ env }: RunFlags): Record<string, string> {
  const { TERM } = process.env;
  const own = env.map((one) => [one.slice(0, one.indexOf('=')), one.slice(one.indexOf('=') + 1)] as const);
  return {
    ...{ PATH, HOME: '/root' },
    ...(process.stdin.isTTY && TERM !== undefined ? { TERM } : {}),
    ...Object.fromEntries(own),
  };
}

/** Returns the process, or the status of a shell if there is none. @throws UsageError for an option that is wrong */
function startProgram(linux: Linux, path: string, options: () => SpawnOptions): LinuxProcess | number {
  try {
    return linux.spawn(options());
  } catch (error) {
    if (!(error instanceof LinuxError)) throw error;
    complain(`${path}: ${error.message}`);
    if (error.code === 'ENOMEM') return EXIT.NO_MEMORY;
    return error.code === 'ENOENT' ? NOT_FOUND : NOT_EXECUTABLE;
  }
}

/** What the exit status follows from. */
interface Ended {
  readonly linux: Linux;
  readonly interrupts: Interrupts;
  readonly checks: ProgramChecks | null;
  readonly trace: TraceFile | null;
}

function statusOf(end: ProgramEnd, { linux, interrupts, checks, trace }: Ended): number {
  trace?.close();
  if (trace?.failure) complain(trace.failure);
  if (end.kind === 'broken-rule' || checks?.areAllKept() === false) return EXIT.BROKEN_RULE;
  if (end.kind === 'trace' || trace?.failure) return EXIT.USAGE;
  if (end.kind === 'interrupted') return interrupts.status ?? EXIT.INTERRUPTED;
  if (end.kind === 'ended') return end.status.kind === 'exited' ? end.status.value : 128 + end.status.value;
  if (end.kind === 'limit') {
    complain(`the limit of instructions is reached`);
    return EXIT.LIMIT;
  }
  complain('all threads wait, and nothing can wake one:');
  for (const line of linux.describeWaits()) complain(line);
  return EXIT.STUCK;
}

function printStatistics(linux: Linux): void {
  const { system, work } = linux;
  const rows = [
    ['instructions', work],
    ['system calls', system.counts.calls],
    ['page faults', system.counts.faults],
    ['signals', system.counts.signals],
    ['processes', system.counts.processes],
    ['threads', system.counts.threads],
  ] as const;
  const lines = columns(rows.map(([name, count]) => [`${name}`, count.toLocaleString('en-US')]));
  for (const line of lines) process.stderr.write(`${line}\n`);
}
