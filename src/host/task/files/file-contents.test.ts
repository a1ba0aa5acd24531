import { beforeEach, describe, expect, it } from 'vitest';
import { codeOf } from '../../testing/index.ts';
import { O, SEEK } from '../abi/files.ts';
import { FILE_SIZE_MAX, mkdir, type OpenRegular, open, symlink, truncate, unlink } from './index.ts';
import { bytesOf, readText, type TestFiles, testFiles } from './testing/index.ts';

const PAGE = 4096;

let world: TestFiles;
let file: OpenRegular;

beforeEach(() => {
  world = testFiles({ capacity: 64 * PAGE });
  file = open(world.context, 'file', O.RDWR | O.CREAT, 0o644) as OpenRegular;
});

const whole = () => {
  const into = new Uint8Array(file.inode.size);
  file.readAt(into, 0);
  return into;
};

describe('a file', () => {
  it('is read and written at its position, or at an offset', () => {
    expect(file.write(bytesOf('hello world'))).toBe(11);
    expect(file.seek(-5, SEEK.CUR)).toBe(6);
    expect(readText(file, 3)).toBe('wor');
    expect(file.seek(0, SEEK.CUR)).toBe(9);
    expect(file.writeAt(bytesOf('HE'), 0)).toBe(2);
    expect(file.seek(0, SEEK.SET)).toBe(0);
    expect(readText(file)).toBe('HEllo world');
    expect(readText(file)).toBe('');
    expect(file.seek(2, SEEK.END)).toBe(13);
    expect([codeOf(() => file.seek(-1, SEEK.SET)), codeOf(() => file.seek(0, 5))]).toEqual([
      'EINVAL',
      'EINVAL',
    ]);
  });

  it('with O_APPEND is written at its end, at an offset, too', () => {
    file.write(bytesOf('one '));
    const appending = open(world.context, 'file', O.WRONLY | O.APPEND);
    file.write(bytesOf('two '));
    appending.write(bytesOf('three '));
    appending.writeAt(bytesOf('four'), 0);
    expect(String.fromCharCode(...whole())).toBe('one two three four');
  });

  it('has zeros between its old end and where it is written', () => {
    file.write(bytesOf('ab'));
    file.writeAt(bytesOf('c'), 2 * PAGE + 1);
    expect(file.inode.size).toBe(2 * PAGE + 2);
    expect(whole().filter((byte) => byte !== 0)).toEqual(bytesOf('abc'));
    expect([file.inode.blocks, world.frames()]).toEqual([16, 2]);
  });

  it('has zeros where it was made shorter and longer again, also where a process has stored behind its end', () => {
    const mm = world.host.createMm();
    file.write(bytesOf('abcdef'));
    mm.mmap({ address: 0x1000_0000n, length: 4096n, file: file.mappable(), shared: true });
    mm.write(0x1000_0000n, bytesOf('ABCDEFGHI'));
    expect(String.fromCharCode(...whole())).toBe('ABCDEF');
    file.truncate(3);
    file.truncate(5);
    expect(whole()).toEqual(bytesOf('ABC\0\0'));
    mm.write(0x1000_0000n, bytesOf('abcdefghi'));
    file.writeAt(bytesOf('x'), 7);
    expect(whole()).toEqual(bytesOf('abcde\0\0x'));
    world.host.exitMm(mm);
  });

  it('finds data and holes', () => {
    file.writeAt(bytesOf('a'), 2 * PAGE + 100);
    file.writeAt(bytesOf('b'), 5 * PAGE);
    file.truncate(8 * PAGE);
    expect([0, 2 * PAGE + 1, 3 * PAGE, 5 * PAGE].map((at) => file.seek(at, SEEK.DATA))).toEqual([
      2 * PAGE,
      2 * PAGE + 1,
      5 * PAGE,
      5 * PAGE,
    ]);
    expect([0, 2 * PAGE + 1, 5 * PAGE + 1].map((at) => file.seek(at, SEEK.HOLE))).toEqual([
      0,
      3 * PAGE,
      6 * PAGE,
    ]);
    for (const [at, whence] of [
      [6 * PAGE, SEEK.DATA],
      [8 * PAGE, SEEK.DATA],
      [8 * PAGE, SEEK.HOLE],
      [-1, SEEK.DATA],
    ] as const) {
      expect(codeOf(() => file.seek(at, whence))).toBe('ENXIO');
    }
    file.truncate(2 * PAGE + 200);
    expect(file.seek(2 * PAGE + 5, SEEK.HOLE)).toBe(2 * PAGE + 200);
  });

  it('may be huge, if it is nearly all holes', () => {
    file.writeAt(bytesOf('x'), FILE_SIZE_MAX - 1);
    expect([file.inode.size, world.frames()]).toEqual([FILE_SIZE_MAX, 1]);
    expect(codeOf(() => file.writeAt(bytesOf('x'), FILE_SIZE_MAX))).toBe('EFBIG');
    expect(codeOf(() => file.truncate(FILE_SIZE_MAX + 1))).toBe('EFBIG');
    expect(file.seek(0, SEEK.DATA)).toBe(FILE_SIZE_MAX - PAGE);
    file.truncate(1);
    expect(world.frames()).toBe(0);
  });

  it('punched has a hole, and zeros at its edges', () => {
    file.write(new Uint8Array(4 * PAGE).fill(1));
    file.file.allocate('punch', { at: PAGE - 1, length: 2 * PAGE + 2 }, true);
    expect([world.frames(), file.inode.size]).toEqual([2, 4 * PAGE]);
    const ones = whole().reduce((sum, byte) => sum + byte, 0);
    expect(ones).toBe(PAGE - 1 + PAGE - 1);
    file.file.allocate('punch', { at: 10, length: 5 }, true);
    expect(whole().subarray(8, 17)).toEqual(Uint8Array.of(1, 1, 0, 0, 0, 0, 0, 1, 1));
    file.file.allocate('punch', { at: 3 * PAGE, length: 10 * PAGE }, true);
    expect([world.frames(), file.inode.size]).toEqual([1, 4 * PAGE]);
  });

  it('that was given room has frames, and the length unless it is to keep it', () => {
    file.file.allocate('reserve', { at: 0, length: 3 * PAGE }, false);
    expect([world.frames(), file.inode.size]).toEqual([3, 3 * PAGE]);
    file.write(bytesOf('ab'));
    file.file.allocate('zero', { at: 0, length: 5 * PAGE }, false);
    expect([world.frames(), file.inode.size, whole().some((byte) => byte !== 0)]).toEqual([
      5,
      5 * PAGE,
      false,
    ]);
    expect(codeOf(() => file.file.allocate('reserve', { at: 0, length: 65 * PAGE }, false))).toBe('ENOSPC');
  });
});

