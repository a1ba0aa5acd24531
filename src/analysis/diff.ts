/**
 * Compares two traces: where they diverge first, and what differs around it.
 */

import type { TraceEvent } from '../trace/index.ts';
import { comparable, nameOf } from './describe.ts';

/** An event, and its number in its trace, from 0. */
export interface NumberedEvent {
  readonly n: number;
  readonly event: TraceEvent;
}

/** A line of a comparison: an event of both traces, or of one only. */
export interface DiffLine extends NumberedEvent {
  readonly in: 'both' | 'first' | 'second';
  /** Of an event of both traces: its number in the second one. `n` is that in the first. */
  readonly other?: number;
}

/** The result of a comparison. */
export interface TraceDifference {
  /** Events that are the same before the first difference: all of them if there is none. */
  readonly same: number;
  /** Whether the traces differ. */
  readonly differs: boolean;
  /** The events around the first difference: three before it, and the forty of each trace from there on. */
  readonly lines: readonly DiffLine[];
  /** Kinds of events that are not equally frequent in the whole traces. */
  readonly counts: readonly { readonly name: string; readonly first: number; readonly second: number }[];
}

/** Events shown before the first difference, and looked at after it. */
const BEFORE = 3;
const AFTER = 40;
/** Maximum number of kinds that are counted. */
const KINDS_MAX = 500;

/**
 * Compares two traces. Times, processors and threads of a host's traces are not compared.
 * @param ignored names of fields that are not compared, such as `frame`
 */
export async function compareTraces(
  first: AsyncIterator<TraceEvent>,
  second: AsyncIterator<TraceEvent>,
  ignored: ReadonlySet<string> = new Set(),
): Promise<TraceDifference> {
  const counts = new Map<string, [number, number]>();
  const sides = [new Side(first, counts, 0), new Side(second, counts, 1)] as const;
  const before: NumberedEvent[] = [];
  const same = (a: TraceEvent, b: TraceEvent) => comparable(a, ignored) === comparable(b, ignored);
  let [a, b] = [await sides[0].next(), await sides[1].next()];
  let n = 0;
  for (; a !== null && b !== null && same(a, b); n++) {
    before.push({ n, event: a });
    if (before.length > BEFORE) before.shift();
    [a, b] = [await sides[0].next(), await sides[1].next()];
  }
  if (a === null && b === null) return { same: n, differs: false, lines: [], counts: [] };
  const [ours, theirs] = [await sides[0].rest(a, AFTER), await sides[1].rest(b, AFTER)];
  const lines = aligned(ours, theirs, n, same);
  return {
    same: n,
    differs: true,
    lines: [...before.map((one): DiffLine => ({ ...one, in: 'both', other: one.n })), ...lines],
    counts: [...counts]
      .filter(([, [one, other]]) => one !== other)
      .map(([name, [one, other]]) => ({ name, first: one, second: other }))
      .sort((x, y) => Math.abs(y.first - y.second) - Math.abs(x.first - x.second)),
  };
}

/** One of the two traces. Counts its events. */
class Side {
  readonly #events: AsyncIterator<TraceEvent>;
  readonly #counts: Map<string, [number, number]>;
  readonly #index: 0 | 1;

  constructor(events: AsyncIterator<TraceEvent>, counts: Map<string, [number, number]>, index: 0 | 1) {
    this.#events = events;
    this.#counts = counts;
    this.#index = index;
  }

  /** Returns the next event, or null at the end. */
  async next(): Promise<TraceEvent | null> {
    const { done, value } = await this.#events.next();
    if (done) return null;
    const name = nameOf(value);
    const count = this.#counts.get(name) ?? [0, 0];
    count[this.#index]++;
    if (this.#counts.size < KINDS_MAX) this.#counts.set(name, count);
    return value;
  }

  /** Reads to the end. Returns the first events, of which `event` has been read. */
  async rest(event: TraceEvent | null, most: number): Promise<TraceEvent[]> {
    const events: TraceEvent[] = [];
    for (let next = event; next !== null; next = await this.next())
      if (events.length < most) events.push(next);
    return events;
  }
}

/**
 * Aligns the events of two traces by their longest common subsequence. The end of the window, where one trace goes on alone only
 * because the other one's events are further on, is cut.
 */
function aligned(
  first: readonly TraceEvent[],
  second: readonly TraceEvent[],
  n: number,
  same: (a: TraceEvent, b: TraceEvent) => boolean,
): DiffLine[] {
  const lengths = commonLengths(first, second, same);
  const at = (i: number, j: number) => lengths[i * (second.length + 1) + j] as number;
  const lines: DiffLine[] = [];
  let [i, j] = [0, 0];
  const isWhole = first.length < AFTER && second.length < AFTER;
  while (i < first.length || j < second.length) {
    if (!isWhole && at(i, j) === 0 && lines.some((line) => line.in === 'both')) break;
    const [a, b] = [first[i], second[j]];
    if (a !== undefined && b !== undefined && same(a, b)) {
      lines.push({ n: n + i, event: a, in: 'both', other: n + j });
      i++;
      j++;
    } else if (b === undefined || (a !== undefined && at(i + 1, j) >= at(i, j + 1))) {
      lines.push({ n: n + i, event: a as TraceEvent, in: 'first' });
      i++;
    } else {
      lines.push({ n: n + j, event: b, in: 'second' });
      j++;
    }
  }
  return lines;
}

/** Returns the length of the longest common subsequence of every pair of ends, row by row. */
function commonLengths(
  first: readonly TraceEvent[],
  second: readonly TraceEvent[],
  same: (a: TraceEvent, b: TraceEvent) => boolean,
): Int32Array {
  const width = second.length + 1;
  const lengths = new Int32Array((first.length + 1) * width);
  for (let i = first.length - 1; i >= 0; i--) {
    for (let j = second.length - 1; j >= 0; j--) {
      const isSame = same(first[i] as TraceEvent, second[j] as TraceEvent);
      const [down, right, both] = [
        lengths[(i + 1) * width + j] as number,
        lengths[i * width + j + 1] as number,
        lengths[(i + 1) * width + j + 1] as number,
      ];
      lengths[i * width + j] = isSame ? both + 1 : Math.max(down, right);
    }
  }
  return lengths;
}
