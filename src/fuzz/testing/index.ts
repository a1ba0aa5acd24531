/** Helpers for the tests of fuzzers. Nothing outside tests imports this. */

import type { Operation } from '../../scenario/index.ts';
import { drawProfile, Generator } from '../generate.ts';
import { CaseCampaign, type Fuzzer, formatCase, seedOf } from '../index.ts';
import { Model } from '../model/model.ts';
import { Random } from '../random.ts';

/** Returns the first failure in `runs` runs of a campaign, as text, or null. */
export function failureIn<Setup, Step>(fuzzer: Fuzzer<Setup, Step>, runs: number): string | null {
  const campaign = new CaseCampaign(fuzzer, 5);
  for (let run = 0; run < runs; run++) {
    const failure = campaign.advance(() => false);
    if (failure !== null) return formatCase(failure);
  }
  return null;
}

/** Returns the kinds of the findings in `runs` runs, or in fewer: up to the first finding of the kind `wanted`. */
export function kindsFound<Setup, Step>(
  fuzzer: Fuzzer<Setup, Step>,
  runs: number,
  wanted?: string,
): string[] {
  const kinds = new Set<string>();
  for (let run = 0; run < runs; run++) {
    const { finding } = fuzzer.run(fuzzer.generate(seedOf(1, run)));
    if (!finding) continue;
    kinds.add(finding.kind);
    if (finding.kind === wanted) break;
  }
  return [...kinds];
}

/** Returns a random scenario. */
export function randomScenario(seed: number, operations: number): Operation[] {
  const random = new Random(seed);
  const generator = new Generator(random, drawProfile(random));
  const model = new Model(() => false);
  return Array.from({ length: operations }, () => {
    const operation = generator.next(model);
    model.perform(operation);
    return operation;
  });
}
