import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Host } from '../host/index.ts';
import {
  cutDown,
  NUMBERS_PER_OPERATION,
  type Operation,
  operationOf,
  runScenario,
} from '../host/testing/index.ts';
import { Checker, describeViolation } from './index.ts';

const operations = (length: number) =>
  fc.array(
    fc
      .noBias(
        fc.array(fc.nat(0xffff), { minLength: NUMBERS_PER_OPERATION, maxLength: NUMBERS_PER_OPERATION }),
      )
      .map(operationOf),
    { minLength: length, maxLength: length },
  );

/** Runs a scenario against the plain model, with every rule checked after every operation. */
function runChecked(scenario: readonly Operation[], before?: (host: Host) => void): number {
  let checker: Checker | undefined;
  let next = 0;
  const begin = () => checker?.begin(JSON.stringify(scenario[next++]));
  const world = runScenario(scenario, {
    before: (host) => {
      checker = new Checker(host);
      before?.(host);
      begin();
    },
    afterEach: () => {
      const [violation] = checker?.end() ?? [];
      if (violation) throw new Error(describeViolation(violation));
      begin();
    },
  });
  expect(checker?.finish()).toEqual([]);
  return world.done;
}

describe('with every rule checked after every operation', () => {
  it('a random scenario of 2,500 operations runs as the plain model says', () => {
    const [scenario] = fc.sample(operations(2500), 1) as [Operation[]];
    try {
      expect(runChecked(scenario)).toBeGreaterThan(1200);
    } catch {
      const fails = (some: readonly Operation[]) => {
        try {
          runChecked(some);
          return false;
        } catch {
          return true;
        }
      };
      const short = cutDown(scenario, fails);
      runChecked(short);
    }
  });

  it('many short random scenarios run as the plain model says', () => {
    fc.assert(
      fc.property(operations(60), (scenario) => {
        runChecked(scenario);
      }),
      { numRuns: 20, interruptAfterTimeLimit: 20_000 },
    );
  });
});
