import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Moment, Recorded } from '../../../player/index.ts';
import {
  barHeight,
  cellsFor,
  due,
  extentOf,
  momentAt,
  positionAfter,
  positionOf,
  rowsInSight,
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

describe('the strip', () => {
  it('has a position for every moment, one after the other, and finds the moment again', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(4), { maxLength: 12 }), async (emitted) => {
        const { events, moments } = story(emitted);
        for (const [position, moment] of moments.entries()) {
          const before = events.filter(
            (one) =>
              one.moment.step < moment.step ||
              (one.moment.step === moment.step && one.moment.event <= moment.event),
          ).length;
          expect(positionOf(moment, before)).toBe(position);
          expect(await momentAt(position, events.length, async (n) => events[n])).toEqual(moment);
        }
        expect(extentOf({ steps: emitted.length, events: events.length }, 1e9)).toBe(
          Math.max(1, moments.length - 1),
        );
      }),
    );
  });

  it('says where an event is', () => {
    const { events } = story([0, 2]);
    expect(events.map(positionAfter)).toEqual([2, 3]);
  });

  it('does not go beyond the ends', async () => {
    const { events } = story([1, 1]);
    expect(await momentAt(-3, 2, async (n) => events[n])).toEqual({ step: 0, event: 0 });
  });

  it('counts only events that are kept', () => {
    expect(extentOf({ steps: 5, events: 100 }, 10)).toBe(15);
    expect(extentOf({ steps: 0, events: 0 }, 10)).toBe(1);
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
