/**
 * The recorded events of a story, by filter and by moment.
 */

import { before, type Moment, type Recorded } from '../player/index.ts';
import type { TraceEvent } from '../trace/index.ts';
import type { Density, EventFilter } from './protocol.ts';

/** An index over a list of events that grows. */
export class EventIndex {
  readonly #events: readonly Recorded[];
  /** The filter asked for last, the indexes of the events that pass it, and how many events were looked at for it. */
  #filter = '';
  #passing: number[] = [];
  #looked = 0;

  constructor(events: readonly Recorded[]) {
    this.#events = events;
  }

  /** The event of that index among all. */
  at(index: number): Recorded {
    return this.#events[index] as Recorded;
  }

  /** Indexes of the events that pass a filter, ascending. */
  passing(filter: EventFilter): readonly number[] {
    const key = JSON.stringify(filter);
    if (key !== this.#filter) {
      this.#filter = key;
      this.#passing = [];
      this.#looked = 0;
    }
    for (; this.#looked < this.#events.length; this.#looked++) {
      if (passes(this.at(this.#looked).event, filter)) this.#passing.push(this.#looked);
    }
    return this.#passing;
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
    const counts: Partial<Record<TraceEvent['type'], number>>[] = Array.from({ length: cells }, () => ({}));
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
