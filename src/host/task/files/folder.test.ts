/** Trees that were handed over, mounted: changes stay in memory or go to the tree. */

import { beforeEach, describe, expect, it } from 'vitest';
import { MemoryTree } from '../../../devices/index.ts';
import type { FileTree, OpenFile as TreeFile } from '../../../files/index.ts';
import { FileError } from '../../../files/index.ts';
import { codeOf } from '../../testing/index.ts';
import { O, RENAME, S } from '../abi/files.ts';
import {
  type ChangesGo,
  chmod,
  chown,
  type Dentry,
  FolderFileSystem,
  link,
  lookup,
  mkdir,
  mknod,
  mount,
  type OpenRegular,
  open,
  PageCache,
  type PathContext,
  rename,
  rmdir,
  setTimes,
  symlink,
  Tmpfs,
  truncate,
  unlink,
} from './index.ts';
import { bytesOf, get, isThere, namesIn, put, type TestFiles, testFiles, textOf } from './testing/index.ts';

const PAGE = 4096;
const READ = { read: true, write: false, append: false };
const WRITE = { read: true, write: true, append: false };

/** What a tree has. */
const FILES: Record<string, string> = {
  hello: 'hello world',
  'dir/a': 'this is a',
  'dir/sub/b': 'this is b',
  large: 'L'.repeat(40 * PAGE),
};

let tree: MemoryTree;
let now: bigint;
beforeEach(() => {
  now = 5n;
  tree = new MemoryTree({ now: () => now });
  tree.makeFolder('dir', 0o755);
  tree.makeFolder('dir/sub', 0o755);
  tree.makeFolder('empty', 0o755);
  tree.makeLink('link', 'dir/a');
  tree.makeLink('absolute', '/dir/a');
  tree.makeLink('out', '../../../etc/passwd');
  for (const [path, text] of Object.entries(FILES)) store(path, text);
  tree.link('hello', 'dir/hard');
});

function store(path: string, text: string): void {
  let file: TreeFile;
  try {
    file = tree.open(path, WRITE, true);
  } catch {
    file = tree.create(path, WRITE, 0o644);
  }
  file.write(0, bytesOf(text));
  file.close();
}

/** Returns the text of a file of the tree, or the code of the error. */
function stored(path: string): string {
  try {
    const file = tree.open(path, READ, false);
    const text = textOf(file.read(0, 1000));
    file.close();
    return text;
  } catch (error) {
    return (error as FileError).code;
  }
}

interface Mounted extends TestFiles {
  readonly folder: FolderFileSystem;
  readonly cache: PageCache;
}

function mounted(
  changes: ChangesGo,
  options: { capacity?: number; cached?: number; storage?: number; of?: FileTree } = {},
): Mounted {
  const world = testFiles({}, options.storage);
  const cache = new PageCache(world.host.kernel, options.cached ?? 8 << 20);
  const folder = new FolderFileSystem(world.files, options.of ?? tree, {
    ...{ changes, cache, devices: world.devices },
    ...(options.capacity !== undefined && { capacity: options.capacity }),
  });
  const context: PathContext = { ...world.context, root: folder.root, start: folder.root };
  return { ...world, folder, cache, context };
}

const differences = ({ folder }: Mounted) =>
  [...folder.differences()].map(({ path, inode }) => (inode === null ? `- ${path}` : `+ ${path}`));

/** Everything that a tree has, in words. */
function wholeTree(path = ''): string[] {
  return tree
    .list(path)
    .map(({ name }) => (path === '' ? name : `${path}/${name}`))
    .sort()
    .flatMap((one) => {
      const { mode, links, uid } = tree.attributes(one);
      const type = mode & S.IFMT;
      const is = type === S.IFREG ? stored(one).slice(0, 30) : type === S.IFLNK ? tree.readLink(one) : '';
      const line = `${one} ${mode.toString(8)} ${links} ${uid} ${is}`;
      return type === S.IFDIR ? [line, ...wholeTree(one)] : [line];
    });
}

