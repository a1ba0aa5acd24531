/** The faults that a userfaultfd serves: what it tells, in which order, and whom it wakes. */

import { beforeEach, describe, expect, it } from 'vitest';
import { Machine } from '../../../machine/index.ts';
import { Host } from '../../host.ts';
import type { FaultedAccess } from '../../mm/index.ts';
import { WaitQueue } from '../wait-queue.ts';
import { FEATURE } from './abi.ts';
import { Userfaults } from './faults.ts';

const PAGE = 4096n;

let faults: Userfaults;
let woken: number[];
let told: number;

beforeEach(() => {
  const queue = new WaitQueue();
  told = 0;
  queue.add({ wake: () => void told++ });
  const host = new Host(new Machine({ storageSize: 4 << 20 }));
  faults = new Userfaults(host.createMm(), false, queue);
  faults.initialize(0n);
  woken = [];
});

const access = (page: bigint, more: Partial<FaultedAccess> = {}): FaultedAccess => ({
  address: page * PAGE,
  isWrite: false,
  isMinor: false,
  ...more,
});
const wait = (tid: number, page: bigint, more: Partial<FaultedAccess> = {}) =>
  faults.enqueue(access(page, more), { tid, wake: () => void woken.push(tid) });
/** Takes a message: its words of 64 bits. */
const take = () => {
  const view = new DataView(new ArrayBuffer(32));
  if (!faults.take(view)) return null;
  return [0, 8, 16, 24].map((at) => view.getBigUint64(at));
};

describe('the faults of a userfaultfd', () => {
  it('are reported once each, the oldest first', () => {
    wait(1, 7n);
    wait(2, 5n, { isWrite: true });
    wait(3, 6n, { isMinor: true });
    expect([told, faults.counts]).toEqual([3, { total: 3, unread: 3 }]);
    const event = 0x12n << 56n;
    expect(take()).toEqual([event, 0n, 7n * PAGE, 0n]);
    expect(take()).toEqual([event, 1n, 5n * PAGE, 0n]);
    expect(faults.counts).toEqual({ total: 3, unread: 1 });
    expect(take()).toEqual([event, 4n, 6n * PAGE, 0n]);
    expect(take()).toBeNull();
  });

  it('are reported with the number of the thread if that is asked for', () => {
    faults.initialize(FEATURE.THREAD_ID);
    wait(77, 1n);
    expect(take()?.[3]).toBe(77n << 32n);
  });

  it('end for all threads that wait for a page of the range, reported or not', () => {
    const [one, two, three] = [wait(1, 4n), wait(2, 5n), wait(3, 6n)];
    take();
    faults.wake(4n * PAGE, 6n * PAGE);
    expect(woken.toSorted()).toEqual([1, 2]);
    expect([one.isWoken, two.isWoken, three.isWoken]).toEqual([true, true, false]);
    expect(faults.counts).toEqual({ total: 1, unread: 1 });
    expect(take()?.[2]).toBe(6n * PAGE);
  });

  it('are not told of who has left', () => {
    wait(1, 4n).leave();
    expect([take(), faults.counts.total]).toEqual([null, 0]);
  });

  it('end for all at the end', () => {
    wait(1, 4n);
    wait(2, 2n ** 40n);
    take();
    faults.end();
    expect(woken.toSorted()).toEqual([1, 2]);
  });

  it('end after the process has', () => {
    faults.mm.exit();
    faults.end();
    expect(faults.counts.total).toBe(0);
  });

  it.each([
    ['all', false, 0n, [true, true]],
    ['those of programs', true, 0n, [true, false]],
    ['none', false, FEATURE.SIGBUS, [false, false]],
  ] as const)('are %s', (_, isUserModeOnly, features, serves) => {
    const one = new Userfaults(faults.mm, isUserModeOnly, new WaitQueue());
    one.initialize(features);
    expect([one.servesPrograms, one.servesKernel]).toEqual(serves);
  });
});
