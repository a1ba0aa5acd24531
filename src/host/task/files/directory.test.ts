import { beforeEach, describe, expect, it } from 'vitest';
import { codeOf } from '../../testing/index.ts';
import { O, S, SEEK } from '../abi/files.ts';
import {
  FileSystem,
  FixedDirectory,
  link,
  lookup,
  MemorySymlink,
  mkdir,
  mount,
  type OpenDirectory,
  open,
  parentOf,
  pathOf,
  rename,
  rmdir,
  rootOf,
  Symlink,
  SyntheticFile,
  symlink,
  Tmpfs,
  unlink,
  unmount,
} from './index.ts';
import {
  bytesOf,
  get,
  isThere,
  namesFrom,
  namesIn,
  put,
  readText,
  type TestFiles,
  testFiles,
} from './testing/index.ts';

let world: TestFiles;
beforeEach(() => {
  world = testFiles();
});

const directory = (path: string) => open(world.context, path, O.DIRECTORY) as OpenDirectory;
const make = (...paths: string[]) => {
  for (const path of paths) mkdir(world.context, path, 0o755);
};

describe('reading a directory', () => {
  it('finds all names once, with their numbers and types', () => {
    make('d', 'd/sub');
    put(world.context, 'd/file', 'x');
    symlink(world.context, 'file', 'd/link');
    const open = directory('d');
    const entries = [];
    for (let entry = open.entry(); entry !== null; entry = open.entry()) {
      entries.push([entry.name, entry.type]);
      expect(entry.ino).toBe(lookup(world.context, `d/${entry.name}`, { follow: false }).inode.ino);
      open.position = entry.next;
    }
    expect(entries).toEqual([
      ['.', S.IFDIR],
      ['..', S.IFDIR],
      ['sub', S.IFDIR],
      ['file', S.IFREG],
      ['link', S.IFLNK],
    ]);
  });

  it('continues rightly while names before and after the position come and go', () => {
    make('d', ...[1, 2, 3, 4, 5, 6].map((n) => `d/${n}`));
    const open = directory('d');
    expect(namesFrom(open, 4)).toEqual(['.', '..', '1', '2']);
    for (const n of [1, 2, 3, 5]) rmdir(world.context, `d/${n}`);
    make('d/7');
    expect(namesFrom(open, 1)).toEqual(['4']);
    rename(world.context, 'd/6', 'd/8');
    expect(namesFrom(open)).toEqual(['7', '8']);
    make('d/9');
    expect(namesFrom(open)).toEqual(['9']);
  });

  it('goes back to an offset that it had, and to the start', () => {
    make('d', 'd/a', 'd/b', 'd/c', 'd/d');
    const open = directory('d');
    namesFrom(open, 3);
    const { position } = open;
    expect(namesFrom(open)).toEqual(['b', 'c', 'd']);
    rmdir(world.context, 'd/a');
    expect(open.seek(position, SEEK.SET)).toBe(position);
    expect(namesFrom(open)).toEqual(['b', 'c', 'd']);
    open.seek(0, SEEK.SET);
    expect(namesFrom(open)).toEqual(['.', '..', 'b', 'c', 'd']);
    expect(codeOf(() => open.seek(0, SEEK.END))).toBe('EINVAL');
  });

  it('takes time in proportion to the number of names', () => {
    make('d');
    for (let n = 0; n < 20_000; n++) put(world.context, `d/${n}`, '');
    expect(namesIn(world.context, 'd')).toHaveLength(20_002);
  });

  it('ENOENT when it was removed, EISDIR and EBADF for what is for files', () => {
    make('d');
    const open = directory('d');
    rmdir(world.context, 'd');
    expect(codeOf(() => open.entry())).toBe('ENOENT');
    expect([codeOf(() => open.read()), codeOf(() => open.write())]).toEqual(['EISDIR', 'EBADF']);
  });
});

describe('links of directories', () => {
  it('are counted: its name, its own entry, and one for each directory in it', () => {
    make('d', 'd/a', 'd/b', 'e');
    const links = (path: string) => lookup(world.context, path).inode.links;
    expect([links('d'), links('d/a')]).toEqual([4, 2]);
    rename(world.context, 'd/a', 'e/a');
    expect([links('d'), links('e')]).toEqual([3, 3]);
    rmdir(world.context, 'e/a');
    expect(links('e')).toBe(2);
    make('e/a');
    rename(world.context, 'd/b', 'e/a');
    expect([links('d'), links('e')]).toEqual([2, 3]);
    put(world.context, 'd/file', '');
    rename(world.context, 'd/file', 'e/a', 2);
    expect([links('d'), links('e')]).toEqual([3, 2]);
  });
});