describe.each(['nowhere', 'memory', 'tree'] as const)('a folder whose changes go to: %s', (changes) => {
  it('is read as it is', () => {
    const { context } = mounted(changes);
    expect(namesIn(context, '/dir').sort()).toEqual(['.', '..', 'a', 'hard', 'sub']);
    expect(['hello', 'dir/sub/b', 'link', '/absolute', 'dir/hard'].map((path) => get(context, path))).toEqual(
      [...['hello world', 'this is b', 'this is a', 'this is a', 'hello world']],
    );
    const { inode } = lookup(context, 'hello');
    expect(inode).toMatchObject({ mode: 0o100644, size: 11, links: 2, blocks: 1 });
    expect(lookup(context, 'dir/hard').inode).toBe(inode);
    expect(lookup(context, '/dir/sub/..')).toBe(lookup(context, 'dir'));
  });

  it('is not left', () => {
    const { context } = mounted(changes);
    expect(codeOf(() => lookup(context, 'out'))).toBe('ENOENT');
    expect(lookup(context, '../../..')).toBe(context.root);
    expect(codeOf(() => lookup(context, 'link/../a/x'))).toBe('ENOTDIR');
  });

  it('has the same numbers when it is listed and when it is looked at', () => {
    const { context } = mounted(changes);
    const directory = open(context, '/', O.DIRECTORY) as import('./index.ts').OpenDirectory;
    directory.position = 2;
    for (let entry = directory.entry(); entry !== null; entry = directory.entry()) {
      const { ino, type } = lookup(context, entry.name, { follow: false }).inode;
      expect([entry.ino, entry.type]).toEqual([ino, type]);
      directory.position = entry.next;
    }
  });

  it('is mapped by processes, page by page', () => {
    const { context, host, frames } = mounted(changes);
    const file = open(context, 'large', O.RDONLY);
    const mm = host.createMm();
    const address = mm.mmap({ length: 40n * 4096n, file: file.mappable() });
    expect([textOf(mm.read(address + 4095n, 2)), frames()]).toEqual(['LL', 2]);
    file.release();
    expect(textOf(mm.read(address + 30n * 4096n, 1))).toBe('L');
    mm.write(address, bytesOf('private'));
    expect(get(context, 'large').slice(0, 4)).toBe('LLLL');
    host.exitMm(mm);
    expect(host.kernel.locks.held).toEqual([]);
  });
});

describe('a folder that is read-only', () => {
  it('EROFS for every change', () => {
    const { context } = mounted('nowhere');
    const before = wholeTree();
    for (const action of [
      () => put(context, 'new', ''),
      () => put(context, 'hello', 'x'),
      () => mkdir(context, 'd', 0o755),
      () => unlink(context, 'hello'),
      () => rename(context, 'hello', 'x'),
      () => symlink(context, 'x', 'y'),
      () => link(lookup(context, 'hello'), context, 'x'),
      () => chmod(lookup(context, 'hello').inode, context.credentials, 0o600),
      () => truncate(lookup(context, 'hello').inode, context.credentials, 0),
    ]) {
      expect(codeOf(action)).toBe('EROFS');
    }
    expect(wholeTree()).toEqual(before);
  });

  it('also if changes were to go to a tree that is read-only', () => {
    const { context } = mounted('tree', { of: new MemoryTree({ readOnly: true }) });
    expect(codeOf(() => mkdir(context, 'd', 0o755))).toBe('EROFS');
  });
});