describe('the room of a file system', () => {
  it('is the bound of what is written: the rest is ENOSPC', () => {
    expect(file.write(new Uint8Array(60 * PAGE))).toBe(60 * PAGE);
    const other = open(world.context, 'other', O.RDWR | O.CREAT);
    expect(other.write(new Uint8Array(10 * PAGE))).toBe(4 * PAGE);
    expect(other.inode.size).toBe(4 * PAGE);
    expect(codeOf(() => other.write(bytesOf('x')))).toBe('ENOSPC');
    expect(world.context.root.inode.fs.space()).toMatchObject({ blocks: 64, free: 0, available: 0 });
    file.truncate(59 * PAGE);
    expect(other.write(new Uint8Array(10 * PAGE))).toBe(PAGE);
  });

  it('is the bound of what processes touch', () => {
    const mm = world.host.createMm();
    file.truncate(65 * PAGE);
    mm.mmap({ address: 0x1000_0000n, length: 65n * 4096n, file: file.mappable(), shared: true });
    expect(codeOf(() => mm.write(0x1000_0000n, new Uint8Array(65 * PAGE)))).toBe('ENOSPC');
    world.host.exitMm(mm);
  });

  it('is taken by long targets of symbolic links', () => {
    const { fs } = world.context.root.inode;
    const free = () => fs.space().free;
    symlink(world.context, 'x'.repeat(100), 'short');
    expect(free()).toBe(64);
    symlink(world.context, 'x'.repeat(4095), 'long');
    expect(free()).toBe(63);
    unlink(world.context, 'long');
    expect(free()).toBe(64);
  });

  it('has a bound of names, too', () => {
    world = testFiles({ names: 2 });
    mkdir(world.context, 'a', 0o755);
    mkdir(world.context, 'b', 0o755);
    expect(codeOf(() => mkdir(world.context, 'c', 0o755))).toBe('ENOSPC');
    expect(codeOf(() => open(world.context, 'c', O.RDWR | O.CREAT))).toBe('ENOSPC');
  });

  it('runs out with storage: what was written before stays', () => {
    world = testFiles({}, 1 << 20);
    file = open(world.context, 'file', O.RDWR | O.CREAT) as OpenRegular;
    const written = file.write(new Uint8Array(1 << 20));
    expect([written > 0, file.inode.size === written]).toEqual([true, true]);
    expect(codeOf(() => file.write(bytesOf('x')))).toBe('ENOMEM');
    file.truncate(0);
    expect(file.write(bytesOf('x'))).toBe(1);
  });
});

