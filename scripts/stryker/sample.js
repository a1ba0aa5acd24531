/**
 * A StrykerJS checker that accepts only the mutants of a slice or sample. StrykerJS reports rejected mutants as compile
 * errors; `main.js` removes those from the report.
 */

import { createHash } from 'node:crypto';
import { declareFactoryPlugin, PluginKind } from '@stryker-mutator/api/plugin';

/** Environment variable with the choice as JSON: `slice`, or `share` and `seed`. */
export const CHOICE = 'GUESTHOUSE_MUTANTS';

/** A hash of the mutant, from 0 to 2^32 - 1. */
function number(seed, file, { mutatorName, replacement, location }) {
  const { start, end } = location;
  const key = [seed, file, mutatorName, replacement, start.line, start.column, end.line, end.column];
  return createHash('sha256').update(JSON.stringify(key)).digest().readUInt32BE(0);
}

/**
 * Whether a mutant is chosen: `{ slice: [K, N] }` takes the Kth of N parts, `{ share }` that share (0 to 1) of all.
 * Lines of `mutant.location` count from 0 inside StrykerJS and from 1 in its report: `line` is added to them.
 */
export function isChosen({ slice, share = 1, seed = 0 }, file, mutant, line = 0) {
  const { start, end } = mutant.location;
  const location = {
    start: { line: start.line + line, column: start.column + line },
    end: { line: end.line + line, column: end.column + line },
  };
  const at = number(seed, file, { ...mutant, location });
  if (slice !== undefined) return at % slice[1] === slice[0] - 1;
  return at < share * 2 ** 32;
}

class SampleChecker {
  async init() {}
  async check(mutants) {
    const choice = JSON.parse(process.env[CHOICE] ?? '{}');
    return Object.fromEntries(
      mutants.map((mutant) => {
        const path = mutant.fileName.replaceAll('\\', '/');
        const file = path.slice(path.lastIndexOf('/src/') + 1);
        const status = isChosen(choice, file, mutant, 1) ? 'passed' : 'compileError';
        return [mutant.id, { status, reason: 'not in the sample' }];
      }),
    );
  }
  group(mutants) {
    return [mutants.map(({ id }) => id)];
  }
}

function createSampleChecker() {
  return new SampleChecker();
}

export const strykerPlugins = [declareFactoryPlugin(PluginKind.Checker, 'sample', createSampleChecker)];
