/**
 * Signals that end a command in order: the first one asks it to end, a second one ends the process at once.
 */

const STATUS = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;
type Signal = keyof typeof STATUS;

/** Hears of signals, and of the key that stands for one, until `close`. */
export class Interrupts {
  /** Exit status for what interrupted: 128 and the number of the signal; null while nothing did. */
  status: number | null = null;
  /** Resolved when something interrupts. */
  readonly interrupted: Promise<void>;
  #resolve: () => void = () => {};
  readonly #hear = (signal: Signal) => this.interrupt(STATUS[signal]);

  constructor() {
    this.interrupted = new Promise((resolve) => {
      this.#resolve = resolve;
    });
    for (const signal of Object.keys(STATUS)) process.on(signal, this.#hear);
  }

  /** Interrupts. @param status exit status */
  interrupt(status: number): void {
    if (this.status !== null) process.exit(status);
    this.status = status;
    this.#resolve();
  }

  /** Leaves signals to the system again. */
  close(): void {
    for (const signal of Object.keys(STATUS)) process.off(signal, this.#hear);
  }
}
