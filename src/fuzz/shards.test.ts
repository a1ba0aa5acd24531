/** Shards of a campaign never perform the same run, and their reports can be merged. */

import { describe, expect, it } from 'vitest';
import { Campaign } from './campaign.ts';
import {
  CaseCampaign,
  type Fuzzer,
  mergeSummaries,
  parseShard,
  parseSummary,
  reduce,
  runsOf,
  type ShardSummary,
} from './index.ts';

/** A fuzzer whose cases are their seeds. */
class Recorder implements Fuzzer<null, number> {
  readonly what = 'numbers';
  readonly seeds: number[] = [];

  generate(seed: number) {
    this.seeds.push(seed);
    return { setup: null, steps: [seed] };
  }

  run() {
    return { finding: null, performed: 1 };
  }

  *simpler(): Iterable<number> {}
}

function seedsOf(index: number, of: number, runs: number): number[] {
  const fuzzer = new Recorder();
  const campaign = new CaseCampaign(fuzzer, 9, { index, of });
  for (let i = 0; i < runs; i++) campaign.advance();
  return fuzzer.seeds;
}

it('the runs of all shards are those of the whole campaign', () => {
  const parts = [0, 1, 2].flatMap((index) => seedsOf(index, 3, runsOf({ index, of: 3 }, 10)));
  expect(parts.sort()).toEqual(seedsOf(0, 1, 10).sort());
  expect(new Set(parts).size).toBe(10);
});

it('scenarios are split in the same way', () => {
  const campaign = new Campaign({ seed: 1, operations: 20, shard: { index: 1, of: 3 } });
  expect(campaign.scenario).toBe(1);
  campaign.advance(25);
  expect(campaign.scenario).toBe(4);
});

it('a shard is I/N with I below N', () => {
  expect(parseShard('2/3')).toEqual({ index: 2, of: 3 });
  for (const wrong of ['3/3', '0/0', '1', '-1/2', '1/2/3', 'a/b', '']) expect(parseShard(wrong)).toBe(null);
});

const report = (index: number, more: Partial<ShardSummary> = {}): ShardSummary => ({
  ...{ what: 'guests', seed: 1, shard: { index, of: 2 }, requested: 5, runs: index === 0 ? 3 : 2 },
  ...{ steps: 100, seconds: 10, interrupted: false, failures: [] },
  ...more,
});
const failure = {
  what: 'guests',
  seed: 1,
  run: 3,
  finding: { kind: 'escape', message: 'm' },
  setup: null,
  steps: [],
};

describe('reports', () => {
  it('of all shards add up', () => {
    const merged = mergeSummaries([report(1), report(0)]);
    expect(merged).toMatchObject({ shards: 2, runs: 5, steps: 200, seconds: 20, failures: [], problems: [] });
  });

  it('have all failures', () => {
    const merged = mergeSummaries([report(0), report(1, { failures: [failure], runs: 1 })]);
    expect(merged).toMatchObject({ failures: [failure], problems: [] });
  });

  it.each([
    ['one is missing', [report(0)], 'shard 1/2 is missing'],
    ['one appears twice', [report(0), report(1), report(1)], 'appears twice'],
    ['one did not do all its runs', [report(0), report(1, { runs: 1 })], 'did 1 of 2 runs'],
    ['one was interrupted', [report(0), report(1, { interrupted: true })], 'was interrupted'],
    ['one has another seed', [report(0), report(1, { seed: 2 })], 'another campaign'],
    ['one is of another fuzzer', [report(0), report(1, { what: 'texts' })], 'another campaign'],
    ['the list is empty', [], 'no reports'],
  ])('report a problem if %s', (_, reports, problem) => {
    expect(mergeSummaries(reports).problems.join()).toContain(problem);
  });

  it('are parsed from lines of JSON, and nothing else is accepted', () => {
    expect(parseSummary(JSON.stringify(report(0)))).toEqual(report(0));
    for (const wrong of ['null', '{}', '[]', '5', '{"what":"guests"}'])
      expect(() => parseSummary(wrong)).toThrow(TypeError);
    expect(() => parseSummary('x')).toThrow(SyntaxError);
  });
});

it('a list is reduced to the items that fail together, each in its simplest form', () => {
  const items = Array.from({ length: 100 }, (_, i) => i);
  const fails = (list: readonly number[]) =>
    list.includes(7) && list.some((one) => one >= 60) ? list.length : 0;
  const simpler = (item: number) => (item > 60 ? [item - 1] : []);
  expect(reduce(items, fails, simpler, () => true)).toEqual([7, 60]);
});
