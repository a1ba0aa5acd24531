/** Boots Debian's kernel with busybox, uses it, and prints a table of what worked and how long it took. HELP says how it is called. */

import { execFileSync, spawnSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { scriptOptions } from '../options.ts';
import { type LinuxFiles, linuxFiles } from './files.ts';
import { deliver, freePort, LISTENING, NETWORK_COMMANDS } from './network.ts';
import { Session } from './session.ts';
import { MOUNT, SHARE_COMMANDS, sharedFolders } from './share.ts';
import { LinuxTab } from './tab.ts';

const HELP = `
Boots Debian's kernel with busybox, uses it, and prints a table of what worked and how long it took.

    npm run test:linux                      everything
    npm run test:linux -- --only shell      one group: shell, cpus, memory, ends, state, share, network, explorer,
                                        check, none
    npm run test:linux -- --kernel NAME     another kernel package than Debian's current one
    npm run test:linux -- --qemu            also the time to the shell of qemu-system-s390x

Exit status 1 if something failed. It needs what \`npm run linux\` needs, and the group \`explorer\` a Chromium.
`;

const { values } = scriptOptions(HELP, {
  options: {
    only: { type: 'string' },
    qemu: { type: 'boolean' },
    kernel: { type: 'string' },
    scratch: { type: 'string', default: join(tmpdir(), 'guesthouse-linux') },
  },
});

const DISK_SIZE = 16 << 20;
/** Instructions after which Debian 12's kernel is about to start its shell. A shell that waits would not come to a limit. */
const NEARLY_BOOTED = '3200M';
/** Instructions after which the shell waits, or is busy if it has been told to be. */
const AFTER_BOOT = '3700M';
/** Opens a file, renames it, and looks for another one until that is there. */
const SAVED_WHILE = [
  ...['mkdir /work', `${MOUNT} work /work`, 'exec 5>/work/open', 'echo one >&5', 'mv /work/open /work/moved'],
  'while [ ! -e /work/go ]; do :; done',
];
const files = linuxFiles(values.scratch, values.kernel);
const folder = mkdtempSync(join(tmpdir(), 'guesthouse-check-'));
let failures = 0;

/** Prints a row of the table. */
function row(what: string, ok: boolean, seconds: number, note = ''): void {
  if (!ok) failures++;
  console.log(`| ${what} | ${ok ? 'yes' : 'NO'} | ${seconds.toFixed(1)} | ${note} |`);
}

/** Performs a check, and prints its row. It fails if it throws, or returns something else than a note. */
async function check(what: string, action: () => Promise<string>): Promise<void> {
  const start = performance.now();
  const seconds = () => (performance.now() - start) / 1000;
  try {
    const note = await action();
    row(what, true, seconds(), note);
  } catch (error) {
    row(what, false, seconds(), (error as Error).message.replace(/\s+/g, ' ').slice(0, 160));
  }
}

/** The arguments that boot the kernel. */
const bootArgs = ({ kernel, initrd }: LinuxFiles, ...more: string[]) => [
  ...[kernel, '--initrd', initrd, '--append', 'console=ttysclp0', ...more],
];

/** Boots to a prompt. */
async function booted(...more: string[]): Promise<Session> {
  const session = new Session(bootArgs(files, ...more));
  try {
    await session.ready();
  } catch (error) {
    session.kill();
    throw error;
  }
  return session;
}

/** @throws Error with the text unless it matches */
function demand(text: string, pattern: RegExp): string {
  if (!pattern.test(text)) throw new Error(`${pattern} is not in: ${text.slice(-200)}`);
  return pattern.exec(text)?.[1] ?? '';
}

/** Ends a session by a command. Returns the exit status. */
async function ended(session: Session, command: string): Promise<number | null> {
  session.type(command);
  return session.exit;
}

const SHELL: readonly (readonly [what: string, command: string, wanted: RegExp])[] = [
  ['`uname -m`', 'uname -m', /s390x/],
  ['`cat /proc/cpuinfo`', 'cat /proc/cpuinfo', /vendor_id\s+: IBM\/S390/],
  ['`free`', 'free', /Mem:\s+\d+/],
  ['60 applets of busybox', 'for a in $(busybox --list | head -60); do type $a; done | wc -l', /^60\s*$/m],
  ['a pipeline', 'seq 1000 | grep 7 | sort -r | head -3 | tr "\\n" ,', /997,987,979,/],
  [
    '127 processes at a time',
    'b() { [ $1 -eq 0 ] || { b $(($1 - 1)) & b $(($1 - 1)); wait; }; }; b 6; echo alive',
    /^alive/m,
  ],
  [
    '`sha256sum` of 10 MB',
    'dd if=/dev/zero bs=1M count=10 2>/dev/null | sha256sum',
    new RegExp(
      createHash('sha256')
        .update(new Uint8Array(10 << 20))
        .digest('hex'),
    ),
  ],
  ['`dd` to a disk', 'dd if=/dev/zero of=/dev/vda bs=1M count=4 2>&1', /4\+0 records out/],
  [
    'a file system on it, mounted',
    'mke2fs -F /dev/vda >/dev/null && mount -t ext4 /dev/vda /mnt && echo mounted',
    /^mounted/m,
  ],
  ['a file there', 'seq 100000 > /mnt/f && sync && sha256sum /mnt/f', /^[0-9a-f]{64}/m],
  ['unmounted, and clean', 'umount /mnt && mount -t ext4 -o ro /dev/vda /mnt && tail -1 /mnt/f', /^100000/m],
  ['random numbers of the device', 'od -N 4 -An -tx1 /dev/hwrng', /([0-9a-f]{2} ){3}/],
];

async function shell(): Promise<void> {
  const disk = join(folder, 'disk.img');
  writeFileSync(disk, new Uint8Array(DISK_SIZE));
  const session = await booted('--disk', `${disk}:rw`);
  row('first line of the console', true, session.firstOutput / 1000);
  row('the shell', true, session.firstPrompt / 1000);
  for (const [what, command, wanted] of SHELL) {
    await check(what, async () => {
      demand(await session.run(command), wanted);
      return '';
    });
  }
  await check('`poweroff -f` ends with status 0', async () => {
    demand(String(await ended(session, 'poweroff -f')), /^0$/);
    return '';
  });
  await fileSystem(disk);
}

/** Has a disk that the guest has written checked by a program of this computer. */
async function fileSystem(disk: string): Promise<void> {
  await check('`e2fsck -fn` on this computer finds nothing wrong', async () => {
    const { error, status, stdout } = spawnSync('e2fsck', ['-fn', disk], { encoding: 'utf8' });
    if (error !== undefined) return 'not checked: no e2fsck here';
    if (status !== 0) throw new Error(stdout);
    return '';
  });
}

/** Boots in check mode, which executes no compiled code and is slow. */
async function checked(): Promise<void> {
  await check('the first 100 million instructions in check mode', async () => {
    const session = new Session(bootArgs(files, '--check', '--limit', '100M'));
    demand(String(await session.exit), /^4$/);
    return '';
  });
}

async function cpus(): Promise<void> {
  await check('4 CPUs', async () => {
    const session = await booted('--cpus', '4');
    demand(await session.run('grep -c ^processor /proc/cpuinfo'), /^4/m);
    demand(String(await ended(session, 'poweroff -f')), /^0$/);
    return '';
  });
}

async function memory(): Promise<void> {
  for (const size of ['64M', '2G']) {
    await check(`memory of ${size}`, async () => {
      const session = await booted('--memory', size);
      const note = demand(await session.run('free'), /Mem:\s+(\d+)/);
      demand(String(await ended(session, 'poweroff -f')), /^0$/);
      return `${note} KiB`;
    });
  }
}

async function ends(): Promise<void> {
  await check('`reboot -f` boots again', async () => {
    const session = await booted();
    session.type('reboot -f');
    await session.ready();
    demand(String(await ended(session, 'poweroff -f')), /^0$/);
    return '';
  });
  await check('a panic ends with status 1', async () => {
    const session = await booted();
    demand(String(await ended(session, 'echo c > /proc/sysrq-trigger')), /^1$/);
    return '';
  });
}

async function state(): Promise<void> {
  await check('saved, and at its prompt again', async () => {
    const file = join(folder, 'state');
    const first = new Session(bootArgs(files, '--save', file, '--limit', NEARLY_BOOTED));
    demand(String(await first.exit), /^4$/);
    const session = new Session(['--restore', file]);
    await session.ready();
    demand(await session.run('echo $((6 * 7))'), /^42/m);
    demand(String(await ended(session, 'poweroff -f')), /^0$/);
    return `${(session.firstPrompt / 1000).toFixed(1)} s from the state to the prompt`;
  });
}

/** Uses a network, from the guest and from this computer. */
async function network(): Promise<void> {
  const [http, port] = [await freePort(), await freePort()];
  const session = await booted('--forward', `${http}:80`, '--forward', `${port}:7`);
  for (const [what, command, wanted] of NETWORK_COMMANDS) {
    await check(what, async () => {
      demand(await session.run(command), wanted);
      return '';
    });
  }
  await check('10 MB by HTTP from the guest', async () => {
    const make =
      'mkdir /www; dd if=/dev/hwrng bs=4096 count=256 2>/dev/null >/tmp/r; cd /www; cat /tmp/r /tmp/r >b';
    await session.run(`${make}; cat b b b b b >body; httpd -h /www; sha256sum body`);
    const sum = demand(await session.run('sha256sum /www/body'), /^([0-9a-f]{64})/m);
    const start = performance.now();
    const response = await fetch(`http://127.0.0.1:${http}/body`);
    const body = Buffer.from(await response.arrayBuffer());
    const seconds = (performance.now() - start) / 1000;
    if (body.length !== 10 << 20 || createHash('sha256').update(body).digest('hex') !== sum) {
      throw new Error(`${body.length} other bytes`);
    }
    return `${(body.length / 1e6 / seconds).toFixed(1)} MB/s`;
  });
  await check('10 MB to the guest', async () => {
    await session.run(`(nc -l -p 7 >/tmp/in </dev/null; touch /tmp/done) & ${LISTENING}`);
    const bytes = randomBytes(10 << 20);
    const start = performance.now();
    await deliver(port, bytes);
    const seconds = (performance.now() - start) / 1000;
    await session.run('until [ -e /tmp/done ]; do sleep 0.1; done');
    const sum = createHash('sha256').update(bytes).digest('hex');
    demand(await session.run('sha256sum /tmp/in'), new RegExp(sum));
    return `${(bytes.length / 1e6 / seconds).toFixed(1)} MB/s`;
  });
  await check('twenty connections at a time', async () => {
    const texts = await Promise.all(
      Array.from({ length: 20 }, async () => {
        const response = await fetch(`http://127.0.0.1:${http}/b`);
        return (await response.arrayBuffer()).byteLength;
      }),
    );
    if (texts.some((length) => length !== 2 << 20)) throw new Error(texts.join(' '));
    return '';
  });
  await check('a port on which nobody listens resets', async () => {
    const failure = await deliver(port, Buffer.of(1)).catch((error: NodeJS.ErrnoException) => error.code);
    demand(String(failure), /^ECONNRESET$/);
    return '';
  });
  await check('no segment was lost or wrong', async () => {
    demand(await session.run('ifconfig eth0'), /RX packets:\d+ errors:0 dropped:0 overruns:0/);
    demand(await session.run('grep Tcp: /proc/net/snmp'), /^Tcp:( -?\d+){11} 0 0 /m);
    return '';
  });
  session.kill();
}

/** In a tab of a browser. */
async function explorer(): Promise<void> {
  const tab = await LinuxTab.open(files);
  const { page } = tab.explorer;
  const timed = async (what: string, action: () => Promise<number>, note = '') => {
    try {
      row(what, true, await action(), note);
    } catch (error) {
      row(what, false, 0, (error as Error).message.replace(/\s+/g, ' ').slice(0, 160));
    }
  };
  try {
    await timed('in a tab: the shell', () => tab.ready());
    await timed('`ls /`', () => tab.type('ls /', /modules\s+root/));
    await page.getByRole('button', { name: 'Pause' }).click();
    const back = page.getByRole('button', { name: 'Step back' });
    await timed('one step back', () => tab.goTo(() => back.click()));
    await timed('another step back', () => tab.goTo(() => back.click()));
    await timed('back to step 1,000,000,000', () => tab.goToStep(1_000_000_000));
    await page.getByRole('button', { name: 'Run' }).click();
    await timed('run again, and `echo`', () => tab.type('echo $((6 * 7))', /\n42/));
    await timed('its state as a file', () => savedInTab(tab));
    row('memory of the tab', true, 0, `${await tab.peak()} MiB at most`);
  } finally {
    await tab.close();
  }
}

/** Saves the state in a tab, and goes on from it with `boot`. Returns the seconds until it was saved. */
async function savedInTab({ explorer: { page } }: LinuxTab): Promise<number> {
  const start = performance.now();
  const download = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Save state' }).click();
  const path = await (await download).path();
  const seconds = (performance.now() - start) / 1000;
  const session = new Session(['--restore', path]);
  session.type('');
  await session.ready();
  demand(await session.run('echo $((6 * 8))'), /^48/m);
  session.kill();
  return seconds;
}

/** Uses two shared folders. What the guest has done to them is looked at from outside. */
async function share(): Promise<void> {
  const folders = sharedFolders(folder);
  const session = await booted('--share', folders.readOnly, '--share', `work=${folders.writable}:rw`);
  for (const { what, command, wanted, after } of SHARE_COMMANDS) {
    await check(what, async () => {
      demand(await session.run(command(folders)), wanted(folders));
      after?.(folders);
      return '';
    });
  }
  demand(String(await ended(session, 'poweroff -f')), /^0$/);
  await shareSaved();
}

/** Saves a guest that has a file of a shared folder open, and goes on. */
async function shareSaved(): Promise<void> {
  await check('saved with a shared folder and an open file', async () => {
    const [work, file] = [join(folder, 'saved-work'), join(folder, 'share-state')];
    mkdirSync(work);
    const args = ['--share', `work=${work}:rw`];
    const first = new Session(bootArgs(files, ...args, '--save', file, '--limit', AFTER_BOOT));
    await first.ready();
    first.type(SAVED_WHILE.join(';'));
    demand(String(await first.exit), /^4$/);
    writeFileSync(join(work, 'go'), '');
    const session = new Session(['--restore', file, ...args]);
    await session.ready();
    demand(
      await session.run('echo two >&5; exec 5>&-; cat /work/moved; ls /work'),
      /^one\s+two\s+go\s+moved\s/m,
    );
    demand(String(await ended(session, 'poweroff -f')), /^0$/);
    return '';
  });
}

/** The time to the shell and poweroff of QEMU, and ours, one after the other. */
async function compare(): Promise<void> {
  const command = [
    '-kernel',
    files.kernel,
    '-initrd',
    files.quick,
    '-append',
    'console=ttysclp0',
    '-nographic',
    '-m',
    '512',
  ];
  const qemu = (() => {
    const start = performance.now();
    execFileSync('qemu-system-s390x', ['-M', 's390-ccw-virtio', '-accel', 'tcg', ...command, '-no-reboot'], {
      stdio: 'ignore',
    });
    return (performance.now() - start) / 1000;
  })();
  const start = performance.now();
  const session = new Session(bootArgs({ ...files, initrd: files.quick }));
  const status = await session.exit;
  const own = (performance.now() - start) / 1000;
  row(
    'boot to the shell and power off',
    status === 0,
    own,
    `QEMU: ${qemu.toFixed(1)} s, ratio ${(own / qemu).toFixed(1)}`,
  );
}

const GROUPS: Readonly<Record<string, () => Promise<void>>> = {
  shell,
  cpus,
  memory,
  ends,
  state,
  share,
  network,
  explorer,
  check: checked,
};

const { only } = values;
if (only !== undefined && only !== 'none' && !(only in GROUPS)) {
  console.error(`--only ${only}: the groups are ${Object.keys(GROUPS).join(', ')}`);
  process.exit(2);
}
console.log('| what | works | seconds | |\n| --- | --- | --- | --- |');
try {
  for (const [name, group] of Object.entries(GROUPS)) {
    if (only === undefined || only === name) await group();
  }
  if (values.qemu) await compare();
} finally {
  rmSync(folder, { recursive: true });
}
process.exitCode = failures === 0 ? 0 : 1;
