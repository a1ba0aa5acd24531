/** Threads for tests of what system calls do: they have memory and descriptors, and execute nothing. */

import { Machine } from '../../../machine/index.ts';
import { Host } from '../../host.ts';
import { Linux } from '../linux.ts';
import { AddressSpace } from '../memory/address-space.ts';
import { credentialsOf } from '../process/credentials.ts';
import { FileTable } from '../process/file-table.ts';
import { FsContext } from '../process/fs-context.ts';
import { initialLimits } from '../process/limits.ts';
import { Session } from '../process/session.ts';
import { Process, Thread } from '../process/task.ts';
import { SignalHandlers } from '../signals/signal-handlers.ts';
import type { System } from '../system.ts';

/** Address of the memory of a test thread, and its length in bytes. */
export const MEMORY = 0x10_0000;
const MEMORY_LENGTH = 0x1_0000;

/** Returns a system. */
export function makeLinux(): Linux {
  return new Linux(new Host(new Machine({ cpus: 1, storageSize: 0x200_0000 })));
}

/** Whose child a process is, and where it belongs; default: nobody's, in a session of its own. */
export interface Family {
  readonly parent?: Process;
  readonly group?: number;
  readonly session?: Session;
  readonly uid?: number;
}

/** Makes a process with a thread. */
export function makeThread(system: System, family: Family = {}): Thread {
  const pid = system.nextPid();
  const { parent = null, session = new Session(pid), group = pid, uid = 0 } = family;
  const limits = initialLimits(100);
  const process = new Process({ pid, parent, group, session, limits, exitSignal: 17, began: 0 });
  const layout = {
    ...{ brkStart: 0, stackStart: 0, argStart: 0, argEnd: 0, envStart: 0, envEnd: 0 },
    ...{ auxv: new Uint8Array(0), stackLow: 0, stackHigh: 0, trampoline: 0, entry: 0 },
  };
  const mm = system.host.createMm(pid);
  mm.mmap({ address: BigInt(MEMORY), length: BigInt(MEMORY_LENGTH) });
  const thread = new Thread({
    ...{ tid: pid, process, name: 'test', runQueue: system.runQueue },
    space: new AddressSpace(mm, layout, null, system.lateStores),
    files: new FileTable(),
    fs: new FsContext(system.root, system.root),
    handlers: new SignalHandlers(),
    credentials: credentialsOf(uid, uid),
  });
  system.processes.set(pid, process);
  system.threads.set(pid, thread);
  return thread;
}
