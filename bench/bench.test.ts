/** What can be said of benchmarks on any computer, however busy: what they answer, and orders of magnitude. */

import { describe, expect, it } from 'vitest';
import { benchAccess, ROUTES } from './access.ts';
import { benchCheck } from './check.ts';
import { benchGmap, gmapJson, OPERATIONS } from './gmap.ts';
import { benchInspect, LOOKS } from './inspect.ts';
import { benchSharers } from './sharers.ts';

const isFigure = (value: unknown) => typeof value === 'number' && Number.isFinite(value) && value >= 0;

describe('the benchmark of gmaps', () => {
  it('answers with nanoseconds a segment for every operation', () => {
    const result = benchGmap(2000, true, 10);
    const { segments, ns } = gmapJson(result);
    expect(result.leftOut).toBe(null);
    expect(segments).toBe(2000);
    expect(Object.keys(ns)).toEqual([...OPERATIONS]);
    expect(Object.values(ns).every(isFigure)).toBe(true);
  });

  it('without storage for links has no figures of links, and says why', () => {
    const result = benchGmap(2000, false, 10);
    const { ns } = gmapJson(result);
    expect(Object.keys(ns)).toEqual(['map', 'map-each', 'unmap', 'free']);
    expect(Object.values(ns).every(isFigure)).toBe(true);
    for (const left of ['fault-first', 'fault-linked', 'fault-relink', 'munmap-notify']) {
      expect(result.leftOut).toContain(left);
    }
  });
});

describe('the benchmark of accesses', () => {
  it('answers with nanoseconds an access for every route', () => {
    const figures = benchAccess('strided', 1);
    expect(Object.keys(figures).sort()).toEqual([...ROUTES].sort());
    expect(Object.values(figures).every(isFigure)).toBe(true);
  });
});

describe('the benchmark of check mode', () => {
  it('answers with microseconds an operation, and finds no rule broken', () => {
    expect(Object.values(benchCheck(1000)).every(isFigure)).toBe(true);
  });
});

describe('the benchmark of looking', () => {
  it('answers with microseconds for every question', () => {
    const figures = benchInspect(1000);
    expect(Object.keys(figures).sort()).toEqual([...LOOKS].sort());
    expect(Object.values(figures).every(isFigure)).toBe(true);
  });
});

describe('an unlink', () => {
  it('costs no more with a thousand sharers than with one, give or take what a computer is busy with', () => {
    const one = benchSharers(1, 4000, 5);
    const thousand = benchSharers(1000, 4000, 5);
    // A list searched for the one that goes would make it a thousand sharers' worth: microseconds.
    for (const way of ['unmap', 'unmap-last', 'munmap'] as const) {
      expect(thousand[way], way).toBeLessThan(20 * Math.max(one[way], 50));
    }
  });
});
