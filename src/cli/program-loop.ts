/** Runs a program to its end. Between slices of time it passes input and output, and it sleeps while the program waits. */

import { setTimeout as delay, setImmediate } from 'node:timers/promises';
import type { ExitStatus, Linux, LinuxEnd, LinuxProcess } from '../host/task/index.ts';
import type { Interrupts } from './interrupts.ts';
import type { ProgramChecks } from './program-checks.ts';
import type { ProgramFiles } from './program-files.ts';
import type { TraceFile } from './trace-file.ts';

/** Length of a slice in milliseconds. */
const SLICE = 50;
/** Longest wait in milliseconds: timers have 31 bits. */
const WAIT_MAX = 0x7fff_ffff;
const NS_PER_MS = 1_000_000;

/** How a program ended. */
export type ProgramEnd =
  | { readonly kind: 'ended'; readonly status: ExitStatus }
  /** The limit is reached. */
  | { readonly kind: 'limit' }
  /** Nothing can go on. */
  | { readonly kind: 'deadlock' }
  /** `--check` has found a broken rule, or the trace cannot be written. */
  | { readonly kind: 'broken-rule' | 'trace' }
  /** By a signal to Guesthouse, or ^A x. */
  | { readonly kind: 'interrupted' };

/** What a program runs with. */
export interface ProgramLoop {
  readonly linux: Linux;
  readonly files: ProgramFiles;
  readonly interrupts: Interrupts;
  /** Maximum units of work; Infinity for no limit. */
  readonly limit: number;
  readonly checks: ProgramChecks | null;
  readonly trace: TraceFile | null;
}

/** Runs a program to its end. */
export async function runProgram(process: LinuxProcess, loop: ProgramLoop): Promise<ProgramEnd> {
  const { linux, files, interrupts, trace } = loop;
  for (;;) {
    if (loop.limit - linux.work <= 0) return { kind: 'limit' };
    const end = slice(process, loop);
    if (end === null) return { kind: 'broken-rule' };
    if (end.kind === 'ended' || end.kind === 'deadlock') return end;
    files.service();
    await trace?.drained(() => interrupts.status !== null);
    if (trace?.failure) return { kind: 'trace' };
    if (end.kind === 'waiting') await waitFor(loop, end.until);
    else await setImmediate();
    if (interrupts.status !== null) return { kind: 'interrupted' };
  }
}

/** Runs a program for some time, or to the next event. Returns null if a rule was broken. */
function slice(process: LinuxProcess, { linux, limit, checks }: ProgramLoop): LinuxEnd | null {
  const until = performance.now() + SLICE;
  const late = () => performance.now() >= until;
  const left = limit - linux.work;
  if (checks === null) return linux.run(process, left, late);
  const end = linux.work + left;
  for (;;) {
    const result = linux.run(process, Math.min(end - linux.work, checks.interval), late);
    if (!checks.areKept()) return null;
    if (result.kind !== 'limit' || late() || linux.work >= end) return result;
  }
}

/**
 * Waits until something outside changes, or a time has come. The system's clock follows the time of day meanwhile.
 * @param until nanoseconds of the system's clock, or Infinity
 * @param others what else is waited for
 */
export async function waitFor(
  { linux, files, interrupts }: ProgramLoop,
  until: number,
  others: readonly Promise<void>[] = [],
): Promise<void> {
  const [from, began] = [linux.now, performance.now()];
  const timer = new AbortController();
  let isDue = false;
  const waits = [files.changed(), interrupts.interrupted, ...others];
  if (until !== Infinity) {
    const time = Math.min(Math.max(until - from, 0) / NS_PER_MS, WAIT_MAX);
    const due = delay(time, undefined, timer).then(() => {
      isDue = time < WAIT_MAX;
    });
    waits.push(due.catch(() => {}));
  }
  await Promise.race(waits);
  timer.abort();
  const passed = from + (performance.now() - began) * NS_PER_MS;
  linux.skipTo(isDue ? until : Math.min(passed, until));
}
