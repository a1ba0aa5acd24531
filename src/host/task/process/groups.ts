/** Process groups: jobs of a shell. */

import { SI, SIG } from '../abi/signals.ts';
import { sendToProcess } from '../signals/send.ts';
import type { System } from '../system.ts';
import type { Process } from './task.ts';

/** Returns the processes of a group that have not ended. */
export function membersOf({ processes }: System, group: number): Process[] {
  return [...processes.values()].filter((one) => one.group === group && one.ended === null);
}

/** Sends a signal of the kernel to a process group. */
export function signalGroup(system: System, group: number, signal: number): void {
  for (const process of membersOf(system, group)) sendToProcess(process, { signal, code: SI.KERNEL });
}

/**
 * Whether nobody could continue a process group that stops: no member has a parent in another group of the same session.
 * @param without a member that does not count
 */
export function isOrphaned(system: System, group: number, without: Process | null = null): boolean {
  return !membersOf(system, group).some(
    (member) => member !== without && isControlledBy(member, member.parent),
  );
}

/** Whether a parent is in another group of the process's session: a shell that controls jobs. */
function isControlledBy({ group, session }: Process, parent: Process | null): boolean {
  return parent !== null && parent.group !== group && parent.session === session;
}

/**
 * A process loses its parent: by the end of either. If that makes its group an orphan, and members are stopped, nobody would continue them:
 * the group is hung up. Linux: kill_orphaned_pgrp.
 * @param parent who it loses. @param without a member that does not count: the process, if it ends
 */
export function hangUpOrphans(
  system: System,
  process: Process,
  parent: Process | null,
  without: Process | null,
): void {
  const { group } = process;
  if (!isControlledBy(process, parent) || !isOrphaned(system, group, without)) return;
  if (!membersOf(system, group).some(({ stopSignal }) => stopSignal !== 0)) return;
  signalGroup(system, group, SIG.HUP);
  signalGroup(system, group, SIG.CONT);
}
