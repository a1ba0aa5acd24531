/** Boots Debian's kernel with a virtual machine monitor of ours that is a program, and prints a table. HELP says how it is called. */

import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { ROOT } from '../checkout.ts';
import { linuxFiles } from '../linux/files.ts';
import { Session } from '../linux/session.ts';
import { scriptOptions, wrongOption } from '../options.ts';

const SCRATCH = join(tmpdir(), 'guesthouse-linux');
const MONITOR = join(ROOT, 'examples/programs/kvm/images/monitor.elf');
/** Memory of the guest in MiB. */
const MEMORY = 512;
const APPEND = 'console=ttysclp0';

const HELP = `
Boots Debian's kernel for s390x by /dev/kvm: with examples/programs/kvm/monitor.c, a program that \`guesthouse run\` executes. Uses it, and
prints a table.

    npm run test:kvm-linux                              everything
    npm run test:kvm-linux -- --only boot               one group: boot, shell, ends, cpus
    npm run test:kvm-linux -- --kernel NAME             another kernel package than Debian's current one

  --only GROUP     only one group. \`boot\` boots, powers off, and compares the time with that of \`guesthouse boot\`
  --kernel NAME    the package with the kernel
  --scratch DIR    where packages are kept, default ${SCRATCH}
  --help           prints this

Exit status 0 if all works, 1 if something does not, 2 if an option is wrong or a package cannot be fetched. It needs what \`npm run linux\` needs.
`;

const { values } = scriptOptions(HELP, {
  options: {
    only: { type: 'string' },
    kernel: { type: 'string' },
    scratch: { type: 'string', default: SCRATCH },
  },
});

/** Performs a check. Returns a note for its row. @throws Error if it fails */
type Check = () => Promise<string>;

let failures = 0;

/** Performs a check, and prints its row. */
async function check(what: string, action: Check): Promise<void> {
  const start = performance.now();
  let [works, note] = [true, ''];
  try {
    note = await action();
  } catch (error) {
    [works, note] = [false, (error as Error).message.replace(/\s+/g, ' ').slice(0, 160)];
    failures++;
  }
  const seconds = (performance.now() - start) / 1000;
  console.log(`| ${what} | ${works ? 'yes' : 'NO'} | ${seconds.toFixed(1)} | ${note} |`);
}

/** @throws Error with the text unless it matches */
function demand(text: string, pattern: RegExp): void {
  if (!pattern.test(text)) throw new Error(`${pattern} is not in: …${text.slice(-200)}`);
}

/** @throws Error unless a session ends with a status */
async function demandEnd(session: Session, wanted: number): Promise<void> {
  const status = await session.exit;
  if (status !== wanted) throw new Error(`status ${status}: …${session.text.slice(-200)}`);
}

/** Starts the monitor with a kernel. @param more options of `guesthouse run` */
function monitor(kernel: string, initrd: string, cpus = 1, more: readonly string[] = []): Session {
  const folders = ['--bind', `${dirname(kernel)}:/kernel`, '--bind', `${dirname(initrd)}:/initrd`];
  const guest = [`/kernel/${basename(kernel)}`, `/initrd/${basename(initrd)}`, APPEND];
  return new Session([...folders, ...more, MONITOR, String(MEMORY), String(cpus), ...guest], 'run');
}

const files = linuxFiles(values.scratch, values.kernel);

async function boot(): Promise<void> {
  const seconds = async (session: Session) => {
    const start = performance.now();
    await demandEnd(session, 0);
    demand(session.text, /Linux version[\s\S]*Run \/init as init process[\s\S]*READY/);
    return (performance.now() - start) / 1000;
  };
  await check('boots, runs a program, powers off', async () => {
    const own = await seconds(monitor(files.kernel, files.quick));
    const args = [files.kernel, '--initrd', files.quick, '--append', APPEND, '--memory', `${MEMORY}M`];
    const other = await seconds(new Session(args));
    return `${own.toFixed(1)} s; \`guesthouse boot\` ${other.toFixed(1)} s: ${(own / other).toFixed(2)} times`;
  });
}

const SHELL: readonly (readonly [what: string, command: string, wanted: RegExp])[] = [
  ['`uname -m`', 'uname -m', /s390x/],
  ['`/proc/sysinfo`', 'cat /proc/sysinfo', /VM00 Control Program: KVM\/Linux/],
  ['`sleep 2`', 'time sleep 2', /real\s+0m 2\.\d\ds/],
  ['a pipeline', 'seq 1000 | grep 7 | sort -r | head -3 | tr "\\n" ,', /997,987,979,/],
  ['no subchannels', 'ls /sys/bus/css/devices | wc -l', /^0/m],
];

async function shell(): Promise<void> {
  const session = monitor(files.kernel, files.initrd);
  await check('the shell', async () => {
    await session.ready();
    return '';
  });
  for (const [what, command, wanted] of SHELL)
    await check(what, async () => {
      demand(await session.run(command, 60), wanted);
      return '';
    });
  await check('`poweroff -f` ends with status 0', async () => {
    session.type('poweroff -f');
    await demandEnd(session, 0);
    return '';
  });
  session.kill();
}

async function ends(): Promise<void> {
  await check('`reboot -f` boots again; a panic ends with status 1', async () => {
    const session = monitor(files.kernel, files.initrd);
    await session.ready();
    session.type('reboot -f');
    await session.ready();
    session.type('echo c > /proc/sysrq-trigger');
    await demandEnd(session, 1);
    return '';
  });
}

async function cpus(): Promise<void> {
  await check('4 virtual CPUs on 2 processors', async () => {
    const session = monitor(files.kernel, files.initrd, 4, ['--cpus', '2']);
    await session.ready();
    demand(await session.run('grep -c ^processor /proc/cpuinfo'), /^4/m);
    demand(await session.run('seq 4 | xargs -P 4 -n 1 sh -c "seq 1000 | tail -1"; echo alive', 60), /alive/);
    session.type('poweroff -f');
    await demandEnd(session, 0);
    return '';
  });
}

const GROUPS: Readonly<Record<string, () => Promise<void>>> = { boot, shell, ends, cpus };

const { only } = values;
if (only !== undefined && !(only in GROUPS))
  wrongOption(`--only ${only}: the groups are ${Object.keys(GROUPS).join(', ')}`);
console.log('| what | works | seconds | |\n| --- | --- | --- | --- |');
for (const [name, group] of Object.entries(GROUPS)) if (only === undefined || only === name) await group();
process.exitCode = failures === 0 ? 0 : 1;
