/**
 * A StrykerJS checker that accepts only the mutants of a slice or sample. StrykerJS reports rejected mutants as compile
 * errors; `main.ts` removes those from the report. StrykerJS loads JavaScript only, so `main.ts` compiles this file.
 */

import { createHash } from 'node:crypto';
import { type Checker, type CheckResult, CheckStatus } from '@stryker-mutator/api/check';
import type { Mutant } from '@stryker-mutator/api/core';
import { declareFactoryPlugin, PluginKind } from '@stryker-mutator/api/plugin';

/** Which mutants to run: the Kth of N parts, or a share (0 to 1) chosen by a seed. Without either, all. */
export interface Choice {
  slice?: readonly [k: number, n: number];
  share?: number;
  seed?: number;
}

/** What identifies a mutant besides its file. */
export type MutantId = Pick<Mutant, 'mutatorName' | 'replacement' | 'location'>;

/** Environment variable with the choice as JSON. */
export const CHOICE = 'GUESTHOUSE_MUTANTS';

/** A hash of the mutant, from 0 to 2^32 - 1. */
function number(seed: number, file: string, { mutatorName, replacement, location }: MutantId): number {
  const { start, end } = location;
  const key = [seed, file, mutatorName, replacement, start.line, start.column, end.line, end.column];
  return createHash('sha256').update(JSON.stringify(key)).digest().readUInt32BE(0);
}

/**
 * Whether a mutant is chosen. `line` is added to the lines and columns of `mutant.location`, which count from 0 inside
 * StrykerJS and from 1 in its report.
 */
export function isChosen(choice: Choice, file: string, mutant: MutantId, line = 0): boolean {
  const { slice, share = 1, seed = 0 } = choice;
  const { start, end } = mutant.location;
  const location = {
    start: { line: start.line + line, column: start.column + line },
    end: { line: end.line + line, column: end.column + line },
  };
  const at = number(seed, file, { ...mutant, location });
  if (slice !== undefined) return at % slice[1] === slice[0] - 1;
  return at < share * 2 ** 32;
}

const PASSED = { status: CheckStatus.Passed } as const;
const REJECTED = { status: CheckStatus.CompileError, reason: 'not in the sample' } as const;

class SampleChecker implements Checker {
  async init(): Promise<void> {}

  async check(mutants: Mutant[]): Promise<Record<string, CheckResult>> {
    const choice = JSON.parse(process.env[CHOICE] ?? '{}') as Choice;
    return Object.fromEntries(
      mutants.map((mutant): [string, CheckResult] => {
        const path = mutant.fileName.replaceAll('\\', '/');
        const file = path.slice(path.lastIndexOf('/src/') + 1);
        const chosen = isChosen(choice, file, mutant, 1);
        return [mutant.id, chosen ? PASSED : REJECTED];
      }),
    );
  }

  async group(mutants: Mutant[]): Promise<string[][]> {
    return [mutants.map(({ id }) => id)];
  }
}

function createSampleChecker(): Checker {
  return new SampleChecker();
}

export const strykerPlugins = [declareFactoryPlugin(PluginKind.Checker, 'sample', createSampleChecker)];
