import { beforeEach, describe, expect, it } from 'vitest';
import { FileError } from '../../../files/index.ts';
import { StateError } from '../../saved-state.ts';
import { Client9p, message9p, RemoteError } from '../../testing/client-9p.ts';
import { FIDS_MAX, OPEN_MAX } from './fids.ts';
import { MemoryTree } from './memory-tree.ts';
import { MESSAGE, MSIZE, OPEN, SET } from './protocol.ts';
import { Server9p } from './server.ts';

let tree: MemoryTree;
let server: Server9p;
let client: Client9p;

/** A client of a server, which has agreed on a version and has fid 0 for the root. */
function connected(to: Server9p): Client9p {
  const one = new Client9p((message) => to.answer(message, 0x1_0000));
  one.version();
  one.attach();
  return one;
}

beforeEach(() => {
  tree = new MemoryTree();
  tree.makeFolder('d', 0o755);
  put('f', 'hello');
  put('d/g', 'inner');
  tree.makeLink('l', '/etc/passwd');
  server = new Server9p(tree);
  client = connected(server);
});

function put(path: string, text: string): void {
  const file = tree.create(path, { read: true, write: true, append: false }, 0o644);
  file.write(0, Buffer.from(text));
  file.close();
}

describe('a session', () => {
  it('begins with a version: the size of messages has bounds', () => {
    expect(client.version(MSIZE.MIN)).toEqual({ size: MSIZE.MIN, name: '9P2000.L' });
    expect(client.version(0xffff_ffff)).toEqual({ size: MSIZE.MAX, name: '9P2000.L' });
    expect(() => client.version(MSIZE.MIN - 1)).toThrow('EMSGSIZE');
    expect(client.version(8192, '9P2000.u')).toEqual({ size: 8192, name: 'unknown' });
    expect(() => client.attach()).toThrow('EPROTO');
  });

  it('that begins again has no fids', () => {
    client.walk(0, 1, 'f');
    client.version();
    expect(() => client.attributes(1)).toThrow('EBADF');
    client.attach();
    client.walk(0, 1, 'f');
  });

  it('has one tree, and each fid once', () => {
    client.attach(5, '/');
    expect(() => client.attach(6, '/etc')).toThrow('ENOENT');
    expect(() => client.attach(5)).toThrow('EINVAL');
    expect(() => client.attach(0xffff_ffff)).toThrow('EINVAL');
  });

  it('has a bounded number of fids', () => {
    for (let fid = 1; fid < FIDS_MAX; fid++) client.walk(0, fid);
    expect(() => client.walk(0, FIDS_MAX)).toThrow('ENFILE');
    client.clunk(9);
    client.walk(0, FIDS_MAX);
  });

  it('has a bounded number of open files', () => {
    for (let fid = 1; fid <= OPEN_MAX; fid++) {
      client.walk(0, fid, fid % 2 ? 'f' : 'd');
      client.open(fid);
    }
    client.walk(0, 1000, 'f');
    expect(() => client.open(1000)).toThrow('EMFILE');
    client.walk(0, 1001, 'd');
    expect(() => client.create(1001, 'new')).toThrow('EMFILE');
    expect(() => tree.attributes('d/new')).toThrow('ENOENT');
    client.clunk(1);
    client.open(1000);
    expect(() => client.open(1000)).toThrow('EINVAL');
  });
});

describe('a message', () => {
  it('that ends too early is an error, whatever it is', () => {
    for (const type of Object.values(MESSAGE)) {
      if (type === MESSAGE.FLUSH) continue;
      for (const length of [0, 1, 3]) {
        expect(() => client.ask(type, (m) => m.bytes(new Uint8Array(length))), `${type}`).toThrow(
          RemoteError,
        );
      }
    }
    const claims = (m: { u32(value: number): { u64(value: bigint): { u32(value: number): unknown } } }) =>
      m.u32(1).u64(0n).u32(0xffff_ffff);
    client.walk(0, 1, 'f');
    client.open(1, OPEN.READ_WRITE);
    expect(() => client.ask(MESSAGE.WRITE, claims)).toThrow('EPROTO');
  });

  it('that is unknown, or about something that is not there, is refused', () => {
    for (const type of [0, 99, 112, 254]) expect(() => client.ask(type), `${type}`).toThrow('EOPNOTSUPP');
    for (const type of [MESSAGE.XATTRWALK, MESSAGE.XATTRCREATE, MESSAGE.AUTH]) {
      expect(() => client.ask(type, (m) => m.u32(0).u32(1).text('user.x'))).toThrow('EOPNOTSUPP');
    }
    client.ask(MESSAGE.FLUSH, (m) => m.u16(3));
  });

  it('whose reply has no room is an error', () => {
    const reply = server.answer(
      message9p(MESSAGE.GETATTR, (m) => m.u32(0).u64(0x7ffn)),
      100,
    );
    expect([...reply]).toEqual([11, 0, 0, 0, 7, 1, 0, 90, 0, 0, 0]);
  });
});

