/**
 * Random operations have the same results here as on this computer: values, contents and errors. Linux runs them on a temporary folder;
 * here they run on a tmpfs, on a folder whose changes stay in memory, and on a folder that is changed itself.
 */

import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FolderTree } from '../src/cli/folder-tree.ts';
import { LinuxError } from '../src/host/errors.ts';
import { O, S } from '../src/host/task/abi/files.ts';
import {
  access,
  chmod,
  type Dentry,
  Devices,
  FileHost,
  FolderFileSystem,
  type Inode,
  link,
  lookup,
  mkdir,
  type OpenDirectory,
  type OpenFile,
  open,
  PageCache,
  type PathContext,
  rename,
  rmdir,
  Symlink,
  setTimes,
  symlink,
  Tmpfs,
  unlink,
} from '../src/host/task/files/index.ts';
import { makeHost } from '../src/host/testing/index.ts';

/** A path from the working directory. At most three names: `..` then leads no further than three directories up. */
const name = fc.constantFrom('a', 'a', 'b', 'b', 'c', '.', '..', '', 'n'.repeat(256));
const path = fc
  .tuple(fc.array(name, { minLength: 1, maxLength: 3 }), fc.constantFrom('', '', '', '/'))
  .map(([names, slash]) => names.join('/') + slash)
  // The root is another one.
  .filter((text) => !text.startsWith('/'));
/** Where a symbolic link leads: never up, so that links cannot add up to a way out. */
const target = fc.constantFrom('a', 'b', 'a/b', 'c/', '.', './a', 'b/c/a', '');
const slot = fc.nat(2);
const bytes = fc.uint8Array({ maxLength: 20 });
const offset = fc.constantFrom(0, 1, 10, 4090, 4096, 10_000);
const flags = fc
  .tuple(
    fc.constantFrom(O.RDONLY, O.WRONLY, O.RDWR),
    fc.subarray([O.CREAT, O.EXCL, O.TRUNC, O.APPEND, O.NOFOLLOW]),
    // Kernels differ in what O_CREAT and O_DIRECTORY mean together.
    fc.boolean(),
  )
  .map(([mode, more, directory]) => {
    const all = more.reduce((sum, flag) => sum | flag, mode as number);
    return directory && (all & O.CREAT) === 0 ? all | O.DIRECTORY : all;
  });
const operation = fc.oneof(
  fc.record({ op: fc.constant('mkdir' as const), path }),
  fc.record({ op: fc.constant('mkdir' as const), path }),
  fc.record({ op: fc.constant('rmdir' as const), path }),
  fc.record({ op: fc.constant('unlink' as const), path }),
  fc.record({ op: fc.constant('rename' as const), path, to: path }),
  fc.record({ op: fc.constant('rename' as const), path, to: path }),
  fc.record({ op: fc.constant('link' as const), path, to: path }),
  fc.record({ op: fc.constant('symlink' as const), target, path }),
  fc.record({ op: fc.constant('readlink' as const), path }),
  fc.record({ op: fc.constant('stat' as const), path, follow: fc.boolean() }),
  fc.record({ op: fc.constant('readdir' as const), path }),
  fc.record({ op: fc.constant('write' as const), path, bytes }),
  fc.record({ op: fc.constant('truncate' as const), path, size: offset }),
  fc.record({ op: fc.constant('chmod' as const), path, mode: fc.constantFrom(0o600, 0o755, 0o1777) }),
  fc.record({ op: fc.constant('access' as const), path, mode: fc.nat(7) }),
  fc.record({ op: fc.constant('utimes' as const), path, at: fc.nat(1000) }),
  fc.record({ op: fc.constant('open' as const), slot, path, flags }),
  fc.record({ op: fc.constant('open' as const), slot, path, flags }),
  fc.record({ op: fc.constant('close' as const), slot }),
  fc.record({ op: fc.constant('read' as const), slot, at: fc.option(offset) }),
  fc.record({ op: fc.constant('put' as const), slot, at: fc.option(offset), bytes }),
  fc.record({ op: fc.constant('ftruncate' as const), slot, size: offset }),
  fc.record({ op: fc.constant('fstat' as const), slot }),
);
type Operation = typeof operation extends fc.Arbitrary<infer T> ? T : never;

