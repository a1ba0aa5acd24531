import { describe, expect, it } from 'vitest';
import { Machine } from '../../../machine/index.ts';
import type { LinuxError } from '../../errors.ts';
import { Host } from '../../host.ts';
import { EPOLL } from '../abi/events.ts';
import { O, POLL } from '../abi/files.ts';
import { FileHost, FileSystem, MAGIC, makePipe } from '../files/index.ts';
import { TimerQueue } from '../timer-queue.ts';
import type { Waiter } from '../wait-queue.ts';
import { AnonymousInode } from './anonymous.ts';
import { Epoll } from './epoll.ts';
import { EventFile } from './event-file.ts';
import { TimerFile } from './timer-file.ts';

const host = new Host(new Machine());
const fileHost = new FileHost(host.kernel, host.common, () => 0n);
const pipes = new FileSystem(fileHost, 'pipefs', MAGIC.PIPEFS);
const inode = new AnonymousInode(new FileSystem(fileHost, 'anon_inodefs', MAGIC.ANONYMOUS), 0o600);
const epollFile = () => new Epoll(inode, 0);

const number = (value: bigint) => {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, value);
  return bytes;
};
const code = (action: () => void) => {
  try {
    action();
  } catch (error) {
    return (error as LinuxError).code;
  }
  return null;
};

describe('an eventfd', () => {
  it('adds what is written, and gives all of it to a reader', () => {
    const file = new EventFile(inode, 1, false, 0);
    file.write(number(5n));
    const into = new Uint8Array(8);
    expect(file.read(into)).toBe(8);
    expect(into).toEqual(number(6n));
    expect(file.read(into)).toBeNull();
  });

  it('gives 1 at a time as a semaphore', () => {
    const file = new EventFile(inode, 2, true, 0);
    const into = new Uint8Array(8);
    expect([file.read(into), file.read(into), file.read(into)]).toEqual([8, 8, null]);
    expect(into).toEqual(number(1n));
  });

  it('is full one below its largest value', () => {
    const file = new EventFile(inode, 0, false, 0);
    expect(file.write(number(2n ** 64n - 2n))).toBe(8);
    expect(file.poll()).toBe(POLL.IN);
    expect(file.write(number(1n))).toBeNull();
    expect(code(() => file.write(number(2n ** 64n - 1n)))).toBe('EINVAL');
  });
});

describe('an epoll file', () => {
  it('tells a level as long as it lasts, and an edge once', () => {
    const epoll = epollFile();
    const { reader, writer } = makePipe(pipes, O.NONBLOCK);
    epoll.add(reader, 3, { events: POLL.IN, data: 7n });
    expect(epoll.collect(8)).toEqual([]);
    writer.write(Uint8Array.of(1));
    expect(epoll.collect(8)).toEqual([{ events: POLL.IN, data: 7n }]);
    expect(epoll.collect(8)).toHaveLength(1);
    epoll.modify(reader, 3, { events: POLL.IN | EPOLL.ET, data: 8n });
    expect(epoll.collect(8)).toEqual([{ events: POLL.IN, data: 8n }]);
    expect(epoll.collect(8)).toEqual([]);
    writer.write(Uint8Array.of(2));
    expect(epoll.collect(8)).toHaveLength(1);
    // A read is no new input.
    reader.read(new Uint8Array(1));
    expect(epoll.collect(8)).toEqual([]);
  });

  it('tells once with EPOLLONESHOT, until it is asked again', () => {
    const epoll = epollFile();
    const file = new EventFile(inode, 1, false, 0);
    const once = { events: POLL.IN | EPOLL.ONESHOT, data: 0n };
    epoll.add(file, 3, once);
    expect(epoll.collect(8)).toHaveLength(1);
    file.write(number(1n));
    expect(epoll.collect(8)).toEqual([]);
    epoll.modify(file, 3, once);
    expect(epoll.collect(8)).toHaveLength(1);
  });

  it('takes turns when there is room for fewer events than are ready', () => {
    const epoll = epollFile();
    for (const fd of [3, 4, 5])
      epoll.add(new EventFile(inode, 1, false, 0), fd, { events: POLL.IN, data: BigInt(fd) });
    const told = [1, 2, 3, 4].map(() => epoll.collect(1)[0]?.data);
    expect(told).toEqual([3n, 4n, 5n, 3n]);
  });

  it('loses a file with its last descriptor', () => {
    const epoll = epollFile();
    const file = new EventFile(inode, 1, false, 0);
    epoll.add(file, 3, { events: POLL.IN, data: 0n });
    file.hold();
    file.release();
    expect(epoll.collect(8)).toHaveLength(1);
    file.release();
    expect(epoll.poll()).toBe(0);
    expect(file.queue.length).toBe(0);
    expect(code(() => epoll.remove(file, 3))).toBe('ENOENT');
  });

  it('is ready when an epoll file that it watches is', () => {
    const [outer, inner] = [epollFile(), epollFile()];
    outer.add(inner, 4, { events: POLL.IN, data: 1n });
    const file = new EventFile(inode, 0, false, 0);
    inner.add(file, 5, { events: POLL.IN, data: 2n });
    expect(outer.collect(8)).toEqual([]);
    file.write(number(1n));
    expect(outer.collect(8)).toEqual([{ events: POLL.IN, data: 1n }]);
    file.read(new Uint8Array(8));
    expect(outer.collect(8)).toEqual([]);
  });

  it('refuses a circle, and more than five levels', () => {
    const files = Array.from({ length: 7 }, epollFile);
    const codes = [0, 1, 2, 3, 4].map((i) =>
      code(() => files[i]!.add(files[i + 1]!, i, { events: POLL.IN, data: 0n })),
    );
    expect(codes).toEqual([null, null, null, null, 'ELOOP']);
    expect(code(() => files[4]!.add(files[0]!, 9, { events: POLL.IN, data: 0n }))).toBe('ELOOP');
  });

  it('refuses so many ways between epoll files that one event would wake too many', () => {
    const [inner, middle] = [epollFile(), epollFile()];
    for (let i = 0; i < 30; i++) middle.add(inner, i, { events: POLL.IN, data: 0n });
    const codes = Array.from({ length: 40 }, () =>
      code(() => epollFile().add(middle, 0, { events: POLL.IN, data: 0n })),
    );
    expect(codes[0]).toBeNull();
    expect(codes.at(-1)).toBe('EINVAL');
  });
});

describe('a timerfd', () => {
  it('counts the intervals that have passed', () => {
    let now = 0;
    const timers = new TimerQueue();
    const clock = {
      now: () => now,
      start: (at: number, waiter: Waiter) => timers.start(at, waiter),
      cancel: (timer: object) => timers.cancel(timer),
    };
    const file = new TimerFile(inode, clock, false, 0);
    file.timer.set(100, 10);
    expect([file.poll(), file.read(new Uint8Array(8)), file.timer.left]).toEqual([0, null, 100]);
    let woken = 0;
    file.queue.add({ wake: () => void woken++ });
    now = 125;
    timers.expire(now);
    expect([woken, file.poll(), file.timer.left]).toEqual([1, POLL.IN, 5]);
    const into = new Uint8Array(8);
    file.read(into);
    expect(into).toEqual(number(3n));
    expect(timers.due).toBe(130);
    file.release();
    expect(timers.due).toBe(Infinity);
  });
});