describe('a walk', () => {
  it('leads to files, and to the parent', () => {
    expect(client.walk(0, 1, 'd', 'g')).toEqual([0x80, 0]);
    expect(client.walk(0, 2, 'l')).toEqual([2]);
    expect(client.walk(0, 3, 'd', '..', 'f')).toEqual([0x80, 0x80, 0]);
    expect(client.attributes(3)).toMatchObject({ mode: 0o100644, size: 5n, links: 1n });
    client.walk(3, 3);
    client.walk(1, 1);
  });

  it('never leaves the root', () => {
    client.walk(0, 1, '..', '..', '..');
    expect(client.attributes(1).id).toBe(client.attributes(0).id);
    for (const name of ['../f', '/', '/etc', 'd/g', 'a\0b']) {
      expect(() => client.walk(0, 2, name), name).toThrow('EINVAL');
    }
    for (const name of ['', '.', 'none']) expect(() => client.walk(0, 2, name), name).toThrow('ENOENT');
    expect(() => client.walk(0, 2, 'x'.repeat(256))).toThrow('ENAMETOOLONG');
    for (const file of ['f', 'l']) {
      for (const name of ['..', 'x']) {
        client.walk(0, 3, file);
        expect(() => client.walk(3, 2, name)).toThrow('ENOTDIR');
        client.clunk(3);
      }
    }
  });

  it('that goes wrong makes no fid, and says how far it came', () => {
    expect(client.walk(0, 1, 'd', 'none', 'g')).toEqual([0x80]);
    expect(client.walk(0, 1, 'l', 'passwd')).toEqual([2]);
    expect(() => client.attributes(1)).toThrow('EBADF');
    expect(() => client.walk(0, 1, ...new Array(17).fill('..'))).toThrow('EINVAL');
    client.walk(0, 1);
    expect(() => client.walk(0, 1, 'd')).toThrow('EINVAL');
  });

  it('cannot lead deeper than a path may be long', () => {
    client.walk(0, 1);
    for (let depth = 0; depth < 15; depth++) {
      client.makeFolder(1, 'n'.repeat(255));
      client.walk(1, 1, 'n'.repeat(255));
    }
    client.makeFolder(1, 'n'.repeat(254));
    client.walk(1, 1, 'n'.repeat(254));
    expect(() => client.makeFolder(1, 'n')).toThrow('ENAMETOOLONG');
  });
});

