/**
 * The fuzzer of the engines: random programs on two machines, of which one only interprets and the other compiles what is
 * executed twice. After each run their states must be equal.
 */

import type { Storage } from '../../machine/index.ts';
import { type CaseFinding, type CaseResult, describeError, type FuzzCase, type Fuzzer } from '../fuzzer.ts';
import { differenceOf } from './compare.ts';
import { generateEngines } from './generate.ts';
import { NOP } from './layout.ts';
import type { CodeStep, EngineSetup, EngineStep, Hex } from './steps.ts';
import { EngineWorld, storageFor, text } from './world.ts';

/** The engines' fuzzer. */
export class EnginesFuzzer implements Fuzzer<EngineSetup, EngineStep> {
  readonly what = 'engines';
  /** Storage to reuse, by size. */
  readonly #spare = new Map<number, Storage[]>();

  generate(seed: number): FuzzCase<EngineSetup, EngineStep> {
    return generateEngines(seed);
  }

  run({ setup, steps }: FuzzCase<EngineSetup, EngineStep>): CaseResult {
    const storages = [this.#storage(setup), this.#storage(setup)] as const;
    let performed = 0;
    try {
      const interpreted = new EngineWorld(setup, 'interpret', storages[0]);
      const compiled = new EngineWorld(setup, 'compile', storages[1]);
      for (const step of steps) {
        performed++;
        const finding = compare(step, interpreted, compiled);
        if (finding) return { finding, performed };
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

/** Performs a step on both machines. Returns how the second differs from the first, or null. */
function compare(step: EngineStep, right: EngineWorld, world: EngineWorld): CaseFinding | null {
  const expected = right.perform(step);
  const result = world.perform(step);
  if (step.do !== 'run') return null;
  if (result !== expected) return { kind: 'end', message: `the run ended with ${result}, not ${expected}` };
  const difference = differenceOf(world.machine, right.machine);
  if (difference !== null) return { kind: 'state', message: difference };
  const [events, others] = [text(world.events), text(right.events)];
  return events === others ? null : { kind: 'events', message: `the events are ${events}, not ${others}` };
}
