/** Which signals end the waiting for a page, of a program and of the kernel. */

import { beforeEach, describe, expect, it } from 'vitest';
import { type PageServer, PendingFault } from '../../mm/index.ts';
import { SI, SIG } from '../abi/signals.ts';
import { sendToThread } from '../signals/send.ts';
import { makeLinux, makeThread } from '../testing/threads.ts';
import { beginAgain, isKilled, waitAsKernel, waitAsProgram } from './page-waits.ts';
import type { Thread } from './task.ts';

let thread: Thread;
let isWoken: boolean;
let waiting: number;
let fault: PendingFault;

beforeEach(() => {
  thread = makeThread(makeLinux().system);
  isWoken = false;
  waiting = 0;
  const queued = {
    get isWoken() {
      return isWoken;
    },
    leave: () => void waiting--,
  };
  const enqueue = () => {
    waiting++;
    return queued;
  };
  const server: PageServer = { servesPrograms: true, servesKernel: true, enqueue, wake: () => {} };
  fault = new PendingFault(server, { address: 0x1000n, isWrite: false, isMinor: false });
});

const send = (signal: number) => sendToThread(thread, { signal, code: SI.USER });
const handle = (signal: number) =>
  thread.handlers.set(signal, { handler: 0x1000, flags: 0, restorer: 0, mask: 0n });

describe('the waiting for a page', () => {
  it('of a program ends with any signal that it does not block', () => {
    handle(SIG.USR1);
    const wait = waitAsProgram(thread, fault);
    expect([wait.next().done, waiting]).toEqual([false, 1]);
    thread.blocked = 1n << BigInt(SIG.USR1 - 1);
    send(SIG.USR1);
    expect(wait.next().done).toBe(false);
    thread.blocked = 0n;
    expect([wait.next().done, waiting]).toEqual([true, 0]);
  });

  it('of the kernel goes on whatever signal has a handler', () => {
    handle(SIG.USR1);
    const wait = waitAsKernel(thread, fault);
    wait.next();
    send(SIG.USR1);
    expect([wait.next().done, waiting]).toEqual([false, 1]);
    isWoken = true;
    expect([wait.next().done, waiting]).toEqual([true, 0]);
  });

  it('of the kernel ends if it is given up', () => {
    const wait = waitAsKernel(thread, fault);
    wait.next();
    wait.return(undefined);
    expect(waiting).toBe(0);
  });

  it.each([
    ['SIGKILL', SIG.KILL, true],
    ['SIGTERM', SIG.TERM, true],
    ['SIGQUIT, which writes a core', SIG.QUIT, false],
    ['SIGTSTP', SIG.TSTP, false],
  ] as const)('of the kernel and %s', (_, signal, ends) => {
    const wait = waitAsKernel(thread, fault);
    wait.next();
    send(signal);
    expect([isKilled(thread), wait.next().done]).toEqual([ends, ends]);
  });

  it('before a call begins again gives back what the thread blocked', () => {
    thread.blocked = 5n;
    thread.savedMask = 1n;
    const call = beginAgain(thread, fault, () => 7, { blocked: 1n, savedMask: null });
    expect(call.next().done).toBe(false);
    expect([thread.blocked, thread.savedMask]).toEqual([1n, null]);
    isWoken = true;
    expect(call.next()).toEqual({ done: true, value: 7 });
  });

  it('before a call that waits itself is followed by its own waiting, which can be given up', () => {
    let isOpen = true;
    function* later() {
      try {
        yield;
        return 3;
      } finally {
        isOpen = false;
      }
    }
    isWoken = true;
    const first = beginAgain(thread, fault, later, { blocked: 0n, savedMask: null });
    expect([first.next().done, isOpen]).toEqual([false, true]);
    expect(first.next()).toEqual({ done: true, value: 3 });
    isOpen = true;
    const second = beginAgain(thread, fault, later, { blocked: 0n, savedMask: null });
    second.next();
    second.return(undefined);
    expect(isOpen).toBe(false);
  });
});
