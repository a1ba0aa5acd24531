/**
 * Folds a growing list of events into rows: a row is an event, or several that repeat, such as the faults of a guest that fills its
 * memory. Events repeat if they have the same subject (`subjectOf`): all of them, or every second one.
 */

import type { TraceEvent } from '../trace/index.ts';

/** How many times one event must occur in succession to be folded, and how many times two must occur in turn. */
const LEAST = { one: 4, two: 3 } as const;

/** Returns what an event is about: its type, and its guest or process, but no address. Of a program, its text: each call differs. */
export function subjectOf(event: TraceEvent): string {
  if ('text' in event) return `${event.type} thread ${event.thread} ${event.text}`;
  const owner = 'gmap' in event ? `gmap ${event.gmap}` : 'mm' in event ? `process ${event.mm}` : '';
  const detail = 'change' in event ? event.change : 'by' in event ? event.by : '';
  return `${event.type} ${owner} ${detail}`;
}

/** A row: events of the list from index `first` on. */
export interface Fold {
  readonly first: number;
  /** How many events it holds. */
  readonly length: number;
  /** How many of them repeat, 1 or 2. */
  readonly period: number;
  /** Index of the first event of the unfolded row that it belongs to, or null. */
  readonly unfolded: number | null;
}

/** The rows of a list. */
export class Folds {
  /** What is compared, event by event: equal numbers for events that repeat. */
  readonly #keys: number[] = [];
  /** Index of the first event of each row. */
  readonly #starts: number[] = [];
  /** The number of rows that later events do not change. */
  #settled = 0;
  /** The first event that is in none of them, and how far it is repeated, alone and with the next one. */
  #from = 0;
  #one = 0;
  #two = 0;

  /** How many rows there are. */
  count(unfolded: readonly number[]): number {
    return this.#open(unfolded).reduce((sum, row) => sum + this.#length(row) - 1, this.#starts.length);
  }

  /** Adds events. */
  add(keys: readonly number[]): void {
    for (const key of keys) this.#keys.push(key);
    this.#starts.length = this.#settled;
    while (this.#from < this.#keys.length && this.#isSettled()) this.#push();
    this.#settled = this.#starts.length;
    const [from, one, two] = [this.#from, this.#one, this.#two];
    // The last rows may change when more events arrive.
    while (this.#from < this.#keys.length) {
      this.#isSettled();
      this.#push();
    }
    [this.#from, this.#one, this.#two] = [from, one, two];
  }

  /** Finds how far the events are repeated. Returns whether later events cannot change that. */
  #isSettled(): boolean {
    const { length } = this.#keys;
    this.#one = this.#repeated(this.#one, 1);
    if (this.#one === length) return false;
    if (this.#one - this.#from >= LEAST.one) return true;
    this.#two = this.#repeated(this.#two, 2);
    return this.#two < length;
  }

  #repeated(known: number, period: number): number {
    const keys = this.#keys;
    let end = Math.max(known, this.#from + period);
    while (end < keys.length && keys[end] === keys[end - period]) end++;
    return Math.min(end, keys.length);
  }

  /** Adds the row that begins where the rows end. */
  #push(): void {
    this.#starts.push(this.#from);
    const [one, pairs] = [this.#one - this.#from, Math.floor((this.#two - this.#from) / 2)];
    if (one >= LEAST.one) this.#from += one;
    else if (pairs >= LEAST.two) this.#from += 2 * pairs;
    else this.#from++;
    [this.#one, this.#two] = [this.#from, this.#from];
  }

  #length(row: number): number {
    return (this.#starts[row + 1] ?? this.#keys.length) - (this.#starts[row] as number);
  }

  /** Returns the rows that are unfolded, in ascending order. */
  #open(unfolded: readonly number[]): number[] {
    const rows = unfolded.map((first) => this.#rowWith(first));
    const exist = rows.filter((row, i) => this.#starts[row] === unfolded[i] && this.#length(row) > 1);
    return [...new Set(exist)].sort((a, b) => a - b);
  }

  /** Returns the row that holds an event, as if no row were unfolded; -1 if it is before all. */
  #rowWith(index: number): number {
    let low = 0;
    let high = this.#starts.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#starts[middle] as number) <= index) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  /**
   * Returns the row that holds an event; -1 for an event before the first.
   * @param unfolded indexes of the first events of the rows that are unfolded: each of their events has a row. Others are ignored.
   */
  rowOf(index: number, unfolded: readonly number[]): number {
    const row = this.#rowWith(index);
    let shown = row;
    for (const open of this.#open(unfolded)) {
      if (open < row) shown += this.#length(open) - 1;
      else if (open === row) shown += index - (this.#starts[row] as number);
    }
    return shown;
  }

  /** Returns some rows. The rows are from 0 up to `count`. */
  rows(from: number, to: number, unfolded: readonly number[]): Fold[] {
    const open = this.#open(unfolded);
    const end = Math.min(to, this.count(unfolded));
    const rows: Fold[] = [];
    for (let at = Math.max(0, from); at < end; at++) rows.push(this.#at(at, open));
    return rows;
  }

  #at(at: number, open: readonly number[]): Fold {
    let row = at;
    for (const one of open) {
      if (row < one) break;
      const [start, length] = [this.#starts[one] as number, this.#length(one)];
      if (row < one + length) return { first: start + row - one, length: 1, period: 1, unfolded: start };
      row -= length - 1;
    }
    const [first, length] = [this.#starts[row] as number, this.#length(row)];
    const period = length > 1 && this.#keys[first] !== this.#keys[first + 1] ? 2 : 1;
    return { first, length, period, unfolded: null };
  }
}
