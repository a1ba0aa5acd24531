/**
 * A hook: any number of listeners are called when something happens.
 */

import type { Operations } from './operations.ts';

/** One subscription of a listener. */
interface Subscription<Listener> {
  readonly listener: Listener;
  active: boolean;
}

/**
 * Listeners, called in the order in which they subscribed.
 *
 * A listener observes and does not act. While it is called, every operation that changes the machine or its host throws
 * (`LinuxError` EBUSY in the host, `BusyError` in the machine) and changes nothing. It may read everything, subscribe and
 * unsubscribe. If it throws, it is unsubscribed, the other listeners are still called, the operations in progress complete
 * as if it had not been called, and the outermost of them then throws its error.
 */
export class Hook<Arguments extends readonly unknown[]> {
  readonly #operations: Operations;
  readonly #changed: (() => void) | undefined;
  /** The list is replaced, never changed: a call in progress continues with the list that it began with. */
  #subscriptions: readonly Subscription<(...args: Arguments) => void>[] = [];
  #listener: ((...args: Arguments) => void) | null = null;

  /**
   * @param operations the operations in progress on the machine that has this hook
   * @param changed called when `listener` has changed
   */
  constructor(operations: Operations, changed?: () => void) {
    this.#operations = operations;
    this.#changed = changed;
  }

  /** A function that calls all listeners, or null if there are none: an emission then costs one comparison. */
  get listener(): ((...args: Arguments) => void) | null {
    return this.#listener;
  }

  /**
   * Adds a listener, which is called from the next time on. Returns a function that removes it; a second call of that does
   * nothing.
   * @throws TypeError if it is not a function
   */
  subscribe(listener: (...args: Arguments) => void): () => void {
    if (typeof listener !== 'function')
      throw new TypeError(`a listener must be a function, not ${typeof listener}`);
    const subscription = { listener, active: true };
    this.#set([...this.#subscriptions, subscription]);
    return () => this.#remove(subscription);
  }

  #remove(subscription: Subscription<(...args: Arguments) => void>): void {
    if (!subscription.active) return;
    subscription.active = false;
    this.#set(this.#subscriptions.filter((other) => other !== subscription));
  }

  #set(subscriptions: readonly Subscription<(...args: Arguments) => void>[]): void {
    this.#subscriptions = subscriptions;
    this.#listener = subscriptions.length === 0 ? null : this.#callAll;
    this.#changed?.();
  }

  readonly #callAll = (...args: Arguments): void => {
    for (const subscription of this.#subscriptions) {
      if (!subscription.active) continue;
      if (!this.#operations.deliver(() => subscription.listener(...args))) this.#remove(subscription);
    }
    this.#operations.delivered();
  };
}
