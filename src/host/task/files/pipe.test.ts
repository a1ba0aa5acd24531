import { beforeEach, describe, expect, it } from 'vitest';
import { codeOf } from '../../testing/index.ts';
import { O, POLL, S } from '../abi/files.ts';
import { FileSystem, MAGIC, makePipe, mknod, open, type PipeEnd } from './index.ts';
import { bytesOf, readText, type TestFiles, testFiles } from './testing/index.ts';

const IN = POLL.IN | POLL.RDNORM;
const OUT = POLL.OUT | POLL.WRNORM;

let world: TestFiles;
beforeEach(() => {
  world = testFiles();
});

describe('a pipe', () => {
  let reader: PipeEnd;
  let writer: PipeEnd;
  beforeEach(() => {
    ({ reader, writer } = makePipe(new FileSystem(world.files, 'pipefs', MAGIC.PIPEFS), 0));
  });

  it('passes bytes in their order, and a read takes what is there', () => {
    expect([reader.opening, writer.opening]).toEqual([false, false]);
    expect(readText(reader)).toBe(null);
    writer.write(bytesOf('hello '));
    writer.write(bytesOf('world'));
    expect([reader.available(), readText(reader, 8), readText(reader), readText(reader)]).toEqual([
      11,
      'hello wo',
      'rld',
      null,
    ]);
    expect(reader.dentry?.name).toBe(`pipe:[${reader.inode.ino}]`);
  });

  it('is at its end when nobody can write', () => {
    writer.write(bytesOf('x'));
    writer.release();
    expect([reader.poll(), readText(reader), reader.poll(), readText(reader)]).toEqual([
      IN | POLL.HUP,
      'x',
      POLL.HUP,
      '',
    ]);
  });

  it('EPIPE when nobody can read', () => {
    reader.release();
    expect([writer.poll(), codeOf(() => writer.write(bytesOf('x')))]).toEqual([OUT | POLL.ERR, 'EPIPE']);
    expect(writer.write(new Uint8Array(0))).toBe(0);
  });

  it('takes 64 KiB: up to 4,096 bytes at once or not at all, more in parts', () => {
    expect(writer.write(new Uint8Array(70_000).fill(1))).toBe(65_536);
    expect([writer.poll(), writer.write(bytesOf('x'))]).toEqual([0, null]);
    reader.read(new Uint8Array(4095));
    expect([writer.poll(), writer.write(new Uint8Array(4096))]).toEqual([0, null]);
    expect(writer.write(new Uint8Array(4097).fill(2))).toBe(4095);
    reader.read(new Uint8Array(4096));
    expect([writer.poll(), writer.write(new Uint8Array(4096).fill(3))]).toEqual([OUT, 4096]);
    const rest = new Uint8Array(70_000);
    expect(reader.read(rest)).toBe(65_536);
    expect([rest[0], rest[65_536 - 4097], rest[65_535]]).toEqual([1, 2, 3]);
  });

  it('keeps its bytes when its capacity changes', () => {
    writer.write(bytesOf('ab'));
    reader.read(new Uint8Array(1));
    writer.setCapacity(1 << 20);
    expect(writer.capacity).toBe(1 << 20);
    expect(writer.write(new Uint8Array(200_000).fill(99))).toBe(200_000);
    expect(codeOf(() => writer.setCapacity(4096))).toBe('EBUSY');
    expect(codeOf(() => writer.setCapacity((1 << 20) + 1))).toBe('EPERM');
    const all = new Uint8Array(300_000);
    expect([reader.read(all), all[0], all[200_000]]).toEqual([200_001, 98, 99]);
    writer.setCapacity(1);
    expect([writer.capacity, writer.write(new Uint8Array(5000))]).toEqual([4096, 4096]);
  });

  it('wakes who waits for it: for bytes, for room, for the end', () => {
    const woken: string[] = [];
    let step = '';
    reader.queue.add({ wake: () => woken.push(step) });
    const at = (name: string, action: () => void) => {
      step = name;
      action();
    };
    at('bytes', () => writer.write(bytesOf('x')));
    at('still room', () => reader.read(new Uint8Array(1)));
    at('full', () => writer.write(new Uint8Array(65_536)));
    at('room', () => reader.read(new Uint8Array(1)));
    at('end', () => writer.release());
    expect(woken).toEqual(['bytes', 'full', 'room', 'end']);
  });

  it('has 4 KiB alone when all pipes together have too much', () => {
    const fs = new FileSystem(world.files, 'pipefs', MAGIC.PIPEFS);
    const pipes = [];
    for (let n = 0; n < 70; n++) {
      const pipe = makePipe(fs, 0);
      pipe.writer.setCapacity(1 << 20);
      pipes.push({ ...pipe, count: pipe.writer.write(new Uint8Array(1 << 20)) as number });
    }
    expect(pipes.filter(({ count }) => count === 1 << 20)).toHaveLength(64);
    expect(pipes.slice(64).map(({ count }) => count)).toEqual(new Array(6).fill(4096));
    expect(pipes[69]?.writer.poll()).toBe(0);
    for (const { reader, writer } of pipes.slice(0, 65)) {
      writer.release();
      reader.release();
    }
    expect(pipes[69]?.writer.write(new Uint8Array(1 << 20))).toBe((1 << 20) - 4096);
  });

  it('EBADF at the wrong end', () => {
    expect([codeOf(() => writer.read(new Uint8Array(1))), codeOf(() => reader.write(bytesOf('x')))]).toEqual([
      'EBADF',
      'EBADF',
    ]);
  });
});

describe('a FIFO', () => {
  const end = (flags: number) => open(world.context, 'fifo', flags) as PipeEnd;
  beforeEach(() => {
    mknod(world.context, 'fifo', S.IFIFO | 0o666);
  });

  it('is open when both ends are', () => {
    const reader = end(O.RDONLY);
    expect(reader.opening).toBe(true);
    const writer = end(O.WRONLY);
    expect([reader.opening, writer.opening]).toEqual([false, false]);
    writer.write(bytesOf('x'));
    expect(readText(reader)).toBe('x');
  });

  it('is open for who waited even if the other end was closed again', () => {
    const writer = end(O.WRONLY);
    expect(writer.opening).toBe(true);
    end(O.RDONLY | O.NONBLOCK).release();
    expect(writer.opening).toBe(false);
    expect(codeOf(() => writer.write(bytesOf('x')))).toBe('EPIPE');
  });

  it('that is not waited for: a reader finds the end, and a writer ENXIO', () => {
    expect(codeOf(() => end(O.WRONLY | O.NONBLOCK))).toBe('ENXIO');
    const reader = end(O.RDONLY | O.NONBLOCK);
    expect([reader.opening, reader.poll(), readText(reader)]).toEqual([false, 0, '']);
    const writer = end(O.WRONLY | O.NONBLOCK);
    writer.release();
    expect(reader.poll()).toBe(POLL.HUP);
  });

  it('opened for both is at no end', () => {
    const both = end(O.RDWR);
    expect([both.opening, readText(both)]).toEqual([false, null]);
    both.write(bytesOf('x'));
    expect([both.poll(), readText(both)]).toEqual([IN | OUT, 'x']);
  });

  it('keeps nothing when all have closed it', () => {
    const both = end(O.RDWR);
    both.write(bytesOf('x'));
    both.release();
    expect(readText(end(O.RDWR))).toBe(null);
  });

  it('gives up waiting', () => {
    end(O.RDONLY).release();
    expect(codeOf(() => end(O.WRONLY | O.NONBLOCK))).toBe('ENXIO');
  });
});
