/** System calls that wait for several files: poll(2), select(2). */

import { LinuxError } from '../../errors.ts';
import { POLL } from '../abi/files.ts';
import { RLIMIT } from '../abi/processes.ts';
import type { OpenFile } from '../files/index.ts';
import type { Blocking } from '../process/blocking.ts';
import { RESTART, sleep } from '../process/sleep.ts';
import type { Thread } from '../process/task.ts';
import type { System } from '../system.ts';
import { call } from './line.ts';
import { blockMeanwhile, readSet } from './signals.ts';
import { readTimespec, readTimeval, timespec, timeval } from './timespec.ts';

const POLLFD = 8;
/** Events that are told whether they were asked for or not. */
const ALWAYS = POLL.ERR | POLL.HUP;
const MILLISECOND = 1_000_000;

/** A descriptor to poll. */
interface Polled {
  readonly file: OpenFile | null;
  readonly events: number;
  /** Whether the descriptor is not open. */
  readonly isBad: boolean;
}

function ready({ file, events, isBad }: Polled): number {
  if (isBad) return POLL.NVAL;
  return file === null ? 0 : file.poll() & (events | ALWAYS);
}

/** Waits until one of the files is ready. Returns what each is ready for, or null if a signal came first. */
function* waitReady(
  system: System,
  thread: Thread,
  polled: readonly Polled[],
  until: number,
): Blocking<number[] | null> {
  const files = polled.flatMap(({ file }) => (file === null ? [] : [file]));
  for (const file of files) file.hold();
  try {
    for (;;) {
      const events = polled.map(ready);
      if (events.some((bits) => bits !== 0)) return events;
      const what = { queues: files.map(({ queue }) => queue), what: `${files.length} files`, until };
      const why = yield* sleep(system.time, thread, what);
      if (why === 'timeout') return events;
      if (why === 'signal') return null;
    }
  } finally {
    for (const file of files) file.release();
  }
}

function* pollUntil(
  system: System,
  thread: Thread,
  at: number,
  count: number,
  until: number,
): Blocking<number> {
  if (BigInt(count) > thread.process.limits[RLIMIT.NOFILE]!.current)
    throw new LinuxError('EINVAL', `${count} descriptors`);
  const { memory } = thread.space;
  const view = memory.struct(at, count * POLLFD);
  const polled = Array.from({ length: count }, (_, i): Polled => {
    const fd = view.getInt32(i * POLLFD);
    const file = fd < 0 ? null : thread.files.find(fd);
    return { file, events: view.getUint16(i * POLLFD + 4), isBad: fd >= 0 && file === null };
  });
  const events = yield* waitReady(system, thread, polled, until);
  if (events === null) return RESTART.NO_HANDLER;
  for (const [i, bits] of events.entries()) view.setUint16(i * POLLFD + 6, bits);
  memory.write(at, new Uint8Array(view.buffer, view.byteOffset, view.byteLength));
  return events.filter((bits) => bits !== 0).length;
}

function poll(system: System, thread: Thread, at: number, count: number, timeout: number): Blocking<number> {
  const until = timeout < 0 ? Infinity : system.time.now() + timeout * MILLISECOND;
  return restartable(system, thread, at, count, until);
}

function* restartable(
  system: System,
  thread: Thread,
  at: number,
  count: number,
  until: number,
): Blocking<number> {
  const result = yield* pollUntil(system, thread, at, count, until);
  if (result !== RESTART.NO_HANDLER) return result;
  thread.restart = () => restartable(system, thread, at, count, until);
  return RESTART.BLOCK;
}

function* ppoll(
  system: System,
  thread: Thread,
  at: number,
  count: number,
  timeAt: number,
  maskAt: number,
  maskSize: number,
): Blocking<number> {
  const until = timeAt === 0 ? Infinity : system.time.now() + readTimespec(thread.space.memory, timeAt);
  if (maskAt !== 0) blockMeanwhile(thread, readSet(thread, maskAt, maskSize));
  const result = yield* pollUntil(system, thread, at, count, until);
  storeLeft(system, thread, timeAt, until, timespec);
  return result;
}

/** Linux stores what is left of the time. */
function storeLeft(
  { time }: System,
  { space }: Thread,
  at: number,
  until: number,
  form: (time: number) => Uint8Array,
): void {
  if (at !== 0) space.memory.write(at, form(Math.max(0, until - time.now())));
}

