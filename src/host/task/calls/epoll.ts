/** epoll(7). */

import { ERRNO } from '../../errno.ts';
import { LinuxError } from '../../errors.ts';
import { EPOLL } from '../abi/events.ts';
import { O, S } from '../abi/files.ts';
import { Epoll, type EpollEvent } from '../events/epoll.ts';
import type { Blocking } from '../process/blocking.ts';
import { sleep } from '../process/sleep.ts';
import type { Thread } from '../process/task.ts';
import type { System } from '../system.ts';
import { install } from './descriptors.ts';
import { type CallResult, call } from './line.ts';
import { blockMeanwhile, readSet } from './signals.ts';
import { readTimespec } from './timespec.ts';

/** Size of struct epoll_event, and its parts. */
const EVENT = { EVENTS: 0, DATA: 8, SIZE: 16 } as const;
const EVENTS_MAX = Math.floor(0x7fff_ffff / EVENT.SIZE);
const MILLISECOND = 1_000_000;

function create(system: System, thread: Thread, flags: number): number {
  if ((flags & ~O.CLOEXEC) !== 0) throw new LinuxError('EINVAL', `flags ${flags} of epoll_create1`);
  return install(thread, new Epoll(system.files.anonymous, 0), (flags & O.CLOEXEC) !== 0);
}

function epollOf(thread: Thread, fd: number): Epoll {
  const file = thread.files.get(fd);
  if (!(file instanceof Epoll)) throw new LinuxError('EINVAL', `descriptor ${fd} is no epoll file`);
  return file;
}

function control(_: System, thread: Thread, epfd: number, operation: number, fd: number, at: number): number {
  const event: EpollEvent = { events: 0, data: 0n };
  const asked = operation === EPOLL.DEL ? event : eventAt(thread, at);
  thread.files.get(epfd);
  const file = thread.files.get(fd);
  const { type } = file.inode;
  if (type === S.IFREG || type === S.IFDIR) throw new LinuxError('EPERM', `descriptor ${fd} is always ready`);
  const epoll = epollOf(thread, epfd);
  if (epoll === file) throw new LinuxError('EINVAL', 'an epoll file cannot watch itself');
  switch (operation) {
    case EPOLL.ADD:
      epoll.add(file, fd, asked);
      return 0;
    case EPOLL.MOD:
      epoll.modify(file, fd, asked);
      return 0;
    case EPOLL.DEL:
      epoll.remove(file, fd);
      return 0;
    default:
      throw new LinuxError('EINVAL', `operation ${operation} of epoll_ctl`);
  }
}

function eventAt({ space }: Thread, at: number): EpollEvent {
  const view = space.memory.struct(at, EVENT.SIZE);
  return { events: view.getUint32(EVENT.EVENTS), data: view.getBigUint64(EVENT.DATA) };
}

function store({ space }: Thread, at: number, events: readonly EpollEvent[]): number {
  const view = new DataView(new ArrayBuffer(events.length * EVENT.SIZE));
  for (const [i, { events: bits, data }] of events.entries()) {
    view.setUint32(i * EVENT.SIZE + EVENT.EVENTS, bits);
    view.setBigUint64(i * EVENT.SIZE + EVENT.DATA, data);
  }
  space.memory.write(at, new Uint8Array(view.buffer));
  return events.length;
}

/** @param most how many events there is room for. @param timeout in nanoseconds, or Infinity */
function wait(
  system: System,
  thread: Thread,
  fd: number,
  at: number,
  most: number,
  timeout: number,
): CallResult {
  if (most <= 0 || most > EVENTS_MAX) throw new LinuxError('EINVAL', `room for ${most} events`);
  const epoll = epollOf(thread, fd);
  const events = epoll.collect(most);
  if (events.length > 0 || timeout === 0) return store(thread, at, events);
  return waitLater(system, thread, { epoll, at, most, until: system.time.now() + timeout });
}

interface Wait {
  readonly epoll: Epoll;
  readonly at: number;
  readonly most: number;
  readonly until: number;
}

function* waitLater(system: System, thread: Thread, { epoll, at, most, until }: Wait): Blocking<number> {
  epoll.hold();
  try {
    for (;;) {
      const why = yield* sleep(system.time, thread, { queues: [epoll.queue], what: 'an epoll file', until });
      const events = epoll.collect(most);
      if (events.length > 0) return store(thread, at, events);
      if (why === 'signal') return -ERRNO.EINTR;
      if (why === 'timeout') return 0;
    }
  } finally {
    epoll.release();
  }
}

function milliseconds(timeout: number): number {
  return timeout < 0 ? Infinity : timeout * MILLISECOND;
}

function pwait(
  system: System,
  thread: Thread,
  fd: number,
  at: number,
  most: number,
  timeout: number,
  maskAt: number,
  maskSize: number,
): CallResult {
  if (maskAt !== 0) blockMeanwhile(thread, readSet(thread, maskAt, maskSize));
  return wait(system, thread, fd, at, most, milliseconds(timeout));
}

function pwait2(
  system: System,
  thread: Thread,
  fd: number,
  at: number,
  most: number,
  timeAt: number,
  maskAt: number,
  maskSize: number,
): CallResult {
  const timeout = timeAt === 0 ? Infinity : readTimespec(thread.space.memory, timeAt);
  if (maskAt !== 0) blockMeanwhile(thread, readSet(thread, maskAt, maskSize));
  return wait(system, thread, fd, at, most, timeout);
}

/** The system calls of epoll. */
export const EPOLL_CALLS = [
  call('epoll_create', 'int', (system, thread, size) => {
    if (size! <= 0) throw new LinuxError('EINVAL', `an epoll file for ${size} files`);
    return create(system, thread, 0);
  }),
  call('epoll_create1', 'flags:O', create),
  call('epoll_ctl', 'fd int fd addr', control),
  call('epoll_wait', 'fd addr int int', (system, thread, fd, at, most, timeout) =>
    wait(system, thread, fd!, at!, most!, milliseconds(timeout!)),
  ),
  call('epoll_pwait', 'fd addr int int addr size', pwait),
  call('epoll_pwait2', 'fd addr int addr addr size', pwait2),
];
