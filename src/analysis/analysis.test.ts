/** Searching, summing up and comparing traces. */

import { describe, expect, it } from 'vitest';
import type { TraceEvent } from '../trace/index.ts';
import { Density, TopCounts } from './counters.ts';
import { eventsOf } from './fixtures.ts';
import { compareTraces, FilterError, matchesTerms, parseFilter, rangesOf, Summarizer } from './index.ts';

const LINES = [
  'mmap 256M 2M',
  'gmap_alloc 0',
  'gmap_alloc 1',
  'gmap_map_segment 0 256M 1G 2M',
  'gmap_map_segment 1 256M 0 1M',
  'guest 0 write 1G 01',
  'guest 1 write 0 02',
  'guest 0 write 0x40100000 03',
  'munmap 257M 1M',
  'fork 1',
];
const found = (filter: string) =>
  eventsOf(LINES)
    .filter((event) => matchesTerms(event, parseFilter(filter)))
    .map((event) => event.type);

describe('a filter', () => {
  it.each([
    ['link', ['link', 'link', 'link']],
    ['link gmap 1', ['link']],
    ['gmap 1 gmap 0 unlink', ['unlink']],
    ['process 1', ['mm-alloc', 'page-table', 'fork']],
    ['link 0x40123456', ['link']],
    ['link, 257M', ['link']],
    ['link 0-0xfff', ['link']],
    ['link 0x1000-0xfffff', ['link', 'link', 'link']],
    ['vcpu 0', []],
    ['exit', []],
  ])('%s', (filter, types) => expect(found(filter)).toEqual(types));

  it('by an address finds each event whose ranges contain it, in every space', () => {
    const pageTable = eventsOf(LINES).find((event) => event.type === 'link')?.pageTable as bigint;
    for (const text of ['1G', '0x10000fff', `0x${pageTable.toString(16)}`])
      expect(found(text)).toContain('link');
    expect(found('0x10000fff')).toEqual(
      expect.arrayContaining(['mmap', 'map', 'link', 'gmap-fault', 'page-table', 'mm-fault']),
    );
    expect(found('0x10000fff')).not.toContain('munmap');
  });

  it.each([
    ['lnik', 'unknown kind of event "lnik" (did you mean `link`?)'],
    ['sie_exti', 'unknown kind of event "sie_exti"'],
    ['gmap', 'the number after gmap is missing'],
    ['gmap x', '"x" is not a number'],
    ['12z', '"12z" is not a number'],
    ['2M-1M', 'the range 2M-1M ends before it begins'],
    ['gmap 0xffffffffffffffff', 'gmap 0xffffffffffffffff does not exist'],
    ['\u001b[31m', 'unknown kind of event "?[31m"'],
  ])('%j is refused', (filter, message) => {
    expect(() => parseFilter(filter)).toThrow(FilterError);
    expect(() => parseFilter(filter)).toThrow(message);
  });

  it('takes trace points without their prefix', () => {
    expect(parseFilter('sie_exit userspace_exit')).toEqual({
      kinds: ['kvm_s390_sie_exit', 'kvm_userspace_exit'],
    });
  });

  it('knows a range of each event that has an address', () => {
    for (const event of eventsOf(LINES)) {
      const fields = Object.values(event).filter((value) => typeof value === 'bigint');
      if (fields.length > 0) expect(rangesOf(event).length).toBeGreaterThan(0);
      for (const [start, end] of rangesOf(event)) expect(end).toBeGreaterThan(start);
    }
  });
});