/** Events of poll that make a descriptor ready in each of select's sets. */
const SETS = [
  POLL.RDNORM | POLL.RDBAND | POLL.IN | POLL.HUP | POLL.ERR,
  POLL.WRBAND | POLL.WRNORM | POLL.OUT | POLL.ERR,
  POLL.PRI,
] as const;
const FD_MAX = 1 << 20;

/** A set of descriptors in memory: doublewords, whose lowest bit is the first descriptor. */
class DescriptorSet {
  readonly #words: DataView;

  constructor(view: DataView) {
    this.#words = view;
  }

  has(fd: number): boolean {
    return (this.#words.getUint8(place(fd)) & (1 << (fd & 7))) !== 0;
  }

  add(fd: number): void {
    const at = place(fd);
    this.#words.setUint8(at, this.#words.getUint8(at) | (1 << (fd & 7)));
  }

  get bytes(): Uint8Array {
    return new Uint8Array(this.#words.buffer, this.#words.byteOffset, this.#words.byteLength);
  }
}

/** The byte of a descriptor: doublewords are big-endian. */
function place(fd: number): number {
  return (fd >>> 6) * 8 + 7 - ((fd & 63) >>> 3);
}

function* selectUntil(
  system: System,
  thread: Thread,
  count: number,
  addresses: readonly number[],
  until: number,
): Blocking<number> {
  if (count < 0 || count > FD_MAX) throw new LinuxError('EINVAL', `${count} descriptors`);
  const { memory } = thread.space;
  const size = Math.ceil(count / 64) * 8;
  const wanted = addresses.map((at) => (at === 0 ? null : new DescriptorSet(memory.struct(at, size))));
  const fds: number[] = [];
  const polled: Polled[] = [];
  for (let fd = 0; fd < count; fd++) {
    let events = 0;
    wanted.forEach((set, i) => {
      if (set?.has(fd)) events |= SETS[i]!;
    });
    if (events === 0) continue;
    fds.push(fd);
    polled.push({ file: thread.files.get(fd), events, isBad: false });
  }
  const events = yield* waitReady(system, thread, polled, until);
  if (events === null) return RESTART.NO_HANDLER;
  const results = addresses.map(() => new DescriptorSet(new DataView(new ArrayBuffer(size))));
  let ready = 0;
  events.forEach((bits, i) => {
    const fd = fds[i]!;
    wanted.forEach((set, n) => {
      if (!set?.has(fd) || (bits & SETS[n]!) === 0) return;
      results[n]!.add(fd);
      ready++;
    });
  });
  addresses.forEach((at, i) => {
    if (at !== 0) memory.write(at, results[i]!.bytes);
  });
  return ready;
}

function* select(
  system: System,
  thread: Thread,
  count: number,
  reads: number,
  writes: number,
  others: number,
  timeAt: number,
): Blocking<number> {
  const until = timeAt === 0 ? Infinity : system.time.now() + readTimeval(thread.space.memory, timeAt);
  const result = yield* selectUntil(system, thread, count, [reads, writes, others], until);
  storeLeft(system, thread, timeAt, until, timeval);
  return result;
}

function* pselect6(
  system: System,
  thread: Thread,
  count: number,
  reads: number,
  writes: number,
  others: number,
  timeAt: number,
  maskAt: number,
): Blocking<number> {
  const { memory } = thread.space;
  const until = timeAt === 0 ? Infinity : system.time.now() + readTimespec(memory, timeAt);
  // The mask is behind a pointer and its size.
  if (maskAt !== 0 && memory.u64(maskAt) !== 0) {
    blockMeanwhile(thread, readSet(thread, memory.u64(maskAt), memory.u64(maskAt + 8)));
  }
  const result = yield* selectUntil(system, thread, count, [reads, writes, others], until);
  storeLeft(system, thread, timeAt, until, timespec);
  return result;
}

/** The system calls that wait for several files. */
export const POLL_CALLS = [
  call('poll', 'addr uint int', poll),
  call('ppoll', 'addr uint addr addr size', ppoll),
  call('select', 'int addr addr addr addr', select),
  call('pselect6', 'int addr addr addr addr addr', pselect6),
];
