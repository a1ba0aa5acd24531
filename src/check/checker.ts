/**
 * Check mode: checks the machine and the host after each operation. Reports each broken rule, the address where it is
 * broken, and the operations that preceded. It changes nothing.
 *
 * The rules (rules.ts) follow from docs/gmap.md: cached translations, formats of tables, links and reverse maps, frames,
 * locks. Each compares the tables in storage with the data that the machine or the host keeps besides them.
 */

import { Host, LinuxError } from '../host/index.ts';
import { demandInstance, demandObject } from '../host/internal.ts';
import { sourceOf } from './emitter.ts';
import { checkFrames, ownZeros } from './frames.ts';
import { checkGuestTables } from './guest-tables.ts';
import { checkProcessTables } from './process-tables.ts';
import { Census, type Finding, type Rule } from './rules.ts';
import { Staleness } from './staleness.ts';
import { checkTranslations, TranslationCheck } from './translations.ts';

/** A broken rule. */
export interface Violation {
  readonly rule: Rule;
  /** What is wrong, with the address. */
  readonly message: string;
  /** The operation after which it was found, preceded by up to fifteen earlier ones, oldest first. */
  readonly operations: readonly string[];
  /**
   * The stack frame that used the lock or translation, or that emitted the last event before the check; null if there is
   * none, or the engine does not provide one.
   */
  readonly source: string | null;
}

/** The result of a checked operation: how it ended, and the rules that it broke. */
export type Checked<T> = { readonly violations: readonly Violation[] } & (
  | { readonly kind: 'returned'; readonly value: T }
  | { readonly kind: 'threw'; readonly error: unknown }
);

/** What a checker checks. */
export interface CheckerOptions {
  /**
   * Which translations in TLBs are compared with the tables, besides all at each check: each one that is used, the default; or before a
   * processor executes instructions the next 64 of its TLB, in turn. The latter is for programs that run for long: they can run as
   * compiled code, and violations do not tell which event came last (`Violation.source`).
   */
  readonly translations?: 'used' | 'usable';
}

/** The number of operations that a violation names. */
const NAMED_OPERATIONS = 16;

/**
 * Checks one host, from `attach` until `detach`. Several checkers can check the same host.
 *
 * `check` performs an operation, and then checks. A caller that checks less often calls `record` before each operation, and
 * `checkChanged` for a check. A violation names the last sixteen operations.
 */
export class Checker {
  readonly #host: Host;
  readonly #recent: string[] = [];
  readonly #found: (Finding & { readonly source: string | null })[] = [];
  readonly #census: Census;
  readonly #staleness: Staleness;
  readonly #subscriptions: readonly (() => void)[];
  /** Holds the stack at the emission of the last event. */
  #emission: Error | null = null;

  /**
   * Starts checking a host: subscribes to wrong uses of its locks, to the uses of translations in TLBs, and to its events.
   * @throws LinuxError EINVAL when it is not a host, or an option is unknown
   */
  static attach(host: Host, options: CheckerOptions = {}): Checker {
    demandInstance('host', host, Host);
    demandObject('options', options);
    const { translations = 'used' } = options;
    if (translations !== 'used' && translations !== 'usable')
      throw new LinuxError('EINVAL', `translations: '${translations}' is neither 'used' nor 'usable'`);
    return new Checker(host, translations);
  }

  private constructor(host: Host, translations: 'used' | 'usable') {
    const { kernel } = host;
    this.#host = host;
    this.#census = new Census(host, (finding) => {
      this.#found.push({ ...finding, source: sourceOf(this.#emission) });
    });
    this.#staleness = new Staleness(host, this.#census.tables);
    const report = (finding: Finding) => {
      this.#found.push({ ...finding, source: sourceOf(new Error()) });
    };
    this.#subscriptions = [
      kernel.locks.problems.subscribe((message) => report({ rule: 'locks', message })),
      this.#subscribe(translations, new TranslationCheck(host, report)),
      kernel.trace.subscribe((event) => {
        if (translations === 'used') this.#emission = new Error();
        this.#staleness.changedBy(event);
      }),
    ];
  }

  #subscribe(translations: 'used' | 'usable', check: TranslationCheck): () => void {
    const { machine } = this.#host;
    return translations === 'used'
      ? machine.translationChecks.subscribe(check.used)
      : machine.executionChecks.subscribe(check.usable);
  }

  /** Stops checking, and forgets violations that no check has returned yet. */
  detach(): void {
    for (const unsubscribe of this.#subscriptions) unsubscribe();
    this.#found.length = 0;
  }

  /**
   * Performs an operation, then checks. An operation that throws must have changed nothing, so everything is checked then.
   */
  check<T>(operation: string, action: () => T): Checked<T> {
    this.record(operation);
    try {
      const value = action();
      return { kind: 'returned', value, violations: this.checkChanged() };
    } catch (error) {
      this.suspect();
      return { kind: 'threw', error, violations: this.checkChanged() };
    }
  }

  /** Names an operation for reports, before it is performed. */
  record(operation: string): void {
    this.#recent.push(operation);
    if (this.#recent.length > NAMED_OPERATIONS) this.#recent.shift();
  }

  /** Makes the next check check everything: the recorded operation failed, and so must have changed nothing. */
  suspect(): void {
    this.#staleness.suspect();
  }

  /** Checks everything that may have changed since the last check. Returns the violations. */
  checkChanged(): Violation[] {
    for (const lock of this.#host.kernel.locks.held) {
      this.#found.push({ rule: 'locks', message: `${lock.name} is still held`, source: null });
    }
    if (this.#staleness.needsCheck()) this.#checkTables();
    const operations = [...this.#recent];
    return this.#found.splice(0).map((finding) => ({ ...finding, operations }));
  }

  /** What the last check of all tables had to look at, in frames and tables in use: its time grows with that. */
  get size(): number {
    return this.#census.size;
  }

  /** Checks everything, changed or not, as at the end of a run. Returns the violations. */
  checkAll(): Violation[] {
    this.#staleness.suspect();
    this.#census.tables.clear();
    return this.checkChanged();
  }

  #checkTables(): void {
    const census = this.#census;
    this.#staleness.checked();
    census.begin();
    for (const mm of this.#host.processes) {
      checkProcessTables(mm, census);
      for (const gmap of mm.gmaps) checkGuestTables(gmap, mm, census);
    }
    for (const file of this.#host.common.files) {
      for (const frame of file.frames.values()) census.own(frame, 'page');
    }
    ownZeros(census);
    census.checkLinks();
    checkFrames(census);
    checkTranslations(census);
  }
}

/** Returns a violation in words, on several lines. */
export function describeViolation(violation: Violation): string {
  const { rule, message, operations } = violation;
  return [`rule broken: ${rule}: ${message}`, ...operations.map((operation) => `  after ${operation}`)].join(
    '\n',
  );
}
