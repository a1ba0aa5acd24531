/** `guesthouse boot IMAGE`: runs a guest image, whose console is standard input and output. */

import { type Command, Option } from 'commander';
import { Checker } from '../check/index.ts';
import { type GuestFactory, GuestTarget } from '../debug/index.ts';
import { Host, LinuxError } from '../host/index.ts';
import { CPU_MODELS, ENGINES } from '../machine/index.ts';
import {
  type ConsoleChoice,
  describeEnd,
  type End,
  ImageError,
  type Monitor,
  type SymbolTable,
} from '../vmm/index.ts';
import {
  type GuestFlags,
  type GuestToBoot,
  makeMachine,
  makeMonitor,
  readGuest,
  readSavedGuest,
  sizeOf,
} from './boot-guest.ts';
import { RunStatistics, type Statistics, statisticsLines } from './boot-statistics.ts';
import { type BreakOptions, GuestBreakpoints, repeated } from './breakpoints.ts';
import { diskOption } from './disk-file.ts';
import { KEYS_HELP } from './escape-keys.ts';
import { example } from './examples.ts';
import { KeptConsole, PrintedConsole } from './guest-console.ts';
import { debugGuest } from './guest-debugger.ts';
import { GuestInput } from './guest-input.ts';
import { type LoopEnd, runGuest } from './guest-loop.ts';
import { type ForwardFlag, forwardOption, GuestNetwork } from './guest-network.ts';
import { Interrupts } from './interrupts.ts';
import { json } from './json.ts';
import { columns, complain, EXIT, Output, outputFailure, UsageError } from './output.ts';
import { announced } from './progress.ts';
import { shareOption } from './share-option.ts';
import { countOption, cpusOption, mapOption, memoryOption, portOption } from './sizes.ts';
import { writeState } from './state-file.ts';
import { TraceFile } from './trace-file.ts';

const CONSOLES: readonly ConsoleChoice[] = ['auto', 'ascii', 'line', 'both', 'virtio'];
/** Time in milliseconds that a reader of standard output has after an interrupt. */
const LAST_OUTPUT = 100;

interface BootFlags extends BreakOptions, GuestFlags {
  readonly trace?: string;
  readonly check?: boolean;
  readonly stats?: boolean;
  readonly json?: boolean;
  readonly console: ConsoleChoice;
  readonly raw?: boolean;
  readonly append?: string;
  readonly save?: string;
  readonly restore?: string;
  readonly reboot: boolean;
  readonly limit?: number;
  /** The TCP port of `--gdb`; 0 or true for any free one. */
  readonly gdb?: number | true;
}

