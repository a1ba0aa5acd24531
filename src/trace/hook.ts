/**
 * A place where any number of listeners can be told of something.
 */

import type { Operations } from './operations.ts';

/** A listener that is subscribed. */
interface Subscription<Listener> {
  readonly listener: Listener;
  active: boolean;
}

/**
 * Listeners, called in the order in which they subscribed.
 *
 * A listener looks and does not act. While it is called, every operation that changes the machine or its host throws
 * (`LinuxError` EBUSY in the host, `BusyError` in the machine) and changes nothing; it may read anything,
 * subscribe and unsubscribe. When it throws, the others are still called, it is unsubscribed, what goes on comes to its
 * end as if it had not been there, and the outermost operation under way then throws its error.
 */
export class Hook<Arguments extends readonly unknown[]> {
  readonly #operations: Operations;
  readonly #changed: (() => void) | undefined;
  /** Replaced, not changed, so that a call under way goes on with the list that it began with. */
  #subscriptions: readonly Subscription<(...args: Arguments) => void>[] = [];
  #listener: ((...args: Arguments) => void) | null = null;

  /**
   * @param operations those under way where this hook is
   * @param changed called when `listener` has changed
   */
  constructor(operations: Operations, changed?: () => void) {
    this.#operations = operations;
    this.#changed = changed;
  }

  /** Calls all listeners; null when there are none, so that one comparison is all that an emission costs then. */
  get listener(): ((...args: Arguments) => void) | null {
    return this.#listener;
  }

  /**
   * Adds a listener. It is called from the next time on.
   * @returns what removes it again; calling that twice does no harm
   * @throws TypeError when it is not a function
   */
  subscribe(listener: (...args: Arguments) => void): () => void {
    if (typeof listener !== 'function')
      throw new TypeError(`a listener is a function, not ${typeof listener}`);
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
