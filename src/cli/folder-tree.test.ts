/** The same tests for a tree in memory and for a folder, reached in both ways. */

import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MemoryTree } from '../devices/index.ts';
import { FileError, type FileTree, type OpenMode } from '../files/index.ts';
import { FolderTree } from './folder-tree.ts';

/** Of the file outside. */
const SECRET_MODE = 0o100600;
const READ: OpenMode = { read: true, write: false, append: false };
const WRITE: OpenMode = { read: true, write: true, append: false };
const APPEND: OpenMode = { ...WRITE, append: true };

let base: string;
let root: string;
let tree: FolderTree;

const ways: [string, boolean][] = [
  ['by descriptors', true],
  ['by checked paths', false],
];
/** Only Linux has descriptors with paths. */
const here = ways.filter(([, byDescriptor]) => !byDescriptor || process.platform === 'linux');

function folder(name: string, byDescriptor: boolean): FolderTree {
  return new FolderTree(join(base, name), { readOnly: false, byDescriptor });
}

beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'guesthouse-share-'));
  root = join(base, 'root');
  mkdirSync(root);
  mkdirSync(join(base, 'outside'));
  writeFileSync(join(base, 'outside/secret'), 'the content of secret', { mode: SECRET_MODE & 0o777 });
});

afterEach(() => rmSync(base, { recursive: true }));

function put(to: FileTree, path: string, text: string): void {
  const file = to.create(path, WRITE, 0o644);
  file.write(0, Buffer.from(text));
  file.close();
}

function text(of: FileTree, path: string): string {
  const file = of.open(path, READ, false);
  const bytes = file.read(0, 1000);
  file.close();
  return Buffer.from(bytes).toString();
}

