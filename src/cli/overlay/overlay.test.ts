/** What one run leaves in an overlay, the next one finds; and nothing outside of the overlay changes. */

import {
  existsSync,
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
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LinuxError } from '../../host/index.ts';
import {
  chmod,
  chown,
  Directory,
  type Inode,
  link,
  lookup,
  mkdir,
  mknod,
  open,
  type PathContext,
  RegularFile,
  rename,
  rmdir,
  Symlink,
  setTimes,
  symlink,
  truncate,
  unlink,
} from '../../host/task/files/index.ts';
import { get, put } from '../../host/task/files/testing/index.ts';
import { Linux } from '../../host/task/index.ts';
import { makeHost } from '../../host/testing/index.ts';
import { FolderTree } from '../folder-tree.ts';
import { UsageError } from '../output.ts';
import { Overlay } from './overlay.ts';
import { OverlayRecords } from './overlay-records.ts';

/** Types of files, and the flags of open: write, at the end. */
const S = { IFSOCK: 0o140000, IFBLK: 0o060000, IFCHR: 0o020000, IFIFO: 0o010000 };
const APPEND = 0o2001;

let base: string;
let out: string;
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'guesthouse-overlay-'));
  out = join(base, 'out');
  mkdirSync(join(base, 'root/dir/sub'), { recursive: true });
  writeFileSync(join(base, 'root/a'), 'a of the root');
  writeFileSync(join(base, 'root/dir/b'), 'b of the root');
  writeFileSync(join(base, 'root/dir/sub/c'), 'c of the root', { mode: 0o600 });
  symlinkSync('dir/b', join(base, 'root/link'));
  writeFileSync(join(base, 'secret'), 'secret');
});
afterEach(() => rmSync(base, { recursive: true }));

interface Run {
  readonly linux: Linux;
  readonly context: PathContext;
  /** Keeps the changes, and ends. Returns the lines about files that were left out. */
  end(limit?: number): Promise<string[]>;
}

/** Starts a run with a root directory, or, with null, one in memory. */
function begin(root: string | null = 'root', folder = out): Run {
  const lower = root === null ? null : new FolderTree(join(base, root), { readOnly: true });
  const overlay = new Overlay(folder, { lower, folders: root === null ? [] : [join(base, root)] });
  const linux = new Linux(makeHost({ storageSize: 32 << 20 }).host, {
    root: { tree: overlay.tree },
    minimal: root === null && overlay.isNew,
  });
  const { root: start } = linux.system.files;
  const context = { root: start, start, credentials: { fsuid: 0, fsgid: 0, groups: [] } };
  const end = async (limit = 16 << 20) => {
    try {
      return await overlay.keep(linux, limit);
    } finally {
      linux.close();
      overlay.close();
    }
  };
  return { linux, context, end };
}

/** Everything in the root directory, in words: hard links of a file have the same number. */
function described({ context }: Run): string[] {
  const lines: string[] = [];
  const numbers = new Map<Inode, number>();
  const visit = (path: string) => {
    const { inode } = lookup(context, path, { follow: false });
    if (!numbers.has(inode)) numbers.set(inode, numbers.size);
    const { mode, uid, gid, rdev, times } = inode;
    // A real file system has times in seconds here: Node passes them as floating-point numbers.
    const when = times.modified / 1_000_000n;
    const what =
      inode instanceof Directory ? '' : `${numbers.get(inode)} ${contentsOf(context, path, inode)}`;
    lines.push(`${path} ${mode.toString(8)} ${uid} ${gid} ${rdev} ${when} ${what}`);
    if (inode instanceof Directory && !['/dev', '/proc'].includes(path)) {
      for (const name of namesIn(inode)) visit(path === '/' ? `/${name}` : `${path}/${name}`);
    }
  };
  visit('/');
  return lines;
}

function contentsOf(context: PathContext, path: string, inode: Inode): string {
  if (inode instanceof Symlink) return inode.readLink();
  return inode instanceof RegularFile ? get(context, path) : '';
}

function namesIn(directory: Directory): string[] {
  const cursor = directory.cursor();
  const names: string[] = [];
  for (let entry = cursor.at(2); entry !== null; entry = cursor.at(entry.next)) names.push(entry.name);
  return names.sort();
}