describe('a folder whose changes stay in memory', () => {
  let world: Mounted;
  let context: PathContext;
  let before: string[];
  beforeEach(() => {
    before = wholeTree();
    world = mounted('memory');
    ({ context } = world);
    return () => expect(wholeTree()).toEqual(before);
  });

  it('has no differences when it was only read', () => {
    for (const path of ['hello', 'dir/sub/b', 'link', 'large']) get(context, path);
    namesIn(context, 'dir');
    open(context, 'hello', O.RDWR).release();
    expect(differences(world)).toEqual([]);
  });

  it('can be changed: contents, lengths, attributes', () => {
    const file = open(context, 'hello', O.RDWR);
    file.writeAt(bytesOf('J'), 0);
    expect([get(context, 'hello'), get(context, 'dir/hard')]).toEqual(['Jello world', 'Jello world']);
    truncate(lookup(context, 'dir/a').inode, context.credentials, 4);
    truncate(lookup(context, 'dir/a').inode, context.credentials, 6);
    expect(get(context, 'dir/a')).toBe('this\0\0');
    chown(lookup(context, 'dir/sub').inode, context.credentials, 7, null);
    setTimes(lookup(context, 'large').inode, context.credentials, 8n, 9n);
    expect(lookup(context, 'large').inode.times).toMatchObject({ accessed: 8n, modified: 9n });
    // Only what was looked up is known: the other name of the file was.
    expect(differences(world).sort()).toEqual(['+ dir/a', '+ dir/hard', '+ dir/sub', '+ hello', '+ large']);
  });

  it('reads pages that were not changed from the tree, behind a change too', () => {
    const file = open(context, 'large', O.RDWR);
    file.writeAt(bytesOf('abc'), 3 * PAGE + 5);
    expect(world.frames()).toBe(1);
    const text = get(context, 'large');
    expect([text.length, text.indexOf('abc'), text.replace('abc', 'LLL')]).toEqual([
      40 * PAGE,
      3 * PAGE + 5,
      FILES['large'],
    ]);
    file.truncate(PAGE);
    file.truncate(3 * PAGE);
    expect(get(context, 'large')).toBe('L'.repeat(PAGE) + '\0'.repeat(2 * PAGE));
    (file as OpenRegular).file.allocate('punch', { at: 1, length: PAGE - 2 }, true);
    expect(get(context, 'large').slice(0, PAGE)).toBe(`L${'\0'.repeat(PAGE - 2)}L`);
  });

  it('has holes, and zeros where the tree has contents', () => {
    const { file } = open(context, 'large', O.RDWR) as OpenRegular;
    file.truncate(50 * PAGE);
    file.allocate('punch', { at: 39 * PAGE, length: 11 * PAGE }, true);
    expect(world.frames()).toBe(1);
    expect(get(context, 'large')).toBe('L'.repeat(39 * PAGE) + '\0'.repeat(11 * PAGE));
    file.allocate('zero', { at: 49 * PAGE, length: 3 * PAGE }, false);
    expect(get(context, 'large')).toBe('L'.repeat(39 * PAGE) + '\0'.repeat(13 * PAGE));
    file.truncate(2 ** 40);
    file.allocate('punch', { at: 0, length: 2 ** 40 }, true);
    expect([file.size, file.contents.find('hole', 2 ** 39)]).toEqual([2 ** 40, 2 ** 40]);
  });

  it('tells directories of any depth', () => {
    let at = context;
    for (let n = 0; n < 20_000; n++) {
      mkdir(at, 'd', 0o755);
      at = { ...at, start: lookup(at, 'd') };
    }
    const found = [...world.folder.differences()];
    expect([found.length, found.at(-1)?.path.length]).toEqual([20_000, 39_999]);
    rmdir({ ...at, start: at.start.parent as Dentry }, 'd');
  });

  it('forgets what is removed, and has new files in its place', () => {
    unlink(context, 'hello');
    expect([isThere(context, 'hello'), namesIn(context, '/').includes('hello')]).toEqual([false, false]);
    expect(get(context, 'dir/hard')).toBe('hello world');
    mkdir(context, 'hello', 0o700);
    put(context, 'hello/x', 'new');
    rmdir(context, 'empty');
    put(context, 'other', 'other');
    unlink(context, 'other');
    expect(differences(world)).toEqual(['- hello', '- empty', '+ hello', '+ hello/x']);
    expect(codeOf(() => rmdir(context, 'dir'))).toBe('ENOTEMPTY');
    for (const path of ['dir/a', 'dir/hard', 'dir/sub/b']) unlink(context, path);
    rmdir(context, 'dir/sub');
    rmdir(context, 'dir');
    expect(differences(world)).toEqual(['- hello', '- empty', '- dir', '+ hello', '+ hello/x']);
    expect(namesIn(context, '/').slice(2).sort()).toEqual(['absolute', 'hello', 'large', 'link', 'out']);
  });

  it('renames files and directories with all that is in them', () => {
    rename(context, 'dir', 'empty');
    expect(get(context, 'empty/sub/b')).toBe('this is b');
    rename(context, 'empty/sub/b', 'b');
    expect(differences(world)).toEqual([
      '- empty',
      '- dir',
      '+ empty',
      ...['+ empty/sub', '+ empty/a', '+ empty/hard'],
      '+ b',
    ]);
    rename(context, 'b', 'empty/sub/b');
    rename(context, 'empty', 'dir');
    expect([get(context, 'dir/sub/b'), get(context, 'dir/a')]).toEqual(['this is b', 'this is a']);
    mkdir(context, 'empty', 0o755);
    // A file that is back where it was is no difference; a new directory is one.
    expect(differences(world)).toEqual(['- empty', '+ empty']);
  });

  it('exchanges names', () => {
    rename(context, 'hello', 'dir', RENAME.EXCHANGE);
    expect([get(context, 'dir'), get(context, 'hello/a')]).toEqual(['hello world', 'this is a']);
    expect(differences(world).slice(0, 2)).toEqual(['- hello', '- dir']);
    rename(context, 'hello', 'dir', RENAME.EXCHANGE);
    expect(differences(world)).toEqual([]);
  });

  it('has all types of files', () => {
    mknod(context, 'fifo', S.IFIFO | 0o600);
    mknod(context, 'dir/socket', S.IFSOCK | 0o600);
    symlink(context, 'dir', 's');
    link(lookup(context, 'large'), context, 'dir/large');
    const unnamed = open(context, 'dir', O.RDWR | O.TMPFILE);
    unnamed.write(bytesOf('x'));
    link(unnamed.dentry as Dentry, context, 'named');
    expect(differences(world).sort()).toEqual([
      '+ dir/large',
      '+ dir/socket',
      '+ fifo',
      '+ large',
      '+ named',
      '+ s',
    ]);
  });

  it('does not tell the directories that were made to mount something on', () => {
    mkdir(context, 'proc', 0o755);
    mount(lookup(context, 'proc'), new Tmpfs(world.files).root);
    put(context, 'proc/x', 'x');
    put(context, 'dir/y', 'y');
    mount(lookup(context, 'empty'), new Tmpfs(world.files).root);
    expect(differences(world)).toEqual(['+ dir/y']);
  });

  it('is changed by what processes store into its pages', () => {
    const mm = world.host.createMm();
    const file = open(context, 'large', O.RDWR);
    const address = mm.mmap({ length: 4n * 4096n, file: file.mappable(), shared: true });
    mm.read(address, 1);
    expect(differences(world)).toEqual([]);
    mm.write(address + 4096n, bytesOf('stored'));
    expect(differences(world)).toEqual(['+ large']);
    file.release();
    world.host.exitMm(mm);
    expect([world.cache.used, get(context, 'large').indexOf('stored')]).toEqual([2, PAGE]);
  });

  it('ENOSPC when more is changed than it may have; what is only read does not count', () => {
    world = mounted('memory', { capacity: 10 * PAGE });
    ({ context } = world);
    get(context, 'large');
    const file = open(context, 'new', O.RDWR | O.CREAT);
    expect(file.write(new Uint8Array(20 * PAGE))).toBe(10 * PAGE);
    expect(codeOf(() => open(context, 'hello', O.RDWR).write(bytesOf('x')))).toBe('ENOSPC');
    expect(world.folder.space()).toMatchObject({ blocks: 10, free: 0 });
    file.truncate(0);
    expect(open(context, 'hello', O.RDWR).write(bytesOf('x'))).toBe(1);
    expect(get(context, 'hello')).toBe('xello world');
  });
});