describe('files', () => {
  it('are read and written as they are opened', () => {
    client.walk(0, 1, 'f');
    expect(() => client.read(1)).toThrow('EBADF');
    client.open(1);
    expect(client.read(1)).toBe('hello');
    expect(client.read(1, 3n)).toBe('lo');
    expect(client.read(1, 9n)).toBe('');
    expect(() => client.read(1, 1n << 63n)).toThrow('EINVAL');
    expect(() => client.write(1, 'x')).toThrow('EBADF');
    client.walk(0, 2, 'f');
    client.open(2, OPEN.WRITE | OPEN.TRUNCATE);
    expect(() => client.read(2)).toThrow('EBADF');
    expect(client.write(2, 'fresh', 2n)).toBe(5);
    expect(client.read(1)).toBe('\0\0fresh');
    expect(() => client.write(2, 'x', (1n << 53n) - 1n)).toThrow('EFBIG');
    expect(() => client.write(2, 'x', 1n << 40n)).toThrow('ENOSPC');
    client.walk(0, 3, 'f');
    client.open(3, OPEN.WRITE | OPEN.APPEND);
    client.write(3, '!', 0n);
    expect(client.read(1)).toBe('\0\0fresh!');
  });

  it('are read as far as a message goes', () => {
    put('big', 'x'.repeat(10_000));
    client.version(MSIZE.MIN);
    client.attach();
    client.walk(0, 1, 'big');
    client.open(1);
    expect(client.read(1, 0n, 0xffff_ffff)).toHaveLength(MSIZE.MIN - 11);
  });

  it('are made in a folder, whose fid then is the file', () => {
    client.walk(0, 1, 'd');
    client.create(1, 'new', OPEN.READ_WRITE, 0o106755);
    client.write(1, 'text');
    expect(client.read(1)).toBe('text');
    client.walk(0, 2, 'd', 'new');
    expect(client.attributes(2).mode).toBe(0o100755);
    client.walk(0, 3, 'd');
    expect(() => client.create(3, 'new', OPEN.EXCLUSIVE | 1)).toThrow('EEXIST');
    client.create(3, 'new', OPEN.WRITE | OPEN.TRUNCATE);
    expect(client.attributes(3).size).toBe(0n);
    client.walk(0, 4, 'd');
    for (const name of ['.', '..']) expect(() => client.create(4, name)).toThrow('EEXIST');
    for (const name of ['../x', '/tmp/x']) expect(() => client.create(4, name)).toThrow('EINVAL');
    client.walk(0, 5);
    expect(() => client.create(5, 'l')).toThrow('ELOOP');
    expect(() => client.create(5, 'd')).toThrow('EISDIR');
    client.walk(0, 6, 'f');
    expect(() => client.create(6, 'x')).toThrow('ENOTDIR');
  });

  it('are not opened through symbolic links, and folders not for writing', () => {
    client.walk(0, 1, 'l');
    expect(() => client.open(1)).toThrow('ELOOP');
    expect(client.readLink(1)).toBe('/etc/passwd');
    client.walk(0, 2, 'd');
    for (const flags of [OPEN.WRITE, OPEN.READ_WRITE]) expect(() => client.open(2, flags)).toThrow('EISDIR');
    expect(() => client.open(2, 3)).toThrow('EINVAL');
    client.open(2);
    expect(() => client.read(2)).toThrow('EISDIR');
    client.walk(0, 3, 'f');
    expect(() => client.open(3, OPEN.FOLDER)).toThrow('ENOTDIR');
    expect(() => client.readLink(3)).toThrow('EINVAL');
  });

  it('have locks that are always free, and can be made permanent', () => {
    client.walk(0, 1, 'f');
    const lock = (m: { u32(value: number): { u8(value: number): { u32(value: number): unknown } } }) =>
      m.u32(1).u8(1).u32(0);
    expect(() => client.ask(MESSAGE.LOCK, lock)).toThrow('EBADF');
    expect(() => client.ask(MESSAGE.FSYNC, (m) => m.u32(1).u32(0))).toThrow('EBADF');
    client.open(1);
    expect(client.ask(MESSAGE.LOCK, lock).u8()).toBe(0);
    const wanted = client.ask(MESSAGE.GETLOCK, (m) => m.u32(1).u8(1).u64(5n).u64(6n).u32(7).text('me'));
    expect([wanted.u8(), wanted.u64(), wanted.u64(), wanted.u32(), wanted.text()]).toEqual([
      2,
      5n,
      6n,
      7,
      'me',
    ]);
    client.ask(MESSAGE.FSYNC, (m) => m.u32(1).u32(0));
  });

  it('stay readable when they are removed', () => {
    client.walk(0, 1, 'f');
    client.walk(0, 2, 'f');
    client.open(1, OPEN.READ_WRITE);
    client.unlink(0, 'f');
    client.write(1, 'J');
    expect(client.read(1)).toBe('Jello');
    expect(client.attributes(1).links).toBe(0n);
    put('f', 'another');
    for (const fid of [1, 2]) expect(() => client.walk(fid, 9, '..')).toThrow('ENOENT');
    expect(() => client.attributes(2)).toThrow('ENOENT');
    expect(() => client.open(2)).toThrow('ENOENT');
    client.walk(2, 3);
    expect(() => client.change(3, SET.MODE)).toThrow('ENOENT');
  });
});

