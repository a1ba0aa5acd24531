/**
 * Check mode: looks at everything below after each operation and says which rule is broken, where, and what was
 * done last. It changes nothing.
 *
 * The rules are those of docs/gmap.md: translations that processors remember, formats, links and reverse maps,
 * frames, locks. A rule is broken when what the tables say and what anybody believes of them differ.
 */

import { demandInstance, Host, type Mm } from '../host/index.ts';
import type { TraceEvent } from '../trace/index.ts';
import { checkFrames } from './frames.ts';
import { checkGuestTables } from './guest-tables.ts';
import { checkProcessTables } from './process-tables.ts';
import { Census, type Finding, type Rule } from './rules.ts';
import { checkTranslations, translationCheck } from './translations.ts';

/** A broken rule. */
export interface Violation {
  readonly rule: Rule;
  /** What is wrong, with the address. */
  readonly message: string;
  /** The operation after which it was seen, and the ones before it, oldest first. */
  readonly operations: readonly string[];
}

/** How many operations a violation names. */
const REMEMBERED = 16;
/**
 * After so many looks the region tables of all gmaps are looked at, even if nothing is known to have changed them: an
 * operation that did is still among those named.
 */
const REGIONS_EVERY = REMEMBERED - 1;
/** Even when nothing seems to have changed, everything is looked at after so many operations. */
const FULL_EVERY = 1000;

/**
 * Checks one host, from its construction until `detach`. Several can check the same host, each for itself. What it
 * finds is what operations do between `begin` and `end`.
 */
export class Checker {
  readonly #host: Host;
  readonly #recent: string[] = [];
  readonly #found: Finding[] = [];
  readonly #census: Census;
  readonly #subscriptions: (() => void)[];
  #changed = true;
  #sinceFull = 0;
  #looks = 0;
  #tablesMade = -1;
  #frames = -1;
  #links = -1;

  /**
   * Subscribes to the uses of locks, the uses of translations in TLBs, and the events of the host.
   * @throws LinuxError EINVAL when it is not a host
   */
  constructor(host: Host) {
    demandInstance('host', host, Host);
    this.#host = host;
    const report = (finding: Finding) => void this.#found.push(finding);
    this.#census = new Census(host, report);
    const { kernel, machine } = host;
    this.#subscriptions = [
      kernel.locks.problems.subscribe((message) => report({ rule: 'locks', message })),
      machine.translationChecks.subscribe(translationCheck(host, report)),
      kernel.trace.subscribe((event) => this.#see(event)),
    ];
  }

  /** Stops checking: the checker hears of nothing any more, and what it found last is forgotten. */
  detach(): void {
    for (const unsubscribe of this.#subscriptions.splice(0)) unsubscribe();
    this.#found.length = 0;
  }

  #see(event: TraceEvent): void {
    this.#changed = true;
    const { tables } = this.#census;
    // When some tables go and as many come, the count of them does not tell.
    if (event.type === 'gmap-free') tables.clear();
    if (event.type !== 'map') return;
    // An event names a gmap by its number, which several may have.
    for (const gmap of tables.keys()) if (gmap.id === event.gmap) tables.delete(gmap);
  }

  /** Says what is going to be done, in words for a report. */
  begin(operation: string): void {
    this.#recent.push(operation);
    if (this.#recent.length > REMEMBERED) this.#recent.shift();
  }

  /** Says that the operation has failed: it must have changed nothing, so everything is looked at. */
  suspect(): void {
    this.#changed = true;
  }

  /** Looks at everything, after an operation has returned or thrown. Returns what is broken, nothing when all is well. */
  end(): Violation[] {
    for (const lock of this.#host.kernel.locks.held) {
      this.#found.push({ rule: 'locks', message: `${lock.name} is still held` });
    }
    if (this.#changed || this.#countsDiffer() || ++this.#sinceFull >= FULL_EVERY) this.#everything();
    const operations = [...this.#recent];
    return this.#found.splice(0).map((finding) => ({ ...finding, operations }));
  }

  /** Looks at everything once more, whether or not anything seems to have changed: at the end of a run. */
  finish(): Violation[] {
    this.#changed = true;
    this.#census.tables.clear();
    return this.end();
  }

  /** Whether frames or links were given out or taken back since the last look, without an event. */
  #countsDiffer(): boolean {
    const { kernel, common } = this.#host;
    return kernel.frames.available !== this.#frames || common.reverseMaps.count !== this.#links;
  }

  #everything(): void {
    this.#frames = this.#host.kernel.frames.available;
    this.#links = this.#host.common.reverseMaps.count;
    this.#changed = false;
    this.#sinceFull = 0;
    const census = this.#census;
    const tables = this.#host.kernel.frames.count('gmap-table');
    if (tables !== this.#tablesMade || ++this.#looks % REGIONS_EVERY === 0) census.tables.clear();
    this.#tablesMade = tables;
    census.begin();
    for (const mm of this.#host.processes) this.#process(mm, census);
    for (const file of this.#host.common.files) {
      for (const frame of file.frames.values()) census.own(frame, 'page');
    }
    census.checkLinks();
    checkFrames(census);
    checkTranslations(census);
  }

  #process(mm: Mm, census: Census): void {
    checkProcessTables(mm, census);
    for (const guest of mm.gmaps) checkGuestTables(guest, mm, census);
  }
}

/** A violation in words, several lines. */
export function describeViolation(violation: Violation): string {
  const { rule, message, operations } = violation;
  return [`rule broken: ${rule}: ${message}`, ...operations.map((operation) => `  after ${operation}`)].join(
    '\n',
  );
}