describe('times', () => {
  it('change with what is done', () => {
    const times = (path: string) => {
      const { accessed, modified, changed } = lookup(world.context, path, { follow: false }).inode.times;
      return [accessed, modified, changed].map(Number);
    };
    make('d');
    put(world.context, 'd/a', 'x');
    const at = (now: bigint, action: () => void) => {
      world.clock.now = now;
      action();
    };
    at(2n, () => put(world.context, 'd/a', 'y'));
    expect([times('d'), times('d/a')]).toEqual([
      [1, 1, 1],
      [1, 2, 2],
    ]);
    at(3n, () => get(world.context, 'd/a'));
    expect(times('d/a')).toEqual([3, 2, 2]);
    at(4n, () => get(world.context, 'd/a'));
    expect(times('d/a')).toEqual([3, 2, 2]);
    at(5n, () => link(lookup(world.context, 'd/a'), world.context, 'd/b'));
    expect([times('d'), times('d/a')]).toEqual([
      [1, 5, 5],
      [3, 2, 5],
    ]);
    at(6n, () => unlink(world.context, 'd/b'));
    expect([times('d'), times('d/a')]).toEqual([
      [1, 6, 6],
      [3, 2, 6],
    ]);
    at(7n, () => namesIn(world.context, 'd'));
    expect(times('d')).toEqual([7, 6, 6]);
  });
});

describe('mounting', () => {
  it('hides a directory, and paths lead in and out', () => {
    make('a', 'a/b', 'a/b/hidden');
    const { root } = new Tmpfs(world.files);
    const point = lookup(world.context, 'a/b');
    mount(point, root);
    expect(namesIn(world.context, 'a/b')).toEqual(['.', '..']);
    make('a/b/c');
    expect(isThere(world.context, 'a/b/hidden')).toBe(false);
    expect(lookup(world.context, 'a/b/c/../../..')).toBe(world.context.root);
    expect(pathOf(lookup(world.context, 'a/b/c'), world.context.root)).toBe('/a/b/c');
    expect(parentOf(root, world.context.root)).toBe(lookup(world.context, 'a'));
    expect(codeOf(() => rename(world.context, 'a/b/c', 'a/c'))).toBe('EXDEV');
    expect(codeOf(() => rmdir(world.context, 'a/b'))).toBe('EBUSY');
    expect(codeOf(() => rename(world.context, 'a/b', 'c'))).toBe('EBUSY');
    put(world.context, 'a/b/f', '');
    expect(codeOf(() => link(lookup(world.context, 'a/b/f'), world.context, 'g'))).toBe('EXDEV');
    unmount(root);
    expect(namesIn(world.context, 'a/b')).toEqual(['.', '..', 'hidden']);
  });

  it('of a file system that is read-only: EROFS', () => {
    make('a');
    const system = new Tmpfs(world.files);
    mount(lookup(world.context, 'a'), system.root);
    put(world.context, 'a/f', 'x');
    system.readOnly = true;
    for (const action of [
      () => make('a/b'),
      () => put(world.context, 'a/f', 'y'),
      () => unlink(world.context, 'a/f'),
      () => rename(world.context, 'a/f', 'a/g'),
    ]) {
      expect(codeOf(action)).toBe('EROFS');
    }
    expect(get(world.context, 'a/f')).toBe('x');
  });

  it('on a root that another is mounted on adds a layer', () => {
    make('a');
    for (const name of ['x', 'y']) {
      mount(lookup(world.context, 'a'), new Tmpfs(world.files).root);
      make(`a/${name}`);
    }
    expect(namesIn(world.context, 'a')).toEqual(['.', '..', 'y']);
    expect(lookup(world.context, 'a/y/../..')).toBe(world.context.root);
  });
});

