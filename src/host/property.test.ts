import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PURGE_SITES } from './kernel.ts';
import {
  cutDown,
  NUMBERS_PER_OPERATION,
  type Operation,
  operationOf,
  runScenario,
  type World,
} from './testing/index.ts';

const operation: fc.Arbitrary<Operation> = fc
  .noBias(fc.array(fc.nat(0xffff), { minLength: NUMBERS_PER_OPERATION, maxLength: NUMBERS_PER_OPERATION }))
  .map(operationOf);

/** Scenarios are cut down for so long when one fails. */
const interruptAfterTimeLimit = 30_000;

/** Scenarios of so many operations. */
const scenario = (minLength: number, maxLength: number) => fc.array(operation, { minLength, maxLength });

/** What goes wrong in a scenario, or null. */
function failure(operations: readonly Operation[]): string | null {
  try {
    runScenario(operations);
    return null;
  } catch (error) {
    return (error as Error).message;
  }
}

/** Runs a long scenario; throws what goes wrong with a shorter one in which something does. */
function runOrExplain(operations: readonly Operation[]): World {
  try {
    return runScenario(operations);
  } catch {
    const short = cutDown(operations, (some) => failure(some) !== null);
    throw new Error(`${failure(short)}\n${short.map((one) => JSON.stringify(one)).join('\n')}`);
  }
}

describe('processes and guests see what a plain model of them says', () => {
  it('in many short scenarios', () => {
    fc.assert(
      fc.property(scenario(1, 150), (operations) => {
        runScenario(operations);
      }),
      { numRuns: 60, interruptAfterTimeLimit },
    );
  });

  it('in a long scenario', () => {
    const [operations] = fc.sample(scenario(4000, 4000), 1) as [Operation[]];
    const world = runOrExplain(operations);
    expect(world.done).toBeGreaterThan(2000);
    expect(world.failed).toBeGreaterThan(0);
  });

  it('and say the same again when they are run again', () => {
    const [operations] = fc.sample(scenario(300, 300), 1) as [Operation[]];
    const [a, b] = [runScenario(operations), runScenario(operations)];
    expect(b.host.stats()).toEqual(a.host.stats());
    expect(b.machine.storage.bytes.every((byte, i) => byte === a.machine.storage.bytes[i])).toBe(true);
  });
});

describe('a scenario notices', () => {
  /** The others belong to operations that these scenarios do not have. */
  const known = PURGE_SITES.filter((site) => !/copied|changed|grown/.test(site));

  it.each(known)('that the purge %s is left out', (site) => {
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

  it('what is wrong in a shorter one too', () => {
    const [operations] = fc.sample(scenario(1000, 1000), { numRuns: 1, seed: 2 }) as [Operation[]];
    const fails = (some: readonly Operation[]) => {
      try {
        runScenario(some, { before: (host) => (host.kernel.purges.leftOut = 'gmap-free') });
        return false;
      } catch {
        return true;
      }
    };
    expect(fails(operations)).toBe(true);
    const short = cutDown(operations, fails);
    expect(fails(short)).toBe(true);
    // An alloc, a map, an mmap, an access and a free do.
    expect(short.length).toBeLessThan(10);
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
