/** Executes a program in a process: exec. */

import { LinuxError } from '../../errors.ts';
import type { Mm } from '../../mm/index.ts';
import { ACCESS, S } from '../abi/files.ts';
import { AT, RLIMIT } from '../abi/processes.ts';
import { SIG } from '../abi/signals.ts';
import { readFile } from '../exec/code-place.ts';
import { PROGRAM_HEADER_BYTES, readElfProgram } from '../exec/elf-program.ts';
import { hardwareCapabilities, platformOf } from '../exec/hardware-capabilities.ts';
import { loadSegments, type MappableFile, mapStack, mapTrampoline, placeOf } from '../exec/load.ts';
import { fillStack } from '../exec/stack.ts';
import {
  type Dentry,
  demandPermission,
  lookup,
  type PathContext,
  pathOf,
  RegularFile,
} from '../files/index.ts';
import { AddressSpace } from '../memory/address-space.ts';
import { latin1, UserMemory } from '../memory/user-memory.ts';
import type { System } from '../system.ts';
import { endOtherThreads, leaveMemory } from './exit.ts';
import { NO_STACK, type Thread } from './task.ts';

/** What is executed. */
export interface ExecRequest {
  readonly context: PathContext;
  readonly path: string;
  readonly args: readonly string[];
  readonly env: readonly string[];
  /** The file, if it is not looked up by its path. */
  readonly found?: Dentry;
}

/** Interpreters of scripts that are scripts themselves, at most. */
const SCRIPTS_MAX = 4;
/** Bytes of the first line of a script. Linux: BINPRM_BUF_SIZE. */
const LINE_MAX = 256;
const NAME_MAX = 15;
const PAGE = 4096;
const CLOCK_TICKS = 100;

/** A program and what it is called with. */
interface Program {
  readonly dentry: Dentry;
  readonly file: RegularFile;
  readonly args: readonly string[];
}

/**
 * Replaces the program of a process. If it throws, nothing has changed.
 * @throws LinuxError as execve(2)
 */
export function execute(system: System, thread: Thread, request: ExecRequest): void {
  const program = resolve(request);
  const space = loadProgram(system, thread, request, program);
  commit(system, thread, program, space);
}

/** Finds the program, through the scripts that name it. */
function resolve({ context, path, args, found }: ExecRequest): Program {
  let at = path;
  let words = args;
  let dentry = found ?? lookup(context, path);
  for (let scripts = 0; ; scripts++) {
    const file = executable(context, dentry, at);
    const line = scriptLine(file);
    if (line === null) return { dentry, file, args: words };
    if (scripts === SCRIPTS_MAX) throw new LinuxError('ELOOP', `${path}: too many interpreters of scripts`);
    const [interpreter, argument] = line;
    words = [interpreter, ...(argument === '' ? [] : [argument]), at, ...words.slice(1)];
    at = interpreter;
    dentry = lookup(context, at);
  }
}

/** @throws LinuxError EACCES */
function executable({ credentials }: PathContext, { inode }: Dentry, path: string): RegularFile {
  if (inode.type !== S.IFREG || !(inode instanceof RegularFile))
    throw new LinuxError('EACCES', `${path} is no regular file`);
  demandPermission(inode, credentials, ACCESS.EXECUTE, path);
  return inode;
}

/** Returns the interpreter and the argument of a script, or null. @throws LinuxError ENOEXEC */
function scriptLine(file: RegularFile): [string, string] | null {
  const text = latin1(readFile(file, 0, LINE_MAX));
  if (!text.startsWith('#!')) return null;
  const end = text.indexOf('\n');
  const line = (end < 0 ? text : text.slice(0, end)).slice(2).replace(/^[ \t]+|[ \t\0]+$/g, '');
  const blank = line.search(/[ \t]/);
  const interpreter = blank < 0 ? line : line.slice(0, blank);
  if (interpreter === '' || (end < 0 && blank < 0 && text.length === LINE_MAX)) {
    throw new LinuxError('ENOEXEC', 'the script names no interpreter');
  }
  return [interpreter, blank < 0 ? '' : line.slice(blank).replace(/^[ \t]+/, '')];
}

function mappable(file: RegularFile): MappableFile {
  return {
    contents: file.contents.memory,
    read: (offset, length) => readFile(file, offset, length),
  };
}

