/** The commands of a userfaultfd: ioctl_userfaultfd(2). */

import { ERRNO } from '../../errno.ts';
import { hex, LinuxError } from '../../errors.ts';
import { type PageContents, SERVED } from '../../mm/index.ts';
import type { UserMemory } from '../memory/user-memory.ts';
import type { Blocking } from '../process/blocking.ts';
import { isAwaited, isKilled, waitAsKernel } from '../process/page-waits.ts';
import type { Thread } from '../process/task.ts';
import {
  API,
  COPY,
  FEATURE,
  IOCTL_BIT,
  MODE,
  RANGE,
  RANGE_MODE,
  REGISTER_MODE,
  UFFD_API,
  UFFDIO,
} from './abi.ts';
import type { Userfaults } from './faults.ts';

/** Performs a command. */
export type Command = (faults: Userfaults, at: number, thread: Thread) => Blocking<number> | number;

const PAGE = 4096;
const PAGE_MASK = 0xfffn;
/** The end of a process's address space. Linux: TASK_SIZE_MAX. */
const TASK_SIZE = (1n << 64n) - 4096n;
/** s390 has no write protection (WP) and, in Linux 6.12, no MINOR faults; these are offered here. */
const FEATURES =
  FEATURE.MISSING_SHMEM | FEATURE.SIGBUS | FEATURE.THREAD_ID | FEATURE.MINOR_SHMEM | FEATURE.EXACT_ADDRESS;
const API_IOCTLS = IOCTL_BIT.REGISTER | IOCTL_BIT.UNREGISTER | IOCTL_BIT.API;
const RANGE_IOCTLS = IOCTL_BIT.WAKE | IOCTL_BIT.COPY | IOCTL_BIT.ZEROPAGE;
/** All that is offered, as /proc/PID/fdinfo shows it. */
export const ALL_IOCTLS = API_IOCTLS | RANGE_IOCTLS | IOCTL_BIT.CONTINUE;

/** The commands, by number. */
export const COMMANDS: ReadonlyMap<number, Command> = new Map<number, Command>([
  [UFFDIO.API, handshake],
  [UFFDIO.REGISTER, register],
  [UFFDIO.UNREGISTER, unregister],
  [UFFDIO.WAKE, wake],
  [UFFDIO.COPY, copy],
  [UFFDIO.ZEROPAGE, zeroPage],
  [UFFDIO.CONTINUE, mapPage],
  [UFFDIO.WRITEPROTECT, writeProtect],
]);

function handshake(faults: Userfaults, at: number, thread: Thread): number {
  const { memory } = thread.space;
  const view = memory.struct(at, API.SIZE);
  const features = view.getBigUint64(API.FEATURES);
  const code = refusalOf(view, thread);
  view.setBigUint64(API.FEATURES, FEATURES);
  view.setBigUint64(API.IOCTLS, API_IOCTLS);
  if (code === 0 && !faults.isInitialized) {
    memory.write(at, bytesOf(view));
    faults.initialize(features);
    return 0;
  }
  memory.write(at, new Uint8Array(API.SIZE));
  return code === 0 ? -ERRNO.EINVAL : code;
}

/** Returns why a handshake is refused: a negative error number, or 0. */
function refusalOf(view: DataView, { credentials }: Thread): number {
  const features = view.getBigUint64(API.FEATURES);
  if (view.getBigUint64(API.API) !== UFFD_API) return -ERRNO.EINVAL;
  if ((features & FEATURE.EVENT_FORK) !== 0n && credentials.euid !== 0) return -ERRNO.EPERM;
  return (features & ~FEATURES) === 0n ? 0 : -ERRNO.EINVAL;
}

function bytesOf(view: DataView): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
}

/** A range of bytes. */
interface Range {
  readonly start: bigint;
  readonly end: bigint;
}

