/**
 * Sums up a trace: what happened how often, and where.
 */

import type { TraceEvent } from '../trace/index.ts';
import { Density, TopCounts } from './counters.ts';
import { nameOf } from './describe.ts';
import { type HostCpu, HostCpus } from './host/cpus.ts';
import { tracepointFacts } from './host/tracepoints.ts';

/** How often something happened, in all and in each part of the run. */
export interface Count {
  readonly name: string;
  readonly count: number;
  /** Counts of consecutive parts of the run, of the same length: at most 64. */
  readonly density: readonly number[];
}

/** A kind of events, and why they happened: for exits, unlinks, purges and others that have a reason. */
export interface KindCount extends Count {
  readonly reasons: readonly Count[];
}

/** An address that events named often. */
export interface HotPlace {
  /** `process N` or `gmap N`. */
  readonly space: string;
  readonly address: bigint;
  readonly count: number;
}

/** The links of a gmap. */
export interface LinkCount {
  readonly gmap: number;
  readonly made: number;
  readonly lost: number;
  /** Linked segments at the end, and at most. They are lower than in truth if the trace begins later than the gmap. */
  readonly atEnd: number;
  readonly most: number;
}

/** A summary. */
export interface Summary {
  readonly events: number;
  readonly kinds: readonly KindCount[];
  readonly links: readonly LinkCount[];
  /** Pages of processes by faults that gave them a frame, and segments of guests by faults, links and unlinks. */
  readonly pages: readonly HotPlace[];
  readonly segments: readonly HotPlace[];
  /** Whether the counts are exact. If false, there were too many places to count, and the counts are lower bounds. */
  readonly exact: boolean;
  /** The virtual CPUs of a host's trace. */
  readonly cpus: readonly HostCpu[];
}

/** Maximum number of reasons of a kind, of kinds, of gmaps and of places. */
const NAMES_MAX = 200;
const PLACES = 10;

/** Sums up events, one by one. */
export class Summarizer {
  #events = 0;
  readonly #kinds = new Map<string, { density: Density; reasons: Map<string, Density> }>();
  readonly #gmaps = new Map<number, { made: number; lost: number; now: number; most: number }>();
  readonly #pages = new TopCounts<string>();
  readonly #segments = new TopCounts<string>();
  readonly #cpus = new HostCpus();

  add(event: TraceEvent): void {
    const n = this.#events++;
    const kind = this.#kindOf(nameOf(event));
    kind.density.add(n);
    const reason = reasonOf(event);
    if (reason !== undefined) densityOf(kind.reasons, reason)?.add(n);
    if (event.type === 'tracepoint') this.#cpus.add(event, reason);
    else this.#addPlaces(event);
    if (event.type === 'link' || event.type === 'unlink') this.#addLink(event.gmap, event.type === 'link');
  }

  #kindOf(name: string) {
    const known = this.#kinds.get(name) ?? (this.#kinds.size < NAMES_MAX ? null : this.#kinds.get(OTHERS));
    if (known) return known;
    const made = { density: new Density(), reasons: new Map<string, Density>() };
    this.#kinds.set(this.#kinds.size === NAMES_MAX - 1 ? OTHERS : name, made);
    return made;
  }

  #addPlaces(event: TraceEvent): void {
    if (event.type === 'mm-fault') this.#pages.add(`process ${event.mm} ${event.address & ~0xfffn}`);
    if (event.type === 'gmap-fault' || event.type === 'link' || event.type === 'unlink') {
      this.#segments.add(`gmap ${event.gmap} ${event.guest & ~0xfffffn}`);
    }
  }

  #addLink(gmap: number, isLink: boolean): void {
    const counts = this.#gmaps.get(gmap) ?? { made: 0, lost: 0, now: 0, most: 0 };
    if (this.#gmaps.size < NAMES_MAX) this.#gmaps.set(gmap, counts);
    if (isLink) counts.made++;
    else counts.lost++;
    counts.now = Math.max(0, counts.now + (isLink ? 1 : -1));
    counts.most = Math.max(counts.most, counts.now);
  }

  /** Returns the summary of the events so far. */
  summary(): Summary {
    const count = (name: string, density: Density): Count => {
      return { name, count: density.total, density: density.buckets(this.#events) };
    };
    const sorted = <T extends Count>(counts: readonly T[]) => [...counts].sort((a, b) => b.count - a.count);
    return {
      events: this.#events,
      kinds: sorted(
        Array.from(this.#kinds, ([name, { density, reasons }]) => ({
          ...count(name, density),
          reasons: sorted(Array.from(reasons, ([reason, each]) => count(reason, each))),
        })),
      ),
      links: Array.from(this.#gmaps, ([gmap, { made, lost, now, most }]) => {
        return { gmap, made, lost, atEnd: now, most };
      }),
      pages: places(this.#pages),
      segments: places(this.#segments),
      exact: this.#pages.exact && this.#segments.exact,
      cpus: this.#cpus.all(),
    };
  }
}

const OTHERS = 'others';

/** Returns the density of a name, or null if there are too many names. */
function densityOf(map: Map<string, Density>, name: string): Density | null {
  const known = map.get(name);
  if (known !== undefined || map.size >= NAMES_MAX) return known ?? null;
  const made = new Density();
  map.set(name, made);
  return made;
}

function places(counts: TopCounts<string>): HotPlace[] {
  return counts.top(PLACES).map(([key, count]) => {
    const [space, id, address] = key.split(' ') as [string, string, string];
    return { space: `${space} ${id}`, address: BigInt(address), count };
  });
}

/** Returns the reason of an event, or undefined if its kind has none. */
function reasonOf(event: TraceEvent): string | undefined {
  switch (event.type) {
    case 'exit':
    case 'unlink':
      return event.reason;
    case 'purge':
      return event.by;
    case 'page-table':
    case 'large-frame':
      return event.change;
    case 'mm-fault':
      return event.write ? 'store' : 'fetch';
    case 'interruption':
      return `${event.class} 0x${event.code.toString(16)}${event.guest ? ' (guest)' : ''}`;
    case 'tracepoint':
      return tracepointFacts(event.name, event.details)?.reason;
    default:
      return undefined;
  }
}
