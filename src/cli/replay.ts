/** `guesthouse replay FILE`: performs a scenario, and prints one answer per line. */

import { type Command, Option } from 'commander';
import { Checker, describeViolation, type Violation } from '../check/index.ts';
import { type InjectedFault, LinuxError, PURGE_SITES } from '../host/index.ts';
import { DEFAULT_STORAGE_SIZE, InternalError } from '../machine/index.ts';
import { type Answer, World } from '../scenario/index.ts';
import { Trace } from '../trace/index.ts';
import { type AnswerFormat, JsonAnswers, PlainAnswers, TerminalAnswers } from './answers.ts';
import { complain, EXIT, Output, UsageError } from './output.ts';
import { Progress } from './progress.ts';
import { type NumberedOperation, readScenario } from './scenario-file.ts';
import { checkStorage, unitOption } from './sizes.ts';
import { TraceFile } from './trace-file.ts';

interface ReplayFlags {
  readonly check?: boolean;
  readonly storage: bigint;
  readonly trace?: string;
  readonly inject?: InjectedFault;
  readonly json?: boolean;
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
    .addOption(
      new Option('--inject <fault>', 'a deliberate fault of the host: the purge it omits, or unlink').choices(
        [...PURGE_SITES, 'unlink'],
      ),
    )
    .option('--json', 'print one JSON object per line, and one with a summary')
    .addHelpText('after', HELP)
    .action(async (file: string, flags: ReplayFlags) => {
      process.exitCode = await replay(file, flags);
    });
}

const HELP = `
Exit status: 0 every line was performed; 2 a line has a syntax error, or output cannot be written; 5 --check found a broken rule, or an
injected fault has broken the host.
On a terminal, each operation is printed beside its answer, and a summary at the end. A file or a pipe gets the answers only, and
standard error the reason of each answer "error …", with the number of its line.

Example:
  printf 'mmap 256M 1M\\ngmap_alloc 0\\ngmap_map_segment 0 256M 0 1M\\nguest 0 write 0 c0ffee\\nprocess read 256M 3\\n' | guesthouse replay -`;

async function replay(file: string, flags: ReplayFlags): Promise<number> {
  const trace = new Trace();
  const traceFile = flags.trace === undefined ? null : new TraceFile(flags.trace, trace);
  const world = makeWorld(flags.storage, trace);
  world.host.kernel.injectedFault = flags.inject ?? null;
  const checker = flags.check ? Checker.attach(world.host) : null;
  const output = new Output();
  const performed = new Replay(world, checker, output, formatFor(flags));
  let status: number;
  try {
    status = await performed.all(file, traceFile);
  } finally {
    output.flush();
    traceFile?.close();
  }
  if (traceFile?.failure) complain(traceFile.failure);
  return traceFile?.failure && status === EXIT.OK ? EXIT.USAGE : status;
}

function formatFor({ json }: ReplayFlags): AnswerFormat {
  if (json) return new JsonAnswers();
  return process.stdout.isTTY === true
    ? new TerminalAnswers(process.stderr.isTTY !== true)
    : new PlainAnswers();
}

/** Performs a scenario and prints its answers. */
class Replay {
  readonly #world: World;
  readonly #checker: Checker | null;
  readonly #output: Output;
  readonly #format: AnswerFormat;
  #operations = 0;
  #errors = 0;
  #violations = 0;

  constructor(world: World, checker: Checker | null, output: Output, format: AnswerFormat) {
    this.#world = world;
    this.#checker = checker;
    this.#output = output;
    this.#format = format;
  }

  /** Performs every line. Ends early if a rule is broken or output cannot be written. Returns the exit status. */
  async all(file: string, traceFile: TraceFile | null): Promise<number> {
    // Only if the answers go elsewhere.
    const progress = new Progress(process.stdout.isTTY !== true);
    try {
      for await (const operations of readScenario(file)) {
        this.#format.expect(operations);
        for (const one of operations) {
          if (!(await this.#perform(one))) return this.#end(EXIT.BROKEN_RULE);
          if (this.#output.failed || traceFile?.failure) return EXIT.USAGE;
        }
        this.#output.flush();
        await this.#output.drained();
        await traceFile?.drained();
        progress.at(operations[operations.length - 1]?.number);
      }
      return this.#end(this.#report(this.#checker?.checkAll() ?? []) ? EXIT.OK : EXIT.BROKEN_RULE);
    } finally {
      progress.end();
    }
  }

  #end(status: number): number {
    const [operations, errors, violations] = [this.#operations, this.#errors, this.#violations];
    const checked = this.#checker !== null;
    this.#output.write(this.#format.summary({ operations, errors, checked, violations }));
    return status;
  }

  /** Performs one line. Returns whether all rules hold after it. */
  async #perform(one: NumberedOperation): Promise<boolean> {
    const [checker, output] = [this.#checker, this.#output];
    checker?.record(`line ${one.number}: ${one.text}`);
    const answer = this.#answerTo(one);
    if (answer === null) return false;
    this.#operations++;
    for (const chunk of this.#format.answer(one, answer)) {
      output.write(chunk);
      // A dump may have millions of lines.
      if (output.full) await output.drained();
      if (output.failed) return true;
    }
    if (answer.explanation !== undefined) {
      this.#errors++;
      checker?.suspect();
      this.#remark(this.#format.remark(one, answer));
    }
    return this.#report(checker?.checkChanged() ?? []);
  }

  /** Performs an operation. Null if the injected fault has left the host in a state in which it cannot be performed. */
  #answerTo({ number, operation }: NumberedOperation): Answer | null {
    try {
      return this.#world.perform(operation);
    } catch (error) {
      const { injectedFault } = this.#world.host.kernel;
      if (injectedFault === null || !(error instanceof InternalError)) throw error;
      // The bug is the injected one.
      const what = error.message.replace(/^internal error[^:]*: /, '');
      this.#remark(`line ${number}: the injected fault (${injectedFault}) has broken the host: ${what}`);
      return null;
    }
  }

  #remark(text: string | null): void {
    if (text === null) return;
    this.#output.flush();
    process.stderr.write(`${text}\n`);
  }

  /** Reports broken rules. Returns whether there are none. */
  #report(violations: readonly Violation[]): boolean {
    this.#violations += violations.length;
    for (const violation of violations) {
      const text = this.#format.violation(violation);
      if (text === null) this.#remark(describeViolation(violation));
      else this.#output.write(text);
    }
    return violations.length === 0;
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
