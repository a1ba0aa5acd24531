import { describe, expect, it } from 'vitest';
import { SIG } from '../abi/signals.ts';
import { makeLinux, makeThread } from '../testing/index.ts';
import { sendToProcess, sendToThread } from './send.ts';
import { takeSignal } from './take.ts';

describe('SIGKILL', () => {
  it('is taken before a signal that would stop the process, and before one of a fault', () => {
    const thread = makeThread(makeLinux().system);
    for (const signal of [SIG.STOP, SIG.SEGV]) sendToThread(thread, { signal, code: 0 });
    sendToProcess(thread.process, { signal: SIG.KILL, code: 0 });
    expect(takeSignal(thread, 0n)?.signal).toBe(SIG.KILL);
    expect(takeSignal(thread, 0n)?.signal).toBe(SIG.SEGV);
  });

  it('is for the process, whichever thread it is sent to', () => {
    const thread = makeThread(makeLinux().system);
    thread.state = 'stopped';
    sendToThread(thread, { signal: SIG.KILL, code: 0 });
    expect(thread.pending.set).toBe(0n);
    expect([thread.state, takeSignal(thread, 0n)?.signal]).toEqual(['runnable', SIG.KILL]);
  });
});