/** Makes the address space of a program. @throws LinuxError */
function loadProgram(system: System, thread: Thread, request: ExecRequest, program: Program): AddressSpace {
  program.file.denyWrites();
  let mm: Mm | null = null;
  try {
    mm = system.host.createMm(system.spaceNumber(thread.process.pid));
    mm.sharesZeros = true;
    const { context, path, env } = request;
    const main = readElfProgram(mappable(program.file));
    const loaded = loadSegments(mm, mappable(program.file), main, placeOf(main));
    const stackSize = Number(minimum(thread.process.limits[RLIMIT.STACK]!.current, 1n << 30n));
    const stack = mapStack(mm, stackSize);
    const trampoline = mapTrampoline(mm);
    let { entry } = loaded;
    let base = 0;
    if (main.interpreter !== null) {
      const found = lookup(context, main.interpreter);
      const file = executable(context, found, main.interpreter);
      const interpreter = readElfProgram(mappable(file));
      remember(system, found);
      const there = loadSegments(mm, mappable(file), interpreter, null);
      entry = there.entry;
      base = there.base;
    }
    const { uid, euid, gid, egid } = thread.credentials;
    const { machine } = system.host;
    const initial = fillStack(new UserMemory(mm), stack.high, stack.high - stack.low, {
      ...{ path, args: program.args, env, platform: platformOf(machine.cpuModel) },
      random: system.random.fill(new Uint8Array(16)),
      auxiliary: [
        [AT.HWCAP, hardwareCapabilities(machine.facilities)],
        [AT.PAGESZ, PAGE],
        [AT.CLKTCK, CLOCK_TICKS],
        [AT.PHDR, main.headers + loaded.base],
        [AT.PHENT, PROGRAM_HEADER_BYTES],
        [AT.PHNUM, main.headerCount],
        [AT.BASE, base],
        [AT.FLAGS, 0],
        [AT.ENTRY, loaded.entry],
        [AT.UID, uid],
        [AT.EUID, euid],
        [AT.GID, gid],
        [AT.EGID, egid],
        [AT.SECURE, 0],
      ],
    });
    const brkStart = Math.ceil(loaded.end / PAGE) * PAGE;
    const layout = { ...initial, brkStart, stackLow: stack.low, stackHigh: stack.high, trampoline, entry };
    const name = pathOf(program.dentry, thread.fs.root) ?? path;
    remember(system, program.dentry);
    const executed = { path: name, file: program.file, dentry: program.dentry };
    return new AddressSpace(mm, layout, executed, system.lateStores);
  } catch (error) {
    mm?.exit();
    program.file.allowWrites();
    throw error;
  }
}

/** /proc shows by which name a file was mapped. */
function remember({ mappedFiles }: System, dentry: Dentry): void {
  if (dentry.inode instanceof RegularFile) mappedFiles.set(dentry.inode.contents.memory, dentry);
}

function minimum(one: bigint, other: bigint): bigint {
  return one < other ? one : other;
}

/** Goes over to the new program: from here on nothing fails. */
function commit(system: System, thread: Thread, { dentry }: Program, space: AddressSpace): void {
  const { process } = thread;
  endOtherThreads(system, thread);
  becomeLeader(system, thread);
  leaveMemory(system, thread);
  thread.space = space;
  if (thread.files.users > 1) {
    const copy = thread.files.copy();
    thread.files.release();
    thread.files = copy;
  }
  thread.files.exec();
  thread.handlers = thread.handlers.copy();
  thread.handlers.forget();
  thread.alternateStack = NO_STACK;
  thread.restartable = null;
  const { euid, egid } = thread.credentials;
  thread.credentials = { ...thread.credentials, suid: euid, sgid: egid };
  thread.name = dentry.name.slice(0, NAME_MAX);
  process.executed = true;
  process.exitSignal = SIG.CHLD;
  process.timers.exec();
  const { registers } = thread;
  registers.clear();
  registers.address = space.layout.entry;
  registers.set(15, space.layout.stackStart);
}

/** The thread that executes gets the number of the process. */
function becomeLeader({ threads }: System, thread: Thread): void {
  threads.delete(thread.tid);
  thread.becomeLeader();
  threads.set(thread.tid, thread);
}
