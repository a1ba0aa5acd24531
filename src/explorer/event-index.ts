/**
 * An index of recorded events, by filter and by position.
 */

import { type EventTerms, FilterError, matchesTerms, parseFilter } from '../analysis/index.ts';
import { isEarlier, type Position, type RecordedEvent } from '../player/index.ts';
import type { TraceEvent, TraceEventType } from '../trace/index.ts';
import type { Density, EventFilter } from './protocol.ts';

/** Maximum number of lists kept. The page alternates between the chosen filter and none. */
const FILTERS_KEPT = 4;

/** The indexes of the events that pass a filter, among the first `seen` events. */
interface Passing {
  readonly indexes: number[];
  seen: number;
}

/** An index of a growing list of events. */
export class EventIndex {
  readonly #events: readonly RecordedEvent[];
  readonly #lists = new Map<string, Passing>();

  constructor(events: readonly RecordedEvent[]) {
    this.#events = events;
  }

  /** Returns the event with an index among all events. */
  at(index: number): RecordedEvent {
    return this.#events[index] as RecordedEvent;
  }

  /** Returns the indexes of the events that pass a filter, in ascending order. */
  passing(filter: EventFilter): readonly number[] {
    const list = this.#listOf(JSON.stringify(filter));
    const isPassing = matcherOf(filter);
    for (; list.seen < this.#events.length; list.seen++) {
      if (isPassing(this.at(list.seen).event)) list.indexes.push(list.seen);
    }
    return list.indexes;
  }

  #listOf(key: string): Passing {
    const list = this.#lists.get(key) ?? { indexes: [], seen: 0 };
    // The list used longest ago is dropped.
    this.#lists.delete(key);
    this.#lists.set(key, list);
    const [oldest] = this.#lists.keys();
    if (this.#lists.size > FILTERS_KEPT && oldest !== undefined) this.#lists.delete(oldest);
    return list;
  }

  /** Returns how many events that pass a filter are at or before a position. */
  countUpTo(filter: EventFilter, position: Position): number {
    const passing = this.passing(filter);
    let low = 0;
    let high = passing.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (isEarlier(position, this.at(passing[middle] as number).position)) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  /** Divides steps 0 to `steps` into buckets of the same length. Returns the events in each that pass a filter, by type. */
  density(filter: EventFilter, buckets: number, steps: number): Density['buckets'] {
    const counts: Partial<Record<TraceEventType, number>>[] = Array.from({ length: buckets }, () => ({}));
    for (const index of this.passing(filter)) {
      const { position, event } = this.at(index);
      const at = Math.min(buckets - 1, Math.floor((position.step * buckets) / Math.max(steps, 1)));
      const bucket = counts[at] as (typeof counts)[number];
      bucket[event.type] = (bucket[event.type] ?? 0) + 1;
    }
    return counts;
  }
}

/**
 * Returns a function that tells whether an event passes a filter. An event that belongs to no gmap passes a filter by gmap, unless its
 * words name a gmap. Nothing passes a filter whose words are wrong.
 */
export function matcherOf({ types, gmap, text }: EventFilter): (event: TraceEvent) => boolean {
  const terms = text === undefined ? {} : termsOf(text);
  return (event) => {
    if (terms === null || (types !== undefined && !types.includes(event.type))) return false;
    if (gmap !== undefined && 'gmap' in event && event.gmap !== gmap) return false;
    return matchesTerms(event, terms);
  };
}

function termsOf(text: string): EventTerms | null {
  return filterError(text) === null ? parseFilter(text) : null;
}

/** Returns what is wrong with the words of a filter, or null. */
export function filterError(text: string): string | null {
  try {
    parseFilter(text);
    return null;
  } catch (error) {
    if (error instanceof FilterError) return error.message;
    throw error;
  }
}
