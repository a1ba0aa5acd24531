/** `guesthouse walk FILE ADDRESS`: translates an address after a scenario, and shows every table entry on the way. */

import { type Command, Option } from 'commander';
import { LinuxError, type Mm } from '../host/index.ts';
import { hex } from '../host/internal.ts';
import {
  type ExplainedStep,
  type ExplainedWalk,
  entryFields,
  explainWalk,
  type Field,
} from '../inspect/index.ts';
import { DEFAULT_STORAGE_SIZE } from '../machine/index.ts';
import type { World } from '../scenario/index.ts';
import { Trace } from '../trace/index.ts';
import { example } from './examples.ts';
import { json } from './json.ts';
import { EXIT, Output, styled, UsageError } from './output.ts';
import { makeWorld } from './replay.ts';
import { readScenario } from './scenario-file.ts';
import { countOption, sizeOption } from './sizes.ts';

interface WalkFlags {
  readonly gmap?: bigint;
  /** The number of a process, or true for process 0. */
  readonly process?: bigint | true;
  readonly line?: number;
  readonly brief?: boolean;
  readonly json?: boolean;
}

/** Adds the command. */
export function addWalk(program: Command): void {
  program
    .command('walk')
    .summary('translate an address step by step')
    .description(
      'Performs a scenario without printing answers, then translates an address and prints every table entry on the way, field by field.',
    )
    .argument('<file>', 'the scenario, or - for standard input')
    .argument('<address>', 'the address', sizeOption)
    .addOption(new Option('--gmap <g>', 'translate a guest address of gmap G').argParser(sizeOption))
    .addOption(
      new Option('--process [p]', 'translate an address of process P, or of process 0')
        .argParser(sizeOption)
        .conflicts('gmap'),
    )
    .option('--line <n>', 'stop the scenario after line N', countOption)
    .option('--brief', 'print one line for each entry, without its fields')
    .option('--json', 'print one JSON object')
    .addHelpText('after', help)
    .action(async (file: string, address: bigint, flags: WalkFlags) => {
      process.exitCode = await walk(file, address, flags);
    });
}

const help = () => `
The walk changes nothing: no fault is resolved.

Examples:
  guesthouse walk ${example('scenarios/first.txt')} 1G --gmap 0
  guesthouse walk ${example('scenarios/first.txt')} 256M --process --json
  guesthouse walk many.txt 256M --process 3`;

async function walk(file: string, address: bigint, flags: WalkFlags): Promise<number> {
  if (flags.gmap === undefined && !flags.process) {
    throw new UsageError('an address space is needed: --process, or --gmap G');
  }
  const world = makeWorld(BigInt(DEFAULT_STORAGE_SIZE), new Trace());
  await performAll(world, file, flags.line ?? Infinity);
  const { name, asce, mm } = spaceOf(world, flags);
  const { storage } = world.host.machine;
  const explained = explainWalk(storage, asce, address, mm.tables.pgstes);
  const output = new Output();
  if (flags.json) {
    output.line(json({ space: name, address, ...withFields(explained) }));
  } else {
    output.line(`${styled('bold', name)}, address ${hex(address)}`);
    print(explained, output, flags.brief ?? false);
  }
  output.flush();
  return EXIT.OK;
}

async function performAll(world: World, file: string, last: number): Promise<void> {
  for await (const operations of readScenario(file)) {
    for (const { number, operation } of operations) {
      if (number > last) return;
      const { explanation } = world.perform(operation);
      if (explanation !== undefined) process.stderr.write(`line ${number}: ${explanation}\n`);
    }
  }
}

/**
 * Returns the space of an address, and the process behind it.
 * @throws UsageError if no space has that name
 */
function spaceOf(world: World, { gmap, process = true }: WalkFlags): { name: string; asce: bigint; mm: Mm } {
  try {
    if (gmap !== undefined) {
      const { asce, mm } = world.gmap(Number(gmap));
      return { name: `gmap ${gmap}`, asce, mm };
    }
    const mm = world.process(process === true ? 0 : Number(process));
    return { name: process === true ? 'process' : `process ${process}`, asce: mm.asce, mm };
  } catch (error) {
    if (error instanceof LinuxError) throw new UsageError(`${error.message} after this scenario`);
    throw error;
  }
}

/** Adds the fields of each entry to a walk. */
function withFields({ steps, pgste, ...walk }: ExplainedWalk) {
  return {
    steps: steps.map((step) => ({ ...step, fields: entryFields(step.level, step.value) })),
    ...walk,
    pgste,
    pgsteFields: pgste === null ? null : entryFields('pgste', pgste),
  };
}

function print(walk: ExplainedWalk, output: Output, brief: boolean): void {
  for (const step of walk.steps) {
    output.line(styled('bold', stepLine(step)));
    if (!brief) printFields(entryFields(step.level, step.value), output);
  }
  if (walk.pgste !== null) {
    output.line(styled('bold', `${'PGSTE'.padEnd(35)}${wide(walk.pgste)}`));
    if (!brief) printFields(entryFields('pgste', walk.pgste), output);
  }
  if (walk.exception) {
    const { code, name } = walk.exception;
    output.line(`${styled('yellow', 'exception')} ${hex(code)} ${name}`);
  } else {
    const protect = walk.protected ? ', stores are forbidden' : '';
    output.line(`${styled('green', 'absolute')} ${hex(walk.absolute as bigint)}${protect}`);
  }
}

/** Prints the fields of an entry. Reserved bits are left out if they are zero, as they must be. */
function printFields(fields: readonly Field[], output: Output): void {
  for (const { name, bits, value, sentence } of fields) {
    if (name === 'unused' && value === 0n) continue;
    const [first, last] = bits;
    const where = first === last ? `bit ${first}` : `bits ${first}-${last}`;
    output.line(`  ${styled('dim', where.padEnd(11))}${name.padEnd(18)}${hex(value).padEnd(18)}${sentence}`);
  }
}

function stepLine({ level, index, at, value, meaning }: ExplainedStep): string {
  const name = level === 'asce' ? 'asce' : `${level}[${hex(index)}]`;
  const where = at === null ? '' : hex(at);
  return `${name.padEnd(22)}${where.padEnd(13)}${wide(value)}  ${meaning}`;
}

function wide(value: bigint): string {
  return `0x${value.toString(16).padStart(16, '0')}`;
}
