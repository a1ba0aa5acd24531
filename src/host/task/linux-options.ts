/** What a Linux system and its programs are made with, and the checks of it. */

import {
  demandBigint,
  demandBytes,
  demandFlag,
  demandFunction,
  demandInstance,
  demandInteger,
  demandObject,
  demandText,
} from '../arguments.ts';
import { LinuxError } from '../errors.ts';
import type { OutputTaker } from './files/index.ts';
import { demandTree } from './linux-files.ts';
import { InputStream, OutputStream } from './streams.ts';
import type { HandedTree } from './system-files.ts';
import { SystemTerminal } from './terminal/index.ts';

/** The largest ID of a user or a group: -1 stands for none. */
const ID_MAX = 0xffff_fffe;
/** CLOCK_REALTIME has seconds of 64 bits with a sign; nanoseconds have, too. */
const TIME_MAX = (1n << 63n) - 1n;

/** Options of a system. */
export interface LinuxOptions {
  /** Files, by absolute paths: bytes, or a text, which is stored in UTF-8. All may be executed. `LinuxFiles.write` stores others. */
  readonly files?: Readonly<Record<string, Uint8Array | string>>;
  /** The root directory; default a directory in memory. */
  readonly root?: HandedTree;
  /** Whether files that programs expect in /etc are made where they are missing; default only without `root`. */
  readonly minimal?: boolean;
  /** The seed of everything random, an integer of which 32 bits are used; default 0. Runs with the same seed are the same. */
  readonly seed?: number;
  /** CLOCK_REALTIME at the start, in nanoseconds since 1970; default 1 January 2026. */
  readonly realtime?: bigint;
  /** Whether time passes with the clock outside even when all threads sleep; default no: it is skipped. */
  readonly waits?: boolean;
  /** Maximum number of threads, from 1 on; default 4096. */
  readonly maxThreads?: number;
  /** Maximum size of all files in memory, in bytes; default 512 MiB. */
  readonly maxFiles?: number;
  /** Takes system calls, signals and ends of processes, a line each without its end, as strace(1) prints them. */
  readonly strace?: (line: string) => void;
  /** Called with the name of a system call that is not implemented, each time a program calls it. */
  readonly onMissing?: (call: string) => void;
}

/** Standard input: all bytes, a text in UTF-8, a stream whose bytes come later, or a terminal. */
export type ProgramInput = Uint8Array | string | InputStream | SystemTerminal;
/** Standard output or error: a function that takes bytes, a stream that can be paused, or a terminal. */
export type ProgramOutput = OutputTaker | OutputStream | SystemTerminal;

/** What a process is started with. Texts are passed in UTF-8, and have no null characters. */
export interface SpawnOptions {
  /** The path of the program in the system's files. */
  readonly path: string;
  /** The arguments, the name of the program first; default the path alone. */
  readonly args?: readonly string[];
  /** The environment, by names; default none. */
  readonly env?: Readonly<Record<string, string>>;
  /** The working directory; default /. */
  readonly directory?: string;
  /** The numbers of user and group, 0 to 2^32 - 2; default 0, root. */
  readonly uid?: number;
  readonly gid?: number;
  /** Standard input; default the terminal or else no bytes. */
  readonly stdin?: ProgramInput;
  /** Standard output and error; default the terminal, or else nowhere. */
  readonly stdout?: ProgramOutput;
  readonly stderr?: ProgramOutput;
  /** The terminal that controls its session; default none. */
  readonly terminal?: SystemTerminal;
}

/** @throws LinuxError EINVAL that names a wrong option */
export function demandLinuxOptions(options: LinuxOptions): void {
  demandObject('options', options);
  const { seed, realtime, waits, minimal, maxThreads, maxFiles, strace, onMissing, files, root } = options;
  if (seed !== undefined) demandInteger('seed', seed, Number.MIN_SAFE_INTEGER);
  if (realtime !== undefined) demandTime(realtime);
  demandFlag('waits', waits);
  demandFlag('minimal', minimal);
  if (maxThreads !== undefined) demandInteger('maxThreads', maxThreads, 1);
  if (maxFiles !== undefined) demandInteger('maxFiles', maxFiles);
  if (strace !== undefined) demandFunction('strace', strace);
  if (onMissing !== undefined) demandFunction('onMissing', onMissing);
  if (root !== undefined) demandTree('root', root);
  if (files !== undefined) demandRecord('files', files);
}

/** @throws LinuxError EINVAL if the value is no object with names */
function demandRecord(name: string, value: object): void {
  demandObject(name, value);
  if (Array.isArray(value)) throw new LinuxError('EINVAL', `${name} is an array, not an object with names`);
}

function demandTime(time: bigint): void {
  demandBigint('realtime', time);
  if (time < 0n || time > TIME_MAX)
    throw new LinuxError('EINVAL', `realtime ${time} is not from 0 to 2^63 - 1 nanoseconds`);
}

/** @throws LinuxError EINVAL that names a wrong option */
export function demandSpawnOptions(options: SpawnOptions): void {
  demandObject('options', options);
  const { path, args, env, directory, uid, gid, stdin, stdout, stderr, terminal } = options;
  demandText('path', path);
  if (directory !== undefined) demandText('directory', directory);
  if (uid !== undefined) demandInteger('uid', uid, 0, ID_MAX);
  if (gid !== undefined) demandInteger('gid', gid, 0, ID_MAX);
  if (args !== undefined) demandWords(args);
  if (env !== undefined) demandEnvironment(env);
  if (stdin !== undefined) demandInput(stdin);
  if (stdout !== undefined) demandOutput('stdout', stdout);
  if (stderr !== undefined) demandOutput('stderr', stderr);
  if (terminal !== undefined) demandInstance('terminal', terminal, SystemTerminal);
}

function demandWords(args: readonly string[]): void {
  if (!Array.isArray(args)) throw new LinuxError('EINVAL', `args ${String(args)} is no array of strings`);
  for (const [i, word] of args.entries()) demandText(`args[${i}]`, word);
}

function demandEnvironment(env: Readonly<Record<string, string>>): void {
  demandRecord('env', env);
  for (const [name, value] of Object.entries(env)) {
    demandText('the name in env', name);
    if (name === '' || name.includes('='))
      throw new LinuxError('EINVAL', `${JSON.stringify(name)} is no name of a variable`);
    demandText(`env.${name}`, value);
  }
}

function demandInput(input: ProgramInput): void {
  if (typeof input === 'string' || input instanceof InputStream || input instanceof SystemTerminal) return;
  demandBytes(input);
}

function demandOutput(name: string, output: ProgramOutput): void {
  if (output instanceof OutputStream || output instanceof SystemTerminal) return;
  demandFunction(name, output);
}