describe('the pages of files that are in a folder', () => {
  it('are given back when there are too many, those of files that are open or mapped are not', () => {
    for (const name of ['1', '2', '3']) store(name, name.repeat(6 * PAGE));
    const { context, cache, frames, host } = mounted('memory', { cached: 10 * PAGE });
    const file = open(context, '1', O.RDONLY);
    file.read(new Uint8Array(6 * PAGE));
    expect(get(context, '2')).toBe('2'.repeat(6 * PAGE));
    expect([cache.used, frames()]).toEqual([12, 12]);
    // There are too many already: those of 2, which is closed, go.
    expect(get(context, '3')).toBe('3'.repeat(6 * PAGE));
    expect(cache.used).toBe(12);
    const mm = host.createMm();
    const address = mm.mmap({ length: 6n * 4096n, file: file.mappable() });
    expect(textOf(mm.read(address, 1))).toBe('1');
    file.release();
    expect(get(context, '2')).toBe('2'.repeat(6 * PAGE));
    expect(frames()).toBe(12);
    host.exitMm(mm);
    // Now those of 1 go, too.
    expect(get(context, '3')).toBe('3'.repeat(6 * PAGE));
    expect(cache.used).toBe(6);
  });

  it('are given back when storage runs out', () => {
    const { context, host, frames } = mounted('memory', { storage: 1 << 20 });
    get(context, 'large');
    expect(frames()).toBe(40);
    const mm = host.createMm();
    const free = host.kernel.frames.available + 30;
    const address = mm.mmap({ length: BigInt(free) * 4096n });
    mm.write(address, new Uint8Array(free * PAGE).fill(1));
    mm.munmap({ address, length: BigInt(free) * 4096n });
    expect(frames()).toBe(0);
    expect(get(context, 'large')).toBe(FILES['large']);
    host.exitMm(mm);
  });

  it('stay if they were changed', () => {
    const { context, cache, frames } = mounted('memory', { cached: 5 * PAGE });
    put(context, 'hello', 'changed');
    get(context, 'large');
    get(context, 'dir/a');
    expect(get(context, 'hello')).toBe('changed');
    expect([cache.used, frames()]).toEqual([1, 2]);
  });

  it('EIO and the like are passed on', () => {
    const unreadable = {
      read: () => {
        throw new FileError('EIO');
      },
    };
    const failing = new Proxy<FileTree>(tree, {
      get: (_, name: keyof FileTree) => {
        if (name === 'open') {
          return (...of: Parameters<FileTree['open']>) => ({ ...tree.open(...of), ...unreadable });
        }
        const value = tree[name];
        return typeof value === 'function' ? value.bind(tree) : value;
      },
    });
    const { context, host } = mounted('memory', { of: failing });
    const file = open(context, 'hello', O.RDONLY);
    expect(codeOf(() => file.read(new Uint8Array(1)))).toBe('EIO');
    const mm = host.createMm();
    const address = mm.mmap({ length: 4096n, file: file.mappable() });
    expect(codeOf(() => mm.read(address, 1))).toBe('EIO');
    host.exitMm(mm);
  });
});

