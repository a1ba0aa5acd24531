/** Boots Debian's kernel for s390x with busybox to a shell. HELP says how it is called. */

import { spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT } from '../checkout.ts';
import { scriptOptions } from '../options.ts';
import { linuxFiles } from './files.ts';

const HELP = `
Boots Debian's kernel for s390x with busybox to a shell.

    npm run linux                     a shell
    npm run linux -- --prepare        only fetches the files and prints the command that boots them
    npm run linux -- -- --cpus 4      with options of \`guesthouse boot\`
    npm run linux -- --kernel linux-image-6.12.95+deb12-s390x      another kernel package that apt-get finds

Fetches two packages by name into a scratch folder: see packages.ts.
`;

const { values, positionals } = scriptOptions(HELP, {
  options: {
    prepare: { type: 'boolean' },
    scratch: { type: 'string', default: join(tmpdir(), 'guesthouse-linux') },
    kernel: { type: 'string' },
    append: { type: 'string', default: 'console=ttysclp0' },
  },
  allowPositionals: true,
});

const { scratch, append } = values;
const { kernel, initrd } = linuxFiles(scratch, values.kernel);

const command = ['boot', kernel, '--initrd', initrd, '--append', append, ...positionals];
if (values.prepare) {
  console.log(`guesthouse ${command.map((word) => (/\s/.test(word) ? `'${word}'` : word)).join(' ')}`);
} else {
  const { status } = spawnSync(process.execPath, [join(ROOT, 'bin/guesthouse.js'), ...command], {
    stdio: 'inherit',
  });
  process.exitCode = status ?? 1;
}