describe('a summary', () => {
  const summarizer = new Summarizer();
  const events = eventsOf(LINES);
  for (const event of events) summarizer.add(event);
  const summary = summarizer.summary();

  it('counts every event once, by kind and reason', () => {
    expect(summary.events).toBe(events.length);
    expect(summary.kinds.reduce((sum, { count }) => sum + count, 0)).toBe(events.length);
    const unlinks = summary.kinds.find(({ name }) => name === 'unlink');
    expect(unlinks).toMatchObject({ count: 1, reasons: [{ name: 'page-table-freed', count: 1 }] });
    for (const { count, density } of summary.kinds) expect(density.reduce((a, b) => a + b, 0)).toBe(count);
  });

  it('counts links, and the pages and segments that were touched', () => {
    expect(summary.links).toEqual([
      { gmap: 0, made: 2, lost: 1, atEnd: 1, most: 2 },
      { gmap: 1, made: 1, lost: 0, atEnd: 1, most: 1 },
    ]);
    expect(summary.pages).toEqual(
      expect.arrayContaining([
        { space: 'process 0', address: 0x1000_0000n, count: 1 },
        { space: 'process 0', address: 0x1010_0000n, count: 1 },
      ]),
    );
    expect(summary.segments[0]).toEqual({ space: 'gmap 0', address: 0x4010_0000n, count: 3 });
    expect(summary.exact).toBe(true);
  });

  it('of many events takes bounded memory', () => {
    const density = new Density();
    for (let n = 0; n < 100_000; n += 3) density.add(n);
    const buckets = density.buckets(100_001);
    expect(buckets.length).toBeLessThanOrEqual(64);
    expect(buckets.length).toBeGreaterThan(32);
    expect(buckets.reduce((a, b) => a + b, 0)).toBe(density.total);
    const counts = new TopCounts<number>();
    for (let i = 0; i < 200_000; i++) counts.add(i % 2 ? 7 : i);
    expect(counts.exact).toBe(false);
    expect(counts.top(1)[0]?.[0]).toBe(7);
  });
});

describe('a comparison', () => {
  async function* iterate(events: readonly TraceEvent[]): AsyncGenerator<TraceEvent> {
    yield* events;
  }
  const compare = (a: readonly TraceEvent[], b: readonly TraceEvent[], ...ignored: string[]) =>
    compareTraces(iterate(a), iterate(b), new Set(ignored));
  const events = eventsOf(LINES);

  it('of a trace with itself finds nothing', async () => {
    expect(await compare(events, events)).toEqual({
      same: events.length,
      differs: false,
      lines: [],
      counts: [],
    });
  });

  it('finds an event that is missing, and goes on after it', async () => {
    const at = events.findIndex((event) => event.type === 'unlink');
    const difference = await compare(events, events.toSpliced(at, 1));
    expect([difference.same, difference.differs]).toEqual([at, true]);
    expect(difference.lines.filter((line) => line.in !== 'both')).toEqual([
      { n: at, event: events[at], in: 'first' },
    ]);
    expect(difference.lines.slice(0, 3).map(({ n }) => n)).toEqual([at - 3, at - 2, at - 1]);
    expect(difference.counts).toEqual([{ name: 'unlink', first: 1, second: 0 }]);
    // An event after the missing one has another number in the second trace.
    const after = difference.lines.filter((line) => line.in === 'both' && line.n > at);
    expect(after.length).toBeGreaterThan(0);
    expect(after.map(({ n, other }) => n - (other ?? 0))).toEqual(after.map(() => 1));
  });

  it('finds a field that differs, unless it is ignored', async () => {
    const other = events.map((event) =>
      event.type === 'mm-fault' ? { ...event, frame: event.frame + 4096n } : event,
    );
    const difference = await compare(events, other);
    expect(difference.same).toBe(events.findIndex((event) => event.type === 'mm-fault'));
    expect(difference.counts).toEqual([]);
    expect((await compare(events, other, 'frame')).differs).toBe(false);
  });

  it('finds the end of the shorter trace', async () => {
    const difference = await compare(events.slice(0, 5), events);
    expect(difference.same).toBe(5);
    expect(difference.lines.slice(3).map((line) => line.in)).toEqual(events.slice(5).map(() => 'second'));
  });
});
