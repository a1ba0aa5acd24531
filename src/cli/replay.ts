/** `guesthouse replay FILE`: performs a scenario, and prints one answer per line. */

import { type Command, Option } from 'commander';
import { Checker, describeViolation, type Violation } from '../check/index.ts';
import { LinuxError } from '../host/index.ts';
import { DEFAULT_STORAGE_SIZE } from '../machine/index.ts';
import { World } from '../scenario/index.ts';
import { Trace } from '../trace/index.ts';
import { complain, EXIT, Output, UsageError } from './output.ts';
import { type NumberedOperation, readScenario } from './scenario-file.ts';
import { checkStorage, unitOption } from './sizes.ts';
import { TraceFile } from './trace-file.ts';

interface ReplayFlags {
  readonly check?: boolean;
  readonly storage: bigint;
  readonly trace?: string;
}

/** Adds the command. */
export function addReplay(program: Command): void {
  program
    .command('replay')
    .summary('perform a scenario')
    .description('Performs a scenario (docs/scenarios.md) and prints an answer for every operation.')
    .argument('<file>', 'the scenario, or - for standard input')
    .option('--check', 'check every rule of guest address spaces after every line')
    .addOption(
      new Option('--storage <size>', 'absolute storage of the machine')
        .argParser(unitOption)
        .default(BigInt(DEFAULT_STORAGE_SIZE), '1G'),
    )
    .option('--trace <file>', 'write every event to FILE, one JSON object per line')
    .addHelpText('after', HELP)
    .action(async (file: string, flags: ReplayFlags) => {
      process.exitCode = await replay(file, flags);
    });
}

const HELP = `
Exit status: 0 every line was performed; 2 a line has a syntax error, or output cannot be written; 5 --check found a broken rule.
For each answer "error …", the reason is printed to standard error, with the number of its line.

Example:
  printf 'mmap 256M 1M\\ngmap_alloc 0\\ngmap_map_segment 0 256M 0 1M\\nguest 0 write 0 c0ffee\\nprocess read 256M 3\\n' | guesthouse replay -`;

async function replay(file: string, flags: ReplayFlags): Promise<number> {
  const trace = new Trace();
  const traceFile = flags.trace === undefined ? null : new TraceFile(flags.trace, trace);
  const world = makeWorld(flags.storage, trace);
  const checker = flags.check ? Checker.attach(world.host) : null;
  const output = new Output();
  let status: number;
  try {
    status = await performAll(file, { world, checker, output, traceFile });
  } finally {
    output.flush();
    traceFile?.close();
  }
  if (traceFile?.failure) complain(traceFile.failure);
  return traceFile?.failure && status === EXIT.OK ? EXIT.USAGE : status;
}

/** The world in which a scenario is performed, and the outputs. */
interface Replay {
  readonly world: World;
  readonly checker: Checker | null;
  readonly output: Output;
  readonly traceFile: TraceFile | null;
}

/** Performs every line. Ends early if a rule is broken or output cannot be written. Returns the exit status. */
async function performAll(file: string, { world, checker, output, traceFile }: Replay): Promise<number> {
  const progress = new Progress();
  try {
    for await (const operations of readScenario(file)) {
      for (const one of operations) {
        if (!(await perform(world, one, checker, output))) return EXIT.BROKEN_RULE;
        if (output.failed || traceFile?.failure) return EXIT.USAGE;
      }
      output.flush();
      await output.drained();
      await traceFile?.drained();
      progress.at(operations[operations.length - 1]?.number);
    }
    return report(checker?.checkAll() ?? [], output) ? EXIT.OK : EXIT.BROKEN_RULE;
  } finally {
    progress.end();
  }
}

/**
 * Creates the world of a scenario.
 * @throws UsageError if there is not enough storage, or too much
 */
export function makeWorld(storage: bigint, trace: Trace): World {
  checkStorage('storage', storage);
  try {
    return new World({ storageSize: Number(storage), trace });
  } catch (error) {
    if (!(error instanceof RangeError || error instanceof LinuxError)) throw error;
    throw new UsageError(`storage of 0x${storage.toString(16)} bytes: ${error.message}`);
  }
}

/** Performs one line. Returns whether all rules hold after it. */
async function perform(
  world: World,
  { number, text, operation }: NumberedOperation,
  checker: Checker | null,
  output: Output,
): Promise<boolean> {
  checker?.record(`line ${number}: ${text}`);
  const answer = world.perform(operation);
  for (const line of answer.lines) {
    output.line(line);
    // A dump may have millions of lines.
    if (output.full) await output.drained();
    if (output.failed) return true;
  }
  if (answer.explanation !== undefined) {
    checker?.suspect();
    output.flush();
    process.stderr.write(`line ${number}: ${answer.explanation}\n`);
  }
  return report(checker?.checkChanged() ?? [], output);
}

/** Reports broken rules. Returns whether there are none. */
function report(violations: readonly Violation[], output: Output): boolean {
  if (violations.length > 0) output.flush();
  for (const violation of violations) process.stderr.write(`${describeViolation(violation)}\n`);
  return violations.length === 0;
}

/** Shows progress on a terminal if the answers go elsewhere. */
class Progress {
  readonly #wanted = process.stderr.isTTY === true && process.stdout.isTTY !== true;
  #shown = Date.now();

  at(line: number | undefined): void {
    if (!this.#wanted || line === undefined || Date.now() - this.#shown < 500) return;
    this.#shown = Date.now();
    process.stderr.write(`\r${line} lines`);
  }

  end(): void {
    if (this.#wanted) process.stderr.write('\r\x1b[K');
  }
}
