/** Tests of the benchmarks that hold on any computer, however busy: the form of their results, and counted work. */

import { describe, expect, it } from 'vitest';
import { guestSegment, Host, processSegment } from '../src/host/index.ts';
import { Machine } from '../src/machine/index.ts';
import { workOf } from '../test/work.ts';
import { benchAccess, ROUTES } from './access.ts';
import { benchChanges, SEARCHES } from './changes.ts';
import { benchCheck } from './check.ts';
import { KERNELS, runKernel } from './cpu.ts';
import { benchGmap, gmapJson, OPERATIONS } from './gmap.ts';
import { benchInspect, QUERIES } from './inspect.ts';
import { benchPrimitives, PRIMITIVES } from './primitives.ts';
import { benchSharers, SHARERS, WAYS } from './sharers.ts';

const isFigure = (value: unknown) => typeof value === 'number' && Number.isFinite(value) && value >= 0;

describe('the benchmark of gmaps', () => {
  it('reports nanoseconds per segment for every operation', () => {
    const result = benchGmap(2000, true, 10);
    const { segments, ns } = gmapJson(result);
    expect(result.missing).toBe(null);
    expect(segments).toBe(2000);
    expect(Object.keys(ns)).toEqual([...OPERATIONS]);
    expect(Object.values(ns).every(isFigure)).toBe(true);
  });

  it('without storage for links reports no figures of links, and the reason', () => {
    const result = benchGmap(2000, false, 10);
    const { ns } = gmapJson(result);
    expect(Object.keys(ns)).toEqual(['map', 'map-each', 'unmap', 'free']);
    expect(Object.values(ns).every(isFigure)).toBe(true);
    for (const left of ['fault-first', 'fault-linked', 'fault-relink', 'munmap-notify']) {
      expect(result.missing).toContain(left);
    }
  });
});

describe('the benchmark of accesses', () => {
  it('reports nanoseconds per access for every route', () => {
    const figures = benchAccess('strided', 1);
    expect(Object.keys(figures).sort()).toEqual([...ROUTES].sort());
    expect(Object.values(figures).every(isFigure)).toBe(true);
  });
});

describe('the benchmark of searches for changes', () => {
  it('reports milliseconds for every search', () => {
    const figures = benchChanges(500_000);
    expect(Object.keys(figures)).toEqual(['record', 'prepare', ...SEARCHES]);
    expect(Object.values(figures).every(isFigure)).toBe(true);
  });
});

describe('the benchmark of the processor', () => {
  it('runs a guest to its end, and counts its instructions', () => {
    const { output, instructions, ns } = runKernel('matrix');
    expect(output).toBe('matrix: 40c469308f5c28f4\n');
    expect(instructions).toBeGreaterThan(96 ** 3 * 3 * 40);
    expect(ns).toBeGreaterThan(0);
  });

  it.each(KERNELS)('%s begins', (kernel) => {
    expect(runKernel(kernel, 20_000)).toMatchObject({ output: '', instructions: 20_001 });
  });
});

describe('the benchmark of check mode', () => {
  it('reports microseconds per operation, and finds no broken rule', () => {
    expect(Object.values(benchCheck(1000)).every(isFigure)).toBe(true);
  });
});

describe('the benchmark of queries', () => {
  it('reports microseconds for every query', () => {
    const figures = benchInspect(1000);
    expect(Object.keys(figures).sort()).toEqual([...QUERIES].sort());
    expect(Object.values(figures).every(isFigure)).toBe(true);
  });
});

describe('the benchmark of primitives', () => {
  it('reports nanoseconds for every operation of the engine', () => {
    const figures = benchPrimitives(1);
    expect(Object.keys(figures)).toEqual([...PRIMITIVES]);
    expect(Object.values(figures).every(isFigure)).toBe(true);
  });
});

describe('the benchmark of sharers', () => {
  it('reports nanoseconds per unlink for every way', () => {
    const figures = benchSharers(SHARERS[1], 100, 1);
    expect(Object.keys(figures).sort()).toEqual([...WAYS].sort());
    expect(Object.values(figures).every((value) => Number.isFinite(value))).toBe(true);
  });
});

describe('an unlink', () => {
  const LINKS = 4000;

  /** A gmap with `LINKS` linked segments, `sharers` of them to each page table. */
  function linked(sharers: number) {
    const host = new Host(new Machine({ storageSize: 64 << 20 }));
    const mm = host.createMm();
    const tables = LINKS / sharers;
    const [address, length] = [256n << 20n, BigInt(tables) << 20n];
    mm.mmap({ address, length });
    const gmap = host.createGmap(mm);
    for (let turn = 0; turn < sharers; turn++)
      gmap.mapSegments(processSegment(256), guestSegment(turn * tables), tables);
    for (let segment = 0; segment < LINKS; segment++) gmap.faultSegment(guestSegment(segment));
    return { mm, gmap, address, length };
  }

  const WAYS_TO_UNLINK: Readonly<Record<string, (guest: ReturnType<typeof linked>) => void>> = {
    'unmap, the first one first': ({ gmap }) => {
      for (let segment = 0; segment < LINKS; segment++) gmap.unmapSegments(guestSegment(segment), 1);
    },
    'unmap, the last one first': ({ gmap }) => {
      for (let segment = LINKS - 1; segment >= 0; segment--) gmap.unmapSegments(guestSegment(segment), 1);
    },
    munmap: ({ mm, address, length }) => mm.munmap({ address, length }),
  };

  it.each(Object.entries(WAYS_TO_UNLINK))('%s: is as much work with 1,000 sharers as with one', (_, way) => {
    const work = (sharers: number) => {
      const guest = linked(sharers);
      return workOf(() => way(guest));
    };
    // If a list were searched, each unlink would read 500 entries: more than a hundred times the work.
    expect(work(1000)).toBeLessThan(4 * work(1));
  });
});