/** @throws LinuxError EINVAL unless it is whole pages that a process can have. @param isAligned whether its start must be that of a page */
function checkedRange(start: bigint, length: bigint, isAligned = true): Range {
  const isWrong = (isAligned && (start & PAGE_MASK) !== 0n) || (length & PAGE_MASK) !== 0n || length === 0n;
  if (isWrong || start >= TASK_SIZE || length > TASK_SIZE - start)
    throw new LinuxError('EINVAL', `${hex(length)} bytes at ${hex(start)} are no range of pages`);
  return { start, end: start + length };
}

function rangeOf(view: DataView): Range {
  return checkedRange(view.getBigUint64(RANGE.START), view.getBigUint64(RANGE.LENGTH));
}

function pageOf(address: bigint): number {
  return Number(address >> 12n);
}

/** @throws LinuxError with a code if the process has ended */
function demandAlive({ mm }: Userfaults, code: 'ENOMEM' | 'ESRCH'): void {
  if (mm.ended) throw new LinuxError(code, 'the process whose faults are served has ended');
}

function register(faults: Userfaults, at: number, { space: { memory } }: Thread): number {
  const view = memory.struct(at, RANGE_MODE.ANSWER);
  const mode = view.getBigUint64(RANGE_MODE.MODE);
  const { MISSING, MINOR } = REGISTER_MODE;
  if (mode === 0n || (mode & ~(MISSING | MINOR)) !== 0n)
    throw new LinuxError('EINVAL', `mode ${hex(mode)} of UFFDIO_REGISTER`);
  const { start, end } = rangeOf(view);
  demandAlive(faults, 'ENOMEM');
  const missing = (mode & MISSING) !== 0n ? SERVED.MISSING : 0;
  const minor = (mode & MINOR) !== 0n ? SERVED.MINOR : 0;
  faults.mm.serveFaults(pageOf(start), pageOf(end), faults, missing | minor);
  setU64(memory, at + RANGE_MODE.ANSWER, RANGE_IOCTLS | (minor !== 0 ? IOCTL_BIT.CONTINUE : 0n));
  return 0;
}

function setU64(memory: UserMemory, at: number, value: bigint): void {
  const view = new DataView(new ArrayBuffer(8));
  view.setBigUint64(0, value);
  memory.write(at, bytesOf(view));
}

function unregister(faults: Userfaults, at: number, { space: { memory } }: Thread): number {
  const { start, end } = rangeOf(memory.struct(at, RANGE.SIZE));
  demandAlive(faults, 'ENOMEM');
  for (const part of faults.mm.endServing(pageOf(start), pageOf(end)))
    part.served?.server.wake(BigInt(part.start) << 12n, BigInt(part.end) << 12n);
  return 0;
}

function wake(faults: Userfaults, at: number, { space: { memory } }: Thread): number {
  const { start, end } = rangeOf(memory.struct(at, RANGE.SIZE));
  faults.wake(start, end);
  return 0;
}

/** Pages that are to be provided. */
interface Provision {
  readonly range: Range;
  /** Bits of `MODE`. */
  readonly mode: bigint;
  /** Where the command answers how many bytes were provided. */
  readonly answerAt: number;
  /** What it calls the pages' contents. */
  readonly kind: PageContents;
  /** Returns what a page is to contain, by the bytes before it. */
  readonly contentsOf: (done: number) => PageContents;
}

function* copy(faults: Userfaults, at: number, thread: Thread): Blocking<number> {
  const { memory } = thread.space;
  const view = memory.struct(at, COPY.ANSWER);
  const length = view.getBigUint64(COPY.LENGTH);
  const from = Number(checkedRange(view.getBigUint64(COPY.FROM), length, false).start);
  return yield* provide(faults, thread, {
    range: checkedRange(view.getBigUint64(COPY.TO), length),
    mode: knownMode(view.getBigUint64(COPY.MODE), MODE.DONTWAKE | MODE.WP),
    answerAt: at + COPY.ANSWER,
    kind: NO_BYTES,
    contentsOf: (done) => memory.read(from + done, PAGE),
  });
}

