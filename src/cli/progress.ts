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

/** Milliseconds before the first report about bytes, and between two of them. */
const FIRST = 1000;
const NEXT = 200;
/** Number of bytes below which nothing that is done with them takes a second. */
const SHORT = 64e6;

/** Progress in bytes, on standard error. */
export class ByteProgress {
  readonly #what: string;
  #due = Date.now() + FIRST;
  #visible = false;

  /** @param what is done, such as `reading FILE` */
  constructor(what: string) {
    this.#what = what;
  }

  /**
   * Reports how many bytes are done. Shows nothing in the first second.
   * @param total of how many, or 0 if that is not known
   */
  at(done: number, total: number): void {
    if (Date.now() < this.#due) return;
    this.#due = Date.now() + NEXT;
    const of = total > 0 ? ` of ${megabytes(total)}` : '';
    this.#visible = show(`${this.#what}: ${megabytes(done)}${of} MB`);
  }

  /** Removes the report. */
  end(): void {
    if (this.#visible) erase();
    this.#visible = false;
  }
}

/**
 * Performs an action that cannot tell how far it has come. Says what is done meanwhile, if there are many bytes.
 * @param what is done, such as `loading FILE`
 * @param bytes that it takes
 */
export function announced<T>(what: string, bytes: number, action: () => T): T {
  const shown = bytes >= SHORT && show(`${what} (${megabytes(bytes)} MB)`);
  try {
    return action();
  } finally {
    if (shown) erase();
  }
}

/** Replaces the line on the terminal. Returns false if standard error is none. */
function show(text: string): boolean {
  if (process.stderr.isTTY !== true) return false;
  process.stderr.write(`\r\x1b[K${text}`);
  return true;
}

function erase(): void {
  process.stderr.write('\r\x1b[K');
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(0);
}
