/**
 * The base of all fuzzers that run cases. A case follows from its seed, is plain data, and always runs in the same way. A case
 * that fails is reduced and printed, and the printed text can be run again.
 */

import { reduce } from './reduce.ts';

/** The failure of a case. */
export interface CaseFinding {
  /** A short name of the kind of failure. Reducing a case keeps it. */
  readonly kind: string;
  readonly message: string;
}

/** A case: the setup of its world, and its steps. Both can be written as JSON. */
export interface FuzzCase<Setup, Step> {
  readonly setup: Setup;
  readonly steps: readonly Step[];
}

/** The result of a case. */
export interface CaseResult {
  readonly finding: CaseFinding | null;
  /** Number of steps performed, including the one that failed. */
  readonly performed: number;
}

/** A fuzzer. */
export interface Fuzzer<Setup = unknown, Step = unknown> {
  /** Its name on the command line. */
  readonly what: string;
  /** Generates the case of a seed. */
  generate(seed: number): FuzzCase<Setup, Step>;
  /** Runs a case. Never throws. */
  run(one: FuzzCase<Setup, Step>): CaseResult;
  /** Returns simpler versions of a step, the simplest first. */
  simpler(step: Step): Iterable<Step>;
}

/** A case that fails. */
export interface CaseFailure {
  readonly what: string;
  readonly seed: number;
  /** Number of the run in the campaign. */
  readonly run: number;
  readonly finding: CaseFinding;
  readonly setup: unknown;
  readonly steps: readonly unknown[];
}

/** Reduces the steps of a failing case while `more` returns true. The result fails in the same way. */
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

/** Returns a failure as text: comments, the setup, and one step per line. `parseCase` reads it. */
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

/**
 * Parses the output of `formatCase`.
 * @throws SyntaxError if it is not JSON
 */
export function parseCase(text: string): FuzzCase<unknown, unknown> {
  const [setup, ...steps] = text
    .split('\n')
    .filter((line) => line.trim() !== '' && !line.startsWith('#'))
    .map((line) => JSON.parse(line) as unknown);
  return { setup, steps };
}

/** Returns the message of an unexpected error, and its source. */
export function describeError(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const text = `${error.name}: ${error.message}`;
  const frames = (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line));
  return [text, ...frames.slice(0, 12)].join('\n');
}