/** Adds the command. */
export function addBoot(program: Command): void {
  program
    .command('boot')
    .summary('run a guest image')
    .description(
      'Runs a guest whose memory consists of ranges of a process: a Linux kernel for s390x, or a 64-bit s390x ELF image. The console of the guest is standard input and output.',
    )
    .argument('[image]', 'the ELF file, or the kernel: told apart by their contents')
    .argument('[arguments...]', 'the command line of the guest, after --')
    .addOption(
      new Option('--memory <size>', 'guest memory from guest address 0 on; 0 for none')
        .argParser(memoryOption)
        .default(undefined, '64M; 512M for a Linux kernel'),
    )
    .addOption(
      new Option(
        '--map <from:to:len>',
        'also map LEN bytes of process memory at FROM to guest address TO; may be repeated',
      )
        .argParser(mapOption)
        .default([], 'none'),
    )
    .option(
      '--cpus <n>',
      'number of virtual CPUs; all but the first are stopped until the guest starts them',
      cpusOption,
      1,
    )
    .addOption(
      new Option('--cpu <model>', 'the CPU model; an instruction that it lacks is an operation exception')
        .choices(CPU_MODELS)
        .default('max'),
    )
    .addOption(
      new Option(
        '--engine <which>',
        'how instructions are executed; the results are the same. auto: compile hot code',
      )
        .choices(ENGINES)
        .default('auto'),
    )
    .option('--initrd <file>', 'the initial RAM disk of a Linux kernel')
    .option('--append <text>', 'the command line of a Linux kernel')
    .addOption(
      new Option(
        '--disk <file[:mode]>',
        'a virtio disk (0.0.0010, 0.0.0011, …). Mode: snapshot keeps what is written in memory; ro; rw. May be repeated',
      )
        .argParser(diskOption)
        .default([], 'none'),
    )
    .addOption(
      new Option(
        '--net <kind>',
        'a virtio network device (0.0.0004). user: the guest (10.0.2.15, by DHCP) reaches its gateway, 10.0.2.2, and nothing else',
      )
        .choices(['user'])
        .default(undefined, 'none'),
    )
    .addOption(
      new Option(
        '--forward <hostport:guestport>',
        'forward connections to a TCP port of this computer (0: any free one) to a port of the guest; implies --net user. May be repeated',
      )
        .argParser(forwardOption)
        .default([], 'none'),
    )
    .addOption(
      new Option(
        '--share <[tag=]dir[:rw]>',
        'a folder of this computer for the guest: see below; may be repeated',
      )
        .argParser(shareOption)
        .default([], 'none'),
    )
    .addOption(
      new Option('--seed <n>', 'the seed of the virtio entropy device').argParser(countOption).default(1),
    )
    .addOption(
      new Option('--balloon <size>', 'memory that the guest is asked to give back')
        .argParser(memoryOption)
        .default(0n, 'none'),
    )
    .option(
      '--save <file>',
      'write the state of the guest to FILE at ^A s, and when a limit or a breakpoint ends the run',
    )
    .addOption(
      new Option(
        '--restore <file>',
        'go on from a state instead of booting an image. Give the same disks, shares and network again',
      ).conflicts(['memory', 'map', 'cpus', 'cpu', 'initrd', 'append']),
    )
    .option('--no-reboot', 'end, with status 0, when the guest asks for a reset of the machine')
    .option('--limit <n>', 'stop after N instructions and interruptions', countOption)
    .addOption(
      new Option('--break <spec>', 'stop at a breakpoint: see below; may be repeated')
        .argParser(repeated)
        .default([], 'none'),
    )
    .option('--hits <n>', 'stop at the N-th hit of a breakpoint', countOption, 1)
    .addOption(
      new Option('--gdb [port]', 'wait for GDB on this TCP port of this computer; default: any free one')
        .argParser(portOption)
        .conflicts(['break', 'trace', 'check', 'json', 'limit', 'save', 'stats', 'net', 'forward']),
    )
    .option('--trace <file>', 'write every event to FILE, one JSON object per line')
    .addOption(
      new Option('--console <which>', 'the console to show; auto: line until the guest uses another')
        .choices(CONSOLES)
        .default('auto'),
    )
    .option('--raw', 'on a terminal, pass all control sequences of the guest')
    .option('--check', 'check every rule of guest address spaces while the guest runs')
    .option(
      '--stats',
      'print at the end what happened how often: exits, interruptions, links, requests to devices',
    )
    .option('--json', 'print one JSON object at the end, which includes the console output')
    .addHelpText('after', help)
    .action(async (image: string | undefined, words: string[], flags: BootFlags, command: Command) => {
      if (image === undefined && flags.restore === undefined) {
        command.error("error: missing required argument 'image', or --restore FILE");
      }
      process.exitCode = await boot(image, words, flags);
    });
}

const help = () => `
Console input is standard input: a file or pipe unchanged, with ^D at its end; a terminal key by key (${KEYS_HELP}).
A terminal shows only text, cursor movement, erasing and colours of the guest.

Breakpoints (--break). ADDRESS is a number, or a symbol of the image with an optional +OFFSET, and is logical, as in the PSW:
${columns([
  ['  ADDRESS', 'before the instruction at ADDRESS'],
  ['  fetch:ADDRESS,LEN', 'before an instruction in LEN bytes'],
  ['  read:…  write:…  access:…', 'after an instruction that reads, stores, or either, in ADDRESS[,LEN]'],
  ['  write:absolute:ADDRESS,LEN', 'the same for guest absolute addresses'],
  ['  event:TYPE', 'an event of the trace, such as event:link'],
  ['  exit[:REASON]', 'an exit to user space, such as exit:HLT'],
  [
    '  interruption[:CLASS[:CODE]]',
    'an interruption: program, external, io, machine-check, supervisor-call, restart',
  ],
  ['  … if CONDITION', 'only if registers have values: "main if r2 == 0x10 and psw.mask & 256P != 0"'],
]).join('\n')}

--share DIR is a folder of this computer, read-only unless :rw follows. The guest cannot leave it. Linux mounts it by its tag, which is
share, share1, … in the order of the options, or TAG in TAG=DIR:
  mount -t 9p -o trans=virtio,version=9p2000.L share /mnt

--gdb waits for GDB before the first instruction, and prints the command that connects it. It can go back: reverse-step,
reverse-continue.

Exit status: 0 the guest ended with status 0, or stopped its last CPU; 1 it ended with another status; 2 wrong usage, a bad image, or
output that cannot be written; 3 the guest cannot continue; 4 the limit is reached; 5 --check found a broken rule; 6 storage is used
up; 7 a breakpoint was hit; 130 interrupted (^C, ^A x); 141 the reader of its output ended.

Examples:
  guesthouse boot ${example('images/hello.elf')} -- world
  guesthouse boot ${example('images/memory.elf')} --memory 8M --trace events.jsonl
  guesthouse boot ${example('images/hello.elf')} --memory 2M --map 256M:1T:1M --check
  guesthouse boot ${example('images/hello.elf')} --break 'print if r2 != 0' --hits 2
  guesthouse boot ${example('images/primes.elf')} --gdb 1234`;

