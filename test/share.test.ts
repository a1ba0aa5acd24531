/** Random messages of a guest to a shared folder: what is outside of the folder is neither read nor changed. */

import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FolderTree } from '../src/cli/folder-tree.ts';
import { Server9p } from '../src/devices/testing/index.ts';
import { fileMessage, firstFileMessages } from '../src/fuzz/devices/file-messages.ts';
import { Random } from '../src/fuzz/random.ts';

const SECRET = 'what no guest may read';
const SESSIONS = 60;
const MESSAGES = 40;
/** Names that messages use, and names in folders that they may make. */
const PLACES = ['c', 'd', 'a/b', 'a/d', 'b/a'];

let base: string;
let root: string;
let outside: string;

beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'guesthouse-hostile-'));
  [root, outside] = [join(base, 'root'), join(base, 'outside')];
  for (const path of [root, outside, join(outside, 'a')]) mkdirSync(path);
  for (const path of ['b', 'a/b']) writeFileSync(join(outside, path), SECRET, { mode: 0o600 });
});

afterEach(() => rmSync(base, { recursive: true }));

/** Puts symbolic links that lead outside where there is nothing. */
function lay(random: Random): void {
  for (const path of PLACES) {
    const place = join(root, path);
    const folder = lstatSync(dirname(place), { throwIfNoEntry: false });
    if (!folder?.isDirectory() || lstatSync(place, { throwIfNoEntry: false })) continue;
    symlinkSync(random.pick([outside, join(outside, 'b'), '../outside', '../../outside']), place);
  }
}

/** What can be seen of a file outside. */
function seen(path: string) {
  const { mode, nlink, mtimeMs, size } = statSync(join(outside, path));
  return { mode, nlink, mtimeMs, size, content: readFileSync(join(outside, path), 'utf8') };
}

const WAYS: [string, boolean][] = [
  ['by checked paths', false],
  ...(process.platform === 'linux' ? [['by descriptors', true] as [string, boolean]] : []),
];

describe.each(WAYS)('a shared folder, %s', (_, byDescriptor) => {
  it('is not left, whatever a guest sends', () => {
    const random = new Random(7);
    const before = ['b', 'a/b'].map(seen);
    let answered = 0;
    for (let session = 0; session < SESSIONS; session++) {
      const tree = new FolderTree(root, { readOnly: false, byDescriptor });
      const server = new Server9p(tree);
      for (let n = 0; n < MESSAGES; n++) {
        if (n % 10 === 0) lay(random);
        const opening = n === 0 ? firstFileMessages() : [];
        for (const message of [...opening, fileMessage(random, true)]) {
          const reply = Buffer.from(server.answer(message, 8192));
          expect(reply.includes(SECRET)).toBe(false);
          if (reply[4] !== 7) answered++;
        }
      }
      server.reset();
      tree.close();
    }
    expect(answered).toBeGreaterThan(SESSIONS * 5);
    expect(['b', 'a/b'].map(seen)).toEqual(before);
    expect(readdirSync(outside, { recursive: true }).sort()).toEqual(['a', 'a/b', 'b']);
    expect(readdirSync(base).sort()).toEqual(['outside', 'root']);
  });
});