describe('folders', () => {
  it('are read entry by entry', () => {
    client.walk(0, 1, 'd');
    client.walk(0, 2);
    client.open(1);
    client.open(2);
    const names = (fid: number) => client.entries(fid).map(({ name }) => name);
    expect(names(1)).toEqual(['.', '..', 'g']);
    expect(names(2)).toEqual(['.', '..', 'd', 'f', 'l']);
    expect(client.entries(2).map(({ type, qidType }) => [type, qidType])).toEqual([
      ...[
        [4, 0x80],
        [4, 0x80],
        [4, 0x80],
      ],
      ...[
        [8, 0],
        [10, 2],
      ],
    ]);
    expect(client.entries(1)[1]?.id).toBe(client.attributes(0).id);
    expect(client.entries(2, 3n).map(({ name }) => name)).toEqual(['f', 'l']);
    expect(client.entries(2, 0n, 51).map(({ name, offset }) => [name, offset])).toEqual([
      ['.', 1n],
      ['..', 2n],
    ]);
    expect(client.entries(2, 99n)).toEqual([]);
    expect(client.entries(2, (1n << 64n) - 1n)).toEqual([]);
    expect(() => client.entries(2, 0n, 24)).toThrow('EINVAL');
    expect(() => client.entries(0)).toThrow('EBADF');
    client.walk(0, 3, 'f');
    client.open(3);
    expect(() => client.entries(3)).toThrow('ENOTDIR');
    client.ask(MESSAGE.FSYNC, (m) => m.u32(1).u32(0));
  });

  it('do not change for a reader until it begins again', () => {
    client.walk(0, 1);
    client.open(1);
    const [, , first] = client.entries(1);
    client.unlink(0, 'f');
    expect(client.entries(1, first?.offset).map(({ name }) => name)).toEqual(['f', 'l']);
    expect(client.entries(1).map(({ name }) => name)).not.toContain('f');
  });

  it('have no more entries in memory than there is room for', () => {
    const many = Array.from({ length: 200_000 }, (_, n) => ({ name: `${n}`, id: BigInt(n), mode: 0o100644 }));
    tree.list = () => many;
    for (let fid = 1; fid <= 6; fid++) {
      client.walk(0, fid);
      client.open(fid);
      if (fid < 6) expect(client.entries(fid).length).toBeGreaterThan(10);
    }
    expect(() => client.entries(6)).toThrow('ENOMEM');
    client.entries(1);
    client.clunk(1);
    client.entries(6);
  });

  it('get folders, links and files, and lose them', () => {
    client.makeFolder(0, 'new', 0o7777);
    client.walk(0, 1, 'new');
    expect(client.attributes(1)).toMatchObject({ mode: 0o041777, links: 2n });
    expect(() => client.makeFolder(0, 'new')).toThrow('EEXIST');
    client.makeLink(1, 'link', 'anything \xff/..');
    client.walk(1, 2, 'link');
    expect(client.readLink(2)).toBe('anything \xff/..');
    expect(() => client.makeLink(1, 'other', '')).toThrow('ENOENT');
    expect(() => client.makeLink(1, 'other', 'a\0b')).toThrow('ENAMETOOLONG');
    client.walk(0, 3, 'f');
    client.link(1, 3, 'same');
    expect(client.attributes(3).links).toBe(2n);
    expect(() => client.link(1, 2, 'hard')).toThrow('EPERM');
    expect(() => client.link(1, 0, 'hard')).toThrow('EPERM');
    expect(() => client.unlink(0, 'new', 0x200)).toThrow('ENOTEMPTY');
    expect(() => client.unlink(0, 'new')).toThrow('EISDIR');
    expect(() => client.unlink(1, 'link', 0x200)).toThrow('ENOTDIR');
    expect(() => client.unlink(1, 'link', 1)).toThrow('EINVAL');
    for (const name of ['.', '..', '../f', 'new/link'])
      expect(() => client.unlink(0, name)).toThrow('EINVAL');
    client.unlink(1, 'link');
    client.unlink(1, 'same');
    client.unlink(0, 'new', 0x200);
    for (const body of [
      () => client.makeFolder(1, 'x'),
      () => client.create(1, 'x'),
      () => client.attributes(1),
    ]) {
      expect(body).toThrow('ENOENT');
    }
  });

  it('get regular files only as nodes', () => {
    const node = (name: string, mode: number) =>
      client.ask(MESSAGE.MKNOD, (m) => m.u32(0).text(name).u32(mode).u32(1).u32(3).u32(0));
    node('plain', 0o100600);
    client.walk(0, 1, 'plain');
    expect(client.attributes(1).mode).toBe(0o100600);
    for (const type of [0o020000, 0o060000, 0o010000, 0o140000, 0o120000, 0o040000]) {
      expect(() => node('special', type | 0o666)).toThrow('EPERM');
    }
  });
});

