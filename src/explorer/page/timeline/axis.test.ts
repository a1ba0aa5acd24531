import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Moment, Recorded } from '../../../player/index.ts';
import {
  barHeight,
  cellsFor,
  countBefore,
  countedByCells,
  due,
  extentOf,
  momentAt,
  positionAfter,
  rowsInSight,
  stepEnds,
} from './axis.ts';

/** Events of a story whose steps emit so many each. */
function story(emitted: readonly number[]): { events: Recorded[]; moments: Moment[] } {
  const events: Recorded[] = [];
  const moments: Moment[] = [{ step: 0, event: 0 }];
  for (const [step, count] of emitted.entries()) {
    for (let event = 1; event <= count; event++) {
      const moment = { step, event };
      events.push({ n: events.length, moment, event: { type: 'purge', by: 'all' } });
      moments.push(moment);
    }
    moments.push({ step: step + 1, event: 0 });
  }
  return { events, moments };
}

describe('a strip of steps and events', () => {
  it('has a position for every moment, one after the other, and finds the moment again', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(4), { maxLength: 12 }), (emitted) => {
        const { events, moments } = story(emitted);
        for (const [position, moment] of moments.entries()) {
          expect(moment.step + countBefore(events, moment)).toBe(position);
          expect(momentAt(position, events)).toEqual(moment);
        }
        const extent = extentOf({ steps: emitted.length, events: events.length });
        expect(extent).toBe(Math.max(1, moments.length - 1));
        const ends = stepEnds(emitted.length, events);
        expect(ends.map((end) => momentAt(end, events))).toEqual(
          emitted.map((_, step) => ({ step: step + 1, event: 0 })),
        );
      }),
    );
  });

  it('says where an event is, and counts it there', () => {
    const { events } = story([0, 2]);
    expect(events.map(positionAfter)).toEqual([2, 3]);
    expect(countedByCells(events, {}, 4, 4)).toEqual([{}, { purge: 1 }, { purge: 1 }, {}]);
    expect(countedByCells(events, {}, 2, 4)).toEqual([{ purge: 1 }, { purge: 1 }]);
    expect(countedByCells(events, { types: ['link'] }, 2, 4)).toEqual([{}, {}]);
    expect(countedByCells(events, { gmap: 3 }, 1, 4)).toEqual([{ purge: 2 }]);
  });

  it('does not go beyond its beginning', () => {
    expect(momentAt(-3, story([1, 1]).events)).toEqual({ step: 0, event: 0 });
  });

  it('has cells of some pixels, and not more than there are things', () => {
    expect(cellsFor(900, 10)).toBe(10);
    expect(cellsFor(900, 100_000)).toBe(300);
    expect(cellsFor(0, 0)).toBe(1);
  });

  it('shows one among thousands', () => {
    expect(barHeight(0, 1000)).toBe(0);
    expect(barHeight(1, 100_000)).toBeGreaterThan(0.3);
    expect(barHeight(100_000, 100_000)).toBeCloseTo(1);
  });
});

describe('playing', () => {
  it('keeps what is less than a step', () => {
    expect(due(250, 1)).toEqual({ steps: 0, rest: 250 });
    expect(due(2500, 1)).toEqual({ steps: 2, rest: 500 });
    expect(due(100, 100)).toEqual({ steps: 10, rest: 0 });
  });
});

describe('the list', () => {
  it('draws what is in sight and some around', () => {
    expect(rowsInSight(0, 240, 24, 5)).toEqual({ first: 0, end: 5 });
    expect(rowsInSight(2400, 240, 24, 1000)).toEqual({ first: 92, end: 118 });
  });
});