/** What is known of a file that must be the same. */
const described = (mode: number, size: number, links: number) => {
  const isDirectory = (mode & S.IFMT) === S.IFDIR;
  // The size of a directory, and how its links are counted, is a matter of the file system.
  return `${mode.toString(8)} ${isDirectory ? '' : `${size} ${links}`}`;
};

/** Something that performs operations. */
interface Performer {
  perform(operation: Operation): unknown;
  /** All files below a directory, with their contents. */
  all(): unknown;
  end(): void;
}

/** This computer. */
class Computer implements Performer {
  readonly #folder: string;
  readonly #open: (number | undefined)[] = [];

  readonly #linksLinks: boolean;

  /** @param linksLinks whether symbolic links can have hard links */
  constructor(folder: string, linksLinks = true) {
    this.#folder = folder;
    this.#linksLinks = linksLinks;
  }

  perform(o: Operation): unknown {
    // What is empty stays empty.
    const at = (text: string) => (text === '' ? '' : `${this.#folder}/${text}`);
    switch (o.op) {
      case 'mkdir':
        return fs.mkdirSync(at(o.path), { mode: 0o755 });
      case 'rmdir':
        return fs.rmdirSync(at(o.path));
      case 'unlink':
        return fs.unlinkSync(at(o.path));
      case 'rename':
        return fs.renameSync(at(o.path), at(o.to));
      case 'link':
        if (!this.#linksLinks && fs.lstatSync(at(o.path)).isSymbolicLink()) return;
        return fs.linkSync(at(o.path), at(o.to));
      case 'symlink':
        return fs.symlinkSync(o.target, at(o.path));
      case 'readlink':
        return fs.readlinkSync(at(o.path));
      case 'stat': {
        const { mode, size, nlink } = o.follow ? fs.statSync(at(o.path)) : fs.lstatSync(at(o.path));
        return described(mode, size, nlink);
      }
      case 'readdir':
        return fs.readdirSync(at(o.path)).sort();
      case 'write':
        return fs.writeFileSync(at(o.path), o.bytes, { mode: 0o644 });
      case 'truncate':
        return fs.truncateSync(at(o.path), o.size);
      case 'chmod':
        return fs.chmodSync(at(o.path), o.mode);
      case 'access':
        return fs.accessSync(at(o.path), o.mode);
      case 'utimes':
        return fs.utimesSync(at(o.path), o.at, o.at);
      case 'open':
        this.#close(o.slot);
        this.#open[o.slot] = fs.openSync(at(o.path), o.flags, 0o644);
        return;
      default:
        return this.#onFile(o);
    }
  }

  #onFile(o: Operation & { slot: number }): unknown {
    const file = this.#open[o.slot];
    if (file === undefined) return;
    switch (o.op) {
      case 'close':
        return this.#close(o.slot);
      case 'read': {
        const into = new Uint8Array(5000);
        return [...into.subarray(0, fs.readSync(file, into, 0, 5000, o.at))];
      }
      case 'put':
        return fs.writeSync(file, o.bytes, 0, o.bytes.length, o.at);
      case 'ftruncate':
        return fs.ftruncateSync(file, o.size);
      case 'fstat': {
        const { mode, size, nlink } = fs.fstatSync(file);
        // The last name of an open directory may be gone: file systems count that differently.
        return described(mode, size, nlink);
      }
    }
  }

  #close(slot: number): void {
    const file = this.#open[slot];
    this.#open[slot] = undefined;
    if (file !== undefined) fs.closeSync(file);
  }

  all(): unknown {
    return allOf(this.#folder);
  }

  end(): void {
    for (const slot of [0, 1, 2]) this.#close(slot);
  }
}

function allOf(path: string): unknown {
  const stats = fs.lstatSync(path);
  if (stats.isSymbolicLink()) return `-> ${fs.readlinkSync(path)}`;
  if (stats.isFile()) return `${stats.mode.toString(8)} ${fs.readFileSync(path, 'latin1')}`;
  return fs
    .readdirSync(path)
    .sort()
    .map((one) => [one, allOf(`${path}/${one}`)]);
}

/** The files here. */
class Here implements Performer {
  readonly #context: PathContext;
  readonly #open: (OpenFile | undefined)[] = [];

  readonly #linksLinks: boolean;

  constructor(context: PathContext, linksLinks = true) {
    this.#context = context;
    this.#linksLinks = linksLinks;
  }