describe('moving', () => {
  it('takes the fids along', () => {
    client.walk(0, 1, 'd', 'g');
    client.walk(0, 2, 'd');
    client.rename(0, 'd', 0, 'e');
    client.open(1);
    expect(client.read(1)).toBe('inner');
    client.rename(2, 'g', 0, 'h');
    client.walk(0, 3, 'h');
    expect(client.attributes(3).id).toBe(client.attributes(1).id);
    client.walk(1, 4);
    expect(client.attributes(4).size).toBe(5n);
    client.ask(MESSAGE.RENAME, (m) => m.u32(4).u32(2).text('again'));
    expect(tree.list('e').map(({ name }) => name)).toEqual(['again']);
  });

  it('does not take those along whose names only begin the same', () => {
    client.makeFolder(0, 'dd');
    client.walk(0, 1, 'dd');
    client.rename(0, 'd', 0, 'x');
    expect(client.attributes(1).mode).toBe(0o040755);
  });

  it('removes what is replaced, unless it is the same file', () => {
    client.walk(0, 1, 'f');
    client.walk(0, 2, 'd', 'g');
    client.walk(0, 3, 'd');
    client.link(3, 1, 'same');
    client.walk(0, 4, 'd', 'same');
    client.rename(0, 'f', 3, 'same');
    for (const fid of [1, 4]) expect(client.attributes(fid).links).toBe(2n);
    client.rename(0, 'f', 3, 'g');
    expect(() => client.attributes(2)).toThrow('ENOENT');
    expect(client.attributes(1).size).toBe(5n);
  });

  it('of a folder into itself, of the root, or onto something else is refused', () => {
    client.walk(0, 1, 'd');
    expect(() => client.rename(0, 'd', 1, 'sub')).toThrow('EINVAL');
    expect(() => client.ask(MESSAGE.RENAME, (m) => m.u32(0).u32(1).text('root'))).toThrow('EBUSY');
    expect(() => client.rename(0, 'd', 0, 'f')).toThrow('ENOTDIR');
    expect(() => client.rename(0, 'f', 0, 'd')).toThrow('EISDIR');
    client.makeFolder(0, 'empty');
    expect(() => client.rename(0, 'empty', 0, 'd')).toThrow('ENOTEMPTY');
    expect(() => client.rename(0, 'none', 0, 'x')).toThrow('ENOENT');
    for (const name of ['.', '..', '../x']) {
      expect(() => client.rename(0, name, 0, 'x')).toThrow('EINVAL');
      expect(() => client.rename(0, 'f', 1, name)).toThrow('EINVAL');
    }
    client.rename(0, 'd', 0, 'empty');
    expect(() => client.ask(MESSAGE.REMOVE, (m) => m.u32(0))).toThrow('EBUSY');
  });
});

describe('attributes', () => {
  it('are set', () => {
    client.walk(0, 1, 'f');
    client.change(1, SET.MODE, { mode: 0o106711 });
    client.change(1, SET.SIZE, { size: 7n });
    client.change(1, SET.ACCESSED | SET.ACCESSED_TO, { time: 5n, nanoseconds: 6n });
    client.change(1, SET.MODIFIED | SET.MODIFIED_TO, { time: 7n, nanoseconds: 8n });
    client.change(1, SET.UID | SET.GID, { owner: 0 });
    expect(client.attributes(1)).toMatchObject({
      ...{ mode: 0o100711, size: 7n, accessed: 5_000_000_006n, modified: 7_000_000_008n },
    });
    client.change(1, SET.MODIFIED_TO | SET.MODIFIED, { time: (1n << 64n) - 2n, nanoseconds: 5n });
    expect(tree.attributes('f').modified).toBe(-1_999_999_995n);
    expect(client.attributes(1).modified).toBe(((1n << 64n) - 2n) * 10n ** 9n + 5n);
    client.change(1, SET.MODIFIED, {});
    expect(client.attributes(1).modified).toBe(0n);
  });

  it('are not set to what they cannot be', () => {
    client.walk(0, 1, 'f');
    const refused: [string, number, object][] = [
      ['EFBIG', SET.SIZE, { size: 1n << 53n }],
      ['ENOSPC', SET.SIZE, { size: 1n << 52n }],
      ['EPERM', SET.UID, { owner: 1 }],
      ['EPERM', SET.GID, { owner: 1 }],
      ['EINVAL', SET.ACCESSED | SET.ACCESSED_TO, { nanoseconds: 10n ** 9n }],
    ];
    for (const [code, valid, values] of refused) expect(() => client.change(1, valid, values)).toThrow(code);
    expect(client.attributes(1)).toMatchObject({ size: 5n, uid: 0 });
    client.open(1);
    expect(() => client.change(1, SET.SIZE)).toThrow('EINVAL');
    client.walk(0, 2, 'd');
    expect(() => client.change(2, SET.SIZE)).toThrow('EISDIR');
    client.change(1, SET.MODIFIED | SET.MODIFIED_TO, { time: (1n << 63n) - 1n });
    expect(tree.attributes('f').modified).toBe((1n << 63n) - 1n);
  });

  it('of the tree are its space', () => {
    const reply = client.ask(MESSAGE.STATFS, (m) => m.u32(0));
    expect([reply.u32(), reply.u32(), reply.u64()]).toEqual([0x0102_1997, 4096, 16384n]);
  });
});

