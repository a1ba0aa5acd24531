/**
 * The fuzzer of system calls: random programs of them, in several threads and processes, on two systems. Whatever they do, the host
 * goes on, gets everything back, and does the same the second time.
 */

import { type Engine, Storage } from '../../machine/index.ts';
import { type CaseResult, describeError, type FuzzCase, type Fuzzer } from '../fuzzer.ts';
import { generateCalls } from './generate.ts';
import type { CallsSetup, CallsStep, Value } from './steps.ts';
import { BrokenRule, CallsWorld } from './world.ts';

/** The system calls' fuzzer. */
export class CallsFuzzer implements Fuzzer<CallsSetup, CallsStep> {
  readonly what: string = 'calls';
  /** Storage to reuse, by size. */
  readonly #storages = new Map<number, Storage>();

  generate(seed: number): FuzzCase<CallsSetup, CallsStep> {
    return generateCalls(seed);
  }

  run({ setup, steps }: FuzzCase<CallsSetup, CallsStep>): CaseResult {
    const performed = steps.length;
    try {
      const first = this.#perform(setup, steps, 'interpret');
      const second = this.#perform(setup, steps, setup.engine);
      const message = difference(first, second);
      return { finding: message === null ? null : { kind: 'repetition', message }, performed };
    } catch (error) {
      const isRule = error instanceof BrokenRule;
      const kind = isRule ? error.name : 'breakdown';
      return { finding: { kind, message: isRule ? error.message : describeError(error) }, performed };
    }
  }

  #perform(setup: CallsSetup, steps: readonly CallsStep[], engine: Engine): string {
    const storage = this.#storages.get(setup.storage) ?? new Storage(setup.storage, CPUS_MAX);
    this.#storages.set(setup.storage, storage);
    storage.clear(storage.size);
    return new CallsWorld(setup, steps, storage, engine).perform();
  }

  *simpler(step: CallsStep): Iterable<CallsStep> {
    if (step.do !== 'call') return;
    for (const [i, value] of step.args.entries()) {
      for (const simpler of simplerValues(value)) yield { ...step, args: step.args.with(i, simpler) };
    }
  }
}

const CPUS_MAX = 3;

function* simplerValues(value: Value): Iterable<Value> {
  if (value === '0x0') return;
  yield '0x0';
  if (typeof value !== 'object' || !('data' in value)) return;
  for (const [i, item] of value.data.entries()) {
    if (item !== '0x0' && !(typeof item === 'object' && 'bytes' in item))
      yield { data: value.data.with(i, '0x0') };
  }
}

/** Returns where two texts differ, with the lines before, or null. */
function difference(first: string, second: string): string | null {
  if (first === second) return null;
  const [one, other] = [first.split('\n'), second.split('\n')];
  const at = one.findIndex((line, i) => line !== other[i]);
  const line = at < 0 ? one.length : at;
  return [
    ...one.slice(Math.max(0, line - 3), line),
    `first: ${one[line] ?? 'the end'}`,
    `then: ${other[line] ?? 'the end'}`,
  ].join('\n');
}