/** Returns the guest's command line: `--append`, or the words after `--`. @throws UsageError if both are given */
function commandLineOf(words: readonly string[], { append }: BootFlags): string {
  if (append === undefined) return words.join(' ');
  if (words.length > 0) throw new UsageError('give the command line by --append or after --, not by both');
  return append;
}

/** Preconditions: there is an image or a state. @throws UsageError if there are both */
function guestOf(image: string | undefined, words: readonly string[], flags: BootFlags): GuestToBoot {
  if (flags.restore === undefined) return readGuest(image as string, commandLineOf(words, flags), flags);
  if (image !== undefined) throw new UsageError('--restore goes on from a state: it boots no image');
  return readSavedGuest(flags.restore, flags);
}

async function boot(image: string | undefined, words: readonly string[], flags: BootFlags): Promise<number> {
  const guest = guestOf(image, words, flags);
  const path = image ?? (flags.restore as string);
  if (flags.gdb !== undefined && [...guest.disks, ...guest.shares].some(({ mode }) => mode === 'rw')) {
    throw new UsageError('--gdb repeats runs, which a disk or a shared folder with mode rw does not allow');
  }
  if (flags.gdb !== undefined) return guarded(path, () => runDebugged(guest, flags));
  const host = new Host(makeMachine(guest, flags));
  const trace = flags.trace === undefined ? null : new TraceFile(flags.trace, host.machine.trace);
  return guarded(path, async () => {
    try {
      const status = await run({ host, guest, flags, trace });
      trace?.close();
      const failure = outputFailure() ?? trace?.failure ?? null;
      // The caller reports a failure of standard output.
      if (trace?.failure) complain(trace.failure);
      return failure === null || status >= EXIT.INTERRUPTED ? status : EXIT.USAGE;
    } finally {
      trace?.close();
    }
  });
}

/** Runs a guest. Returns the exit status, also of an error of the guest or its image. */
async function guarded(path: string, run: () => Promise<number>): Promise<number> {
  try {
    return await run();
  } catch (error) {
    if (error instanceof ImageError) throw new UsageError(`${path}: ${error.message}`);
    if (!(error instanceof LinuxError)) throw error;
    if (error.code !== 'ENOMEM') throw new UsageError(error.message);
    complain(`storage is used up: ${error.message}`);
    return EXIT.NO_MEMORY;
  }
}

/** A guest to run, and the options of its command. */
interface Boot {
  readonly host: Host;
  readonly guest: GuestToBoot;
  readonly flags: BootFlags;
  readonly trace: TraceFile | null;
}

/** Runs a guest to its end. Returns the exit status. */
async function run({ host, guest, flags, trace }: Boot): Promise<number> {
  const { symbols } = guest;
  const output = new Output();
  const kept = flags.json ? new KeptConsole(flags.console) : null;
  const printed = new PrintedConsole(output, flags.console, process.stdout.isTTY === true && !flags.raw);
  const checker = flags.check ? Checker.attach(host, { translations: 'usable' }) : null;
  const statistics = flags.stats ? new RunStatistics(host) : null;
  let counted: Statistics | null = null;
  let told = false;
  const mm = host.createMm();
  const { clock } = host.machine;
  const network = guest.hasNetwork ? new GuestNetwork(() => clock.tod) : null;
  const monitor = announced('loading the guest', sizeOf(guest), () =>
    makeMonitor(host, mm, guest, kept ?? printed, network?.user),
  );
  const breakpoints =
    flags.break.length === 0
      ? null
      : new GuestBreakpoints(host, monitor, symbols, flags, flags.json === true);
  const executed = () => host.machine.cpu(0).executed;
  const interrupts = new Interrupts();
  const end = () => interrupts.interrupt(EXIT.INTERRUPTED);
  const input = new GuestInput(monitor, end, () => saveNow(monitor, flags.save));
  const limit = flags.limit ?? Infinity;
  try {
    for (const forward of flags.forward) await listen(network, forward);
    const end = await runGuest(monitor, {
      checker,
      output,
      trace,
      input,
      network,
      interrupts,
      breakpoints,
      reboot: flags.reboot,
      limit,
      executed,
      clock,
    });
    counted = statistics?.of(monitor) ?? null;
    printed.finish();
    output.flush();
    if (end.kind === 'interrupted') return await interrupted(interrupts, output, executed());
    if (flags.save !== undefined && (end.kind === 'limit' || end.kind === 'breakpoint')) {
      saveState(monitor, flags.save);
    }
    if (end.kind === 'breakpoint' && kept === null) breakpoints?.advise();
    if (kept !== null && (isGuestEnd(end) || end.kind === 'breakpoint')) {
      const whole = end.kind === 'breakpoint' ? { ...end, ...breakpoints?.summary } : end;
      const summary = { end: whole, instructions: executed(), stats: host.stats(), ...kept.summary };
      output.line(json(counted === null ? summary : { ...summary, run: counted }));
      told = true;
    }
    return statusOf(end, flags.json === true, symbols);
  } finally {
    output.flush();
    if (statistics !== null && !told) printStatistics(counted ?? statistics.of(monitor));
    breakpoints?.close();
    input.close();
    network?.close();
    interrupts.close();
  }
}