  perform(o: Operation): unknown {
    const context = this.#context;
    const who = context.credentials;
    const inodeAt = (path: string) => lookup(context, path).inode;
    switch (o.op) {
      case 'mkdir':
        return mkdir(context, o.path, 0o755);
      case 'rmdir':
        return rmdir(context, o.path);
      case 'unlink':
        return unlink(context, o.path);
      case 'rename':
        return rename(context, o.path, o.to);
      case 'link': {
        const found = lookup(context, o.path, { follow: false });
        if (!this.#linksLinks && found.inode instanceof Symlink) return;
        return link(found, context, o.to);
      }
      case 'symlink':
        return symlink(context, o.target, o.path);
      case 'readlink': {
        const { inode } = lookup(context, o.path, { follow: false });
        if (!(inode instanceof Symlink)) throw new LinuxError('EINVAL', 'no link');
        return inode.readLink();
      }
      case 'stat':
        return statOf(lookup(context, o.path, { follow: o.follow }).inode);
      case 'readdir': {
        const file = open(context, o.path, O.DIRECTORY) as OpenDirectory;
        const names = namesOf(file);
        file.release();
        return names;
      }
      case 'write': {
        const file = open(context, o.path, O.WRONLY | O.CREAT | O.TRUNC, 0o644);
        file.write(o.bytes);
        file.release();
        return;
      }
      case 'truncate': {
        // Node opens the file.
        const file = open(context, o.path, O.RDWR);
        file.truncate(o.size);
        file.release();
        return;
      }
      case 'chmod':
        return chmod(inodeAt(o.path), who, o.mode);
      case 'access':
        return access(inodeAt(o.path), who, o.mode);
      case 'utimes': {
        const time = BigInt(o.at) * 1_000_000_000n;
        return setTimes(inodeAt(o.path), who, time, time);
      }
      case 'open':
        this.#close(o.slot);
        this.#open[o.slot] = open(context, o.path, o.flags, 0o644);
        return;
      default:
        return this.#onFile(o);
    }
  }

  #onFile(o: Operation & { slot: number }): unknown {
    const file = this.#open[o.slot];
    if (file === undefined) return;
    switch (o.op) {
      case 'close':
        return this.#close(o.slot);
      case 'read': {
        // What a system call checks before.
        if (!file.readable) throw new LinuxError('EBADF', 'not for reading');
        const into = new Uint8Array(5000);
        const count = o.at === null ? file.read(into) : file.readAt(into, o.at);
        return [...into.subarray(0, count as number)];
      }
      case 'put':
        if (!file.writable) throw new LinuxError('EBADF', 'not for writing');
        return o.at === null ? file.write(o.bytes) : file.writeAt(o.bytes, o.at);
      case 'ftruncate':
        return file.truncate(o.size);
      case 'fstat':
        return statOf(file.inode);
    }
  }