const name = fc.constantFrom('a', 'b', 'c', 'dir', 'sub', 'link', '.wh.a', 'files', '\n\\\x7f', 'ä\xff');
const path = fc.array(name, { minLength: 1, maxLength: 3 }).map((names) => names.join('/'));
const operation = fc.oneof(
  fc.tuple(fc.constant('mkdir' as const), path),
  fc.tuple(fc.constant('rmdir' as const), path),
  fc.tuple(fc.constant('unlink' as const), path),
  fc.tuple(fc.constant('rename' as const), path, path),
  fc.tuple(fc.constant('rename' as const), path, path),
  fc.tuple(fc.constant('link' as const), path, path),
  fc.tuple(fc.constant('symlink' as const), path, path),
  fc.tuple(fc.constant('put' as const), path, fc.string()),
  fc.tuple(fc.constant('append' as const), path, fc.string()),
  fc.tuple(fc.constant('truncate' as const), path, fc.constantFrom(0, 3, 5000)),
  fc.tuple(fc.constant('chmod' as const), path, fc.constantFrom(0, 0o400, 0o4755, 0o1777)),
  fc.tuple(fc.constant('chown' as const), path, fc.nat(3)),
  fc.tuple(fc.constant('times' as const), path, fc.nat(1000)),
  fc.tuple(fc.constant('mknod' as const), path, fc.constantFrom(S.IFIFO, S.IFSOCK, S.IFCHR, S.IFBLK)),
);
type Operation = typeof operation extends fc.Arbitrary<infer T> ? T : never;

function perform(context: PathContext, [what, at, ...[value]]: Operation): void {
  const found = (): Inode => lookup(context, at).inode;
  const { credentials } = context;
  const actions: Record<Operation[0], () => void> = {
    mkdir: () => mkdir(context, at, 0o755),
    rmdir: () => rmdir(context, at),
    unlink: () => unlink(context, at),
    rename: () => rename(context, at, value as string),
    link: () => link(lookup(context, at), context, value as string),
    symlink: () => symlink(context, value as string, at),
    put: () => put(context, at, value as string),
    append: () => {
      const file = open(context, at, APPEND);
      file.write(Uint8Array.from(value as string, (one) => one.charCodeAt(0)));
      file.release();
    },
    truncate: () => truncate(found(), credentials, value as number),
    chmod: () => chmod(found(), credentials, value as number),
    chown: () => chown(found(), credentials, value as number, (value as number) * 2),
    times: () => {
      const time = BigInt(value as number) * 1_000_000_000n;
      setTimes(found(), credentials, time, time);
    },
    mknod: () => mknod(context, at, (value as number) | 0o640, 0x103),
  };
  try {
    actions[what]();
  } catch (error) {
    if (!(error instanceof LinuxError)) throw error;
  }
}

it.each([['root'], [null]])('random changes of a root (%s) are found by the next run', async (root) => {
  const runs = fc.array(fc.array(operation, { maxLength: 12 }), { minLength: 1, maxLength: 3 });
  await fc.assert(
    fc.asyncProperty(runs, async (all) => {
      rmSync(out, { recursive: true, force: true });
      const before = readdirSync(base, { recursive: true }).length;
      for (const operations of all) {
        const run = begin(root);
        for (const one of operations) perform(run.context, one);
        const state = described(run);
        expect(await run.end()).toEqual([]);
        const next = begin(root);
        expect(described(next)).toEqual(state);
        await next.end();
      }
      expect(readdirSync(base).sort()).toEqual(['out', 'root', 'secret']);
      rmSync(out, { recursive: true });
      expect(readdirSync(base, { recursive: true })).toHaveLength(before);
    }),
    { numRuns: 20 },
  );
});

