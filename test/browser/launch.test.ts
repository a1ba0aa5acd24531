import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { systemBrowsers } from './system.ts';

const FOLDER = mkdtempSync(join(tmpdir(), 'guesthouse-browser-'));
afterAll(() => rmSync(FOLDER, { recursive: true }));

describe.skipIf(process.platform === 'win32')('browsers of the computer', () => {
  const program = (name: string, mode = 0o755) => {
    const path = join(FOLDER, name);
    writeFileSync(path, '');
    chmodSync(path, mode);
    return path;
  };

  it('are looked for on the PATH, and CHROMIUM_PATH comes first', () => {
    const onPath = program('chromium');
    const named = program('mine');
    expect(systemBrowsers({ PATH: FOLDER, CHROMIUM_PATH: named }).slice(0, 2)).toEqual([named, onPath]);
  });

  it('are files that can be executed', () => {
    const plain = program('plain', 0o644);
    const found = [plain, FOLDER, join(FOLDER, 'nowhere')].flatMap((path) =>
      systemBrowsers({ PATH: '', CHROMIUM_PATH: path }),
    );
    expect(found.filter((path) => path.startsWith(FOLDER))).toEqual([]);
  });
});
