/** Job control: which processes may use a terminal. Linux: drivers/tty/tty_jobctrl.c. */

import { LinuxError } from '../../errors.ts';
import { SIG, SIG_IGN } from '../abi/signals.ts';
import { isOrphaned, signalGroup } from '../process/groups.ts';
import { RESTART } from '../process/sleep.ts';
import type { Process, Thread } from '../process/task.ts';
import { hasSignal } from '../signals/signal-sets.ts';
import type { Terminal } from './terminal.ts';

/** Whether a process leads its session. */
function leads({ pid, session }: Process): boolean {
  return session.id === pid;
}

/** Whether a terminal controls a process. */
export function controls(terminal: Terminal, { session, leftTerminal }: Process): boolean {
  return session.terminal === terminal && !leftTerminal;
}

/**
 * Stops the process group of a thread if it is not in the foreground. Returns 0, or what the system call returns instead of doing
 * anything: it begins again when the group is continued.
 * @param signal SIG.TTIN for reading, SIG.TTOU for changes
 * @throws LinuxError EIO if nobody could continue the group, or it ignores SIGTTIN
 */
export function demandForeground(terminal: Terminal, thread: Thread, signal: number): number {
  const { process, handlers, blocked } = thread;
  const { foreground, system } = terminal;
  if (!controls(terminal, process) || foreground === 0 || process.group === foreground) return 0;
  if (hasSignal(blocked, signal) || handlers.of(signal).handler === SIG_IGN) {
    if (signal === SIG.TTIN) throw new LinuxError('EIO', 'a background process that ignores SIGTTIN reads');
    return 0;
  }
  if (isOrphaned(system, process.group)) throw new LinuxError('EIO', 'the process group is orphaned');
  signalGroup(system, process.group, signal);
  return RESTART.SYS;
}

/** The terminal becomes that of the session whose leader opens it, if neither has another one. */
export function openByLeader(terminal: Terminal, { process }: Thread): void {
  if (!leads(process) || process.session.terminal !== null || terminal.session !== null) return;
  process.leftTerminal = false;
  terminal.control(process.session, process.group);
}

/**
 * TIOCSCTTY: makes the terminal that of the caller's session.
 * @param steal 1 to take it from another session
 * @throws LinuxError EPERM
 */
export function takeTerminal(
  terminal: Terminal,
  { process, credentials }: Thread,
  steal: number,
  readable: boolean,
): void {
  const { session } = process;
  if (leads(process) && terminal.session === session) return;
  if (!leads(process) || session.terminal !== null) {
    throw new LinuxError('EPERM', 'only the leader of a session without a terminal takes one');
  }
  const isRoot = credentials.euid === 0;
  if (terminal.session !== null) {
    if (steal !== 1 || !isRoot) throw new LinuxError('EPERM', 'the terminal controls another session');
    terminal.release();
  }
  if (!readable && !isRoot) throw new LinuxError('EPERM', 'the terminal is not open for reading');
  process.leftTerminal = false;
  terminal.control(session, process.group);
}

/** TIOCNOTTY: the caller gives up its terminal; a leader for its whole session. @throws LinuxError ENOTTY */
export function leaveTerminal(terminal: Terminal, { process }: Thread): void {
  demandControl(terminal, process);
  if (!leads(process)) {
    process.leftTerminal = true;
    return;
  }
  const { foreground, system } = terminal;
  if (foreground !== 0) {
    signalGroup(system, foreground, SIG.HUP);
    signalGroup(system, foreground, SIG.CONT);
  }
  terminal.release();
}

/** @throws LinuxError ENOTTY if the terminal does not control the process */
export function demandControl(terminal: Terminal, process: Process): void {
  if (!controls(terminal, process)) throw new LinuxError('ENOTTY', 'it is not the controlling terminal');
}

/** Moves a process group to the foreground. Returns as `demandForeground`. @throws LinuxError ENOTTY, EINVAL, ESRCH, EPERM */
export function setForeground(terminal: Terminal, thread: Thread, group: number): number {
  const { process } = thread;
  const { system } = terminal;
  let code: number;
  try {
    code = demandForeground(terminal, thread, SIG.TTOU);
  } catch (error) {
    if (!(error instanceof LinuxError) || error.code !== 'EIO') throw error;
    throw new LinuxError('ENOTTY', error.message);
  }
  if (code !== 0) return code;
  if (group < 0) throw new LinuxError('EINVAL', `process group ${group}`);
  demandControl(terminal, process);
  const member = [...system.processes.values()].find((one) => one.group === group);
  if (member === undefined) throw new LinuxError('ESRCH', `there is no process group ${group}`);
  if (member.session !== process.session) {
    throw new LinuxError('EPERM', `process group ${group} is of another session`);
  }
  terminal.foreground = group;
  return 0;
}