  #close(slot: number): void {
    this.#open[slot]?.release();
    this.#open[slot] = undefined;
  }

  all(): unknown {
    return this.#allOf(this.#context.start);
  }

  #allOf(dentry: Dentry): unknown {
    const { inode } = dentry;
    const context = { ...this.#context, start: dentry };
    if (inode instanceof Symlink) return `-> ${inode.readLink()}`;
    if (inode.type === S.IFREG) {
      const bytes = Buffer.alloc(inode.size);
      const file = open({ ...this.#context, start: dentry.parent as Dentry }, dentry.name, O.RDONLY);
      file.read(bytes);
      file.release();
      return `${inode.mode.toString(8)} ${bytes.toString('latin1')}`;
    }
    const directory = open(context, '.', O.DIRECTORY) as OpenDirectory;
    const names = namesOf(directory);
    directory.release();
    return names.map((one) => [one, this.#allOf(lookup(context, one, { follow: false }))]);
  }

  end(): void {
    for (const slot of [0, 1, 2]) this.#close(slot);
  }
}

const statOf = ({ mode, size, links }: Inode) => described(mode, size, links);

function namesOf(directory: OpenDirectory): string[] {
  const names: string[] = [];
  for (let entry = directory.entry(); entry !== null; entry = directory.entry()) {
    names.push(entry.name);
    directory.position = entry.next;
  }
  return names.filter((one) => one !== '.' && one !== '..').sort();
}

/** Returns the result of an operation in words: its value or its error. */
function ending(performer: Performer, operation: Operation): string {
  try {
    return JSON.stringify(performer.perform(operation)) ?? 'done';
  } catch (error) {
    const { code } = error as { code?: string };
    if (code === undefined) throw error;
    return code === 'ENOTSUP' ? 'EOPNOTSUPP' : code;
  }
}

const NESTING = ['1', '2', '3', '4'];
/** What folders have at first. */
const FIRST: Operation[] = [
  { op: 'mkdir', path: 'a' },
  { op: 'mkdir', path: 'a/b' },
  { op: 'write', path: 'a/b/c', bytes: Uint8Array.of(1, 2, 3) },
  { op: 'write', path: 'b', bytes: Uint8Array.of(4, 5, 6, 7) },
  { op: 'link', path: 'b', to: 'a/a' },
  { op: 'symlink', path: 'c', target: 'a/b' },
];

const who = () => ({
  fsuid: process.getuid?.() ?? 0,
  fsgid: process.getgid?.() ?? 0,
  groups: process.getgroups?.() ?? [],
});

/** Returns where paths begin in a new file system. @param folders whether the nesting must be made */
function contextIn(
  make: (host: FileHost, cache: PageCache) => { root: Dentry },
  folders = true,
): PathContext {
  const { host } = makeHost({ storageSize: 32 << 20, checked: false });
  const files = new FileHost(host.kernel, host.common, () => BigInt(Date.now()) * 1_000_000n);
  const cache = new PageCache(host.kernel, 16 << 20);
  const { root } = make(files, cache);
  let context: PathContext = { root, start: root, credentials: who() };
  for (const one of NESTING) {
    if (folders) mkdir({ ...context, credentials: { ...who(), fsuid: 0 } }, one, 0o755);
    context = { ...context, start: lookup(context, one) };
  }
  if (folders)
    for (let at: Dentry | null = context.start; at !== null; at = at.parent) at.inode.uid = who().fsuid;
  return context;
}

/** Makes a new folder with the nesting. Returns it and the folder at its bottom. */
function nested(): { readonly top: string; readonly bottom: string } {
  const top = fs.mkdtempSync(join(tmpdir(), 'guesthouse-files-'));
  const bottom = join(top, ...NESTING);
  fs.mkdirSync(bottom, { recursive: true });
  return { top, bottom };
}

/** Performs operations on both, and compares all results. */
function compare(here: Performer, computer: Performer, operations: readonly Operation[]): void {
  const texts = (performer: Performer) =>
    operations.map((one, i) => `${i} ${inWords(one)}: ${ending(performer, one)}`);
  const wanted = texts(computer);
  expect(texts(here)).toEqual(wanted);
  expect(here.all()).toEqual(computer.all());
}

const inWords = (operation: Operation) =>
  JSON.stringify(operation, (_, value) => (value instanceof Uint8Array ? [...value].join() : value));

const RUNS = Number(process.env['GUESTHOUSE_RUNS'] ?? 100);
const operations = fc.array(operation, { minLength: 5, maxLength: 60 });

describe('random operations end as on this computer', () => {
  const run = (make: (folder: string) => PathContext, has: readonly Operation[] = [], linksLinks = true) =>
    fc.assert(
      fc.property(operations, (list) => {
        const theirs = nested();
        const ours = nested();
        const computer = new Computer(theirs.bottom, linksLinks);
        for (const one of has) computer.perform(one);
        const start = new Computer(ours.bottom);
        for (const one of has) start.perform(one);
        const here = new Here(make(ours.top), linksLinks);
        try {
          compare(here, computer, list);
        } finally {
          here.end();
          computer.end();
          for (const { top } of [theirs, ours]) fs.rmSync(top, { recursive: true });
        }
      }),
      { numRuns: RUNS },
    );

  it('in a tmpfs', () => {
    run(() => contextIn((host) => new Tmpfs(host)));
  });

  it('in a folder, whose changes stay in memory', () => {
    const make = (top: string) =>
      contextIn((host, cache) => {
        const tree = new FolderTree(top, { readOnly: true });
        return new FolderFileSystem(host, tree, { changes: 'memory', cache, devices: new Devices() });
      }, false);
    run(make, FIRST);
  });

  it('in a folder that is changed itself', () => {
    const make = (top: string) =>
      contextIn((host, cache) => {
        const tree = new FolderTree(top, { readOnly: false });
        return new FolderFileSystem(host, tree, { changes: 'tree', cache, devices: new Devices() });
      }, false);
    // A tree gives another name to regular files alone.
    run(make, FIRST, false);
  });
});
