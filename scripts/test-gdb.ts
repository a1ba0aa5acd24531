/**
 * Debugs guests and Linux programs with GDB. Needs a GDB that knows s390x: `gdb-multiarch` of Debian, or the program that GDB names in the
 * environment.
 *
 *     npm run test:gdb
 *
 * Programs in C are built by the GNU compiler for s390x, if it is there: s390x-linux-gnu-gcc.
 *
 * Exit status 1 if GDB does not say what it should, 2 if there is no such GDB.
 */

import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT } from './checkout.ts';

const GDB = process.env.GDB ?? 'gdb-multiarch';

/** The commands for GDB, and the output expected of it, in order. */
interface Case {
  readonly name: string;
  /** The words of the command, without --gdb. */
  readonly command: readonly string[];
  /** The file with the symbols; default: GDB reads it from the target. */
  readonly symbols?: string;
  readonly input?: string;
  readonly script: readonly (readonly [command: string, ...answers: RegExp[]])[];
  /** The exit status of the command, and its output. */
  readonly status: number;
  readonly out: RegExp;
}

const GUESTS: readonly Case[] = [
  {
    name: 'breakpoints, steps, registers and memory',
    command: ['boot', 'examples/images/primes.elf'],
    symbols: 'examples/images/primes.elf',
    script: [
      ['info registers pswa pswm cr0 f0 acr1', /pswa +0x20000/, /cr0 +0xe0/],
      ['info threads', /CPU 0: runs/],
      ['break print', /Breakpoint 1/],
      ['continue', /Breakpoint 1, 0x[0-9a-f]+ in print/],
      ['backtrace', /#1 .* in main \(\)/],
      ['stepi', /in print \(\)/],
      ['reverse-stepi', /in print \(\)/],
      ['p $cc < 4', /= 1/],
      // The example of docs/boot.md.
      ['watch *(char *) ((char *) &composite + 4)', /atchpoint 2/],
      ['reverse-continue', /Old value = 1/, /New value = 0/, /in main \(\)/],
      ['x/5xb &composite', /:\t0x00\t0x00\t0x00\t0x00\t0x00/],
      ['delete'],
      ['continue', /the guest ended/, /SIGTERM/],
      ['reverse-stepi', /in stop \(\)/],
      ['continue', /SIGTERM/],
      ['continue', /exited normally/],
    ],
    status: 0,
    out: /^primes below 200000: 17984, the last is 199999\n$/,
  },
  {
    name: 'watchpoints, forward and back',
    command: ['boot', 'examples/images/hello.elf'],
    symbols: 'examples/images/hello.elf',
    script: [
      ['watch *(unsigned long *) &sccb', /atchpoint 1/],
      ['continue', /Old value = 0/, /New value = /],
      ['continue', /New value = /],
      ['reverse-continue', /Old value = /],
      ['reverse-continue', /New value = 0/],
      ['reverse-continue', /No more reverse-execution history/],
      ['delete'],
      ['set $r5 = 7'],
      ['stepi'],
      ['reverse-stepi'],
      ['reverse-stepi', /No more reverse-execution history/],
      ['kill'],
    ],
    status: 0,
    out: /^$/,
  },
  {
    name: 'console input, and detaching',
    command: ['boot', 'examples/images/echo.elf'],
    symbols: 'examples/images/echo.elf',
    input: 'hello\r',
    script: [
      ['continue', /the guest ended/],
      ['reverse-continue', /No more reverse-execution history/],
      ['hbreak print', /Hardware assisted breakpoint 1/],
      ['continue', /Breakpoint 1/],
      ['detach', /detached/],
    ],
    status: 0,
    out: /^Type something; \^D ends\.\nHELLO\nbye\n$/,
  },
];

const CRASH = 'examples/programs/images/crash.elf';

const CRASHING: Case = {
  name: 'a program that crashes',
  command: ['run', CRASH],
  script: [
    ['break value_of', /Breakpoint 1/],
    ['continue', /Breakpoint 1, 0x[0-9a-f]+ in value_of/],
    ['backtrace 1', /#0 .* in value_of/],
    ['info registers r15 pswm f0 acr1', /r15 .*0x3ff/, /f0 /, /acr1 /],
    ['stepi', /in value_of/],
    ['delete'],
    ['continue', /SIGSEGV/, /in value_of/],
    ['print $_siginfo.si_signo', /= 11/],
    ['continue', /terminated with signal SIGSEGV/],
  ],
  status: 139,
  out: /^item 0: sum 10\n/,
};

/** What is the same for a static and a dynamic program. */
const PROGRAM: Case['script'] = [
  ['break add', /Breakpoint 1/],
  ['continue', /Breakpoint 1, add \(one=(?:one@entry=)?1, other=\S*2\) at .*program.c:\d+/],
  ['backtrace', /#1 .* main \(argc=/],
  ['print half', /= 0\.5/],
  ['finish', /Value returned is \S+ = 3/],
  ['next', /pthread_create|for \(long/],
  ['continue', /hit Breakpoint 1, add/],
  ['info threads', /Thread 2 .*waits for the futex/, /Thread 3/],
  ['up', /work \(argument=/],
  ['delete'],
  ['print add (40, 2)', /= 42/],
  ['watch counter', /atchpoint 2: counter/],
  ['continue', /Old value = /, /New value = /],
  ['delete'],
  ['handle SIGUSR1 stop print pass'],
  ['continue', /received signal SIGUSR1/],
  ['stepi', /told \(signal=10\)/],
  ['break _exit'],
  // The child runs on, and its breakpoints are nobody's.
  ['continue', /received signal SIGSEGV/, /main \(argc=/],
  ['print counter', /= 18/],
  ['continue', /terminated with signal SIGSEGV/],
];

/** Builds the program in C. Returns the cases with it: none without a compiler. */
function programs(folder: string): Case[] {
  const gcc = `${process.env.CROSS_COMPILE ?? 's390x-linux-gnu-'}gcc`;
  if (spawnSync(gcc, ['--version']).status !== 0) {
    console.log(`skipped: programs in C, since there is no ${gcc}`);
    return [];
  }
  const root = join(folder, 'root');
  const libraries = join(root, 'lib');
  mkdirSync(libraries, { recursive: true });
  const build = (path: string, ...flags: string[]) =>
    execFileSync(gcc, [
      '-g',
      '-O1',
      '-fno-inline',
      '-pthread',
      ...flags,
      '-o',
      path,
      join(ROOT, 'scripts/gdb/program.c'),
    ]);
  build(join(folder, 'static'), '-static');
  build(join(root, 'dynamic'));
  for (const name of ['ld64.so.1', 'libc.so.6']) {
    const path = execFileSync(gcc, [`-print-file-name=${name}`])
      .toString()
      .trim();
    copyFileSync(path, join(libraries, name));
  }
  const common = { script: PROGRAM, status: 139, out: /^add: 3\ncounter: \d+\n$/ };
  return [
    { ...common, name: 'a static program in C', command: ['run', join(folder, 'static'), 'crash'] },
    {
      ...common,
      name: 'a program in C with shared libraries',
      command: ['run', '--root', root, '--env', 'LD_LIBRARY_PATH=/lib', '/dynamic', 'crash'],
      script: [
        ['break main'],
        ['continue', /main \(argc=2/],
        ['info sharedlibrary', /libc\.so\.6/],
        ['delete'],
        ...renumbered(PROGRAM),
      ],
    },
  ];
}

/** The script after another breakpoint was set. */
function renumbered(script: Case['script']): Case['script'] {
  const next = (text: string) =>
    text.replace(/(reakpoint|atchpoint) (\d)/g, (_, kind: string, n: string) => `${kind} ${Number(n) + 1}`);
  return script.map(
    ([command, ...answers]) => [command, ...answers.map((one) => new RegExp(next(one.source)))] as const,
  );
}

async function run({ name, command, symbols, input = '', script, status, out }: Case): Promise<boolean> {
  const [verb = '', ...words] = command;
  const guest = spawn(process.execPath, ['bin/guesthouse.js', verb, '--gdb', '0', ...words], { cwd: ROOT });
  guest.stdin.end(input);
  const ended = once(guest, 'close');
  let said = '';
  guest.stdout.on('data', (data: Buffer) => {
    said += data;
  });
  const [line] = (await once(guest.stderr, 'data')) as [Buffer];
  const connect = /^gdb: (target remote localhost:\d+)\n$/.exec(line.toString())?.[1] ?? '';
  const commands = ['set pagination off', 'set confirm off', connect, ...script.map(([one]) => one)];
  const args = ['-nx', '-batch', ...commands.flatMap((one) => ['-ex', one]), ...(symbols ? [symbols] : [])];
  const gdb = spawn(GDB, args, { cwd: ROOT, timeout: 120_000 });
  let answers = '';
  for (const stream of [gdb.stdout, gdb.stderr]) {
    stream.on('data', (data: Buffer) => {
      answers += data;
    });
  }
  await once(gdb, 'close');
  const timer = setTimeout(() => guest.kill(), 30_000);
  const [code] = await ended;
  clearTimeout(timer);
  const missing = firstMissing(answers, script);
  const good = missing === null && code === status && out.test(said);
  console.log(`${good ? 'passed' : 'FAILED'}: ${name}`);
  if (!good)
    console.log(`missing: ${missing}\nstatus ${code}, output ${JSON.stringify(said)}\nGDB said:\n${answers}`);
  return good;
}

/** Returns the first answer that is not where it should be, or null. */
function firstMissing(text: string, script: Case['script']): RegExp | null {
  let at = 0;
  for (const answer of script.flatMap(([, ...answers]) => answers)) {
    const match = answer.exec(text.slice(at));
    if (match === null) return answer;
    at += match.index + match[0].length;
  }
  return null;
}

if (spawnSync(GDB, ['--version']).status !== 0) {
  console.error(
    `${GDB} cannot be run. Debian's package gdb-multiarch has it; GDB=program names another one.`,
  );
  process.exit(2);
}
const folder = mkdtempSync(join(tmpdir(), 'guesthouse-gdb-'));
let failed = 0;
for (const one of [...GUESTS, CRASHING, ...programs(folder)]) if (!(await run(one))) failed++;
rmSync(folder, { recursive: true });
process.exit(failed === 0 ? 0 : 1);
