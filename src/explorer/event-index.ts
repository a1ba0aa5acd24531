/**
 * An index of recorded events, by filter and by position.
 */

import { isEarlier, type Position, type RecordedEvent } from '../player/index.ts';
import type { TraceEventType } from '../trace/index.ts';
import { matcherOf } from './event-filter.ts';
import { type Fold, Folds, subjectOf } from './folds.ts';
import { outcomeOf } from './outcome.ts';
import type { Density, EventFilter, EventRow, RowWindow } from './protocol.ts';

/** Maximum number of lists kept. The page alternates between the chosen filter and none. */
const FILTERS_KEPT = 4;

/** The indexes of the events that pass a filter, among the first `seen` events. */
interface Passing {
  readonly indexes: number[];
  readonly folds: Folds;
  seen: number;
}

/** More than the number of subjects. */
const SUBJECTS = 2 ** 20;

/** An index of a growing list of events, whose first ones may be dropped. */
export class EventIndex {
  readonly #events: readonly RecordedEvent[];
  readonly #lists = new Map<string, Passing>();
  readonly #subjects = new Map<string, number>();
  readonly #acrossSteps: boolean;
  /** The number of the first event of the list. */
  #first = 0;

  /** @param acrossSteps whether events of different steps are folded into one row: not those of different lines of a scenario */
  constructor(events: readonly RecordedEvent[], acrossSteps = false) {
    this.#events = events;
    this.#acrossSteps = acrossSteps;
  }

  /** Returns the event with an index among all events. */
  at(index: number): RecordedEvent {
    return this.#events[index] as RecordedEvent;
  }

  /** Returns the indexes of the events that pass a filter, in ascending order. */
  passing(filter: EventFilter): readonly number[] {
    return this.#passing(filter).indexes;
  }

  #passing(filter: EventFilter): Passing {
    const first = this.#events[0]?.n ?? 0;
    if (first !== this.#first) this.#lists.clear();
    this.#first = first;
    const list = this.#listOf(JSON.stringify(filter));
    if (list.seen === this.#events.length) return list;
    const isPassing = matcherOf(filter);
    const keys: number[] = [];
    for (; list.seen < this.#events.length; list.seen++) {
      const one = this.at(list.seen);
      if (!isPassing(one.event)) continue;
      list.indexes.push(list.seen);
      keys.push(this.#keyOf(one));
    }
    list.folds.add(keys);
    return list;
  }

  /** Returns a number that is the same for events that may be folded into one row. */
  #keyOf({ event, position }: RecordedEvent): number {
    const subject = subjectOf(event);
    const known = this.#subjects.get(subject) ?? this.#subjects.size;
    this.#subjects.set(subject, known);
    return known + (this.#acrossSteps ? 0 : position.step * SUBJECTS);
  }

  #listOf(key: string): Passing {
    const list = this.#lists.get(key) ?? { indexes: [], folds: new Folds(), seen: 0 };
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

  /**
   * Returns rows from row `from` on of the events that pass a filter: events that repeat have one row.
   * @param unfolded see `Folds.rowOf`
   */
  rows(filter: EventFilter, unfolded: readonly number[], from: number, count: number): RowWindow {
    const { indexes, folds } = this.#passing(filter);
    const total = folds.count(unfolded);
    const first = Math.max(0, Math.min(from, total));
    const rows = folds.rows(first, first + count, unfolded).map((fold) => this.#row(indexes, fold));
    return { events: indexes.length, total, from: first, rows };
  }

  #row(indexes: readonly number[], { first, length, period, unfolded }: Fold): EventRow {
    const events = indexes.slice(first, first + period).map((index) => this.at(index));
    // The events around it tell, whether they pass the filter or not. Repeated faults may differ in what came of them.
    const isOne = length === 1 || period === 2;
    const outcome = isOne ? outcomeOf(this.#events, indexes[first] as number) : null;
    return { index: first, events, outcome, times: length / period, unfolded };
  }

  /** Returns the row of an event, by its index among those that pass the filter; -1 for one before the first. */
  rowOf(filter: EventFilter, unfolded: readonly number[], index: number): number {
    return this.#passing(filter).folds.rowOf(index, unfolded);
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
