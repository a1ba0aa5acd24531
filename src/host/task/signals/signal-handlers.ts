/** What a process does with each signal (Linux: struct sighand_struct). Threads share it. */

import { defaultAction, NSIG, SIG_DFL, SIG_IGN } from '../abi/signals.ts';
import { WaitQueue } from '../wait-queue.ts';
import type { SignalSet } from './signal-sets.ts';

/** What happens when a signal is taken (Linux: struct sigaction). */
export interface SignalAction {
  /** The address of the handler, or `SIG_DFL` or `SIG_IGN`. */
  readonly handler: number;
  /** Bits of `SA`. */
  readonly flags: number;
  readonly restorer: number;
  /** Signals that are blocked while the handler runs. */
  readonly mask: SignalSet;
}

const DEFAULT: SignalAction = { handler: SIG_DFL, flags: 0, restorer: 0, mask: 0n };

/** The actions of all signals. */
export class SignalHandlers {
  readonly #actions: SignalAction[];
  /** Those who wait for signals with signalfd. Copies share it: a child may have such descriptors of its parent. */
  readonly queue: WaitQueue;

  constructor(
    actions: readonly SignalAction[] = Array.from({ length: NSIG }, () => DEFAULT),
    queue = new WaitQueue(),
  ) {
    this.#actions = [...actions];
    this.queue = queue;
  }

  of(signal: number): SignalAction {
    return this.#actions[signal - 1]!;
  }

  set(signal: number, action: SignalAction): void {
    this.#actions[signal - 1] = action;
  }

  /** Whether a signal is thrown away when it is sent: by its action, or by default. */
  ignores(signal: number): boolean {
    const { handler } = this.of(signal);
    return handler === SIG_IGN || (handler === SIG_DFL && defaultAction(signal) === 'ignore');
  }

  copy(): SignalHandlers {
    return new SignalHandlers(this.#actions, this.queue);
  }

  /** As exec does: signals that were caught get their default action, those that were ignored stay so. */
  forget(): void {
    for (const [i, { handler }] of this.#actions.entries()) {
      this.#actions[i] = handler === SIG_IGN ? { ...DEFAULT, handler } : DEFAULT;
    }
  }
}
