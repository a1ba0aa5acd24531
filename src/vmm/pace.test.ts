import { expect, it } from 'vitest';
import { Pace } from './pace.ts';

/** Returns the units of each part of a run. @param speeds units per millisecond in each part */
function parts(...speeds: number[]): number[] {
  let time = 0;
  const pace = new Pace(() => time);
  return speeds.map((speed) => {
    const { units } = pace;
    pace.begin();
    time += units / speed;
    pace.end(units);
    return units;
  });
}

it('does more and more units while they take less than a millisecond, up to 100,000', () => {
  expect(parts(1e6, 1e6, 1e6, 1e6, 1e6, 1e6, 1e6)).toEqual([
    5_000, 10_000, 20_000, 40_000, 80_000, 100_000, 100_000,
  ]);
});

it('stays at a number that takes one to five milliseconds', () => {
  expect(parts(1e6, 1e6, 10_000, 10_000, 10_000)).toEqual([5_000, 10_000, 20_000, 20_000, 20_000]);
});

it('halves a number that takes longer, and begins anew when it takes much longer', () => {
  expect(parts(1e6, 1e6, 1e6, 7_000, 100)).toEqual([5_000, 10_000, 20_000, 40_000, 20_000]);
  expect(parts(1e6, 1e6, 1e6, 100, 100)).toEqual([5_000, 10_000, 20_000, 40_000, 5_000]);
});

it('never does fewer than 5,000', () => {
  expect(parts(700, 100, 100)).toEqual([5_000, 5_000, 5_000]);
});

it('does no more units after a part that ended early', () => {
  let time = 0;
  const pace = new Pace(() => time);
  pace.begin();
  time += 0.1;
  pace.end(100);
  expect(pace.units).toBe(5_000);
});
