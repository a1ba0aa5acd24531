import { describe, expect, it } from 'vitest';
import { SIG } from '../abi/signals.ts';
import { PendingSignals } from './pending-signals.ts';
import { bitOf } from './signal-sets.ts';

const info = (signal: number, code = 0) => ({ signal, code });
const taken = (pending: PendingSignals, blocked = 0n) => {
  const result: number[] = [];
  for (let one = pending.take(blocked); one !== null; one = pending.take(blocked)) result.push(one.signal);
  return result;
};

describe('pending signals', () => {
  it('are taken in ascending order, those of faults first', () => {
    const pending = new PendingSignals();
    for (const signal of [40, SIG.TERM, SIG.HUP, SIG.FPE, SIG.SEGV, 34]) pending.add(info(signal));
    expect(taken(pending)).toEqual([SIG.SEGV, SIG.FPE, SIG.HUP, SIG.TERM, 34, 40]);
    expect(pending.set).toBe(0n);
  });

  it('are pending once, and real-time signals as often as they were sent, in their order', () => {
    const pending = new PendingSignals();
    for (const code of [1, 2, 3]) {
      expect(pending.add(info(SIG.USR1, code))).toBe(true);
      expect(pending.add(info(34, code))).toBe(true);
    }
    expect(pending.take(0n)).toEqual(info(SIG.USR1, 1));
    expect([1, 2, 3].map(() => pending.take(0n)?.code)).toEqual([1, 2, 3]);
    expect(pending.take(0n)).toBeNull();
  });

  it('stay pending while they are blocked', () => {
    const pending = new PendingSignals();
    pending.add(info(SIG.INT));
    pending.add(info(SIG.TERM));
    expect(taken(pending, bitOf(SIG.INT))).toEqual([SIG.TERM]);
    expect(pending.set).toBe(bitOf(SIG.INT));
  });

  it('are removed by a set', () => {
    const pending = new PendingSignals();
    for (const signal of [SIG.INT, 34, 34, 35]) pending.add(info(signal));
    pending.remove(bitOf(34) | bitOf(SIG.HUP));
    expect(taken(pending)).toEqual([SIG.INT, 35]);
  });

  it('refuse real-time signals when too many are queued, but no other: a process can always be killed', () => {
    const pending = new PendingSignals();
    let count = 0;
    while (pending.add(info(64))) count++;
    expect(count).toBe(4096);
    expect(pending.add(info(SIG.KILL))).toBe(true);
    expect(pending.take(0n)?.signal).toBe(SIG.KILL);
  });
});
