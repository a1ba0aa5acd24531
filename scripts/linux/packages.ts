/** Fetches Debian packages for s390x into a scratch folder. */

import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Debian Policy, "Package". */
const PACKAGE_NAME = /^[a-z0-9][a-z0-9+.-]+$/;

const NEEDED = `This needs a Debian or Ubuntu system with its package tools, and once, as root:
    dpkg --add-architecture s390x && apt-get update
Elsewhere, fetch the packages by hand and pass the kernel and busybox: see docs/linux.md.`;

/** Prints what is missing and ends the program. */
function fail(problem: string): never {
  console.error(`${problem}\n${NEEDED}`);
  process.exit(2);
}

/**
 * Fetches a package for s390x, unless a former call has, and unpacks it. Returns the folder with its files. Ends the program with a
 * hint if that is not possible.
 */
export function unpackedPackage(scratch: string, name: string): string {
  if (!PACKAGE_NAME.test(name)) fail(`${name} is no name of a package`);
  const folder = join(scratch, name);
  const files = join(folder, 'files');
  if (existsSync(files)) return files;
  mkdirSync(folder, { recursive: true });
  console.error(`fetching ${name}`);
  try {
    execFileSync('apt-get', ['download', '-q', `${name}:s390x`], {
      cwd: folder,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const archive = readdirSync(folder).find((file) => file.endsWith('.deb')) as string;
    execFileSync('dpkg-deb', ['-x', archive, 'files.part'], { cwd: folder });
    execFileSync('mv', ['files.part', 'files'], { cwd: folder });
  } catch (error) {
    const { stderr, message } = error as { stderr?: Buffer; message: string };
    fail(`${name}:s390x could not be fetched: ${(stderr?.toString() || message).trim().split('\n')[0]}`);
  }
  return files;
}

/** Returns the name of Debian's current kernel package for s390x. */
export function kernelPackage(): string {
  try {
    const text = execFileSync('apt-cache', ['depends', 'linux-image-s390x:s390x'], { encoding: 'utf8' });
    const name = /Depends: (linux-image-[^:\s]+)/.exec(text)?.[1];
    if (name !== undefined) return name;
  } catch {
    // There is no apt-cache.
  }
  return fail('the package linux-image-s390x:s390x is not known');
}

/** Returns the kernel image of an unpacked kernel package. */
export function kernelOf(files: string): string {
  const boot = join(files, 'boot');
  const name = readdirSync(boot).find((file) => file.startsWith('vmlinuz'));
  return name === undefined ? fail(`${boot} has no kernel`) : join(boot, name);
}

/** Returns the busybox of the unpacked package busybox-static. */
export function busyboxOf(files: string): Uint8Array {
  return readFileSync(join(files, 'bin/busybox'));
}
