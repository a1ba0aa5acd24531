/** A campaign: performs one random scenario after another, until one fails. */

import { formatOperation, type Operation } from '../scenario/index.ts';
import { drawProfile, Generator, type Profile } from './generate.ts';
import { Random, seedOf } from './random.ts';
import { type Finding, Run, type RunOptions, runAll } from './run.ts';
import type { Shard } from './shards.ts';
import { shrink } from './shrink.ts';

/** Options of a campaign. */
export interface CampaignOptions {
  /** The same seed generates the same campaign. */
  readonly seed: number;
  /** Number of operations of a scenario. Default: 2000. */
  readonly operations?: number;
  /** Options of every run, in place of random ones. */
  readonly run?: Partial<RunOptions>;
  /** The part of the campaign's scenarios to perform. Default: all. */
  readonly shard?: Shard;
}

/** The work done so far. */
export interface Totals {
  scenarios: number;
  operations: number;
  /** Number of operations that ended with ENOMEM. */
  refused: number;
}

/** A scenario that fails. */
export interface Failure {
  readonly seed: number;
  /** Number of the scenario in the campaign, from 0. */
  readonly scenario: number;
  readonly options: RunOptions;
  readonly finding: Finding;
  readonly operations: readonly Operation[];
}

const MIB = 2 ** 20;
const OPERATIONS = 2000;

/** A campaign. */
export class Campaign {
  readonly totals: Totals = { scenarios: 0, operations: 0, refused: 0 };
  readonly #seed: number;
  readonly #length: number;
  readonly #fixed: Partial<RunOptions>;
  readonly #shard: Shard;
  #run: Run;
  #options: RunOptions;
  #generator: Generator;
  #left: number;

  constructor({ seed, operations = OPERATIONS, run = {}, shard = { index: 0, of: 1 } }: CampaignOptions) {
    this.#shard = shard;
    this.#seed = seed;
    this.#length = operations;
    this.#fixed = run;
    [this.#options, this.#generator, this.#run] = this.#scenario();
    this.#left = operations;
  }

  /**
   * Performs about `count` more operations. Returns the failure, or null.
   * Preconditions: there was no failure before.
   */
  advance(operations: number): Failure | null {
    for (let i = 0; i < operations; i++) {
      const finding =
        this.#left > 0 ? this.#run.step(this.#generator.next(this.#run.model)) : this.#run.finish();
      if (finding) return this.#failure(finding);
      this.totals.operations++;
      if (this.#left-- > 0) continue;
      this.totals.refused += this.#run.refused;
      this.totals.scenarios++;
      [this.#options, this.#generator, this.#run] = this.#scenario();
      this.#left = this.#length;
    }
    return null;
  }

  /** Number of the current scenario. */
  get scenario(): number {
    return this.#shard.index + this.totals.scenarios * this.#shard.of;
  }

  /** Draws the options and the generator of the next scenario. */
  #scenario(): [RunOptions, Generator, Run] {
    const random = new Random(seedOf(this.#seed, this.scenario));
    const profile = drawProfile(random);
    const options = { ...drawOptions(random, profile), ...this.#fixed };
    return [options, new Generator(random, profile), new Run(options)];
  }

  #failure(finding: Finding): Failure {
    return {
      seed: this.#seed,
      scenario: this.scenario,
      options: this.#options,
      finding,
      operations: [...this.#run.performed],
    };
  }
}

/** Draws the options of a run. A quarter check all rules after each operation, half only at the end. */
function drawOptions(random: Random, { large }: Profile): RunOptions {
  const scarce = random.oneIn(4);
  return {
    storageSize: (scarce ? random.pick([1, 2, 3]) : large ? 96 : 24) * MIB,
    scarce,
    checkEvery: random.pick([0, 0, 1, 50]),
    compareEvery: random.pick([1, 10, 100]),
  };
}

/**
 * Reduces a failure.
 * @param more returns whether there is time left
 */
export function shrinkFailure(failure: Failure, more?: () => boolean): Failure {
  const { kind } = failure.finding;
  const failsWith = (options: RunOptions) => (operations: readonly Operation[]) => {
    const { finding, performed } = runAll(operations, options);
    return finding?.kind === kind ? withoutComparisons(operations, performed) : null;
  };
  let { options } = failure;
  let failed: readonly Operation[] | null = null;
  for (const easier of easierThan(options)) {
    failed = failsWith(easier)(failure.operations);
    if (failed) options = easier;
    if (failed) break;
  }
  const operations = shrink(failed ?? failure.operations, failsWith(options), more);
  const { finding } = runAll(operations, options);
  return { ...failure, options, operations, finding: finding ?? failure.finding };
}

/**
 * Options that may need fewer operations to fail: everything is checked after each operation, with little storage. They may
 * also hide the failure.
 */
function easierThan(options: RunOptions): RunOptions[] {
  const thorough = { ...options, checkEvery: 1, compareEvery: 1 };
  const sizes = options.scarce ? [] : [4 * MIB, 24 * MIB];
  return [...sizes.map((storageSize) => ({ ...thorough, storageSize })), thorough];
}

/** Returns the operations up to the failure, with only the comparison that failed, if one did. */
function withoutComparisons(
  asked: readonly Operation[],
  performed: readonly Operation[],
): readonly Operation[] {
  const last = performed[performed.length - 1] as Operation;
  const needed: Operation[] = [];
  let at = 0;
  for (const operation of performed) {
    if (operation !== asked[at]) continue;
    needed.push(operation);
    at++;
  }
  if (needed[needed.length - 1] !== last) needed.push(last);
  return needed;
}

/** Returns a failure as a scenario file: the operations, and the finding in comments. */
export function formatFailure({ seed, scenario, finding, options, operations }: Failure): string {
  const comments = `${finding.kind}: ${finding.message}`.split('\n').map((line) => `# ${line}`);
  return [
    `# seed ${seed}, scenario ${scenario}, storage ${options.storageSize / MIB}M`,
    ...operations.map(formatOperation),
    ...comments,
    '',
  ].join('\n');
}
