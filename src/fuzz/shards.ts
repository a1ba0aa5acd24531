/**
 * Campaigns on several computers: the runs of each, their reports, and merged reports.
 *
 * Run number n of a campaign follows from the campaign's seed and n. Shard I of N performs the runs I, I + N, I + 2N, …, so
 * no two shards perform the same run.
 */

import type { CaseFailure } from './fuzzer.ts';

/** A part of a campaign. */
export interface Shard {
  /** Number of the shard, from 0. */
  readonly index: number;
  /** Number of shards. */
  readonly of: number;
}

/** The report of a shard: one line of JSON. */
export interface ShardSummary {
  readonly what: string;
  readonly seed: number;
  readonly shard: Shard;
  /** Number of runs requested for the whole campaign, or null if it was limited by time. */
  readonly requested: number | null;
  /** Number of runs of this shard. */
  readonly runs: number;
  /** Number of steps or operations in them. */
  readonly steps: number;
  readonly seconds: number;
  /** Whether it was interrupted. */
  readonly interrupted: boolean;
  readonly failures: readonly CaseFailure[];
}

/** Merged reports. */
export interface MergedSummary {
  readonly what: string;
  readonly seed: number;
  readonly shards: number;
  readonly runs: number;
  readonly steps: number;
  /** Sums over all shards. */
  readonly seconds: number;
  readonly failures: readonly CaseFailure[];
  /** The reasons why the reports are not those of one complete campaign. */
  readonly problems: readonly string[];
}

/** Parses `I/N`. Returns null if the text has another form. */
export function parseShard(text: string): Shard | null {
  const match = /^(\d{1,6})\/(\d{1,6})$/.exec(text);
  if (!match) return null;
  const shard = { index: Number(match[1]), of: Number(match[2]) };
  return shard.index < shard.of ? shard : null;
}

/** Returns how many of the first `runs` runs of a campaign belong to a shard. */
export function runsOf({ index, of }: Shard, runs: number): number {
  return Math.max(0, Math.ceil((runs - index) / of));
}

/**
 * Merges the reports of all shards of a campaign. Different campaigns, and shards that are missing, appear twice or did not
 * perform all of their runs are reported as `problems`.
 */
export function mergeSummaries(summaries: readonly ShardSummary[]): MergedSummary {
  const [first] = summaries;
  const problems: string[] = [];
  const sum = (of: (one: ShardSummary) => number) => summaries.reduce((total, one) => total + of(one), 0);
  if (!first) problems.push('no reports');
  const shards = first?.shard.of ?? 0;
  const seen = new Set<number>();
  for (const one of summaries) {
    const { index, of } = one.shard;
    const name = `shard ${index}/${of} of ${one.what}, seed ${one.seed}`;
    if (
      one.what !== first?.what ||
      one.seed !== first.seed ||
      of !== shards ||
      one.requested !== first.requested
    ) {
      problems.push(`${name} belongs to another campaign`);
      continue;
    }
    if (seen.has(index)) problems.push(`${name} appears twice`);
    seen.add(index);
    if (one.interrupted) problems.push(`${name} was interrupted`);
    const requested = one.requested === null ? 0 : runsOf(one.shard, one.requested);
    if (one.requested !== null && one.runs !== requested && one.failures.length === 0) {
      problems.push(`${name} did ${one.runs} of ${requested} runs`);
    }
  }
  for (let index = 0; index < shards; index++) {
    if (!seen.has(index)) problems.push(`shard ${index}/${shards} is missing`);
  }
  return {
    what: first?.what ?? '',
    seed: first?.seed ?? 0,
    shards,
    runs: sum(({ runs }) => runs),
    steps: sum(({ steps }) => steps),
    seconds: sum(({ seconds }) => seconds),
    failures: summaries.flatMap(({ failures }) => failures),
    problems,
  };
}

/**
 * Parses a report.
 * @throws SyntaxError if it is not JSON, TypeError if it is not a report
 */
export function parseSummary(line: string): ShardSummary {
  const value = JSON.parse(line) as Partial<ShardSummary> | null;
  const numbers = [
    value?.seed,
    value?.shard?.index,
    value?.shard?.of,
    value?.runs,
    value?.steps,
    value?.seconds,
  ];
  const whole = numbers.every(
    (number) => typeof number === 'number' && number >= 0 && Number.isFinite(number),
  );
  if (!whole || typeof value?.what !== 'string' || !Array.isArray(value.failures)) {
    throw new TypeError(`not the report of a shard: ${line.slice(0, 60)}`);
  }
  return { requested: null, interrupted: false, ...value } as ShardSummary;
}
