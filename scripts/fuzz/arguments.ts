/** The arguments of `npm run fuzz`. */

import { parseArgs } from 'node:util';
import { parseShard, type Shard } from '../../src/fuzz/index.ts';
import { ENGINES, type Engine } from '../../src/machine/index.ts';

export const WHATS = [
  'scenarios',
  'guests',
  'library',
  'images',
  'texts',
  'floats',
  'engines',
  'devices',
  'network',
  'calls',
  'kvm',
] as const;
export type What = (typeof WHATS)[number];

const USAGE = `usage: npm run fuzz -- [--what ${WHATS.join('|')}] [--seed S] [--minutes M | --runs N] [--shard I/N]
                       [--failures K] [--json] [--save FILE] [--ops N] [--engine ${ENGINES.join('|')}]
       npm run fuzz -- --what ${WHATS.slice(1).join('|')} --case FILE
       npm run fuzz -- --merge FILE…`;

export interface Arguments {
  readonly what: What;
  readonly seed: number;
  readonly minutes: number;
  /** Number of runs of all shards together, or null if the campaign is limited by time. */
  readonly runs: number | null;
  readonly shard: Shard;
  /** Number of failures after which the campaign ends. */
  readonly failures: number;
  readonly json: boolean;
  readonly save: string | undefined;
  readonly operations: number | undefined;
  readonly caseFile: string | undefined;
  /** How the guests of `guests` are executed in the second world. */
  readonly engine: Engine;
  readonly merge: readonly string[];
}

/** Parses the arguments. Returns the usage if they are wrong. */
export function readArguments(args: readonly string[]): Arguments | string {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        what: { type: 'string', default: 'scenarios' },
        seed: { type: 'string', default: '1' },
        minutes: { type: 'string', default: '1' },
        runs: { type: 'string' },
        shard: { type: 'string', default: '0/1' },
        failures: { type: 'string', default: '1' },
        json: { type: 'boolean', default: false },
        save: { type: 'string' },
        ops: { type: 'string' },
        engine: { type: 'string', default: 'auto' },
        case: { type: 'string' },
        merge: { type: 'string' },
      },
    });
    const [what] = WHATS.filter((one) => one === values.what);
    const [engine] = ENGINES.filter((one) => one === values.engine);
    const shard = parseShard(values.shard);
    const seed = Number(values.seed);
    const minutes = Number(values.minutes);
    const [runs, operations] = [countOf(values.runs), countOf(values.ops)];
    const failures = countOf(values.failures);
    const merge = values.merge === undefined ? [] : [values.merge, ...positionals];
    const wrong = merge.length === 0 && positionals.length > 0;
    if (wrong || !what || !engine || !shard || !failures || runs === null || operations === null)
      return USAGE;
    if (!Number.isSafeInteger(seed) || !(minutes > 0)) return USAGE;
    return {
      ...{ what, seed, minutes, shard, failures, engine, merge },
      ...{ runs: runs ?? null, operations },
      ...{ json: values.json, save: values.save, caseFile: values.case },
    };
  } catch {
    return USAGE;
  }
}

/** Parses a positive integer. Returns undefined for undefined, and null for any other text. */
function countOf(text: string | undefined): number | undefined | null {
  if (text === undefined) return undefined;
  const count = Number(text);
  return Number.isSafeInteger(count) && count > 0 ? count : null;
}
