/** Signals that end a command: the first one asks it to end, a second one ends the process at once. */

const STATUS = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;

/** A signal that ends a command. */
export type EndSignal = keyof typeof STATUS;

/** Handles signals, and ^A x, which counts as one, until `close`. */
export class Interrupts {
  /** Exit status of the interrupt, 128 plus the number of the signal, or null if there was none. */
  status: number | null = null;
  /** Resolved at the first interrupt. */
  readonly interrupted: Promise<void>;
  #resolve: () => void = () => {};
  #pass: (signal: EndSignal) => boolean = () => false;
  readonly #onSignal = (signal: EndSignal) => {
    if (this.status !== null || !this.#pass(signal)) this.interrupt(STATUS[signal]);
  };

  constructor() {
    this.interrupted = new Promise((resolve) => {
      this.#resolve = resolve;
    });
    for (const signal of Object.keys(STATUS)) process.on(signal, this.#onSignal);
  }

  /** Sets what is asked first: a function that returns whether it has dealt with a signal, which then is no interrupt. */
  set pass(pass: (signal: EndSignal) => boolean) {
    this.#pass = pass;
  }

  /** Interrupts. @param status exit status */
  interrupt(status: number): void {
    if (this.status !== null) process.exit(status);
    this.status = status;
    this.#resolve();
  }

  /** Restores the system's handling of signals. */
  close(): void {
    for (const signal of Object.keys(STATUS)) process.off(signal, this.#onSignal);
  }
}

/** The number of a signal. */
export function numberOf(signal: EndSignal): number {
  return STATUS[signal] - 128;
}
