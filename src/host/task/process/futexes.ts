/** Futexes: words in the memory of processes that threads wait for (futex(2)). */

import type { MemoryFile } from '../../mm/index.ts';
import type { AddressSpace } from '../memory/address-space.ts';
import { WaitQueue } from '../wait-queue.ts';

/** A word: in an address space, or in a file that is shared. */
export interface FutexKey {
  readonly owner: AddressSpace | MemoryFile;
  /** Byte address or offset. */
  readonly place: number;
}

/** A thread that waits for a futex. */
export interface FutexWaiter {
  /** The word that it waits for: FUTEX_REQUEUE changes it. */
  key: FutexKey;
  readonly bits: number;
  /** Whether it was woken by FUTEX_WAKE. */
  woken: boolean;
  /** The queue that the thread sleeps on. */
  readonly queue: WaitQueue;
}

/** All futexes that are waited for. */
export class Futexes {
  readonly #words = new Map<FutexKey['owner'], Map<number, FutexWaiter[]>>();

  /** Adds a waiter to the word. */
  add(key: FutexKey, bits: number): FutexWaiter {
    const waiter: FutexWaiter = { key, bits, woken: false, queue: new WaitQueue() };
    this.#enqueue(waiter);
    return waiter;
  }

  #enqueue(waiter: FutexWaiter): void {
    const { owner, place } = waiter.key;
    let words = this.#words.get(owner);
    if (words === undefined) this.#words.set(owner, (words = new Map()));
    const waiters = words.get(place);
    if (waiters === undefined) words.set(place, [waiter]);
    else waiters.push(waiter);
  }

  /** Removes a waiter, if it is still there. */
  remove(waiter: FutexWaiter): void {
    const { owner, place } = waiter.key;
    const words = this.#words.get(owner);
    const waiters = words?.get(place);
    const at = waiters?.indexOf(waiter) ?? -1;
    if (words === undefined || waiters === undefined || at < 0) return;
    waiters.splice(at, 1);
    if (waiters.length > 0) return;
    words.delete(place);
    if (words.size === 0) this.#words.delete(owner);
  }

  /** Wakes up to `most` waiters whose bits match, those first that came first. Returns how many. */
  wake(key: FutexKey, most: number, bits: number): number {
    let count = 0;
    for (const waiter of [...this.#waiters(key)]) {
      if (count >= most) break;
      if ((waiter.bits & bits) === 0) continue;
      this.remove(waiter);
      waiter.woken = true;
      waiter.queue.wake();
      count++;
    }
    return count;
  }

  /** Makes up to `most` waiters wait for another word. Returns how many. */
  requeue(from: FutexKey, to: FutexKey, most: number): number {
    const moved = this.#waiters(from).slice(0, Math.max(0, most));
    for (const waiter of moved) {
      this.remove(waiter);
      waiter.key = to;
      this.#enqueue(waiter);
    }
    return moved.length;
  }

  #waiters({ owner, place }: FutexKey): readonly FutexWaiter[] {
    return this.#words.get(owner)?.get(place) ?? [];
  }
}