describe('the folder', () => {
  it('has changed files in their places, names of removed ones, and attributes', async () => {
    const { context, end } = begin();
    put(context, 'dir/new', 'new');
    put(context, 'a', 'changed');
    link(lookup(context, 'a'), context, 'dir/hard');
    symlink(context, '../../../secret', 'dir/out');
    unlink(context, 'dir/b');
    mknod(context, 'null', S.IFCHR | 0o666, 0x103);
    chown(lookup(context, 'dir/new').inode, context.credentials, 5, 6);
    chmod(lookup(context, 'dir/new').inode, context.credentials, 0o4711);
    expect(await end()).toEqual([]);
    const files = join(out, 'files');
    expect(readdirSync(out).sort()).toEqual(['attributes', 'files', 'removed']);
    expect(readFileSync(join(out, 'removed'), 'utf8')).toBe('/dir/b\n');
    expect(readFileSync(join(out, 'attributes'), 'utf8')).toBe(
      '0104711 5 6 0:0 /dir/new\n020666 0 0 1:3 /null\n',
    );
    expect(readFileSync(join(files, 'a'), 'utf8')).toBe('changed');
    expect(statSync(join(files, 'a')).ino).toBe(statSync(join(files, 'dir/hard')).ino);
    expect(lstatSync(join(files, 'dir/out')).isSymbolicLink()).toBe(true);
    // No file of this computer runs as its owner because a program wants it.
    expect(lstatSync(join(files, 'dir/new')).mode & 0o7777).toBe(0o711);
    expect(lstatSync(join(files, 'null')).isFile()).toBe(true);
    expect(existsSync(join(files, 'dir/sub'))).toBe(false);
  });

  it('has nothing of the root in a directory that replaces one', async () => {
    const run = begin();
    rename(run.context, 'dir', 'moved');
    mkdir(run.context, 'dir', 0o700);
    await run.end();
    const next = begin();
    expect(namesIn(lookup(next.context, 'dir').inode as Directory)).toEqual([]);
    expect(get(next.context, 'moved/sub/c')).toBe('c of the root');
    await next.end();
  });

  it('keeps the other names of a file of an earlier run', async () => {
    const first = begin();
    put(first.context, 'one', '1');
    link(lookup(first.context, 'one'), first.context, 'two');
    await first.end();
    const second = begin();
    put(second.context, 'one', 'changed');
    await second.end();
    const third = begin();
    expect(get(third.context, 'two')).toBe('changed');
    await third.end();
  });

  it('gets a minimal /etc once, and what was removed there stays away', async () => {
    const run = begin(null);
    expect(get(run.context, '/etc/passwd')).toMatch(/^root:/);
    unlink(run.context, '/etc/passwd');
    await run.end();
    const next = begin(null);
    expect(namesIn(lookup(next.context, '/etc').inode as Directory)).toEqual([
      'group',
      'hosts',
      'nsswitch.conf',
    ]);
    await next.end();
  });

  it('has holes where files have them', async () => {
    const { context, end } = begin();
    put(context, 'sparse', 'x');
    truncate(lookup(context, 'sparse').inode, context.credentials, 2 ** 40);
    expect(await end()).toEqual([]);
    const { size, blocks } = statSync(join(out, 'files/sparse'));
    expect([size, blocks < 100]).toEqual([2 ** 40, true]);
  });
});

