/**
 * A Chromium from an npm package, for a Linux without one. It is fetched when it is first needed, into node_modules of this
 * folder, so that an installation of Guesthouse does not need it.
 */

import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const HERE = fileURLToPath(new URL('.', import.meta.url));
const PACKAGE = join(HERE, 'node_modules/@sparticuz/chromium');
/** The folder of the unpacked browser, in node_modules, so that another version is unpacked again. */
const UNPACKED = join(HERE, 'node_modules/.unpacked');

/** How to start a browser. */
export interface Start {
  readonly executablePath: string;
  readonly env?: Record<string, string>;
}

/**
 * Returns the packaged browser. Fetches and unpacks it if necessary.
 * @throws Error with the reason if that fails
 */
export async function packagedBrowser(): Promise<Start> {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new Error(`there is no packaged Chromium for ${process.platform} on ${process.arch}`);
  }
  if (!existsSync(UNPACKED)) {
    if (!existsSync(PACKAGE)) fetchPackage();
    await unpack();
  }
  return { executablePath: join(UNPACKED, 'chromium'), env: environment() };
}

function fetchPackage(): void {
  process.stderr.write('no browser here: fetching the packaged Chromium (70 MB)…\n');
  // The package requires a newer Node, but its files do not.
  const flags = ['--ignore-scripts', '--no-audit', '--no-fund', '--engine-strict=false', '--loglevel=error'];
  const { status, stderr } = spawnSync('npm', ['ci', ...flags], { cwd: HERE, encoding: 'utf8' });
  if (status !== 0) throw new Error(`npm ci in test/browser failed: ${stderr.trim().split('\n')[0]}`);
}

/** Unpacks into a temporary folder first, so that the final one is always complete. */
async function unpack(): Promise<void> {
  const folder = `${UNPACKED}-${process.pid}`;
  mkdirSync(folder, { recursive: true });
  const { inflate } = (await import(pathToFileURL(join(PACKAGE, 'build/lambdafs.js')).href)) as {
    inflate(path: string): Promise<string>;
  };
  // The package unpacks into the folder for temporary files.
  const { TMPDIR } = process.env;
  process.env.TMPDIR = folder;
  try {
    const files = ['chromium.br', 'al2023.tar.br', 'fonts.tar.br'];
    await Promise.all(files.map((name) => inflate(join(PACKAGE, 'bin', name))));
  } finally {
    if (TMPDIR === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = TMPDIR;
  }
  writeFileSync(join(folder, 'fonts.conf'), FONTS);
  rmSync(UNPACKED, { recursive: true, force: true });
  renameSync(folder, UNPACKED);
}

const FONTS = `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir>${join(UNPACKED, 'fonts/fonts')}</dir>
  <cachedir>${join(UNPACKED, 'fonts-cache')}</cachedir>
</fontconfig>
`;

/** Adds libraries that a minimal system lacks, and a font if there is none. */
function environment(): Record<string, string> {
  const inherited = Object.entries(process.env).filter(
    (one): one is [string, string] => one[1] !== undefined,
  );
  const libraries = [join(UNPACKED, 'al2023/lib'), process.env.LD_LIBRARY_PATH ?? ''];
  const fonts = existsSync('/etc/fonts/fonts.conf') ? {} : { FONTCONFIG_FILE: join(UNPACKED, 'fonts.conf') };
  return {
    ...Object.fromEntries(inherited),
    ...fonts,
    LD_LIBRARY_PATH: libraries.filter((folder) => folder !== '').join(':'),
  };
}