describe('the frames of a file', () => {
  it('are free when it has neither a name nor is open nor mapped, whatever goes last', () => {
    file.release();
    const mm = world.host.createMm();
    const range = { address: 0x1000_0000n, length: 0x3000n };
    const ways = {
      name: () => unlink(world.context, 'file'),
      open: () => file.release(),
      mapping: () => mm.munmap(range),
    };
    for (const order of [
      ['name', 'open', 'mapping'],
      ['name', 'mapping', 'open'],
      ['open', 'mapping', 'name'],
      ['mapping', 'open', 'name'],
    ] as const) {
      file = open(world.context, 'file', O.RDWR | O.CREAT | O.TRUNC) as OpenRegular;
      file.write(new Uint8Array(3 * PAGE).fill(9));
      mm.mmap({ ...range, file: file.mappable(), shared: true });
      expect(mm.read(range.address + 0x2fffn, 1)[0]).toBe(9);
      const left = order.map((way) => {
        ways[way]();
        return world.frames();
      });
      expect(left).toEqual([3, 3, 0]);
    }
    world.host.exitMm(mm);
  });

  it('stay while another name or another open file is there', () => {
    file.write(bytesOf('x'));
    const second = open(world.context, 'file', O.RDONLY);
    unlink(world.context, 'file');
    file.release();
    expect([world.frames(), readText(second)]).toEqual([1, 'x']);
    second.hold();
    second.release();
    expect(world.frames()).toBe(1);
    second.release();
    expect(world.frames()).toBe(0);
  });

  it('of O_TMPFILE are free when it is closed', () => {
    const unnamed = open(world.context, '.', O.RDWR | O.TMPFILE, 0o600);
    unnamed.write(bytesOf('x'));
    expect(world.frames()).toBe(1);
    unnamed.release();
    expect(world.frames()).toBe(0);
  });

  it('are shared by mappings, reads and writes', () => {
    const mm = world.host.createMm();
    file.write(bytesOf('hello'));
    mm.mmap({ address: 0x1000_0000n, length: 0x1000n, file: file.mappable(), shared: true });
    mm.write(0x1000_0000n, bytesOf('J'));
    expect(whole()).toEqual(bytesOf('Jello'));
    file.writeAt(bytesOf('C'), 0);
    expect(mm.read(0x1000_0000n, 5)).toEqual(bytesOf('Cello'));
    truncate(file.inode, world.context.credentials, 0);
    expect(codeOf(() => mm.read(0x1000_0000n, 1))).toBe('EFAULT');
    world.host.exitMm(mm);
  });
});

describe('a file that is executed', () => {
  it('ETXTBSY: it cannot be written, and a file that is open for writing cannot be executed', () => {
    expect(codeOf(() => file.file.denyWrites())).toBe('ETXTBSY');
    file.release();
    file.file.denyWrites();
    for (const flags of [O.WRONLY, O.RDWR, O.RDONLY | O.TRUNC]) {
      expect(codeOf(() => open(world.context, 'file', flags))).toBe('ETXTBSY');
    }
    expect(codeOf(() => truncate(file.inode, world.context.credentials, 0))).toBe('ETXTBSY');
    open(world.context, 'file', O.RDONLY).release();
    file.file.allowWrites();
    open(world.context, 'file', O.RDWR).release();
    file.file.denyWrites();
  });
});
