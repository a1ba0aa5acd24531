/** The fuzzer of /dev/kvm: random programs that make virtual machines, rightly and wrongly. What must hold is what holds of `calls`. */

import { CallsFuzzer } from '../calls/run.ts';
import type { CallsSetup, CallsStep } from '../calls/steps.ts';
import type { FuzzCase } from '../fuzzer.ts';
import { generateKvm } from './generate.ts';

/** The fuzzer of /dev/kvm. */
export class KvmFuzzer extends CallsFuzzer {
  override readonly what = 'kvm';

  override generate(seed: number): FuzzCase<CallsSetup, CallsStep> {
    return generateKvm(seed);
  }
}
