/**
 * How much a piece of code does, counted and not timed: the same on a busy computer as on an idle one. V8 counts how
 * often it executes each block of our sources (functions, bodies of loops, branches); the sum is the work.
 */

import { Session } from 'node:inspector';

interface Coverage {
  readonly result: readonly {
    readonly url: string;
    readonly functions: readonly { readonly ranges: readonly { readonly count: number }[] }[];
  }[];
}

/** Blocks of the sources in src/ that `run` executes; what is done inside the engine, such as `splice`, is one. */
export function workOf(run: () => void): number {
  const session = new Session();
  session.connect();
  let coverage: Coverage | undefined;
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
    session.disconnect();
  }
  if (coverage === undefined) throw new Error('the engine counts nothing');
  return coverage.result
    .filter(({ url }) => /\/src\/(?!.*\.test\.ts)/.test(url))
    .flatMap(({ functions }) => functions.flatMap(({ ranges }) => ranges))
    .reduce((sum, { count }) => sum + count, 0);
}
