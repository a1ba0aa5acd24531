/** Starts a process that nobody has forked. */

import { type Dentry, lookup, type OpenFile } from '../files/index.ts';
import { AddressSpace } from '../memory/address-space.ts';
import { SignalHandlers } from '../signals/signal-handlers.ts';
import type { System } from '../system.ts';
import { type Credentials, credentialsOf } from './credentials.ts';
import { execute } from './execute.ts';
import { exitProcess } from './exit.ts';
import { FileTable } from './file-table.ts';
import { FsContext } from './fs-context.ts';
import { initialLimits } from './limits.ts';
import { Session } from './session.ts';
import { Process, Thread } from './task.ts';

/** What a process is started with. Texts have a character for each byte. */
export interface FirstProgram {
  readonly path: string;
  readonly args: readonly string[];
  /** NAME=value. */
  readonly env: readonly string[];
  readonly directory: string;
  readonly uid: number;
  readonly gid: number;
  /** Its descriptors, from 0 on. */
  readonly files: readonly OpenFile[];
  /** Makes a terminal that of the session. */
  readonly control: (session: Session, group: number) => void;
}

/** The number of the address space of a process without a program. */
const NO_PROCESS = 0;
/** The layout of a process without a program. */
const NO_LAYOUT = {
  ...{ brkStart: 0, stackStart: 0, argStart: 0, argEnd: 0, envStart: 0, envEnd: 0 },
  ...{ auxv: new Uint8Array(0), stackLow: 0, stackHigh: 0, trampoline: 0, entry: 0 },
};

/** Starts a process. @throws LinuxError as execve(2) */
export function startProcess(system: System, program: FirstProgram): Process {
  const { path, args, env, directory, uid, gid } = program;
  const { runQueue } = system;
  const pid = system.nextPid();
  const credentials = credentialsOf(uid, gid);
  const fs = new FsContext(system.root, workingDirectory(system, credentials, directory));
  const session = new Session(pid);
  const limits = initialLimits(system.limits.threads);
  const began = system.time.now();
  const process = new Process({ pid, parent: null, group: pid, session, limits, exitSignal: 0, began });
  program.control(session, pid);
  const files = new FileTable();
  for (const [fd, file] of program.files.entries()) files.replace(fd, file, false);
  // The program gets one of its own, with the number of the process.
  const space = new AddressSpace(system.host.createMm(NO_PROCESS), NO_LAYOUT, null);
  const handlers = new SignalHandlers();
  const parts = { tid: pid, process, space, files, fs, handlers, credentials, name: '', runQueue };
  const thread = new Thread(parts);
  system.counts.processes++;
  system.counts.threads++;
  system.processes.set(pid, process);
  system.threads.set(pid, thread);
  try {
    const context = { root: fs.root, start: fs.working, credentials };
    execute(system, thread, { context, path, args, env });
  } catch (error) {
    exitProcess(system, thread, { value: 127, kind: 'exited' });
    throw error;
  }
  thread.wake();
  return process;
}

function workingDirectory({ root }: System, credentials: Credentials, path: string): Dentry {
  return lookup({ root, start: root, credentials }, path, { directory: true });
}