describe('a tree that is read-only', () => {
  it('refuses everything that changes it', () => {
    const state = tree.save();
    const readOnly = new MemoryTree({ readOnly: true });
    readOnly.prepareRestore(state)();
    client = connected(new Server9p(readOnly));
    client.walk(0, 1, 'f');
    client.walk(0, 2, 'd');
    const changes: (() => unknown)[] = [
      () => client.create(2, 'x', OPEN.READ),
      () => client.create(2, 'g', OPEN.READ_WRITE),
      () => client.open(1, OPEN.WRITE),
      () => client.open(1, OPEN.READ_WRITE),
      () => client.makeFolder(0, 'x'),
      () => client.makeLink(0, 'x', 'y'),
      () => client.link(0, 1, 'x'),
      () => client.rename(0, 'f', 0, 'x'),
      () => client.ask(MESSAGE.RENAME, (m) => m.u32(1).u32(0).text('x')),
      () => client.unlink(0, 'f'),
      () => client.unlink(0, 'd', 0x200),
      () => client.change(1, SET.MODE),
      () => client.change(1, SET.SIZE),
      () => client.write(1, 'x'),
      () => client.ask(MESSAGE.MKNOD, (m) => m.u32(0).text('x').u32(0o100600).u32(0).u32(0).u32(0)),
      () => client.ask(MESSAGE.REMOVE, (m) => m.u32(2)),
    ];
    for (const change of changes) expect(change, `${change}`).toThrow('EROFS');
    expect(readOnly.save()).toEqual(state);
    expect(() => client.attributes(2)).toThrow('EBADF');
    client.open(1, OPEN.TRUNCATE);
    expect(client.read(1)).toBe('hello');
  });
});

describe('REMOVE', () => {
  it('removes a file or folder, and ends the fid in any case', () => {
    for (const [fid, name] of [
      [1, 'f'],
      [2, 'l'],
    ] as const) {
      client.walk(0, fid, name);
      client.ask(MESSAGE.REMOVE, (m) => m.u32(fid));
      expect(() => client.attributes(fid)).toThrow('EBADF');
    }
    client.walk(0, 3, 'd');
    expect(() => client.ask(MESSAGE.REMOVE, (m) => m.u32(3))).toThrow('ENOTEMPTY');
    expect(() => client.attributes(3)).toThrow('EBADF');
    expect(tree.list('').map(({ name }) => name)).toEqual(['d']);
  });
});