/** Opens a forward, and says which port it has if any free one was wanted. @throws UsageError if that is not possible */
async function listen(network: GuestNetwork | null, forward: ForwardFlag): Promise<void> {
  const port = await network?.forward(forward);
  if (forward.host === 0)
    complain(`port ${port} of this computer leads to port ${forward.guest} of the guest`);
}

function printStatistics(counted: Statistics): void {
  process.stderr.write(`${['the run:', ...statisticsLines(counted)].join('\n')}\n`);
}

/** Saves the state on request. What goes wrong is said, and the guest goes on. */
function saveNow(monitor: Monitor, path: string | undefined): void {
  if (path === undefined) {
    complain('there is no file to save to: start with --save FILE');
    return;
  }
  try {
    saveState(monitor, path);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    complain(error.message);
  }
}

/** @throws UsageError if it cannot be written */
function saveState(monitor: Monitor, path: string): void {
  const bytes = writeState(path, () => monitor.save());
  complain(`saved the state to ${path} (${(bytes / 1e6).toFixed(1)} MB)`);
}

/** Runs a guest that GDB debugs. Returns the exit status. */
async function runDebugged(guest: GuestToBoot, flags: BootFlags): Promise<number> {
  const { symbols } = guest;
  const output = new Output();
  const printed = new PrintedConsole(output, flags.console, process.stdout.isTTY === true && !flags.raw);
  const interrupts = new Interrupts();
  const create: GuestFactory = (console, storage) => {
    const host = new Host(makeMachine(guest, flags, storage));
    return { host, monitor: makeMonitor(host, host.createMm(), guest, console) };
  };
  try {
    const target = new GuestTarget(create, printed, symbols);
    const port = flags.gdb === true ? 0 : (flags.gdb ?? 0);
    const end = await debugGuest(target, { port, output, interrupts });
    printed.finish();
    output.flush();
    if (end === 'interrupted') return await interrupted(interrupts, output, target.executed);
    if (end === 'output') return EXIT.USAGE;
    return end === 'killed' ? EXIT.OK : statusOf(end, false, symbols);
  } finally {
    output.flush();
    interrupts.close();
  }
}

/** Reports the interrupt. Does not wait for a reader of standard output that does not read. */
async function interrupted({ status }: Interrupts, output: Output, executed: number): Promise<number> {
  complain(`interrupted after ${executed} instructions`);
  const timer = setTimeout(() => process.exit(status ?? EXIT.INTERRUPTED), LAST_OUTPUT);
  await output.drained();
  clearTimeout(timer);
  return status ?? EXIT.INTERRUPTED;
}

function isGuestEnd(end: LoopEnd): end is End {
  return !['interrupted', 'broken-rule', 'breakpoint', 'output'].includes(end.kind);
}

function statusOf(end: LoopEnd, quiet: boolean, symbols: SymbolTable): number {
  if (end.kind === 'broken-rule') return EXIT.BROKEN_RULE;
  if (end.kind === 'breakpoint') return EXIT.BREAKPOINT;
  if (!isGuestEnd(end)) return EXIT.USAGE;
  if (end.kind === 'stopped' || end.kind === 'reset' || (end.kind === 'disabled-wait' && end.address === 0n))
    return EXIT.OK;
  if (!quiet) complain(describeEnd(end, symbols));
  if (end.kind === 'disabled-wait') return EXIT.GUEST_STATUS;
  return end.kind === 'limit' ? EXIT.LIMIT : EXIT.STUCK;
}