describe.each(here)('a folder, %s', (_, byDescriptor) => {
  beforeEach(() => {
    tree = folder('root', byDescriptor);
    put(tree, 'f', 'hello');
    tree.makeFolder('d', 0o755);
  });

  /** Every operation that looks a name up, with a path below `link`. */
  const through = (link: string): [string, () => unknown][] => [
    ['attributes', () => tree.attributes(`${link}/secret`)],
    ['change', () => tree.change(`${link}/secret`, { mode: 0o777 })],
    ['open', () => tree.open(`${link}/secret`, READ, false)],
    ['truncate', () => tree.open(`${link}/secret`, WRITE, true)],
    ['create', () => tree.create(`${link}/new`, WRITE, 0o644)],
    ['list', () => tree.list(link)],
    ['makeFolder', () => tree.makeFolder(`${link}/new`, 0o755)],
    ['makeLink', () => tree.makeLink(`${link}/new`, 'x')],
    ['readLink', () => tree.readLink(`${link}/secret`)],
    ['link from', () => tree.link(`${link}/secret`, 'stolen')],
    ['link to', () => tree.link('f', `${link}/new`)],
    ['rename from', () => tree.rename(`${link}/secret`, 'stolen')],
    ['rename to', () => tree.rename('f', `${link}/new`)],
    ['remove', () => tree.remove(`${link}/secret`, false)],
    ['syncFolder', () => tree.syncFolder(link)],
    ['restoreOpen', () => tree.restoreOpen(`${link}/secret`, READ)],
  ];

  /** Nothing outside has changed. */
  function demandUntouched(): void {
    expect(readFileSync(join(base, 'outside/secret'), 'utf8')).toBe('the content of secret');
    expect(lstatSync(join(base, 'outside')).nlink).toBe(2);
    for (const name of ['outside/new', 'root/stolen']) expect(existsSync(join(base, name)), name).toBe(false);
  }

  it('is not left through a symbolic link, whoever made it', () => {
    tree.makeLink('d/absolute', join(base, 'outside'));
    tree.makeLink('d/relative', '../../outside');
    symlinkSync('../outside', join(root, 'theirs'));
    for (const link of ['d/absolute', 'd/relative', 'theirs']) {
      for (const [name, action] of through(link)) expect(action, `${name} ${link}`).toThrow('ENOTDIR');
    }
    demandUntouched();
  });

  it('is not left when a folder becomes a symbolic link, or moves', () => {
    tree.makeFolder('d/e', 0o755);
    put(tree, 'd/e/secret', 'own');
    const open = tree.open('d/e/secret', WRITE, false);
    tree.rename('d/e', 'e');
    tree.makeLink('d/e', join(base, 'outside'));
    for (const [name, action] of through('d/e')) expect(action, name).toThrow('ENOTDIR');
    expect(text(tree, 'e/secret')).toBe('own');
    open.write(0, Buffer.from('OWN'));
    open.close();
    expect(text(tree, 'e/secret')).toBe('OWN');
    // When another program moves a folder there, the name leads to that folder.
    rmSync(join(root, 'd'), { recursive: true });
    renameSync(join(base, 'outside'), join(root, 'd'));
    expect(text(tree, 'd/secret')).toBe('the content of secret');
    renameSync(join(root, 'd'), join(base, 'outside'));
    demandUntouched();
  });

  it('has symbolic links that are read and not followed', () => {
    tree.makeLink('l', join(base, 'outside/secret'));
    tree.makeLink('same', 'f');
    expect(tree.readLink('l')).toBe(join(base, 'outside/secret'));
    expect(tree.attributes('l')).toMatchObject({
      mode: 0o120777,
      size: BigInt(join(base, 'outside/secret').length),
    });
    for (const link of ['l', 'same']) {
      expect(() => tree.open(link, READ, false)).toThrow('ELOOP');
      expect(() => tree.open(link, WRITE, true)).toThrow('ELOOP');
      expect(() => tree.create(link, WRITE, 0o644)).toThrow('EEXIST');
      expect(() => tree.link(link, 'stolen')).toThrow('EPERM');
      expect(() => tree.change(link, { mode: 0o600 })).toThrow('EOPNOTSUPP');
      expect(() => tree.change(link, { size: 0 })).toThrow('EINVAL');
      tree.change(link, { modified: 5_000_000_000n });
      expect(tree.attributes(link).modified).toBe(5_000_000_000n);
    }
    expect(statSync(join(root, 'f')).mtimeMs).not.toBe(5000);
    tree.rename('l', 'm');
    tree.rename('f', 'same');
    tree.remove('m', false);
    expect(tree.list('').map(({ name }) => name)).toEqual(['d', 'same']);
    demandUntouched();
  });

  it('has pipes, sockets and devices that are not opened', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(join(root, 'socket'), resolve));
    try {
      expect(tree.attributes('socket').mode & 0o170000).toBe(0o140000);
      for (const mode of [READ, WRITE]) expect(() => tree.open('socket', mode, false)).toThrow('ENXIO');
      expect(() => tree.change('socket', { size: 0 })).toThrow('EINVAL');
    } finally {
      server.close();
    }
  });

  it('lists no more files than are wanted', () => {
    expect(tree.list('', 2)).toHaveLength(2);
    expect(() => tree.list('', 1)).toThrow('ENOMEM');
    expect(() => tree.list('f')).toThrow('ENOTDIR');
    expect(() => tree.list('none')).toThrow('ENOENT');
  });

  it('opens a file of a saved state again, unless it had been removed', () => {
    const file = tree.restoreOpen('f', READ);
    expect(Buffer.from(file.read(0, 10)).toString()).toBe('hello');
    expect(file.save()).toBe(null);
    file.close();
    expect(() => tree.restoreOpen(null, READ)).toThrow('ESTALE');
  });

  it('keeps every byte of names and targets', () => {
    const name = '\xff\xfe \\ \n:\x01';
    put(tree, name, 'bytes');
    expect(tree.list('').some((entry) => entry.name === name)).toBe(true);
    expect(text(tree, name)).toBe('bytes');
    tree.makeLink('l', '\xe4\x80');
    expect(tree.readLink('l')).toBe('\xe4\x80');
    expect(readlinkSync(join(root, 'l'), 'buffer')).toEqual(Buffer.from([0xe4, 0x80]));
  });

  it('makes files with the permissions that are asked for, as far as the umask allows', () => {
    const umask = process.umask();
    tree.create('made', WRITE, 0o1751).close();
    tree.makeFolder('also', 0o1777);
    expect(tree.attributes('made').mode).toBe(0o101751 & ~umask);
    expect(tree.attributes('also').mode).toBe(0o041777 & ~umask);
    tree.change('made', { mode: 0o777 });
    expect(tree.attributes('made').mode).toBe(0o100777);
    const { uid, gid } = tree.attributes('f');
    tree.change('f', { uid, gid });
    expect(() => tree.change('f', { uid: uid + 1 })).toThrow('EPERM');
    expect(() => tree.change('f', { gid: gid + 1, mode: 0 })).toThrow('EPERM');
    expect(tree.attributes('f').mode & 0o777).not.toBe(0);
  });

  it.runIf(process.platform === 'linux')('closes what it opens, also after an error', () => {
    /** The files below the test's folder that are open. */
    const open = () =>
      readdirSync('/proc/self/fd').flatMap((name) => {
        const path = linkOf(`/proc/self/fd/${name}`);
        return path?.startsWith(base) ? [path] : [];
      });
    const before = open();
    tree.makeFolder('d/e', 0o755);
    tree.makeLink('l', 'f');
    put(tree, 'd/e/g', 'x');
    text(tree, 'd/e/g');
    tree.list('d/e');
    tree.syncFolder('d');
    tree.change('d/e/g', { size: 3, mode: 0o600, modified: 'now' });
    expect(() => tree.open('d/e/none/none', READ, false)).toThrow('ENOENT');
    expect(() => tree.open('d/e/g/none', READ, false)).toThrow('ENOTDIR');
    expect(() => tree.open('d/e', READ, false)).toThrow('EISDIR');
    expect(() => tree.open('l', READ, false)).toThrow('ELOOP');
    expect(() => tree.create('d/e/g', WRITE, 0o644)).toThrow('EEXIST');
    expect(open()).toEqual(before);
    tree.close();
    expect(open()).toEqual([]);
  });
});