describe('what is hostile', () => {
  it('symbolic links in the folder are not followed', async () => {
    const first = begin();
    mkdir(first.context, 'd', 0o755);
    symlink(first.context, '../..', 'up');
    symlink(first.context, base, 'base');
    await first.end();
    const second = begin();
    // The directory becomes a link that leads out, and the link a directory.
    rmdir(second.context, 'd');
    symlink(second.context, '../../..', 'd');
    unlink(second.context, 'up');
    mkdir(second.context, 'up', 0o755);
    put(second.context, 'up/secret', 'overwritten');
    unlink(second.context, 'base');
    mkdir(second.context, 'base', 0o755);
    put(second.context, 'base/secret', 'overwritten');
    await second.end();
    expect(readFileSync(join(base, 'secret'), 'utf8')).toBe('secret');
    expect(lstatSync(join(out, 'files/d')).isSymbolicLink()).toBe(true);
    expect(readFileSync(join(out, 'files/up/secret'), 'utf8')).toBe('overwritten');
  });

  it('more than the limit is refused, and the folder stays as it was', async () => {
    const first = begin();
    put(first.context, 'small', 'x'.repeat(100));
    await first.end();
    const second = begin();
    unlink(second.context, 'small');
    put(second.context, 'large', 'x'.repeat(3 << 20));
    await expect(second.end(2 << 20)).rejects.toThrow(/they are more than the 2 MiB of --max-files/);
    expect(readdirSync(join(out, 'files'))).toContain('small');
    expect(readdirSync(out)).toEqual(['files']);
  });

  it('what a real file system cannot have is left out, with a line', async () => {
    const { context, end } = begin();
    const deep = 'deep';
    mkdir(context, deep, 0o755);
    let inside = context;
    for (let n = 0; n < 30; n++) {
      const start = lookup(inside, n === 0 ? deep : 'n'.repeat(200));
      inside = { ...context, start };
      mkdir(inside, 'n'.repeat(200), 0o755);
    }
    put(context, 'huge', 'x');
    truncate(lookup(context, 'huge').inode, context.credentials, 2 ** 52);
    put(context, 'fine', 'fine');
    const lines = (await end()).join('\n');
    expect(lines).toMatch(/^\S+out does not keep \d+ files, among them \/deep\/n+…: the path is too long$/m);
    expect(lines).toMatch(/^\S+out does not keep \/huge: it is longer than the file system takes$/m);
    expect(readFileSync(join(out, 'files/fine'), 'utf8')).toBe('fine');
  });

  it.each([
    ['removed', 'a'],
    ['removed', '/a/../b'],
    ['removed', '/'],
    ['removed', '/a\\000'],
    ['attributes', '0100644 0 0 0:0'],
    ['attributes', '0100644 0 9999999999 0:0 /a'],
    ['attributes', '100644 0 0 0:0 /a'],
    ['attributes', '0100644 0 0 0:0 //a'],
  ])('a list %s with %j is refused', async (list, line) => {
    await begin().end();
    writeFileSync(join(out, list), `${line}\n`);
    expect(() => begin()).toThrow(`could not use ${out}/${list}: line 1 is not as it should be`);
    expect(existsSync(join(out, 'lock'))).toBe(false);
  });
});

describe('a folder is refused', () => {
  const refused = (folder: string) => {
    let message = '';
    try {
      begin('root', folder);
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      ({ message } = error);
    }
    return message;
  };

  it('that is none, is not there, or has something else', () => {
    expect(refused(join(base, 'secret'))).toMatch(/^could not use \S+secret: not a directory$/);
    expect(refused(join(base, 'a/b'))).toMatch(/^could not use \S+b: no such file or directory$/);
    expect(refused(base)).toMatch(/must not be in each other$/);
    mkdirSync(join(base, 'other'));
    writeFileSync(join(base, 'other/file'), '');
    expect(refused(join(base, 'other'))).toMatch(/other is not empty, and has no folder "files" of a run$/);
  });

  it('that is in the root directory, also by a symbolic link', () => {
    expect(refused(join(base, 'root/out'))).toMatch(/must not be in each other$/);
    symlinkSync('root/dir', join(base, 'there'));
    expect(refused(join(base, 'there/out'))).toMatch(/must not be in each other$/);
    expect(existsSync(join(base, 'root/out'))).toBe(false);
  });

  it('that another run uses; not if that has crashed', async () => {
    const run = begin();
    expect(refused(out)).toBe(`${out} is used by process ${process.pid}`);
    await run.end();
    writeFileSync(join(out, 'lock'), '999999999\n');
    await begin().end();
    expect(existsSync(join(out, 'lock'))).toBe(false);
  });
});

it('lists have all names', () => {
  fc.assert(
    fc.property(fc.array(path), (paths) => {
      const records = new OverlayRecords();
      for (const one of paths) records.setAttributes(one, { mode: 0o104755, uid: 1, gid: 2, device: 0x103 });
      for (const one of paths.slice(3)) records.remove(one);
      const read = new OverlayRecords();
      read.readRemoved(records.removedText());
      read.readAttributes(records.attributesText());
      expect(read.attributesText()).toBe(records.attributesText());
      for (const one of paths) expect(read.isRemoved(one)).toBe(records.isRemoved(one));
    }),
  );
});
