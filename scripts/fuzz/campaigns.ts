/** Creates the campaign that the arguments describe. */

import { readdirSync, readFileSync } from 'node:fs';
import {
  CallsFuzzer,
  Campaign,
  CaseCampaign,
  type CaseFailure,
  DevicesFuzzer,
  EnginesFuzzer,
  FloatsFuzzer,
  type Fuzzer,
  formatCase,
  formatFailure,
  GuestsFuzzer,
  ImagesFuzzer,
  KvmFuzzer,
  LibraryFuzzer,
  NetworkFuzzer,
  runsOf,
  shrinkFailure,
  TextsFuzzer,
} from '../../src/fuzz/index.ts';
import type { Arguments } from './arguments.ts';

/** Number of operations of scenarios between two checks of the clock and the keyboard. */
const SLICE = 50;

/** A campaign of the command. */
export interface AnyCampaign {
  readonly runs: number;
  readonly steps: number;
  /** Whether all requested runs are done. */
  readonly done: boolean;
  /** Additional figures for the report. */
  readonly extra: Readonly<Record<string, number>>;
  advance(more: () => boolean): CaseFailure | null;
  sentence(): string;
  /** Returns a failure as a file that can be run again. */
  format(failure: CaseFailure): string;
}

/** Returns the fuzzer of cases, or null for scenarios, which are not cases. */
export function fuzzerOf({ what, engine }: Pick<Arguments, 'what' | 'engine'>): Fuzzer | null {
  switch (what) {
    case 'guests':
      return new GuestsFuzzer({ engine }) as unknown as Fuzzer;
    case 'library':
      return new LibraryFuzzer() as unknown as Fuzzer;
    case 'images':
      return new ImagesFuzzer({ images: new Map(examples('images', '.elf').map(read)) }) as unknown as Fuzzer;
    case 'floats':
      return new FloatsFuzzer() as unknown as Fuzzer;
    case 'engines':
      return new EnginesFuzzer() as unknown as Fuzzer;
    case 'devices':
      return new DevicesFuzzer() as unknown as Fuzzer;
    case 'calls':
      return new CallsFuzzer() as unknown as Fuzzer;
    case 'kvm':
      return new KvmFuzzer() as unknown as Fuzzer;
    case 'network':
      return new NetworkFuzzer() as unknown as Fuzzer;
    case 'texts':
      return new TextsFuzzer({
        texts: examples('scenarios', '.txt').map((one) => `${readFileSync(one)}`),
      }) as unknown as Fuzzer;
    default:
      return null;
  }
}

/** Returns the files of a folder of examples/ whose names end with `ending`. */
function examples(folder: string, ending: string): URL[] {
  const root = new URL(`../../examples/${folder}/`, import.meta.url);
  const names = readdirSync(root).filter((name) => name.endsWith(ending));
  return names.sort().map((name) => new URL(name, root));
}

function read(file: URL): [string, Uint8Array] {
  return [file.pathname.slice(file.pathname.lastIndexOf('/') + 1), readFileSync(file)];
}

export function makeCampaign(options: Arguments): AnyCampaign {
  const fuzzer = fuzzerOf(options);
  return fuzzer ? new Cases(fuzzer, options) : new Scenarios(options);
}

class Cases implements AnyCampaign {
  readonly extra = {};
  readonly #campaign: CaseCampaign<unknown, unknown>;
  readonly #runsMax: number;

  constructor(fuzzer: Fuzzer, { seed, shard, runs }: Arguments) {
    this.#campaign = new CaseCampaign(fuzzer, seed, shard);
    this.#runsMax = runs === null ? Infinity : runsOf(shard, runs);
  }

  get runs(): number {
    return this.#campaign.runs;
  }

  get steps(): number {
    return this.#campaign.steps;
  }

  get done(): boolean {
    return this.runs >= this.#runsMax;
  }

  advance(more: () => boolean): CaseFailure | null {
    return this.#campaign.advance(more);
  }

  sentence(): string {
    return `${this.runs} runs, ${this.steps} steps`;
  }

  format(failure: CaseFailure): string {
    return formatCase(failure);
  }
}

class Scenarios implements AnyCampaign {
  readonly #options: Arguments;
  readonly #runsMax: number;
  readonly #campaign: Campaign;
  /** Whether there was a failure, after which the campaign cannot continue. */
  #failed = false;

  constructor(options: Arguments) {
    const { seed, shard, runs, operations } = options;
    this.#options = options;
    this.#campaign = new Campaign({ seed, shard, ...(operations ? { operations } : {}) });
    this.#runsMax = runs === null ? Infinity : runsOf(shard, runs);
  }

  get runs(): number {
    return this.#campaign.totals.scenarios;
  }

  get steps(): number {
    return this.#campaign.totals.operations;
  }

  get done(): boolean {
    return this.#failed || this.runs >= this.#runsMax;
  }

  get extra() {
    return { refused: this.#campaign.totals.refused };
  }

  advance(more: () => boolean): CaseFailure | null {
    const failure = this.#campaign.advance(SLICE);
    if (!failure) return null;
    this.#failed = true;
    const short = shrinkFailure(failure, more);
    const { scenario: run, finding, options } = short;
    const setup = { storage: options.storageSize };
    return {
      what: this.#options.what,
      seed: short.seed,
      run,
      finding,
      setup,
      steps: formatFailure(short).split('\n'),
    };
  }

  sentence(): string {
    const { scenarios, operations, refused } = this.#campaign.totals;
    return `${scenarios} scenarios, ${operations} operations (${refused} ENOMEM)`;
  }

  /** Returns a scenario file. */
  format({ steps }: CaseFailure): string {
    return steps.join('\n');
  }
}
