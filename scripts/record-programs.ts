/**
 * Runs the example programs on Linux itself, and writes their output to examples/programs/images/NAME.expected, for comparison. The last
 * line is the exit status.
 *
 *     npx tsx scripts/record-programs.ts
 *
 * Debian's kernel runs them under qemu-system-s390x. This needs that, and what `npm run linux` needs; and only after a change to the
 * programs.
 */

import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT } from './checkout.ts';
import { archive, type Entry } from './linux/archive.ts';
import { busyboxOf, kernelOf, kernelPackage, unpackedPackage } from './linux/packages.ts';

const SCRATCH = join(tmpdir(), 'guesthouse-linux');
const IMAGES = join(ROOT, 'examples/programs/images');
/** Separates the outputs on the console. */
const MARK = '=====';

/** Each program is run in a directory of its own, with this environment; `hello` has arguments, too. */
const INIT = `#!/bin/busybox sh
export PATH=/bin
/bin/busybox --install -s /bin
mount -t proc proc /proc
mount -t devtmpfs devtmpfs /dev
mount -t tmpfs tmpfs /tmp
for name in $(cat /names); do
  mkdir /tmp/$name
  cd /tmp/$name
  arguments=
  if [ $name = hello ]; then arguments='one two'; fi
  timeout 30 env -i NAME=value /programs/$name $arguments >/out 2>/err </dev/null
  status=$?
  echo "${MARK} $name $status"
  cat /out
done
echo "${MARK}"
poweroff -f
`;

function initrd(names: readonly string[], busybox: Uint8Array): Buffer {
  const directories = ['bin', 'dev', 'proc', 'programs', 'tmp'];
  const file = (path: string, bytes: Uint8Array): Entry => ({ path, kind: 'file', bytes, executable: true });
  return archive([
    ...directories.map((path) => ({ path, kind: 'directory' }) as const),
    { path: 'dev/console', kind: 'character', major: 5, minor: 1 },
    file('bin/busybox', busybox),
    file('init', Buffer.from(INIT)),
    file('names', Buffer.from(names.join('\n'))),
    ...names.map((name) => file(`programs/${name}`, readFileSync(join(IMAGES, `${name}.elf`)))),
  ]);
}

const names = readdirSync(IMAGES)
  .filter((name) => name.endsWith('.elf'))
  .map((name) => name.replace('.elf', ''));
const disk = join(SCRATCH, 'programs.img');
const busybox = busyboxOf(unpackedPackage(SCRATCH, 'busybox-static'));
const kernel = kernelOf(unpackedPackage(SCRATCH, kernelPackage()));
writeFileSync(disk, initrd(names, busybox));
const machine = ['-M', 's390-ccw-virtio', '-cpu', 'max', '-m', '512', '-display', 'none', '-nodefaults'];
const console_ = ['-chardev', 'stdio,id=console', '-device', 'sclpconsole,chardev=console'];
const append = ['-append', 'console=ttysclp0 quiet loglevel=0'];
const output = execFileSync(
  'qemu-system-s390x',
  [...machine, ...console_, '-kernel', kernel, '-initrd', disk, ...append, '-no-reboot'],
  { encoding: 'utf8', timeout: 90_000, stdio: ['ignore', 'pipe', 'inherit'] },
);
const parts = output.replaceAll('\r', '').split(`${MARK} `).slice(1);
if (parts.length !== names.length) throw new Error(`Linux did not run all programs:\n${output}`);
for (const part of parts) {
  const [, name, status, text] = /^(\S+) (\d+)\n([\s\S]*)$/.exec(part) as RegExpExecArray;
  const [lines] = text!.split(`${MARK}\n`);
  writeFileSync(join(IMAGES, `${name}.expected`), `${lines}status ${status}\n`);
  console.log(`images/${name}.expected`);
}
