import { beforeEach, describe, expect, it } from 'vitest';
import { codeOf } from '../../testing/index.ts';
import { majorOf, makeDevice, minorOf, O, S } from '../abi/files.ts';
import { addDevice, lookup, makeDev, mkdir, mknod, mount, open, PathFile, type Symlink } from './index.ts';
import { bytesOf, namesIn, readText, type TestFiles, testFiles } from './testing/index.ts';

let world: TestFiles;
beforeEach(() => {
  world = testFiles();
  mkdir(world.context, 'dev', 0o755);
  mount(lookup(world.context, 'dev'), makeDev(world.files, world.devices));
});

const device = (name: string, flags: number = O.RDWR) => open(world.context, `/dev/${name}`, flags);

describe('/dev', () => {
  it('has what programs expect', () => {
    expect(namesIn(world.context, 'dev').slice(2)).toEqual([
      ...['null', 'zero', 'full', 'random', 'urandom'],
      ...['fd', 'stdin', 'stdout', 'stderr', 'shm', 'pts'],
    ]);
    const { inode } = lookup(world.context, '/dev/stdin', { follow: false });
    expect((inode as Symlink).readLink()).toBe('/proc/self/fd/0');
    expect(lookup(world.context, '/dev/null').inode).toMatchObject({
      mode: S.IFCHR | 0o666,
      rdev: makeDevice(1, 3),
    });
  });

  it('null is empty and takes all; zero is zeros; full is full; urandom has the bytes that it is given', () => {
    expect([readText(device('null')), device('null').write(bytesOf('abc'))]).toEqual(['', 3]);
    const into = new Uint8Array(3).fill(1);
    expect([device('zero').read(into), ...into]).toEqual([3, 0, 0, 0]);
    expect([device('zero').write(bytesOf('abc')), device('zero').seek(5, 0)]).toEqual([3, 0]);
    expect(codeOf(() => device('full').write(bytesOf('x')))).toBe('ENOSPC');
    expect([device('full').read(into), device('full').write(new Uint8Array(0))]).toEqual([3, 0]);
    expect([device('urandom').readAt(into, 7), ...into]).toEqual([3, 42, 42, 42]);
  });

  it('opens devices that are registered, by a node anywhere', () => {
    expect(codeOf(() => open(world.context, 'dev/tty', O.RDWR))).toBe('ENOENT');
    addDevice(lookup(world.context, 'dev'), 'tty', S.IFCHR | 0o666, makeDevice(5, 0));
    expect(codeOf(() => device('tty'))).toBe('ENXIO');
    world.devices.register(S.IFCHR, 5, null, (node, flags) => new PathFile(node, flags));
    expect(device('tty')).toBeInstanceOf(PathFile);
    mknod(world.context, 'node', S.IFBLK | 0o600, makeDevice(5, 0));
    expect(codeOf(() => open(world.context, 'node', O.RDONLY))).toBe('ENXIO');
  });

  it('numbers of devices have their parts where Linux has them', () => {
    for (const [major, minor, number] of [
      [1, 3, 0x103],
      [4095, 1_048_575, 0xffff_ffff],
      [8, 0x12345, 0x1230_0845],
    ] as const) {
      expect(makeDevice(major, minor)).toBe(number);
      expect([majorOf(number), minorOf(number)]).toEqual([major, minor]);
    }
  });
});
