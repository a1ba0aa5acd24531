/** RLIMIT_CPU: how long a process may run. */

import { RLIM_INFINITY, RLIMIT } from '../abi/processes.ts';
import { SI, SIG } from '../abi/signals.ts';
import { IntervalTimer } from '../interval-timer.ts';
import { sendToProcess } from '../signals/send.ts';
import type { Process } from './task.ts';

const SECOND = 1_000_000_000;

/** Starts the timer of the limit after it was set or inherited. It sends SIGXCPU each second from the limit on, and SIGKILL at the maximum. */
export function limitWork(process: Process): void {
  const { timers, workClock } = process;
  timers.limit?.stop();
  const { current, maximum } = process.limits[RLIMIT.CPU]!;
  if (current === RLIM_INFINITY && maximum === RLIM_INFINITY) return;
  const hard = nanoseconds(maximum);
  let soft = nanoseconds(current);
  const timer = new IntervalTimer(workClock, () => {
    const now = workClock.now();
    if (now >= hard) {
      sendToProcess(process, { signal: SIG.KILL, code: SI.KERNEL });
      return;
    }
    if (now >= soft) {
      sendToProcess(process, { signal: SIG.XCPU, code: SI.KERNEL });
      while (soft <= now) soft += SECOND;
    }
    timer.set(Math.min(soft, hard), 0);
  });
  timers.limit = timer;
  timer.set(Math.min(soft, hard), 0);
}

/** A limit in nanoseconds. Linux takes 0 for 1 second. */
function nanoseconds(seconds: bigint): number {
  if (seconds === RLIM_INFINITY) return Infinity;
  return Math.max(1, Number(seconds)) * SECOND;
}
