/**
 * The fuzzer of the engines: random programs on three machines. One interprets, another compiles what is executed twice. The
 * third is right: it has an observer, and so it fetches and decodes each instruction anew. After each run their states must
 * be equal.
 */

import type { Observer, Storage } from '../../machine/index.ts';
import { type CaseFinding, type CaseResult, describeError, type FuzzCase, type Fuzzer } from '../fuzzer.ts';
import { differenceOf } from './compare.ts';
import { generateEngines } from './generate.ts';
import { NOP } from './layout.ts';
import type { CodeStep, EngineSetup, EngineStep, Hex } from './steps.ts';
import { EngineWorld, storageFor, text } from './world.ts';

/** Asks for nothing, but is called before each instruction. */
const OBSERVER: Observer = {
  before: () => false,
  accessed: null,
  stored: () => false,
  abandoned: () => undefined,
  ended: () => false,
};

/** The engines' fuzzer. */
export class EnginesFuzzer implements Fuzzer<EngineSetup, EngineStep> {
  readonly what = 'engines';
  /** Storage to reuse, by size. */
  readonly #spare = new Map<number, Storage[]>();

  generate(seed: number): FuzzCase<EngineSetup, EngineStep> {
    return generateEngines(seed);
  }

  run({ setup, steps }: FuzzCase<EngineSetup, EngineStep>): CaseResult {
    const storages = [this.#storage(setup), this.#storage(setup), this.#storage(setup)] as const;
    let performed = 0;
    try {
      const right = new EngineWorld(setup, 'interpret', storages[0], OBSERVER);
      const worlds = [
        new EngineWorld(setup, 'interpret', storages[1]),
        new EngineWorld(setup, 'compile', storages[2]),
      ];
      for (const step of steps) {
        performed++;
        const expected = right.perform(step);
        for (const world of worlds) {
          const finding = compare(step, world, right, expected);
          if (finding) return { finding, performed };
        }
      }
      return { finding: null, performed };
    } catch (error) {
      return {
        finding: { kind: 'breakdown', message: describeError(error) },
        performed: Math.max(performed, 1),
      };
    } finally {
      for (const storage of storages) this.#release(storage);
    }
  }

  *simpler(step: EngineStep): Iterable<EngineStep> {
    if (step.do === 'code') yield* simplerCode(step);
    if (step.do === 'run') {
      for (const limit of [step.limit >> 1, step.limit - 1]) if (limit > 0) yield { ...step, limit };
    }
    if (step.do !== 'start') return;
    for (const [r, value] of step.gr.entries()) {
      if (value !== '0x0') yield { ...step, gr: step.gr.with(r, '0x0') };
    }
    for (const [r, value] of step.fr.entries()) {
      if (value !== '0x0') yield { ...step, fr: step.fr.with(r, '0x0') };
    }
    if (step.fpc !== 0) yield { ...step, fpc: 0 };
    for (const r of Object.keys(step.cr)) {
      const { [r]: _, ...cr } = step.cr;
      yield { ...step, cr };
    }
    if (step.prefix !== 0) yield { ...step, prefix: 0 };
    const plain: Hex = '0x180000000';
    if (step.mask !== plain) yield { ...step, mask: plain };
  }

  #storage(setup: EngineSetup): Storage {
    const size = setup.guests ? 0x20_0000 : 0x10_0000;
    return this.#spare.get(size)?.pop() ?? storageFor(setup);
  }

  #release(storage: Storage): void {
    storage.clear(storage.size);
    const { size } = storage;
    this.#spare.set(size, [...(this.#spare.get(size) ?? []), storage]);
  }
}

/** Replaces ranges of instructions by instructions that do nothing, so that all others keep their places. */
function* simplerCode(step: CodeStep): Generator<CodeStep> {
  const { code } = step;
  for (
    let length = Math.ceil(code.length / 2);
    length > 0;
    length = length === 1 ? 0 : Math.ceil(length / 2)
  ) {
    for (let at = 0; at < code.length; at += length) {
      const simpler = code.map((one, i) =>
        i < at || i >= at + length ? one : NOP.repeat(one.length / NOP.length),
      );
      if (simpler.some((one, i) => one !== code[i])) yield { ...step, code: simpler };
    }
  }
}

/** Performs a step on a machine. Returns how it differs then from the right one, or null. @param expected the right result */
function compare(
  step: EngineStep,
  world: EngineWorld,
  right: EngineWorld,
  expected: string,
): CaseFinding | null {
  const result = world.perform(step);
  if (step.do !== 'run') return null;
  if (result !== expected)
    return { kind: 'end', message: `${world.engine}: the run ended with ${result}, not ${expected}` };
  const difference = differenceOf(world.machine, right.machine);
  if (difference !== null) return { kind: 'state', message: `${world.engine}: ${difference}` };
  const [events, others] = [text(world.events), text(right.events)];
  if (events === others) return null;
  return { kind: 'events', message: `${world.engine}: the events are ${events}, not ${others}` };
}
