/** Takes pending signals. */

import { SIG } from '../abi/signals.ts';
import type { Thread } from '../process/task.ts';
import type { SignalInfo } from './pending-signals.ts';
import { bitOf, type SignalSet } from './signal-sets.ts';

const ALL_BUT_KILL = ~bitOf(SIG.KILL);

/**
 * Takes a signal that is not blocked, of the thread or of its process, or returns null. SIGKILL is the first: after a signal that stops the
 * process nobody would take it. The timer that sent the signal goes on.
 */
export function takeSignal({ pending, process }: Thread, blocked: SignalSet): SignalInfo | null {
  for (;;) {
    const kill = process.pending.take(blocked | ALL_BUT_KILL);
    if (kill !== null) return kill;
    if (((pending.set | process.pending.set) & ~blocked) === 0n) return null;
    const info = pending.take(blocked) ?? process.pending.take(blocked);
    if (info === null) return null;
    if (info.signal === SIG.ALRM) process.timers.realTaken();
    if (info.timer?.source === undefined) return info;
    const overrun = info.timer.source.taken();
    if (overrun !== null) return { ...info, timer: { id: info.timer.id, overrun } };
  }
}
