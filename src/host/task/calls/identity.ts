/** System calls that tell who a process is, and change it: getpid(2), setuid(2), setpgid(2) and the like. */

import { LinuxError } from '../../errors.ts';
import type { Credentials } from '../process/credentials.ts';
import { Session } from '../process/session.ts';
import type { Process, Thread } from '../process/task.ts';
import type { System } from '../system.ts';
import { call } from './line.ts';

/** An ID that stays as it is. */
const UNCHANGED = 0xffff_ffff;
const GROUPS_MAX = 65_536;

/** Returns a process. @throws LinuxError ESRCH */
export function processOf(system: System, pid: number): Process {
  const process = system.processes.get(pid);
  if (process === undefined) throw new LinuxError('ESRCH', `there is no process ${pid}`);
  return process;
}

function setpgid(system: System, thread: Thread, pid: number, wanted: number): number {
  const process = pid === 0 ? thread.process : processOf(system, pid);
  if (wanted < 0) throw new LinuxError('EINVAL', `process group ${wanted}`);
  if (process !== thread.process && process.parent !== thread.process) {
    throw new LinuxError('ESRCH', `process ${pid} is no child`);
  }
  if (process !== thread.process && process.executed)
    throw new LinuxError('EACCES', `process ${pid} has executed a program`);
  if (process.session.id === process.pid || process.session !== thread.process.session) {
    throw new LinuxError('EPERM', `process ${process.pid} is in another session or leads one`);
  }
  const group = wanted === 0 ? process.pid : wanted;
  if (group !== process.pid && !hasGroup(system, group, process.session)) {
    throw new LinuxError('EPERM', `there is no process group ${group} in the session`);
  }
  process.group = group;
  return 0;
}

function hasGroup({ processes }: System, group: number, session: Session): boolean {
  for (const one of processes.values()) if (one.group === group && one.session === session) return true;
  return false;
}

function setsid(system: System, { process }: Thread): number {
  for (const one of system.processes.values()) {
    if (one.group === process.pid)
      throw new LinuxError('EPERM', `process ${process.pid} leads a process group`);
  }
  process.session = new Session(process.pid);
  process.leftTerminal = false;
  process.group = process.pid;
  return process.pid;
}

function of(system: System, thread: Thread, pid: number): Process {
  return pid === 0 ? thread.process : processOf(system, pid);
}

function changed(thread: Thread, change: Partial<Credentials>): number {
  thread.credentials = { ...thread.credentials, ...change };
  return 0;
}

function isRoot({ credentials }: Thread): boolean {
  return credentials.euid === 0;
}

/** @throws LinuxError EPERM unless all are among the own IDs, or the thread is root */
function demandOwn(thread: Thread, own: readonly number[], wanted: readonly number[]): void {
  if (isRoot(thread) || wanted.every((id) => id === UNCHANGED || own.includes(id))) return;
  throw new LinuxError('EPERM', 'the ID is none of the own ones');
}

function setuid(_: System, thread: Thread, uid: number): number {
  const { uid: real, suid } = thread.credentials;
  if (isRoot(thread)) return changed(thread, { uid, euid: uid, suid: uid, fsuid: uid });
  demandOwn(thread, [real, suid], [uid]);
  return changed(thread, { euid: uid, fsuid: uid });
}

function setgid(_: System, thread: Thread, gid: number): number {
  const { gid: real, sgid } = thread.credentials;
  if (isRoot(thread)) return changed(thread, { gid, egid: gid, sgid: gid, fsgid: gid });
  demandOwn(thread, [real, sgid], [gid]);
  return changed(thread, { egid: gid, fsgid: gid });
}

function setresuid(_: System, thread: Thread, r: number, e: number, s: number): number {
  const { uid, euid, suid } = thread.credentials;
  demandOwn(thread, [uid, euid, suid], [r, e, s]);
  const effective = choose(e, euid);
  return changed(thread, { uid: choose(r, uid), euid: effective, suid: choose(s, suid), fsuid: effective });
}

function setresgid(_: System, thread: Thread, r: number, e: number, s: number): number {
  const { gid, egid, sgid } = thread.credentials;
  demandOwn(thread, [gid, egid, sgid], [r, e, s]);
  const effective = choose(e, egid);
  return changed(thread, { gid: choose(r, gid), egid: effective, sgid: choose(s, sgid), fsgid: effective });
}

