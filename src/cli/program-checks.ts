/** `run --check`: checks the tables of processes while they run. */

import { Checker, describeViolation } from '../check/index.ts';
import type { Linux } from '../host/task/index.ts';

/** Units of work between two checks: at least this many, and this many for each frame and table in use. */
const LEAST_INTERVAL = 20_000;
const UNITS_PER_FRAME = 20;

/** Checks a system, from its construction until `close`. */
export class ProgramChecks {
  readonly #checker: Checker;
  readonly #linux: Linux;
  readonly #report: (text: string) => void;
  #isBroken = false;

  /** @param report prints lines */
  constructor(linux: Linux, report: (text: string) => void) {
    this.#checker = Checker.attach(linux.host, { translations: 'usable' });
    this.#linux = linux;
    this.#report = report;
    this.#checker.record('the start of the program');
  }

  /** Units of work until the next check: the larger the tables, the longer it may take. */
  get interval(): number {
    return Math.max(LEAST_INTERVAL, this.#checker.size * UNITS_PER_FRAME);
  }

  /** Whether a rule was broken. */
  get isBroken(): boolean {
    return this.#isBroken;
  }

  /** Checks what may have changed, and reports broken rules. Returns whether all are kept. */
  areKept(): boolean {
    return this.#are(this.#checker.checkChanged());
  }

  /** Checks everything, as at the end. */
  areAllKept(): boolean {
    return this.#are(this.#checker.checkAll());
  }

  #are(violations: readonly Parameters<typeof describeViolation>[0][]): boolean {
    for (const violation of violations) this.#report(`${describeViolation(violation)}\n`);
    this.#isBroken ||= violations.length > 0;
    this.#checker.record(`instructions ${this.#linux.work} on`);
    return violations.length === 0;
  }

  close(): void {
    this.#checker.detach();
  }
}
