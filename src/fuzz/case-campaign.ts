/** A campaign of cases: performs one after another, each with a seed of its own. */

import { type CaseFailure, type FuzzCase, type Fuzzer, reduceCase } from './fuzzer.ts';
import { seedOf } from './random.ts';
import type { Shard } from './shards.ts';

/** The runs of a fuzzer that belong to a shard. */
export class CaseCampaign<Setup, Step> {
  runs = 0;
  steps = 0;
  readonly #fuzzer: Fuzzer<Setup, Step>;
  readonly #seed: number;
  readonly #shard: Shard;

  constructor(fuzzer: Fuzzer<Setup, Step>, seed: number, shard: Shard = { index: 0, of: 1 }) {
    this.#fuzzer = fuzzer;
    this.#seed = seed;
    this.#shard = shard;
  }

  /** Number of the next run. */
  get run(): number {
    return this.#shard.index + this.runs * this.#shard.of;
  }

  /**
   * Performs one run. Returns its failure, or null.
   * @param more returns whether there is time left to reduce a failing case
   */
  advance(more: () => boolean = () => true): CaseFailure | null {
    const { run } = this;
    const one = this.#fuzzer.generate(seedOf(this.#seed, run));
    const { finding, performed } = this.#fuzzer.run(one);
    this.runs++;
    this.steps += performed;
    if (!finding) return null;
    const short: FuzzCase<Setup, Step> = reduceCase(
      this.#fuzzer,
      { ...one, steps: one.steps.slice(0, performed) },
      finding.kind,
      more,
    );
    const again = this.#fuzzer.run(short).finding ?? finding;
    return { what: this.#fuzzer.what, seed: this.#seed, run, finding: again, ...short };
  }
}
