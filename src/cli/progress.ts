/** Shows on a terminal how far a long command has come. */

/** Milliseconds between two reports. */
const INTERVAL = 500;

/** Progress in lines, on standard error. */
export class Progress {
  readonly #wanted: boolean;
  #shown = Date.now();
  #visible = false;

  /** @param wanted whether to show it, if standard error is a terminal */
  constructor(wanted: boolean) {
    this.#wanted = wanted && process.stderr.isTTY === true;
  }

  /** Reports the number of the line that was reached. */
  at(line: number | undefined): void {
    if (!this.#wanted || line === undefined || Date.now() - this.#shown < INTERVAL) return;
    this.#shown = Date.now();
    this.#visible = true;
    process.stderr.write(`\r${line} lines`);
  }

  /** Removes the report. */
  end(): void {
    if (this.#visible) process.stderr.write('\r\x1b[K');
    this.#visible = false;
  }
}
