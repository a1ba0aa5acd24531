/** Takes pending signals. */

import { SIG } from '../abi/signals.ts';
import type { Thread } from '../process/task.ts';
import type { SignalInfo } from './pending-signals.ts';
import type { SignalSet } from './signal-sets.ts';

/** Takes a signal that is not blocked, of the thread or of its process, or returns null. The timer that sent it goes on. */
export function takeSignal({ pending, process }: Thread, blocked: SignalSet): SignalInfo | null {
  for (;;) {
    if (((pending.set | process.pending.set) & ~blocked) === 0n) return null;
    const info = pending.take(blocked) ?? process.pending.take(blocked);
    if (info === null) return null;
    if (info.signal === SIG.ALRM) process.timers.realTaken();
    if (info.timer?.source === undefined) return info;
    const overrun = info.timer.source.taken();
    if (overrun !== null) return { ...info, timer: { id: info.timer.id, overrun } };
  }
}
