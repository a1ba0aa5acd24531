import { describe, expect, it } from 'vitest';
import { PURGE_SITES } from '../host/index.ts';
import { parseLine, World } from '../scenario/index.ts';
import { Campaign, type CampaignOptions, type Failure, formatFailure, shrinkFailure } from './campaign.ts';
import { runAll } from './run.ts';

/** Returns true a number of times, which limits the reduction of a failure. */
function tries(count: number): () => boolean {
  let left = count;
  return () => left-- > 0;
}

/** Runs a campaign. Throws its failure, reduced in a limited number of tries. */
function runClean(operations: number, options: CampaignOptions): Campaign {
  const campaign = new Campaign(options);
  const failure = campaign.advance(operations);
  if (!failure) return campaign;
  throw new Error(formatFailure(shrinkFailure(failure, tries(5000))));
}

describe('the host gives the answers of the model', () => {
  it('in many short scenarios', () => {
    const { totals } = runClean(3000, { seed: 11, operations: 100 });
    expect(totals.scenarios).toBeGreaterThan(25);
  });

  it('in long scenarios', () => {
    const { totals } = runClean(4000, { seed: 12, operations: 4000, run: { checkEvery: 0 } });
    expect(totals.operations).toBe(4000);
  });

  it('with every rule checked after every operation', () => {
    runClean(2000, { seed: 13, operations: 800, run: { checkEvery: 1, compareEvery: 1 } });
  });

  it('with scarce storage, and reports it', () => {
    const { totals } = runClean(2000, {
      seed: 14,
      operations: 500,
      run: { storageSize: 1 << 20, scarce: true },
    });
    expect(totals.refused).toBeGreaterThan(30);
  });
});

describe('a campaign', () => {
  it('is the same for the same seed, and different for another one', () => {
    const totalsOf = (seed: number) => {
      const campaign = new Campaign({ seed, operations: 400, run: { storageSize: 96 << 20 } });
      expect(campaign.advance(600)).toBe(null);
      return campaign.totals;
    };
    expect(totalsOf(5)).toEqual(totalsOf(5));
    expect(totalsOf(5)).not.toEqual(totalsOf(6));
  });
});

type PurgeSite = (typeof PURGE_SITES)[number];

/** Seeds of campaigns that find a missing purge soon: from answers alone, and with checks of the rules. */
const SEEDS: Readonly<Record<PurgeSite, readonly [answers: number, checked: number]>> = {
  'gmap-map': [2, 22],
  'gmap-unmap': [4, 31],
  'gmap-free': [2, 22],
  'page-table-freed': [1, 27],
  'page-invalidated': [1, 14],
  'page-protected': [2, 28],
  'page-copied': [1, 14],
  'segment-changed': [6, 10],
  'space-grown': [12, 38],
  'enable-sie': [19, 10],
};

/** Runs a campaign with a missing purge. Returns its failure. @param checkEvery as in `RunOptions` */
function findWithout(site: PurgeSite, seed: number, operations: number, checkEvery: number): Failure | null {
  const campaign = new Campaign({
    seed,
    operations: 400,
    run: { storageSize: 8 << 20, checkEvery, before: (host) => (host.kernel.injectedFault = site) },
  });
  return campaign.advance(operations);
}

describe.each(PURGE_SITES)('without the purge %s', (site) => {
  it('a campaign finds the fault from answers alone', () => {
    expect(findWithout(site, SEEDS[site][0], 40_000, 0)).not.toBe(null);
  });

  it('the finding is a short scenario, which fails in the same way when it is parsed from text', () => {
    const failure = findWithout(site, SEEDS[site][1], 20_000, 1) as Failure;
    const short = shrinkFailure(failure, tries(5000));
    const lines = formatFailure(short).split('\n');
    const operations = lines.map(parseLine).filter((operation) => operation !== null);
    expect(operations).toEqual(short.operations);
    expect(operations.length).toBeLessThanOrEqual(12);
    expect(runAll(operations, short.options).finding).toEqual(short.finding);
    expect(short.finding.kind).toMatch(/^(stale-translation|breakdown)$/);
    expect(runAll(operations, { storageSize: 8 << 20, checkEvery: 1 }).finding).toBe(null);
  });
});

it('a wrong answer is reported with the right one', () => {
  const failure: Failure = {
    seed: 3,
    scenario: 0,
    options: { storageSize: 8 << 20 },
    finding: { kind: 'answer', message: 'the answer is ok; it must be error EINVAL' },
    operations: [{ verb: 'munmap', address: 0n, length: 4096n }],
  };
  const text = formatFailure(failure);
  expect(text).toBe(
    '# seed 3, scenario 0, storage 8M\nmunmap 0 4K\n# answer: the answer is ok; it must be error EINVAL\n',
  );
  expect(new World({ storageSize: 8 << 20 }).perform(failure.operations[0] as never).lines).toEqual(['ok']);
});
