import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PURGE_SITES } from './kernel.ts';
import { NUMBERS_PER_OPERATION, type Operation, operationOf, runScenario } from './testing/index.ts';

const operation: fc.Arbitrary<Operation> = fc
  .noBias(fc.array(fc.nat(0xffff), { minLength: NUMBERS_PER_OPERATION, maxLength: NUMBERS_PER_OPERATION }))
  .map(operationOf);

/** Scenarios of so many operations. */
const scenario = (minLength: number, maxLength: number) => fc.array(operation, { minLength, maxLength });

describe('processes and guests see what a plain model of them says', () => {
  it('in many short scenarios', () => {
    fc.assert(
      fc.property(scenario(1, 150), (operations) => {
        runScenario(operations);
      }),
      { numRuns: 60 },
    );
  });

  it('in a long scenario', () => {
    let done = 0;
    let failed = 0;
    fc.assert(
      fc.property(scenario(4000, 4000), (operations) => {
        const world = runScenario(operations);
        done += world.done;
        failed += world.failed;
      }),
      { numRuns: 1 },
    );
    expect(done).toBeGreaterThan(2000);
    expect(failed).toBeGreaterThan(0);
  });

  it('and say the same again when they are run again', () => {
    const [operations] = fc.sample(scenario(300, 300), 1) as [Operation[]];
    const [a, b] = [runScenario(operations), runScenario(operations)];
    expect(b.host.stats()).toEqual(a.host.stats());
    expect(b.machine.storage.bytes.every((byte, i) => byte === a.machine.storage.bytes[i])).toBe(true);
  });
});

describe('a scenario notices', () => {
  it.each(PURGE_SITES)('that the purge %s is left out', (site) => {
    const longs = fc.sample(scenario(1000, 1000), { numRuns: 5, seed: 1 });
    const notices = longs.some((operations) => {
      try {
        runScenario(operations, { before: (host) => (host.kernel.purges.leftOut = site) });
        return false;
      } catch {
        return true;
      }
    });
    expect(notices).toBe(true);
  });

  it('what a hook finds, and says after which operation', () => {
    const operations: Operation[] = [
      { op: 'alloc', process: 0, gmap: 0 },
      { op: 'free', gmap: 0 },
    ];
    const seen: string[] = [];
    const run = () =>
      runScenario(operations, {
        afterEach: (host, { op }) => {
          seen.push(op);
          if (host.stats().purges > 0) throw new Error('a purge');
        },
      });
    expect(run).toThrow('operation 1, {"op":"free","gmap":0}: a purge');
    expect(seen).toEqual(['alloc', 'free']);
  });
});
