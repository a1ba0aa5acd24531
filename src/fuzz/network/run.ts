/** A fuzzer of the user network: frames of a guest, right and wrong, and programs with connections to it. */

import { type CaseResult, describeError, type FuzzCase, type Fuzzer } from '../fuzzer.ts';
import { BrokenRule } from './connection.ts';
import { generateCase } from './generate.ts';
import type { NetworkSetup, NetworkStep } from './steps.ts';
import { NetworkWorld } from './world.ts';

/** The fuzzer of the user network. */
export class NetworkFuzzer implements Fuzzer<NetworkSetup, NetworkStep> {
  readonly what = 'network';

  generate(seed: number): FuzzCase<NetworkSetup, NetworkStep> {
    return generateCase(seed);
  }

  run({ setup, steps }: FuzzCase<NetworkSetup, NetworkStep>): CaseResult {
    let performed = 0;
    try {
      const world = new NetworkWorld(setup);
      for (const step of steps) {
        performed++;
        world.perform(step);
      }
      return { finding: null, performed };
    } catch (error) {
      const isRule = error instanceof BrokenRule;
      const message = isRule ? error.message : describeError(error);
      return { finding: { kind: isRule ? 'rule' : 'error', message }, performed };
    }
  }

  *simpler(step: NetworkStep): Iterable<NetworkStep> {
    if (step.do === 'recorded') {
      for (let n = 0; n < step.patches.length; n++) yield { ...step, patches: step.patches.toSpliced(n, 1) };
    } else if (step.do === 'segment' && step.length > 1) {
      yield { ...step, length: 1 };
    }
  }
}
