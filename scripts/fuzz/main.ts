/**
 * A campaign of random scenarios against the plain model of the host and the rules of `--check`.
 *
 *     npm run fuzz -- --seed S --minutes M [--ops N] [--json] [--save FILE]
 *
 * The same seed does the same. Exit status 1 when a scenario fails, which is then printed, as short as it gets.
 */

import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { Campaign, type Failure, formatFailure, shrinkFailure } from '../../src/fuzz/index.ts';

const USAGE = 'usage: npm run fuzz -- [--seed S] [--minutes M] [--ops N] [--json] [--save FILE]';

/** Operations between two looks at the clock and the keyboard. */
const SLICE = 50;
/** How long a scenario that fails is made shorter. */
const SHRINK_SECONDS = 60;

const { seed, minutes, operations, json, save } = readArguments();
const terminal = process.stderr.isTTY === true;
const campaign = new Campaign({ seed, ...(operations ? { operations } : {}) });
const start = performance.now();
let interrupted = false;
process.once('SIGINT', () => {
  interrupted = true;
});

// Most operations that fail are meant to: stacks would cost more than the operations.
const { stackTraceLimit } = Error;
Error.stackTraceLimit = 0;
const failure = await run();
Error.stackTraceLimit = stackTraceLimit;
if (failure) report(shrinkFailure(failure, deadline(SHRINK_SECONDS)), failure.operations.length);
totals(failure !== null);
process.exitCode = failure ? 1 : interrupted ? 130 : 0;

function readArguments() {
  try {
    const { values } = parseArgs({
      options: {
        seed: { type: 'string', default: '1' },
        minutes: { type: 'string', default: '1' },
        ops: { type: 'string' },
        json: { type: 'boolean', default: false },
        save: { type: 'string' },
      },
    });
    const [seed, minutes] = [Number(values.seed), Number(values.minutes)];
    const operations = values.ops === undefined ? undefined : Number(values.ops);
    const wrong =
      !Number.isSafeInteger(seed) ||
      !(minutes > 0) ||
      (operations !== undefined && !(Number.isInteger(operations) && operations > 0));
    if (!wrong) return { seed, minutes, operations, json: values.json, save: values.save };
  } catch {
    // Said below.
  }
  console.error(USAGE);
  process.exit(2);
}

/** Says whether there is time left. */
function deadline(seconds: number): () => boolean {
  const end = performance.now() + seconds * 1000;
  return () => performance.now() < end && !interrupted;
}

async function run(): Promise<Failure | null> {
  const more = deadline(minutes * 60);
  // On a terminal every few seconds in place; elsewhere a line now and then.
  const every = terminal ? 2000 : 60_000;
  let shown = start;
  while (more()) {
    const failure = campaign.advance(SLICE);
    if (failure) return failure;
    if (performance.now() - shown > every) {
      shown = performance.now();
      progress();
    }
    // So that the keyboard is heard.
    await new Promise((resolve) => setImmediate(resolve));
  }
  return null;
}

function figures() {
  const { scenarios, operations, refused } = campaign.totals;
  const seconds = (performance.now() - start) / 1000;
  return { seed, scenarios, operations, refused, seconds, perSecond: Math.round(operations / seconds) };
}

function sentence(): string {
  const { scenarios, operations, refused, seconds, perSecond } = figures();
  return `${scenarios} scenarios, ${operations} operations (${refused} ENOMEM) in ${seconds.toFixed(0)} s, ${perSecond} a second`;
}

function progress(): void {
  process.stderr.write(terminal ? `\r\x1b[K${sentence()}` : `${sentence()}\n`);
}

function totals(failed: boolean): void {
  if (terminal) process.stderr.write('\r\x1b[K');
  if (json) console.log(JSON.stringify({ ...figures(), failed, interrupted }));
  else console.log(`seed ${seed}: ${sentence()}${failed ? ', the last one failed' : ''}`);
}

function report(failure: Failure, before: number): void {
  if (terminal) process.stderr.write('\r\x1b[K');
  const text = formatFailure(failure);
  if (save !== undefined) writeFileSync(save, text);
  const { finding, operations, options } = failure;
  if (json) {
    console.log(JSON.stringify({ seed, scenario: failure.scenario, ...finding, text }));
    return;
  }
  const storage = options.storageSize / 2 ** 20;
  console.log(`FAILED ${finding.kind}: ${finding.message}`);
  console.log(`${before} operations, of which these ${operations.length} are needed:`);
  console.log(`---- scenario ----\n${text}---- end ----`);
  console.log(`Replay it: guesthouse replay FILE --check --storage ${storage}M`);
}
