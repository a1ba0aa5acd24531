import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Position, RecordedEvent } from '../../../player/index.ts';
import {
  barHeight,
  bucketCount,
  countBefore,
  countedByBuckets,
  due,
  offsetAfter,
  positionAt,
  rowsInSight,
  stepEnds,
  stripLengthOf,
} from './scale.ts';

/** A recording whose steps emit the given numbers of events. */
function recording(emitted: readonly number[]): { events: RecordedEvent[]; positions: Position[] } {
  const events: RecordedEvent[] = [];
  const positions: Position[] = [{ step: 0, event: 0 }];
  for (const [step, count] of emitted.entries()) {
    for (let event = 1; event <= count; event++) {
      const position = { step, event };
      events.push({ n: events.length, position, event: { type: 'purge', by: 'all' } });
      positions.push(position);
    }
    positions.push({ step: step + 1, event: 0 });
  }
  return { events, positions };
}

describe('a strip of steps and events', () => {
  it('has consecutive offsets for positions, and finds each position again', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(4), { maxLength: 12 }), (emitted) => {
        const { events, positions } = recording(emitted);
        for (const [offset, position] of positions.entries()) {
          expect(position.step + countBefore(events, position)).toBe(offset);
          expect(positionAt(offset, events)).toEqual(position);
        }
        const stripLength = stripLengthOf({ steps: emitted.length, events: events.length });
        expect(stripLength).toBe(Math.max(1, positions.length - 1));
        const ends = stepEnds(emitted.length, events);
        expect(ends.map((end) => positionAt(end, events))).toEqual(
          emitted.map((_, step) => ({ step: step + 1, event: 0 })),
        );
      }),
    );
  });

  it('places events, and counts them in buckets', () => {
    const { events } = recording([0, 2]);
    expect(events.map(offsetAfter)).toEqual([2, 3]);
    expect(countedByBuckets(events, {}, 4, 4)).toEqual([{}, { purge: 1 }, { purge: 1 }, {}]);
    expect(countedByBuckets(events, {}, 2, 4)).toEqual([{ purge: 1 }, { purge: 1 }]);
    expect(countedByBuckets(events, { types: ['link'] }, 2, 4)).toEqual([{}, {}]);
    expect(countedByBuckets(events, { gmap: 3 }, 1, 4)).toEqual([{ purge: 2 }]);
  });

  it('ends at its beginning', () => {
    expect(positionAt(-3, recording([1, 1]).events)).toEqual({ step: 0, event: 0 });
  });

  it('has buckets of a few pixels, and no more than there are units', () => {
    expect(bucketCount(900, 10)).toBe(10);
    expect(bucketCount(900, 100_000)).toBe(300);
    expect(bucketCount(0, 0)).toBe(1);
  });

  it('shows one event among thousands', () => {
    expect(barHeight(0, 1000)).toBe(0);
    expect(barHeight(1, 100_000)).toBeGreaterThan(0.3);
    expect(barHeight(100_000, 100_000)).toBeCloseTo(1);
  });
});

describe('playing', () => {
  it('carries over fractions of a step', () => {
    expect(due(250, 1)).toEqual({ steps: 0, rest: 250 });
    expect(due(2500, 1)).toEqual({ steps: 2, rest: 500 });
    expect(due(100, 100)).toEqual({ steps: 10, rest: 0 });
  });
});

describe('the list', () => {
  it('renders the visible rows and some around them', () => {
    expect(rowsInSight(0, 240, 24, 5)).toEqual({ first: 0, end: 5 });
    expect(rowsInSight(2400, 240, 24, 1000)).toEqual({ first: 92, end: 118 });
  });
});
