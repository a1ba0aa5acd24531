import { expect, it } from 'vitest';
import { Pace } from './pace.ts';

/** Returns the units of each step of a run. @param speeds units per millisecond in each step */
function steps(...speeds: number[]): number[] {
  let time = 0;
  const pace = new Pace(() => time);
  pace.begin();
  return speeds.map((speed) => {
    const { units } = pace;
    time += units / speed;
    pace.goesOn();
    return units;
  });
}

it('does more and more units while they take less than 0.2 milliseconds, up to 100,000', () => {
  expect(steps(1e6, 1e6, 1e6, 1e6, 1e6, 1e6, 1e6)).toEqual([
    5_000, 10_000, 20_000, 40_000, 80_000, 100_000, 100_000,
  ]);
});

it('stays at a number that takes 0.2 to five milliseconds', () => {
  expect(steps(1e6, 1e6, 10_000, 100_000, 10_000)).toEqual([5_000, 10_000, 20_000, 20_000, 20_000]);
});

it('halves a number that takes longer, and begins anew when it takes much longer', () => {
  expect(steps(1e6, 1e6, 1e6, 7_000, 100)).toEqual([5_000, 10_000, 20_000, 40_000, 20_000]);
  expect(steps(1e6, 1e6, 1e6, 100, 100)).toEqual([5_000, 10_000, 20_000, 40_000, 5_000]);
});

it('never does fewer than 5,000', () => {
  expect(steps(700, 100, 100)).toEqual([5_000, 5_000, 5_000]);
});

it('ends a part after two milliseconds, and begins another one', () => {
  let time = 0;
  const pace = new Pace(() => time);
  const after = (milliseconds: number) => {
    time += milliseconds;
    return pace.goesOn();
  };
  pace.begin();
  expect([0.9, 0.9, 0.9, 0.9, 0.9, 0.9].map(after)).toEqual([true, true, false, true, true, false]);
  time += 10;
  pace.begin();
  expect(after(1.9)).toBe(true);
});