describe('a saved server', () => {
  /** Saves the server, and goes on with another one. */
  function move(): void {
    const state = structuredClone(server.save());
    tree = new MemoryTree();
    server = new Server9p(tree);
    server.prepareRestore(state)();
    client = new Client9p((message) => server.answer(message, 0x1_0000));
  }

  it('has its fids, open files and folders', () => {
    client.walk(0, 1, 'f');
    client.open(1, OPEN.READ_WRITE);
    client.walk(0, 2);
    client.open(2);
    const before = client.entries(2, 2n);
    client.walk(0, 3, 'd');
    client.create(3, 'gone', OPEN.READ_WRITE);
    client.write(3, 'still here');
    client.walk(0, 4, 'd', 'gone');
    client.unlink(0, 'l');
    client.rename(0, 'f', 0, 'renamed');
    client.walk(0, 5, 'd');
    client.unlink(5, 'gone');
    move();
    move();
    client.write(1, 'J');
    expect(client.read(1)).toBe('Jello');
    expect(client.entries(2, 2n)).toEqual(before);
    expect(client.read(3)).toBe('still here');
    expect(() => client.attributes(4)).toThrow('ENOENT');
    expect(client.attributes(5).mode).toBe(0o040755);
    client.clunk(3);
    expect(tree.space().freeFiles).toBe(65_536n - 4n);
  });

  it('has files that cannot be opened again as stale', () => {
    client.walk(0, 1, 'f');
    client.open(1);
    const restoreOpen = MemoryTree.prototype.restoreOpen;
    MemoryTree.prototype.restoreOpen = () =>
      tree.open('none', { read: true, write: false, append: false }, false);
    try {
      move();
    } finally {
      MemoryTree.prototype.restoreOpen = restoreOpen;
    }
    move();
    expect(() => client.read(1)).toThrow('ESTALE');
    expect(client.attributes(1).size).toBe(5n);
    client.clunk(1);
    client.walk(0, 1, 'f');
    client.open(1);
  });

  it('does not open what has the path of a removed file', () => {
    client.walk(0, 1, 'f');
    client.walk(0, 2, 'd', 'g');
    for (const fid of [1, 2]) client.open(fid);
    client.unlink(0, 'f');
    put('f', 'another');
    const asked: (string | null)[] = [];
    const other = new MemoryTree();
    other.restoreOpen = (path) => {
      asked.push(path);
      throw new FileError('ESTALE');
    };
    new Server9p(other).prepareRestore(structuredClone(server.save()))();
    expect(asked).toEqual([null, 'd/g']);
  });

  it('cannot write any more where nothing may be changed', () => {
    client.walk(0, 1, 'f');
    client.walk(0, 2, 'f');
    client.open(1, OPEN.READ_WRITE);
    client.open(2);
    const state = structuredClone(server.save());
    const other = new Server9p(new MemoryTree({ readOnly: true }));
    other.prepareRestore(state)();
    client = new Client9p((message) => other.answer(message, 8192));
    expect(() => client.read(1)).toThrow('ESTALE');
    expect(client.read(2)).toBe('hello');
  });

  it('that is not one is refused, and one that leaves the folder is none', () => {
    client.walk(0, 1, 'd', 'g');
    client.open(1);
    client.walk(0, 2);
    client.open(2);
    client.entries(2);
    const state = server.save() as { fids: object[]; tree: { nodes: object[] } };
    const [root, file, folder] = state.fids as Record<string, unknown>[];
    const opened = folder?.opened as Record<string, unknown>;
    const withFid = (fid: object) => ({ ...state, fids: [root, fid] });
    const withEntry = (entry: object) => withFid({ ...folder, opened: { ...opened, entries: [entry] } });
    const withNode = (node: object) => ({
      ...state,
      tree: { ...state.tree, nodes: [...state.tree.nodes, node] },
    });
    const wrong: [string, unknown][] = [
      ...['..', '../x', 'd/../..', '/etc', 'd//g', 'd/', '.', 'a\0', '\u0100', 5].map(
        (path): [string, unknown] => [`path ${path}`, withFid({ ...file, path })],
      ),
      ['two of a number', { ...state, fids: [root, root] }],
      ['no fid', withFid({ ...file, number: 0xffff_ffff })],
      ['an unknown kind', withFid({ ...file, opened: { ...opened, kind: 'pipe' } })],
      ['a mode', withFid({ ...file, opened: { ...opened, mode: {} } })],
      ['an entry', withEntry({ name: 'a/b', id: 1n, mode: 0 })],
      ['an entry that is no text', withEntry({ name: 5, id: 1n, mode: 0 })],
      ['a size', { ...state, messageSize: MSIZE.MAX + 1 }],
      ['no fids', { ...state, fids: null }],
      ['no tree', { ...state, tree: null }],
      ['a tree without root', { ...state, tree: { ...state.tree, nodes: [] } }],
      ['a file twice', withNode(state.tree.nodes[0] as object)],
      ['a file with names', withNode({ ...state.tree.nodes[1], id: 50n })],
    ];
    for (const [name, value] of wrong) {
      expect(() => new Server9p(new MemoryTree()).prepareRestore(value), name).toThrow(StateError);
    }
  });
});
