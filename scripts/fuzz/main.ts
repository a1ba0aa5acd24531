/**
 * Campaigns of random input, repeatable by seed.
 *
 *     npm run fuzz -- [--what scenarios|guests|library|images|texts|floats|engines|devices|network|calls|kvm] [--seed S] [--minutes M | --runs N]
 *                     [--shard I/N] [--failures K] [--json] [--save FILE] [--ops N] [--engine interpret|compile|auto]
 *     npm run fuzz -- --what guests --case FILE      repeats a case that a campaign printed
 *     npm run fuzz -- --merge FILE…                  merges the reports of all shards
 *
 * A run that fails is reduced and printed. Exit status 1 if a run failed; 2 for wrong usage; 130 after ^C.
 */

import { readFileSync, writeFileSync } from 'node:fs';
import {
  type CaseFailure,
  formatCase,
  mergeSummaries,
  parseCase,
  parseSummary,
  type ShardSummary,
} from '../../src/fuzz/index.ts';
import { type Arguments, readArguments } from './arguments.ts';
import { type AnyCampaign, fuzzerOf, makeCampaign } from './campaigns.ts';
import { Watchdog } from './watchdog.ts';

/** Maximum time to reduce a failure, in seconds. */
const REDUCE_SECONDS = 60;
/** Time in seconds after which a run is reported as a hang. */
const HANG_SECONDS = 120;

async function campaign(options: Arguments): Promise<number> {
  const { minutes, runs, failures: failuresMax, json, save } = options;
  const start = performance.now();
  let interrupted = false;
  process.once('SIGINT', () => {
    interrupted = true;
  });
  const deadline = (seconds: number) => {
    const end = performance.now() + seconds * 1000;
    return () => performance.now() < end && !interrupted;
  };
  const more = runs === null ? deadline(minutes * 60) : () => !interrupted;
  const watchdog = new Watchdog(HANG_SECONDS + REDUCE_SECONDS, json);
  const work = makeCampaign(options);
  const failures: CaseFailure[] = [];
  const progress = new Progress(start, work);
  // Most errors are expected, and long stacks would cost more than the operations.
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 3;
  while (more() && failures.length < failuresMax && !work.done) {
    watchdog.beat(summary());
    const failure = work.advance(deadline(REDUCE_SECONDS));
    if (failure) {
      failures.push(failure);
      if (save !== undefined) writeFileSync(save, work.format(failure));
      if (!json) console.log(`FAILED ${failure.finding.kind}\n${work.format(failure)}`);
    }
    progress.show();
    // Lets Node handle signals.
    await new Promise((resolve) => setImmediate(resolve));
  }
  Error.stackTraceLimit = stackTraceLimit;
  watchdog.end();
  progress.clear();
  const report = summary();
  console.log(json ? JSON.stringify(report) : `seed ${report.seed}: ${progress.sentence()}`);
  return failures.length > 0 ? 1 : interrupted ? 130 : 0;

  function summary(): ShardSummary {
    const { what, seed, shard } = options;
    const seconds = (performance.now() - start) / 1000;
    return {
      ...{ what, seed, shard, requested: runs, runs: work.runs, steps: work.steps },
      ...{ seconds, interrupted, failures, ...work.extra },
    };
  }
}

/** Shows progress: on a terminal in place every few seconds, elsewhere one line per minute. */
class Progress {
  readonly #terminal = process.stderr.isTTY === true;
  readonly #start: number;
  readonly #work: AnyCampaign;
  #shown: number;

  constructor(start: number, work: AnyCampaign) {
    this.#start = start;
    this.#work = work;
    this.#shown = start;
  }

  sentence(): string {
    const seconds = (performance.now() - this.#start) / 1000;
    const rate = Math.round(this.#work.steps / seconds);
    return `${this.#work.sentence()} in ${seconds.toFixed(0)} s, ${rate} steps per second`;
  }

  show(): void {
    if (performance.now() - this.#shown < (this.#terminal ? 2000 : 60_000)) return;
    this.#shown = performance.now();
    process.stderr.write(this.#terminal ? `\r\x1b[K${this.sentence()}` : `${this.sentence()}\n`);
  }

  clear(): void {
    if (this.#terminal) process.stderr.write('\r\x1b[K');
  }
}

function merge({ merge: files, json }: Arguments): number {
  let summaries: ShardSummary[];
  try {
    summaries = files.flatMap((file) =>
      readFileSync(file, 'utf8')
        .split('\n')
        .filter((line) => line.trim() !== '')
        .map(parseSummary),
    );
  } catch (error) {
    console.error((error as Error).message);
    return 2;
  }
  const merged = mergeSummaries(summaries);
  if (json) {
    console.log(JSON.stringify(merged));
  } else {
    for (const failure of merged.failures) console.log(formatCase(failure));
    for (const problem of merged.problems) console.error(problem);
    const { what, seed, shards, runs, steps, seconds, failures } = merged;
    const times = `${(seconds / 60).toFixed(1)} minutes of ${shards} shards`;
    console.log(`${what}, seed ${seed}: ${runs} runs, ${steps} steps, ${times}, ${failures.length} failures`);
  }
  return merged.failures.length > 0 || merged.problems.length > 0 ? 1 : 0;
}

function replay(options: Arguments, file: string): number {
  const fuzzer = fuzzerOf(options);
  if (!fuzzer) {
    console.error('scenarios are performed by: guesthouse replay FILE --check');
    return 2;
  }
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    console.error((error as Error).message);
    return 2;
  }
  const { finding } = fuzzer.run(parseCase(text));
  console.log(finding ? `FAILED ${finding.kind}: ${finding.message}` : 'ok');
  return finding ? 1 : 0;
}

const found = readArguments(process.argv.slice(2));
if (typeof found === 'string') {
  console.error(found);
  process.exitCode = 2;
} else if (found.merge.length > 0) {
  process.exitCode = merge(found);
} else if (found.caseFile !== undefined) {
  process.exitCode = replay(found, found.caseFile);
} else {
  process.exitCode = await campaign(found);
}