const NO_BYTES = new Uint8Array(0);

function* zeroPage(faults: Userfaults, at: number, thread: Thread): Blocking<number> {
  const view = thread.space.memory.struct(at, RANGE_MODE.ANSWER);
  return yield* provide(faults, thread, {
    range: rangeOf(view),
    mode: knownMode(view.getBigUint64(RANGE_MODE.MODE), MODE.DONTWAKE),
    answerAt: at + RANGE_MODE.ANSWER,
    kind: 'zeros',
    contentsOf: () => 'zeros',
  });
}

/** UFFDIO_CONTINUE. */
function* mapPage(faults: Userfaults, at: number, thread: Thread): Blocking<number> {
  const view = thread.space.memory.struct(at, RANGE_MODE.ANSWER);
  return yield* provide(faults, thread, {
    range: rangeOf(view),
    mode: knownMode(view.getBigUint64(RANGE_MODE.MODE), MODE.DONTWAKE | MODE.WP),
    answerAt: at + RANGE_MODE.ANSWER,
    kind: 'file',
    contentsOf: () => 'file',
  });
}

function knownMode(mode: bigint, known: bigint): bigint {
  if ((mode & ~known) === 0n) return mode;
  throw new LinuxError('EINVAL', `mode ${hex(mode)} of a command that provides pages`);
}

/** Provides pages, answers how many bytes they are, and wakes those who wait for them. */
function* provide(faults: Userfaults, thread: Thread, provision: Provision): Blocking<number> {
  demandAlive(faults, 'ESRCH');
  const { range, mode, answerAt } = provision;
  const length = Number(range.end - range.start);
  const done = yield* providePages(faults, thread, provision);
  setU64(thread.space.memory, answerAt, BigInt.asUintN(64, BigInt(done)));
  if (done < 0) return done;
  if ((mode & MODE.DONTWAKE) === 0n) faults.wake(range.start, range.start + BigInt(done));
  return done === length ? 0 : -ERRNO.EAGAIN;
}

/** Returns how many bytes were provided; if there were none, a negative error number. */
function* providePages({ mm }: Userfaults, thread: Thread, provision: Provision): Blocking<number> {
  const { start, end } = provision.range;
  const [first, last] = [pageOf(start), pageOf(end)];
  let done = 0;
  try {
    while (first + done / PAGE < last) {
      // What is read may have to be waited for, and mappings change meanwhile.
      mm.demandServed(first, last, provision.kind);
      if ((provision.mode & MODE.WP) !== 0n) throw new LinuxError('EINVAL', 'there is no write protection');
      const contents = yield* contentsOf(thread, provision, done);
      if (contents === null) return done > 0 ? done : -ERRNO.EINTR;
      mm.demandServed(first, last, provision.kind);
      mm.providePage(first + done / PAGE, contents);
      done += PAGE;
    }
  } catch (error) {
    if (!(error instanceof LinuxError)) throw error;
    if (done === 0) return -ERRNO[error.code];
  }
  return done;
}

/** Returns what a page is to contain; null if the thread is killed while it waits for that. */
function* contentsOf(
  thread: Thread,
  { contentsOf: read }: Provision,
  done: number,
): Blocking<PageContents | null> {
  for (;;) {
    try {
      return read(done);
    } catch (error) {
      if (!isAwaited(error)) throw error;
      yield* waitAsKernel(thread, error);
      if (isKilled(thread)) return null;
    }
  }
}

/** No mapping has been registered for write protection. */
function writeProtect(faults: Userfaults, at: number, { space: { memory } }: Thread): number {
  const view = memory.struct(at, RANGE_MODE.ANSWER);
  rangeOf(view);
  const mode = knownMode(view.getBigUint64(RANGE_MODE.MODE), 3n);
  if (mode === 3n) throw new LinuxError('EINVAL', 'nobody waits for the write protection of pages');
  demandAlive(faults, 'ESRCH');
  throw new LinuxError('ENOENT', 'the range is not registered for write protection');
}