function linkOf(path: string): string | null {
  try {
    return readlinkSync(path);
  } catch {
    return null;
  }
}

describe('what is no folder', () => {
  it('is refused', () => {
    writeFileSync(join(base, 'file'), '');
    for (const [, byDescriptor] of here) {
      expect(() => folder('none', byDescriptor)).toThrow('ENOENT');
    }
    expect(() => folder('file', true)).toThrow('ENOTDIR');
  });

  it('may be a symbolic link to one', () => {
    symlinkSync(root, join(base, 'way'));
    writeFileSync(join(root, 'f'), 'x');
    for (const [, byDescriptor] of here) expect(text(folder('way', byDescriptor), 'f')).toBe('x');
  });
});

const names = fc.constantFrom('a', 'b', 'c');
const paths = fc.array(names, { minLength: 1, maxLength: 3 }).map((parts) => parts.join('/'));
const operations = fc.oneof(
  fc.tuple(fc.constant('create'), paths, paths),
  ...(['makeFolder', 'makeLink', 'link', 'rename', 'removeFile', 'removeFolder'] as const).map((name) =>
    fc.tuple(fc.constant(name), paths, paths),
  ),
  ...(['resize', 'append', 'write', 'truncate', 'mode', 'times', 'read'] as const).map((name) =>
    fc.tuple(fc.constant(name), paths, paths),
  ),
);
type Operation = typeof operations extends fc.Arbitrary<infer T> ? T : never;

/** Performs an operation. Returns what it did, or the error. */
function perform(on: FileTree, [name, path, other]: Operation): unknown {
  try {
    return performUnchecked(on, name, path, other);
  } catch (error) {
    if (error instanceof FileError) return error.code;
    throw error;
  }
}

function performUnchecked(on: FileTree, name: string, path: string, other: string): unknown {
  const withFile = (
    mode: OpenMode,
    truncate: boolean,
    action: (file: ReturnType<FileTree['open']>) => unknown,
  ) => {
    const file = on.open(path, mode, truncate);
    const result = action(file);
    file.close();
    return result;
  };
  switch (name) {
    case 'create':
      return on.create(path, WRITE, 0o600).close();
    case 'makeFolder':
      return on.makeFolder(path, 0o700);
    case 'makeLink':
      return on.makeLink(path, other);
    case 'link':
      return on.link(path, other);
    case 'rename':
      return on.rename(path, other);
    case 'removeFile':
    case 'removeFolder':
      return on.remove(path, name === 'removeFolder');
    case 'resize':
      return on.change(path, { size: other.length * 3 });
    case 'append':
      return withFile(APPEND, false, (file) => file.write(0, Buffer.from(other)));
    case 'write':
      return withFile(WRITE, false, (file) => file.write(other.length * 2, Buffer.from(other)));
    case 'truncate':
      return withFile(WRITE, true, () => null);
    case 'mode':
      return on.change(path, { mode: other.length === 1 ? 0o700 : 0o640 });
    case 'times':
      return on.change(path, { modified: BigInt(other.length) * 1_000_000_000n });
    default:
      return withFile(READ, false, (file) => [...file.read(other.length - 1, 100)]);
  }
}

/** Everything that can be seen of a tree, apart from numbers and present times. */
function seen(of: FileTree, path = ''): unknown {
  const { mode, size, links } = of.attributes(path);
  switch (mode & 0o170000) {
    case 0o040000: {
      const entries = of.list(path, Infinity).map(({ name }) => name);
      const inner = (name: string) => seen(of, path === '' ? name : `${path}/${name}`);
      return {
        mode: path === '' ? 0 : mode,
        entries: entries.sort().map((name) => [name, inner(name)]),
      };
    }
    case 0o120000:
      return of.readLink(path);
    default:
      return { mode, size, links, text: text(of, path) };
  }
}

describe('a tree in memory and a folder', () => {
  // Other systems have other codes for some errors.
  it.runIf(process.platform === 'linux')('do the same', () => {
    let run = 0;
    fc.assert(
      fc.property(fc.array(operations, { minLength: 20, maxLength: 40 }), (steps) => {
        const trees: FileTree[] = [new MemoryTree()];
        for (const [, byDescriptor] of here) {
          run++;
          mkdirSync(join(base, `run${run}`));
          trees.push(folder(`run${run}`, byDescriptor));
        }
        for (const step of steps) {
          const [first, ...others] = trees.map((one) => perform(one, step));
          for (const other of others) expect(other, step.join(' ')).toEqual(first);
        }
        const [first, ...others] = trees.map((one) => seen(one));
        for (const other of others) expect(other).toEqual(first);
      }),
      { numRuns: 30 },
    );
  });
});
