/**
 * `guesthouse boot IMAGE`: runs a guest image; its console is standard output.
 */

import { readFileSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { type Command, Option } from 'commander';
import { Checker, describeViolation } from '../check/index.ts';
import { Host, LinuxError, type Mm } from '../host/index.ts';
import { DEFAULT_STORAGE_SIZE, Machine } from '../machine/index.ts';
import { describeEnd, type End, ImageError, type MemoryMap, Monitor, parseElf } from '../vmm/index.ts';
import { example } from './examples.ts';
import { complain, EXIT, Output, UsageError } from './output.ts';
import { checkStorage, countOption, mapOption, sizeOption } from './sizes.ts';
import { hexadecimal, TraceFile } from './trace-file.ts';

const MIB = 1n << 20n;
/** Process address behind guest address 0, unless a map says otherwise. */
const MEMORY_AT = 256n * MIB;
/** Storage beside the guest's memory: tables, and room to breathe. */
const STORAGE_BESIDE = 64n * MIB;
/** Characters of the console that --json keeps. */
const SAID_LIMIT = 1 << 24;
/** Instructions between two looks at the outside. */
const SLICE = 2_000_000;

interface BootFlags {
  readonly memory: bigint;
  readonly map: MemoryMap[];
  readonly trace?: string;
  readonly check?: boolean;
  readonly json?: boolean;
  readonly cpus: number;
  readonly limit?: number;
}

/** Adds the command. */
export function addBoot(program: Command): void {
  program
    .command('boot')
    .summary('run a guest image')
    .description(
      'Runs a 64-bit s390x ELF image as a guest whose memory is made of pieces of a process. The console of the guest is standard output.',
    )
    .argument('<image>', 'the ELF file')
    .argument('[arguments...]', 'the command line of the guest, after --')
    .addOption(
      new Option('--memory <size>', 'guest memory from guest address 0 on; 0 for none')
        .argParser(sizeOption)
        .default(64n * MIB, '64M'),
    )
    .addOption(
      new Option(
        '--map <from:to:len>',
        'also show the guest LEN bytes of process memory at FROM as guest address TO; may be repeated',
      )
        .argParser(mapOption)
        .default([], 'none'),
    )
    .option('--cpus <n>', 'virtual CPUs; the guest starts all but the first itself', countOption, 1)
    .option('--limit <n>', 'stop after so many instructions', countOption)
    .option('--trace <file>', 'write every event to FILE, one JSON object a line')
    .option('--check', 'check every rule of guest address spaces while the guest runs')
    .option('--json', 'print one JSON object at the end, with what the console said in it')
    .addHelpText('after', help)
    .action(async (image: string, words: string[], flags: BootFlags) => {
      process.exitCode = await boot(image, words.join(' '), flags);
    });
}

const help = () => `
Exit status: 0 the guest ended with status 0; 1 with another; 2 wrong usage or a bad image;
3 the guest cannot go on; 4 the limit is reached; 5 --check found a broken rule; 6 storage is used up; 130 interrupted (^C).

Examples:
  guesthouse boot ${example('images/hello.elf')} -- world
  guesthouse boot ${example('images/memory.elf')} --memory 8M --trace events.jsonl
  guesthouse boot ${example('images/hello.elf')} --memory 2M --map 256M:1T:1M --check`;

async function boot(path: string, commandLine: string, flags: BootFlags): Promise<number> {
  const image = readImage(path);
  const machine = makeMachine(storageFor(flags));
  const host = new Host(machine);
  const trace = flags.trace === undefined ? null : new TraceFile(flags.trace, machine.trace);
  const checker = flags.check ? new Checker(host) : null;
  const output = new Output();
  const said = new Said();
  const console = { write: (text: string) => (flags.json ? said.add(text) : output.write(text)) };
  try {
    const mm = host.createProcess();
    const monitor = new Monitor(host, mm, {
      image,
      maps: mapsFor(mm, flags),
      console,
      arguments: commandLine,
      cpus: flags.cpus,
    });
    const { end, broken } = await runInSlices(monitor, machine, checker, flags.limit, output);
    output.flush();
    if (end.kind === 'interrupted') {
      complain(`interrupted after ${machine.cpu(0).executed} instructions`);
      return EXIT.INTERRUPTED;
    }
    if (flags.json) {
      const summary = { end, instructions: machine.cpu(0).executed, stats: host.stats(), ...said.told };
      output.line(JSON.stringify(summary, hexadecimal));
      output.flush();
    }
    return broken ? EXIT.BROKEN_RULE : statusOf(end, flags.json === true);
  } catch (error) {
    output.flush();
    if (error instanceof ImageError) throw new UsageError(`${path}: ${error.message}`);
    if (!(error instanceof LinuxError)) throw error;
    if (error.code !== 'ENOMEM') throw new UsageError(error.message);
    complain(`storage is used up: ${error.message}`);
    return EXIT.NO_MEMORY;
  } finally {
    trace?.close();
  }
}

/** What the console said, for the summary: the first of it, when a guest says too much. */
class Said {
  readonly #pieces: string[] = [];
  #length = 0;
  #cut = false;

  add(text: string): void {
    const room = SAID_LIMIT - this.#length;
    if (text.length > room) this.#cut = true;
    if (room <= 0) return;
    this.#pieces.push(text.slice(0, room));
    this.#length += text.length;
  }

  get told(): { console: string; consoleCut?: true } {
    const console = this.#pieces.join('');
    return this.#cut ? { console, consoleCut: true } : { console };
  }
}

function readImage(path: string) {
  let file: Uint8Array;
  try {
    file = readFileSync(path);
  } catch (error) {
    throw new UsageError(`${path} cannot be read: ${(error as NodeJS.ErrnoException).code}`);
  }
  try {
    return parseElf(file);
  } catch (error) {
    if (error instanceof ImageError) throw new UsageError(`${path}: ${error.message}`);
    throw error;
  }
}

function makeMachine(storageSize: number): Machine {
  try {
    return new Machine({ storageSize });
  } catch (error) {
    if (error instanceof RangeError) throw new UsageError(error.message);
    throw error;
  }
}

/** Storage for all the guest may touch; what it does not touch costs nothing. */
function storageFor(flags: BootFlags): number {
  const wanted = flags.map.reduce((sum, { length }) => sum + length, flags.memory) + STORAGE_BESIDE;
  checkStorage('guest memory', wanted);
  const size = Number(((wanted + wanted / 64n) / MIB + 1n) * MIB);
  return Math.max(size, DEFAULT_STORAGE_SIZE);
}

/** Maps process memory behind every piece, once where pieces share it, and says what goes where. */
function mapsFor(mm: Mm, { memory, map }: BootFlags): MemoryMap[] {
  const whole = ((memory + MIB - 1n) / MIB) * MIB;
  const maps = whole > 0n ? [{ from: MEMORY_AT, to: 0n, length: whole }, ...map] : map;
  for (const { from, length } of maps) {
    for (let at = from; at < from + length; at += MIB) {
      if (!mm.mappings.at(Number(at >> 12n))) mm.mmap({ address: at, length: MIB });
    }
  }
  return maps;
}

/** Runs to the end, letting the outside in between: an interrupt from the keyboard, a look at the rules. */
async function runInSlices(
  monitor: Monitor,
  machine: Machine,
  checker: Checker | null,
  limit: number | undefined,
  output: Output,
): Promise<{ end: End | { readonly kind: 'interrupted' }; broken: boolean }> {
  // The first interrupt from the keyboard ends the run in order; a second one ends the program at once.
  let interrupted = false;
  process.once('SIGINT', () => {
    interrupted = true;
  });
  for (let left = limit ?? Infinity; ; ) {
    if (left <= 0) return { end: { kind: 'limit' }, broken: false };
    checker?.begin(`instructions ${machine.cpu(0).executed} on`);
    const slice = Math.min(SLICE, left);
    const end = monitor.run(slice);
    left -= slice;
    const violations = checker?.end() ?? [];
    for (const violation of violations) process.stderr.write(`${describeViolation(violation)}\n`);
    if (end.kind !== 'limit' || violations.length > 0) return { end, broken: violations.length > 0 };
    output.flush();
    await setImmediate();
    if (interrupted) return { end: { kind: 'interrupted' }, broken: false };
  }
}

function statusOf(end: End, quiet: boolean): number {
  if (end.kind === 'disabled-wait' && end.address === 0n) return EXIT.OK;
  if (!quiet) complain(describeEnd(end));
  if (end.kind === 'disabled-wait') return EXIT.GUEST_STATUS;
  return end.kind === 'limit' ? EXIT.LIMIT : EXIT.STUCK;
}
