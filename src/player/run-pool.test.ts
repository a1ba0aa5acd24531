/** The runs that are made at equal distances of a recording. */

import { describe, expect, it } from 'vitest';
import type { Run } from './run.ts';
import { fromStart, RunPool } from './run-pool.ts';

const always = () => true;
const never = () => false;

/** A run that only counts. */
class CountingRun {
  step = 0;
  readonly inStep = false;
  readonly end = null;

  advance(steps: number, pending: () => boolean = never): void {
    for (let i = 0; i < steps && !(i > 0 && i % 1000 === 0 && pending()); i++) this.step++;
  }

  close(): null {
    return null;
  }
}

const STEPS = 2_000_000;

function poolOf(most: number) {
  const runs: CountingRun[] = [];
  const create = () => {
    const run = new CountingRun();
    runs.push(run);
    return run as unknown as Run;
  };
  return { pool: new RunPool(fromStart(create), [], most), runs };
}

describe('prepared runs', () => {
  it('are at equal distances', () => {
    const { pool } = poolOf(5);
    expect(pool.prepare(STEPS, 3, never)).toBe(true);
    expect(pool.steps).toEqual([500_000, 1_000_000, 1_500_000]);
  });

  it('are not closer than is useful', () => {
    const { pool } = poolOf(9);
    pool.prepare(600_000, 7, never);
    expect(pool.steps).toEqual([250_000]);
  });

  it('are made in parts, and all created ones are kept', () => {
    const { pool, runs } = poolOf(5);
    let parts = 0;
    while (!pool.prepare(STEPS, 3, always)) parts++;
    expect(parts).toBeGreaterThan(1000);
    expect(runs).toHaveLength(3);
    expect(pool.steps).toEqual([500_000, 1_000_000, 1_500_000]);
  });

  it('are made again where one was taken', () => {
    const { pool, runs } = poolOf(5);
    pool.prepare(STEPS, 3, never);
    const run = pool.take(1_200_000);
    expect(run.step).toBe(1_000_000);
    run.advance(200_000);
    pool.give(run);
    expect(pool.prepare(STEPS, 3, never)).toBe(true);
    expect(pool.steps).toEqual([500_000, 1_000_000, 1_200_000, 1_500_000]);
    expect(runs).toHaveLength(4);
    expect(pool.prepare(STEPS, 3, never)).toBe(true);
    expect(runs).toHaveLength(4);
  });

  it('are not made without storage', () => {
    const full = new RunPool(
      fromStart(() => {
        throw new RangeError('cannot allocate storage');
      }),
      [],
      5,
    );
    expect(full.prepare(STEPS, 3, never)).toBe(true);
    expect(full.steps).toEqual([]);
  });

  it('are only as many as were asked for, although none can be kept', () => {
    const { pool, runs } = poolOf(0);
    expect(pool.prepare(STEPS, 3, never)).toBe(true);
    expect(runs).toHaveLength(3);
  });
});
