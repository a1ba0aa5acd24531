/**
 * What all fuzzers that run cases have in common: a case follows from its seed, is plain data, and runs the same every
 * time. A case that fails is made shorter and printed, and can be run again from what was printed.
 */

import { reduce } from './reduce.ts';

/** What went wrong in a case. */
export interface CaseFinding {
  /** A short name of the kind of failure: reducing a case keeps it. */
  readonly kind: string;
  readonly message: string;
}

/** A case: how its world is made, and what is done in it. Both are what JSON can hold. */
export interface FuzzCase<Setup, Step> {
  readonly setup: Setup;
  readonly steps: readonly Step[];
}

/** How a case ended. */
export interface CaseResult {
  readonly finding: CaseFinding | null;
  /** Steps that were performed, the one that failed included. */
  readonly performed: number;
}

/** A fuzzer. */
export interface Fuzzer<Setup = unknown, Step = unknown> {
  /** What it is called on the command line. */
  readonly what: string;
  /** The case of a seed. */
  generate(seed: number): FuzzCase<Setup, Step>;
  /** Runs a case. Whatever the case does, this returns. */
  run(one: FuzzCase<Setup, Step>): CaseResult;
  /** Steps that do a little less than one, the simplest first. */
  simpler(step: Step): Iterable<Step>;
}

/** A case that fails. */
export interface CaseFailure {
  readonly what: string;
  readonly seed: number;
  /** Which run of the campaign it was. */
  readonly run: number;
  readonly finding: CaseFinding;
  readonly setup: unknown;
  readonly steps: readonly unknown[];
}

/** Makes the steps of a failing case fewer and simpler for as long as `more` says; it fails in the same way. */
export function reduceCase<Setup, Step>(
  fuzzer: Fuzzer<Setup, Step>,
  one: FuzzCase<Setup, Step>,
  kind: string,
  more: () => boolean,
): FuzzCase<Setup, Step> {
  const fails = (steps: readonly Step[]): number => {
    const { finding, performed } = fuzzer.run({ setup: one.setup, steps });
    return finding?.kind === kind ? performed : 0;
  };
  const steps = reduce(one.steps, fails, (step) => fuzzer.simpler(step), more);
  return { setup: one.setup, steps };
}

/** A failure as text: comments, the setup, and a step a line. `parseCase` reads it. */
export function formatCase({ what, seed, run, finding, setup, steps }: CaseFailure): string {
  const message = `${finding.kind}: ${finding.message}`.split('\n').map((line) => `# ${line}`);
  return [
    `# ${what}, seed ${seed}, run ${run}`,
    ...message,
    JSON.stringify(setup),
    ...steps.map((step) => JSON.stringify(step)),
    '',
  ].join('\n');
}

/** Reads what `formatCase` wrote. @throws SyntaxError for what is not JSON */
export function parseCase(text: string): FuzzCase<unknown, unknown> {
  const [setup, ...steps] = text
    .split('\n')
    .filter((line) => line.trim() !== '' && !line.startsWith('#'))
    .map((line) => JSON.parse(line) as unknown);
  return { setup, steps };
}

/** What an unexpected error says, with where it came from. */
export function describeError(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const text = `${error.name}: ${error.message}`;
  const frames = (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line));
  return [text, ...frames.slice(0, 12)].join('\n');
}