describe('a folder that is changed itself', () => {
  let world: Mounted;
  let context: PathContext;
  beforeEach(() => {
    world = mounted('tree');
    ({ context } = world);
  });

  it('gets new files, contents, names and attributes at once', () => {
    put(context, 'new', 'new file');
    const file = open(context, 'hello', O.RDWR);
    file.writeAt(bytesOf('J'), 0);
    mkdir(context, 'd', 0o700);
    symlink(context, 'd', 's');
    link(lookup(context, 'hello'), context, 'd/h');
    rename(context, 'dir/sub', 'd/sub');
    chmod(lookup(context, 'new').inode, context.credentials, 0o600);
    truncate(lookup(context, 'large').inode, context.credentials, 3);
    unlink(context, 'absolute');
    rmdir(context, 'empty');
    expect(wholeTree()).toEqual([
      'd 40700 2 0 ',
      'd/h 100644 3 0 Jello world',
      'd/sub 40755 2 0 ',
      'd/sub/b 100644 1 0 this is b',
      'dir 40755 2 0 ',
      'dir/a 100644 1 0 this is a',
      'dir/hard 100644 3 0 Jello world',
      'hello 100644 3 0 Jello world',
      'large 100644 1 0 LLL',
      'link 120777 1 0 dir/a',
      'new 100600 1 0 new file',
      'out 120777 1 0 ../../../etc/passwd',
      's 120777 1 0 d',
    ]);
  });

  it('sees what others change', () => {
    expect(get(context, 'hello')).toBe('hello world');
    now = 6n;
    store('hello', 'changed by others');
    tree.rename('dir/a', 'moved');
    tree.remove('empty', true);
    store('empty', 'a file now');
    expect([get(context, 'hello'), get(context, 'moved'), get(context, 'empty')]).toEqual([
      'changed by others',
      'this is a',
      'a file now',
    ]);
    expect(codeOf(() => get(context, 'dir/a'))).toBe('ENOENT');
    expect(namesIn(context, 'dir').sort()).toEqual(['.', '..', 'hard', 'sub']);
  });

  it('keeps its pages while only this system writes', () => {
    const file = open(context, 'large', O.RDWR);
    file.read(new Uint8Array(2 * PAGE));
    expect(world.frames()).toBe(2);
    now = 6n;
    file.writeAt(bytesOf('x'), 0);
    lookup(context, 'large');
    expect([world.frames(), get(context, 'large')[0]]).toEqual([2, 'x']);
  });

  it('gets what processes store into its pages when the mapping ends, and when it is synchronized', () => {
    const mm = world.host.createMm();
    const file = open(context, 'hello', O.RDWR);
    const length = 4096n;
    const address = mm.mmap({ length, file: file.mappable(), shared: true });
    mm.write(address, bytesOf('J'));
    expect(stored('hello')).toBe('hello world');
    file.sync();
    expect(stored('hello')).toBe('Jello world');
    mm.write(address, bytesOf('CELLO'));
    file.release();
    expect(stored('hello')).toBe('CELLO world');
    mm.write(address + 6n, bytesOf('WORLD and more'));
    mm.munmap({ address, length });
    expect([stored('hello'), get(context, 'hello')]).toEqual(['CELLO WORLD', 'CELLO WORLD']);
    world.host.exitMm(mm);
  });

  it('keeps a file open that has lost its names', () => {
    const file = open(context, 'dir/a', O.RDWR);
    unlink(context, 'dir/a');
    expect(stored('dir/a')).toBe('ENOENT');
    store('dir/a', 'another');
    expect(file.write(bytesOf('THIS'))).toBe(4);
    const into = new Uint8Array(9);
    file.readAt(into, 0);
    expect([textOf(into), file.inode.links, get(context, 'dir/a')]).toEqual(['THIS is a', 0, 'another']);
    file.release();
    const replaced = open(context, 'hello', O.RDONLY);
    rename(context, 'dir/hard', 'x');
    rename(context, 'x', 'hello');
    put(context, 'y', 'y');
    rename(context, 'y', 'hello');
    replaced.read(into);
    expect([textOf(into), stored('hello')]).toEqual(['hello wor', 'y']);
  });

  it('ENFILE: not too many such files; ordinary ones are opened again', () => {
    const files = [];
    for (let n = 0; n < 600; n++) {
      put(context, `${n}`, `number ${n}`);
      files.push(open(context, `${n}`, O.RDONLY));
    }
    const into = new Uint8Array(8);
    files[0]!.read(into);
    expect(textOf(into)).toBe('number 0');
    const ends = files.map((_, n) => codeOf(() => unlink(context, `${n}`)));
    expect([ends.indexOf('ENFILE'), ends.filter((end) => end === 'ok').length]).toEqual([512, 512]);
    files[511]!.read(into);
    expect(textOf(into)).toBe('number 5');
    for (const file of files) file.release();
    expect(codeOf(() => unlink(context, '599'))).toBe('ok');
  });

  it('EOPNOTSUPP: has no holes; room is the length', () => {
    const { file } = open(context, 'hello', O.RDWR) as OpenRegular;
    expect(codeOf(() => file.allocate('punch', { at: 0, length: 5 }, true))).toBe('EOPNOTSUPP');
    file.allocate('reserve', { at: 0, length: 20 }, false);
    expect(stored('hello')).toBe(`hello world${'\0'.repeat(9)}`);
  });

  it('has no devices, pipes, exchanges and owners', () => {
    expect(codeOf(() => mknod(context, 'fifo', S.IFIFO | 0o600))).toBe('EPERM');
    expect(codeOf(() => rename(context, 'hello', 'dir/a', RENAME.EXCHANGE))).toBe('EINVAL');
    expect(codeOf(() => open(context, '.', O.RDWR | O.TMPFILE))).toBe('EOPNOTSUPP');
    expect(codeOf(() => chown(lookup(context, 'hello').inode, context.credentials, 7, 7))).toBe('EPERM');
  });

  it('tells its space', () => {
    const { blockSize, blocks, files } = tree.space();
    expect(world.folder.space()).toMatchObject({ blockSize, blocks: Number(blocks), files: Number(files) });
  });
});
