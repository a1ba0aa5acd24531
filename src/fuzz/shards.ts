/**
 * Campaigns that several machines share: which runs each does, what each reports, and how reports are put together.
 *
 * Run number n of a campaign follows from the campaign's seed and n alone. Shard I of N does the runs I, I + N,
 * I + 2N, …, so that no two shards do the same run.
 */

import type { CaseFailure } from './fuzzer.ts';

/** A part of a campaign. */
export interface Shard {
  /** From 0. */
  readonly index: number;
  /** Parts that there are. */
  readonly of: number;
}

/** What a shard reports: one line of JSON. */
export interface ShardSummary {
  readonly what: string;
  readonly seed: number;
  readonly shard: Shard;
  /** Runs that the whole campaign was to have; null when time ended it. */
  readonly wanted: number | null;
  /** Runs that this shard did. */
  readonly runs: number;
  /** Steps or operations in them. */
  readonly steps: number;
  readonly seconds: number;
  /** Whether it was ended before its time. */
  readonly interrupted: boolean;
  readonly failures: readonly CaseFailure[];
}

/** Several reports together. */
export interface MergedSummary {
  readonly what: string;
  readonly seed: number;
  readonly shards: number;
  readonly runs: number;
  readonly steps: number;
  /** Of all shards together. */
  readonly seconds: number;
  readonly failures: readonly CaseFailure[];
  /** Why the reports are not those of one whole campaign; empty when they are. */
  readonly problems: readonly string[];
}

/** A part of a campaign from `I/N`, or null when it is none. */
export function parseShard(text: string): Shard | null {
  const match = /^(\d{1,6})\/(\d{1,6})$/.exec(text);
  if (!match) return null;
  const shard = { index: Number(match[1]), of: Number(match[2]) };
  return shard.index < shard.of ? shard : null;
}

/** How many of the first `runs` runs of a campaign are a shard's. */
export function runsOf({ index, of }: Shard, runs: number): number {
  return Math.max(0, Math.ceil((runs - index) / of));
}

/**
 * Puts the reports of all shards of a campaign together. Different campaigns, shards that are missing, appear twice or
 * did not do all their runs are `problems`.
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
    if (one.what !== first?.what || one.seed !== first.seed || of !== shards || one.wanted !== first.wanted) {
      problems.push(`${name} belongs to another campaign`);
      continue;
    }
    if (seen.has(index)) problems.push(`${name} is there twice`);
    seen.add(index);
    if (one.interrupted) problems.push(`${name} was interrupted`);
    const wanted = one.wanted === null ? 0 : runsOf(one.shard, one.wanted);
    if (one.wanted !== null && one.runs !== wanted && one.failures.length === 0) {
      problems.push(`${name} did ${one.runs} of ${wanted} runs`);
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

/** Reads a report. @throws SyntaxError for what is no JSON, TypeError for what is no report */
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
  return { wanted: null, interrupted: false, ...value } as ShardSummary;
}