describe('a root directory', () => {
  it('is not left, neither by .. nor by an absolute link', () => {
    make('jail', 'jail/in', 'out');
    put(world.context, 'secret', 'x');
    symlink(world.context, '/secret', 'jail/abs');
    symlink(world.context, '../../../secret', 'jail/in/rel');
    const root = lookup(world.context, 'jail');
    const jailed = { ...world.context, root, start: lookup(world.context, 'jail/in') };
    for (const path of ['/secret', '../../secret', '/abs', 'rel', '/in/../../secret']) {
      expect(codeOf(() => lookup(jailed, path))).toBe('ENOENT');
    }
    put(jailed, '/secret', 'own');
    expect(['/abs', 'rel', '../../../secret'].map((path) => get(jailed, path))).toEqual([
      'own',
      'own',
      'own',
    ]);
    expect(lookup(jailed, '/..')).toBe(root);
  });
});

describe('the path of a name', () => {
  it('follows renames, and tells what was removed', () => {
    make('a', 'a/b', 'c');
    const b = lookup(world.context, 'a/b');
    const path = () => pathOf(b, world.context.root);
    expect([path(), pathOf(world.context.root, world.context.root)]).toEqual(['/a/b', '/']);
    rename(world.context, 'a', 'c/d');
    expect(path()).toBe('/c/d/b');
    expect(pathOf(b, lookup(world.context, 'c'))).toBe('/d/b');
    expect(pathOf(lookup(world.context, 'c'), b)).toBe(null);
    rmdir(world.context, 'c/d/b');
    expect(path()).toBe('/c/d/b (deleted)');
  });
});

describe('what is computed', () => {
  const mounted = () => {
    const fs = new FileSystem(world.files, 'proc', 0x9fa0);
    let value = 'one\n';
    const file = new SyntheticFile(fs, 0o644, {
      read: () => bytesOf(value),
      write: (bytes) => {
        value = String.fromCharCode(...bytes);
        return bytes.length;
      },
    });
    const sub = new FixedDirectory(fs, 0o555, [['deep', new SyntheticFile(fs, 0o200, {})]]);
    make('proc');
    mount(
      lookup(world.context, 'proc'),
      rootOf(
        new FixedDirectory(fs, 0o555, [
          ['value', file],
          ['sub', sub],
        ]),
      ),
    );
  };

  it('is read from the start anew, and as it was from elsewhere', () => {
    mounted();
    const file = open(world.context, 'proc/value', O.RDWR);
    expect(readText(file, 2)).toBe('on');
    open(world.context, 'proc/value', O.WRONLY).write(bytesOf('two\n'));
    expect(readText(file)).toBe('e\n');
    file.seek(0, SEEK.SET);
    expect([readText(file), file.inode.size]).toEqual(['two\n', 0]);
  });

  it('cannot be changed', () => {
    mounted();
    expect(namesIn(world.context, 'proc')).toEqual(['.', '..', 'value', 'sub']);
    expect(codeOf(() => make('proc/x'))).toBe('EPERM');
    expect(codeOf(() => put(world.context, 'proc/x', ''))).toBe('EACCES');
    expect(codeOf(() => unlink(world.context, 'proc/value'))).toBe('EPERM');
    expect(codeOf(() => rename(world.context, 'proc/value', 'proc/x'))).toBe('EPERM');
    expect(codeOf(() => open(world.context, 'proc/sub/deep', O.RDONLY).read(new Uint8Array(1)))).toBe(
      'EINVAL',
    );
    expect(lookup(world.context, 'proc/sub/../..')).toBe(world.context.root);
  });

  it('may be a link that leads to a file and not along a path', () => {
    const fs = new FileSystem(world.files, 'proc', 0x9fa0);
    put(world.context, 'file', 'hello');
    const { dentry: target } = open(world.context, 'file', O.RDONLY);
    class Magic extends Symlink {
      readLink() {
        return 'file:[1]';
      }
      override jump() {
        return target;
      }
    }
    make('proc');
    const files = [['fd', new Magic(fs)] as const, ['self', new MemorySymlink(fs, 'fd')] as const];
    mount(lookup(world.context, 'proc'), rootOf(new FixedDirectory(fs, 0o555, files)));
    unlink(world.context, 'file');
    expect(get(world.context, 'proc/self')).toBe('hello');
    expect(open(world.context, 'proc/fd', O.RDWR | O.CREAT).inode).toBe(target?.inode);
    expect(codeOf(() => lookup(world.context, 'proc/fd/x'))).toBe('ENOTDIR');
  });
});
