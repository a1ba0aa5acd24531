/** Decides which tables a checker must check again: its caching policy. */

import type { Gmap, Host } from '../host/index.ts';
import type { TraceEvent } from '../trace/index.ts';
import type { KnownTables } from './rules.ts';

/**
 * The region tables of all gmaps are checked at least once in this many checks, even if nothing is known to have changed
 * them. The operation that did so is among the sixteen that a violation names.
 */
const REGIONS_EVERY = 15;
/** Everything is checked at least once in this many operations, even if nothing is known to have changed. */
const FULL_EVERY = 1000;

/**
 * Decides which tables must be checked. All tables are checked whenever an event was emitted, frames or links were allocated or
 * freed, or an operation failed; the region tables of a gmap, which seldom change, only when a table was made or freed.
 */
export class Staleness {
  readonly #host: Host;
  /** The tables of gmaps that are known not to have changed. */
  readonly #known: Map<Gmap, KnownTables>;
  #suspect = true;
  #sinceCheck = 0;
  #checks = 0;
  // The counts of the host at the last check.
  #gmapTables = -1;
  #available = -1;
  #links = -1;

  constructor(host: Host, known: Map<Gmap, KnownTables>) {
    this.#host = host;
    this.#known = known;
  }

  /** Notes that an event was emitted. */
  changedBy(event: TraceEvent): void {
    this.#suspect = true;
    // When some tables are freed and as many are made, their count does not show it.
    if (event.type === 'gmap-free') this.#known.clear();
    if (event.type !== 'map') return;
    // An event names a gmap by its number, which several may have.
    for (const gmap of this.#known.keys()) if (gmap.id === event.gmap) this.#known.delete(gmap);
  }

  /** Notes that something may have changed without an event. */
  suspect(): void {
    this.#suspect = true;
  }

  /** Whether the tables must be checked after an operation. */
  needsCheck(): boolean {
    this.#sinceCheck++;
    return this.#suspect || this.#countsDiffer() || this.#sinceCheck >= FULL_EVERY;
  }

  /** Notes that the tables are about to be checked. */
  checked(): void {
    const { kernel, common } = this.#host;
    this.#suspect = false;
    this.#sinceCheck = 0;
    this.#checks++;
    this.#available = kernel.frames.available;
    this.#links = common.reverseMaps.count;
    const gmapTables = kernel.frames.count('gmap-table');
    if (gmapTables !== this.#gmapTables || this.#checks % REGIONS_EVERY === 0) this.#known.clear();
    this.#gmapTables = gmapTables;
  }

  /** Whether frames or links were allocated or freed since the last check, without an event. */
  #countsDiffer(): boolean {
    const { kernel, common } = this.#host;
    return kernel.frames.available !== this.#available || common.reverseMaps.count !== this.#links;
  }
}
