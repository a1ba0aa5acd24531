/** `guesthouse run`, tested from outside: output, exit status, and what is left on this computer. */

import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const FOLDER = mkdtempSync(join(tmpdir(), 'guesthouse-run-'));
afterAll(() => rmSync(FOLDER, { recursive: true }));

const program = (name: string) => `examples/programs/images/${name}.elf`;

/** Runs `guesthouse run` in the root of the repository. */
function run(...args: readonly string[]): Promise<{ status: number | null; out: string; err: string }> {
  const child = spawn(process.execPath, ['bin/guesthouse.js', 'run', ...args], { cwd: ROOT });
  let [out, err] = ['', ''];
  child.stdout.on('data', (data: Buffer) => {
    out += data;
  });
  child.stderr.on('data', (data: Buffer) => {
    err += data;
  });
  child.stdin.end();
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (status) => resolve({ status, out, err }));
  });
}

describe('--overlay', () => {
  it('keeps what a program has changed for the next one', async () => {
    const overlay = join(FOLDER, 'kept');
    const first = await run('--overlay', overlay, '--cwd', '/tmp', program('files'));
    expect([first.status, first.err]).toEqual([0, '']);
    expect(first.out).toContain('mkdir: 0, again: EEXIST');
    expect(readdirSync(join(overlay, 'files/tmp'))).toContain('three');
    // Again with those files: they are there.
    const second = await run('--overlay', overlay, '--cwd', '/tmp', program('files'));
    expect([second.status, second.err]).toEqual([0, '']);
    expect(second.out).toContain('mkdir: EEXIST, again: EEXIST');
    // The root of one run can be that of another.
    const third = await run('--root', join(overlay, 'files'), '--cwd', '/tmp', '/bin/files.elf');
    expect(third.out).toContain('mkdir: EEXIST, again: EEXIST');
  });

  it('is written after a crash, and when the limit is reached', async () => {
    const [crashed, limited] = [join(FOLDER, 'crashed'), join(FOLDER, 'limited')];
    expect((await run('--overlay', crashed, program('crash'))).status).toBe(139);
    expect((await run('--overlay', limited, '--limit', '100', program('crash'))).status).toBe(4);
    for (const one of [crashed, limited]) expect(readdirSync(join(one, 'files/bin'))).toEqual(['crash.elf']);
  });

  it('is refused with one line where it cannot be', async () => {
    writeFileSync(join(FOLDER, 'file'), '');
    const refusals = await Promise.all([
      run('--overlay', join(FOLDER, 'file'), program('hello')),
      run('--overlay', join(FOLDER, 'no/where'), program('hello')),
      run('--overlay', 'examples/new', '--root', 'examples', '/programs/images/hello.elf'),
      run('--overlay', FOLDER, program('hello')),
    ]);
    for (const { status, out, err } of refusals) {
      expect({ status, out }).toEqual({ status: 2, out: '' });
      expect(err).toMatch(/^guesthouse: .+\n$/);
    }
  });
});
