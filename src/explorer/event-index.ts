/**
 * The recorded events of a story, by filter and by moment.
 */

import { before, type Moment, type Recorded } from '../player/index.ts';
import type { TraceEvent, TraceEventType } from '../trace/index.ts';
import type { Density, EventFilter } from './protocol.ts';

/** Filters whose lists are kept: the page asks with the chosen one and with none in turn. */
const FILTERS_KEPT = 4;

/** The indexes of the events that pass a filter, and how many events were looked at for it. */
interface Passing {
  readonly indexes: number[];
  looked: number;
}

/** An index over a list of events that grows. */
export class EventIndex {
  readonly #events: readonly Recorded[];
  readonly #lists = new Map<string, Passing>();

  constructor(events: readonly Recorded[]) {
    this.#events = events;
  }

  /** The event of that index among all. */
  at(index: number): Recorded {
    return this.#events[index] as Recorded;
  }

  /** Indexes of the events that pass a filter, ascending. */
  passing(filter: EventFilter): readonly number[] {
    const list = this.#listOf(JSON.stringify(filter));
    for (; list.looked < this.#events.length; list.looked++) {
      if (passes(this.at(list.looked).event, filter)) list.indexes.push(list.looked);
    }
    return list.indexes;
  }

  #listOf(key: string): Passing {
    const list = this.#lists.get(key) ?? { indexes: [], looked: 0 };
    // The one that was asked for longest ago goes.
    this.#lists.delete(key);
    this.#lists.set(key, list);
    const [oldest] = this.#lists.keys();
    if (this.#lists.size > FILTERS_KEPT && oldest !== undefined) this.#lists.delete(oldest);
    return list;
  }

  /** Index in the filtered list of the last event at or before a moment; -1 when there is none. */
  before(filter: EventFilter, moment: Moment): number {
    const passing = this.passing(filter);
    let low = 0;
    let high = passing.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (before(moment, this.at(passing[middle] as number).moment)) high = middle;
      else low = middle + 1;
    }
    return low - 1;
  }

  /** The filtered list in so many parts of about the same length, each counted by type. */
  density(filter: EventFilter, cells: number): Density['cells'] {
    const passing = this.passing(filter);
    const counts: Partial<Record<TraceEventType, number>>[] = Array.from({ length: cells }, () => ({}));
    passing.forEach((index, i) => {
      const cell = counts[Math.floor((i * cells) / passing.length)] as (typeof counts)[number];
      const { type } = this.at(index).event;
      cell[type] = (cell[type] ?? 0) + 1;
    });
    return counts;
  }
}

function passes(event: TraceEvent, { types, gmap }: EventFilter): boolean {
  if (types !== undefined && !types.includes(event.type)) return false;
  return gmap === undefined || !('gmap' in event) || event.gmap === gmap;
}
