/**
 * Puts the checkout's own command into node_modules/.bin, so that `npx guesthouse` works there as it does where
 * the package is installed.
 */

import { chmodSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const folder = join(dirname(dirname(fileURLToPath(import.meta.url))), 'node_modules', '.bin');
mkdirSync(folder, { recursive: true });
const command = join(folder, 'guesthouse');
if (process.platform === 'win32') {
  writeFileSync(`${command}.cmd`, '@node "%~dp0\\..\\..\\bin\\guesthouse.js" %*\r\n');
} else {
  const target = join('..', '..', 'bin', 'guesthouse.js');
  rmSync(command, { force: true });
  symlinkSync(target, command);
  chmodSync(join(folder, target), 0o755);
}
