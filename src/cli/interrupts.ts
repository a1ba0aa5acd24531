/** Signals that end a command: the first one asks it to end, a second one ends the process at once. */

const STATUS = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;
type Signal = keyof typeof STATUS;

/** Handles signals, and ^A x, which counts as one, until `close`. */
export class Interrupts {
  /** Exit status of the interrupt, 128 plus the number of the signal, or null if there was none. */
  status: number | null = null;
  /** Resolved at the first interrupt. */
  readonly interrupted: Promise<void>;
  #resolve: () => void = () => {};
  /** Called at the first SIGHUP instead of an interrupt. */
  #hangUp: (() => void) | null = null;
  readonly #onSignal = (signal: Signal) => {
    const hangUp = signal === 'SIGHUP' ? this.#hangUp : null;
    this.#hangUp = null;
    if (hangUp === null) this.interrupt(STATUS[signal]);
    else hangUp();
  };

  constructor() {
    this.interrupted = new Promise((resolve) => {
      this.#resolve = resolve;
    });
    for (const signal of Object.keys(STATUS)) process.on(signal, this.#onSignal);
  }

  /** Makes the first SIGHUP something other than an interrupt. */
  set onHangUp(hangUp: () => void) {
    this.#hangUp = hangUp;
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