function setreuid(system: System, thread: Thread, r: number, e: number): number {
  const { uid, euid } = thread.credentials;
  const saved = r !== UNCHANGED || (e !== UNCHANGED && e !== uid) ? choose(e, euid) : UNCHANGED;
  return setresuid(system, thread, r, e, saved);
}

function setregid(system: System, thread: Thread, r: number, e: number): number {
  const { gid, egid } = thread.credentials;
  const saved = r !== UNCHANGED || (e !== UNCHANGED && e !== gid) ? choose(e, egid) : UNCHANGED;
  return setresgid(system, thread, r, e, saved);
}

function choose(wanted: number, present: number): number {
  return wanted === UNCHANGED ? present : wanted;
}

function setfsuid(_: System, thread: Thread, wanted: number): number {
  const { fsuid, uid, euid, suid } = thread.credentials;
  if (isRoot(thread) || [uid, euid, suid].includes(wanted)) changed(thread, { fsuid: wanted });
  return fsuid;
}

function setfsgid(_: System, thread: Thread, wanted: number): number {
  const { fsgid, gid, egid, sgid } = thread.credentials;
  if (isRoot(thread) || [gid, egid, sgid].includes(wanted)) changed(thread, { fsgid: wanted });
  return fsgid;
}

function store(thread: Thread, values: readonly number[], addresses: readonly number[]): number {
  for (const [i, address] of addresses.entries()) thread.space.memory.setU32(address, values[i]!);
  return 0;
}

function getgroups(_: System, { credentials, space }: Thread, size: number, list: number): number {
  const { groups } = credentials;
  if (size < 0 || (size > 0 && size < groups.length))
    throw new LinuxError('EINVAL', `room for ${size} groups`);
  if (size > 0) for (const [i, group] of groups.entries()) space.memory.setU32(list + i * 4, group);
  return groups.length;
}

function setgroups(_: System, thread: Thread, size: number, list: number): number {
  if (!isRoot(thread)) throw new LinuxError('EPERM', 'only root sets its groups');
  if (size < 0 || size > GROUPS_MAX) throw new LinuxError('EINVAL', `${size} groups`);
  const view = thread.space.memory.struct(list, size * 4);
  return changed(thread, { groups: Array.from({ length: size }, (_, i) => view.getUint32(i * 4)) });
}

/** The system calls for identity. */
export const IDENTITY_CALLS = [
  call('getpid', '', (_, { process }) => process.pid),
  call('getppid', '', (_, { process }) => process.parent?.pid ?? 1),
  call('gettid', '', (_, { tid }) => tid),
  call('getpgrp', '', (_, { process }) => process.group),
  call('getpgid', 'int', (system, thread, pid) => of(system, thread, pid!).group),
  call('getsid', 'int', (system, thread, pid) => of(system, thread, pid!).session.id),
  call('setpgid', 'int int', setpgid),
  call('setsid', '', setsid),
  call('getuid', '', (_, { credentials }) => credentials.uid),
  call('geteuid', '', (_, { credentials }) => credentials.euid),
  call('getgid', '', (_, { credentials }) => credentials.gid),
  call('getegid', '', (_, { credentials }) => credentials.egid),
  call('getresuid', 'addr addr addr', (_, thread, ...at) => {
    const { uid, euid, suid } = thread.credentials;
    return store(thread, [uid, euid, suid], at);
  }),
  call('getresgid', 'addr addr addr', (_, thread, ...at) => {
    const { gid, egid, sgid } = thread.credentials;
    return store(thread, [gid, egid, sgid], at);
  }),
  call('setuid', 'uint', setuid),
  call('setgid', 'uint', setgid),
  call('setresuid', 'uint uint uint', setresuid),
  call('setresgid', 'uint uint uint', setresgid),
  call('setreuid', 'uint uint', setreuid),
  call('setregid', 'uint uint', setregid),
  call('setfsuid', 'uint', setfsuid),
  call('setfsgid', 'uint', setfsgid),
  call('getgroups', 'int addr', getgroups),
  call('setgroups', 'int addr', setgroups),
];
