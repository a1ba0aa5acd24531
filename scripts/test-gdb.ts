/**
 * Debugs guests with GDB. Needs a GDB that knows s390x: `gdb-multiarch` of Debian, or the program that GDB names in the
 * environment.
 *
 *     npm run test:gdb
 *
 * Exit status 1 if GDB does not say what it should, 2 if there is no such GDB.
 */

import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { ROOT } from './checkout.ts';

const GDB = process.env.GDB ?? 'gdb-multiarch';

/** The commands for GDB, and the output expected of it, in order. */
interface Case {
  readonly name: string;
  readonly boot: readonly string[];
  readonly image: string;
  readonly input?: string;
  readonly script: readonly (readonly [command: string, ...answers: RegExp[]])[];
  /** The exit status of `boot`, and its output. */
  readonly status: number;
  readonly out: RegExp;
}

const CASES: readonly Case[] = [
  {
    name: 'breakpoints, steps, registers and memory',
    image: 'examples/images/primes.elf',
    boot: [],
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
    image: 'examples/images/hello.elf',
    boot: [],
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
    image: 'examples/images/echo.elf',
    boot: [],
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

async function run({ name, boot, image, input = '', script, status, out }: Case): Promise<boolean> {
  const guest = spawn(process.execPath, ['bin/guesthouse.js', 'boot', image, '--gdb', '0', ...boot], {
    cwd: ROOT,
  });
  guest.stdin.end(input);
  const ended = once(guest, 'close');
  let said = '';
  guest.stdout.on('data', (data: Buffer) => {
    said += data;
  });
  const [line] = (await once(guest.stderr, 'data')) as [Buffer];
  const connect = /^gdb: (target remote localhost:\d+)\n$/.exec(line.toString())?.[1] ?? '';
  const commands = ['set pagination off', 'set confirm off', connect, ...script.map(([command]) => command)];
  const args = ['-nx', '-batch', ...commands.flatMap((command) => ['-ex', command]), image];
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
let failed = 0;
for (const one of CASES) if (!(await run(one))) failed++;
process.exit(failed === 0 ? 0 : 1);
