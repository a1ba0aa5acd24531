/**
 * Measures work instead of time, so that tests of cost do not depend on the load of the computer. Work is the sum of
 * V8's execution counts of the blocks of the sources: functions, loop bodies, branches.
 */

import { Session } from 'node:inspector';
import { setFlagsFromString } from 'node:v8';

interface Coverage {
  readonly result: readonly {
    readonly url: string;
    readonly functions: readonly { readonly ranges: readonly { readonly count: number }[] }[];
  }[];
}

/** Returns the number of blocks in src/ that `run` executes. Work inside V8, such as `splice`, is not counted. */
export function workOf(run: () => void): number {
  const session = new Session();
  session.connect();
  let coverage: Coverage | undefined;
  // Blocks of inlined functions are not all counted.
  setFlagsFromString('--no-opt');
  try {
    session.post('Profiler.enable');
    session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
    session.post('Profiler.takePreciseCoverage');
    run();
    session.post('Profiler.takePreciseCoverage', (_, taken) => {
      coverage = taken as Coverage;
    });
    session.post('Profiler.stopPreciseCoverage');
    session.post('Profiler.disable');
  } finally {
    setFlagsFromString('--opt');
    session.disconnect();
  }
  if (coverage === undefined) throw new Error('V8 returned no coverage');
  return coverage.result
    .filter(({ url }) => /\/src\/(?!.*\.test\.ts)/.test(url))
    .flatMap(({ functions }) => functions.flatMap(({ ranges }) => ranges))
    .reduce((sum, { count }) => sum + count, 0);
}
