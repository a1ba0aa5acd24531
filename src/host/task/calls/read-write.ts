/** System calls that read and write: read(2), write(2), readv(2), pread(2), lseek(2), sendfile(2) and the like. */

import { ERRNO } from '../../errno.ts';
import { LinuxError } from '../../errors.ts';
import { S } from '../abi/files.ts';
import { SI, SIG } from '../abi/signals.ts';
import { OpenDirectory, type OpenFile } from '../files/index.ts';
import type { UserMemory } from '../memory/user-memory.ts';
import type { Blocking } from '../process/blocking.ts';
import { RESTART, sleep } from '../process/sleep.ts';
import type { Thread } from '../process/task.ts';
import { sendToThread } from '../signals/send.ts';
import type { System } from '../system.ts';
import { type CallResult, call } from './line.ts';

/** Bytes that one call moves at most. Linux: MAX_RW_COUNT. */
const COUNT_MAX = 0x7fff_f000;
/** Bytes that are copied at once. */
const CHUNK = 1 << 18;
const IOV_MAX = 1024;
const IOVEC = 16;

/** A part of the memory of a program. */
interface Part {
  readonly address: number;
  readonly length: number;
}

/** Reads a list of struct iovec. @throws LinuxError EINVAL, EFAULT */
export function partsAt(memory: UserMemory, at: number, count: number): Part[] {
  if (count < 0 || count > IOV_MAX) throw new LinuxError('EINVAL', `${count} parts`);
  const view = memory.struct(at, count * IOVEC);
  const parts: Part[] = [];
  let total = 0;
  for (let i = 0; i < count; i++) {
    const address = number(view, i * IOVEC);
    const length = number(view, i * IOVEC + 8);
    if (length >= 2 ** 63) throw new LinuxError('EINVAL', 'a part with a negative length');
    const part = Math.min(length, COUNT_MAX - total);
    total += part;
    if (part > 0) parts.push({ address, length: part });
  }
  return parts;
}

function number(view: DataView, at: number): number {
  return view.getUint32(at) * 0x1_0000_0000 + view.getUint32(at + 4);
}

function readable(thread: Thread, fd: number): OpenFile {
  const file = thread.files.get(fd);
  if (!file.readable) throw new LinuxError('EBADF', `descriptor ${fd} is not open for reading`);
  return file;
}

function writable(thread: Thread, fd: number): OpenFile {
  const file = thread.files.get(fd);
  if (!file.writable) throw new LinuxError('EBADF', `descriptor ${fd} is not open for writing`);
  return file;
}

/** Whether a call moves as many bytes as there are: files, and not pipes or terminals. */
function isStored(file: OpenFile): boolean {
  return file.inode.type === S.IFREG;
}

function read(system: System, thread: Thread, fd: number, address: number, count: number): CallResult {
  return readParts(system, thread, readable(thread, fd), [{ address, length: Math.min(count, COUNT_MAX) }]);
}

function readv(system: System, thread: Thread, fd: number, at: number, count: number): CallResult {
  return readParts(system, thread, readable(thread, fd), partsAt(thread.space.memory, at, count));
}

/**
 * Reads what is there, and returns null if the file has to be waited for first.
 * @param skip bytes that were read before
 */
function readNow(
  system: System,
  thread: Thread,
  file: OpenFile,
  parts: readonly Part[],
  skip = 0,
): number | null {
  const { memory } = thread.space;
  let done = 0;
  let before = skip;
  for (const { address, length } of parts) {
    for (let at = Math.min(before, length); at < length; ) {
      // What is to be stored late does not pile up.
      if (done > 0 && system.lateStores.isPending) return done;
      const into = new Uint8Array(Math.min(CHUNK, length - at));
      const count = file.read(into);
      if (count === null) return done === 0 ? null : done;
      memory.write(address + at, count === into.length ? into : into.subarray(0, count));
      done += count;
      at += count;
      if (count < into.length || !isStored(file)) return done;
    }
    before = Math.max(0, before - length);
  }
  return done;
}

function readParts(system: System, thread: Thread, file: OpenFile, parts: readonly Part[]): CallResult {
  if (file instanceof OpenDirectory) throw new LinuxError('EISDIR', 'it is a directory');
  if (parts.length === 0) return 0;
  demandRange(parts);
  const total = lengthOf(parts);
  const reader = file.reader(total, thread);
  if (reader !== null) return readBy(thread, file, parts, reader);
  const count = readNow(system, thread, file, parts);
  if (count !== null && system.lateStores.isPending && isStored(file))
    return continued(system, file, total, count, (done) => readNow(system, thread, file, parts, done) ?? 0);
  if (count !== null) return count;
  if (file.nonBlocking) return -ERRNO.EAGAIN;
  return readLater(system, thread, file, parts);
}

/** Reads on whenever what was read has been stored. @param more reads what comes after a number of bytes, and returns how many they are */
function* continued(
  system: System,
  file: OpenFile,
  total: number,
  count: number,
  more: (done: number) => number,
): Blocking<number> {
  let done = count;
  file.hold();
  try {
    while (done < total) {
      // The stores are made before it goes on.
      if (system.lateStores.isPending) yield;
      const read = more(done);
      if (read === 0) break;
      done += read;
    }
    return done;
  } finally {
    file.release();
  }
}

function lengthOf(parts: readonly Part[]): number {
  return parts.reduce((sum, { length }) => sum + length, 0);
}

/** Stores what a file's own way of reading returns. */
function* readBy(
  { space }: Thread,
  file: OpenFile,
  parts: readonly Part[],
  reader: Blocking<Uint8Array | number>,
): Blocking<number> {
  file.hold();
  try {
    const bytes = yield* reader;
    if (typeof bytes === 'number') return bytes;
    let done = 0;
    for (const { address, length } of parts) {
      const part = bytes.subarray(done, done + length);
      if (part.length > 0) space.memory.write(address, part);
      done += part.length;
    }
    return done;
  } finally {
    file.release();
  }
}

/** @throws LinuxError EFAULT for memory that no program can have */
function demandRange(parts: readonly Part[]): void {
  for (const { address, length } of parts) {
    if (address + length > 2 ** 53) throw new LinuxError('EFAULT', `nothing is mapped at ${address}`);
  }
}

function* readLater(
  system: System,
  thread: Thread,
  file: OpenFile,
  parts: readonly Part[],
): Blocking<number> {
  const until = system.time.now() + file.readPatience;
  file.hold();
  try {
    for (;;) {
      const what = { queues: [file.queue], what: 'input', until };
      const why = yield* sleep(system.time, thread, what);
      const count = readNow(system, thread, file, parts);
      if (count !== null) return count;
      if (why === 'signal') return RESTART.SYS;
      if (why === 'timeout') return -ERRNO.EAGAIN;
    }
  } finally {
    file.release();
  }
}

function write(system: System, thread: Thread, fd: number, address: number, count: number): CallResult {
  return writeParts(system, thread, writable(thread, fd), [{ address, length: Math.min(count, COUNT_MAX) }]);
}

function writev(system: System, thread: Thread, fd: number, at: number, count: number): CallResult {
  return writeParts(system, thread, writable(thread, fd), partsAt(thread.space.memory, at, count));
}

/** Gathers the parts of a short write: what is written to a pipe at once must stay together. */
function gathered({ space }: Thread, parts: readonly Part[], total: number): Uint8Array {
  const bytes = new Uint8Array(total);
  let at = 0;
  for (const { address, length } of parts) {
    bytes.set(space.memory.read(address, length), at);
    at += length;
  }
  return bytes;
}

function writeParts(system: System, thread: Thread, file: OpenFile, parts: readonly Part[]): CallResult {
  const total = lengthOf(parts);
  if (total === 0) return 0;
  demandRange(parts);
  const code = file.mayWrite(thread);
  if (code !== 0) return code;
  if (total <= CHUNK) {
    const bytes = gathered(thread, parts, total);
    const count = writeNow(thread, file, bytes);
    if (count === total || (count !== null && isStored(file))) return count;
    if (file.nonBlocking) return count ?? -ERRNO.EAGAIN;
    return writeLater(system, thread, file, bytes, count ?? 0);
  }
  expectParts(thread, parts);
  return writeLong(system, thread, file, parts);
}

/** @throws PendingFault if user space is to provide a page: afterwards, parts of them are read when the call cannot begin again */
function expectParts({ space }: Thread, parts: readonly Part[]): void {
  for (const { address, length } of parts) space.memory.expect(address, length);
}

function* writeLong(
  system: System,
  thread: Thread,
  file: OpenFile,
  parts: readonly Part[],
): Blocking<number> {
  let done = 0;
  for (const { address, length } of parts) {
    for (let at = 0; at < length; ) {
      const bytes = thread.space.memory.read(address + at, Math.min(CHUNK, length - at));
      const count = writeNow(thread, file, bytes) ?? 0;
      let written = count;
      if (count < bytes.length && !isStored(file)) {
        if (file.nonBlocking) return done + count > 0 ? done + count : -ERRNO.EAGAIN;
        const more = yield* writeLater(system, thread, file, bytes, count);
        if (more < 0) return done > 0 ? done : more;
        written = more;
      }
      done += written;
      at += written;
      if (written < bytes.length) return done;
    }
  }
  return done;
}

/** A pipe that nobody reads, or a socket whose other end is closed, is also a signal. */
function writeNow(thread: Thread, file: OpenFile, bytes: Uint8Array): number | null {
  try {
    return file.write(bytes);
  } catch (error) {
    if (error instanceof LinuxError && error.code === 'EPIPE') {
      sendToThread(thread, {
        signal: SIG.PIPE,
        code: SI.USER,
        pid: thread.process.pid,
        uid: thread.credentials.uid,
      });
    }
    throw error;
  }
}

function* writeLater(
  system: System,
  thread: Thread,
  file: OpenFile,
  bytes: Uint8Array,
  already: number,
): Blocking<number> {
  let done = already;
  const until = system.time.now() + file.writePatience;
  file.hold();
  try {
    while (done < bytes.length) {
      const what = { queues: [file.queue], what: 'room for output', until };
      const why = yield* sleep(system.time, thread, what);
      if (why === 'signal') return done > 0 ? done : RESTART.SYS;
      if (why === 'timeout') return done > 0 ? done : -ERRNO.EAGAIN;
      const count = writeNow(thread, file, bytes.subarray(done));
      done += count ?? 0;
    }
    return done;
  } finally {
    file.release();
  }
}

function demandOffset(offset: number): void {
  if (offset < 0) throw new LinuxError('EINVAL', `offset ${offset}`);
}

function pread(
  system: System,
  thread: Thread,
  fd: number,
  address: number,
  count: number,
  offset: number,
): CallResult {
  return preadParts(system, thread, fd, [{ address, length: Math.min(count, COUNT_MAX) }], offset);
}

function preadParts(
  system: System,
  thread: Thread,
  fd: number,
  parts: readonly Part[],
  offset: number,
): CallResult {
  demandOffset(offset);
  const file = readable(thread, fd);
  const done = preadNow(system, thread, file, parts, offset);
  if (done > 0 && system.lateStores.isPending) {
    const more = (before: number) => preadNow(system, thread, file, parts, offset, before);
    return continued(system, file, lengthOf(parts), done, more);
  }
  if (done === 0) file.readAt(new Uint8Array(0), offset);
  return done;
}

/** Reads what is there. @param skip bytes that were read before */
function preadNow(
  system: System,
  thread: Thread,
  file: OpenFile,
  parts: readonly Part[],
  offset: number,
  skip = 0,
): number {
  let done = 0;
  let before = skip;
  for (const { address, length } of parts) {
    for (let at = Math.min(before, length); at < length; ) {
      if (done > 0 && system.lateStores.isPending) return done;
      const into = new Uint8Array(Math.min(CHUNK, length - at));
      const count = file.readAt(into, offset + skip + done);
      thread.space.memory.write(address + at, into.subarray(0, count));
      done += count;
      at += count;
      if (count < into.length) return done;
    }
    before = Math.max(0, before - length);
  }
  return done;
}

function pwrite(
  _: System,
  thread: Thread,
  fd: number,
  address: number,
  count: number,
  offset: number,
): number {
  return pwriteParts(thread, fd, [{ address, length: Math.min(count, COUNT_MAX) }], offset);
}

function pwriteParts(thread: Thread, fd: number, parts: readonly Part[], offset: number): number {
  demandOffset(offset);
  const file = writable(thread, fd);
  expectParts(thread, parts);
  let done = 0;
  for (const { address, length } of parts) {
    for (let at = 0; at < length; ) {
      const bytes = thread.space.memory.read(address + at, Math.min(CHUNK, length - at));
      const count = file.writeAt(bytes, offset + done);
      done += count;
      at += count;
      if (count < bytes.length) return done;
    }
  }
  if (done === 0) file.writeAt(new Uint8Array(0), offset);
  return done;
}

function lseek(_: System, thread: Thread, fd: number, offset: number, whence: number): number {
  return thread.files.get(fd).seek(offset, whence);
}

/** Moves bytes from one file to another. */
function* sendfile(
  system: System,
  thread: Thread,
  outFd: number,
  inFd: number,
  offsetAt: number,
  count: number,
): Blocking<number> {
  const from = readable(thread, inFd);
  const to = writable(thread, outFd);
  if (!isStored(from)) throw new LinuxError('EINVAL', 'sendfile needs a file with offsets');
  const { memory } = thread.space;
  let offset = offsetAt === 0 ? 0 : memory.u64(offsetAt);
  let done = 0;
  while (done < Math.min(count, COUNT_MAX)) {
    const bytes = new Uint8Array(Math.min(CHUNK, count - done));
    const got = offsetAt === 0 ? from.read(bytes) : from.readAt(bytes, offset);
    if (got === null || got === 0) break;
    const part = bytes.subarray(0, got);
    let written = writeNow(thread, to, part) ?? 0;
    if (written < got) {
      const more = yield* writeLater(system, thread, to, part, written);
      if (more < 0) return done > 0 ? done : more;
      written = more;
    }
    done += written;
    offset += written;
    if (written < got) break;
  }
  if (offsetAt !== 0) memory.setU64(offsetAt, offset);
  return done;
}

function copyFileRange(
  _: System,
  thread: Thread,
  inFd: number,
  inAt: number,
  outFd: number,
  outAt: number,
  length: number,
  flags: number,
): number {
  if (flags !== 0) throw new LinuxError('EINVAL', `flags ${flags} of copy_file_range`);
  const from = readable(thread, inFd);
  const to = writable(thread, outFd);
  if (!isStored(from) || !isStored(to))
    throw new LinuxError('EINVAL', 'copy_file_range needs two regular files');
  const { memory } = thread.space;
  let [source, target] = [inAt === 0 ? 0 : memory.u64(inAt), outAt === 0 ? 0 : memory.u64(outAt)];
  const count = Math.min(length, COUNT_MAX);
  let done = 0;
  while (done < count) {
    const bytes = new Uint8Array(Math.min(CHUNK, count - done));
    const got = (inAt === 0 ? from.read(bytes) : from.readAt(bytes, source)) ?? 0;
    if (got === 0) break;
    const part = bytes.subarray(0, got);
    const written = (outAt === 0 ? to.write(part) : to.writeAt(part, target)) ?? 0;
    done += written;
    source += written;
    target += written;
    if (written < got) break;
  }
  if (inAt !== 0) memory.setU64(inAt, source);
  if (outAt !== 0) memory.setU64(outAt, target);
  return done;
}

/** The system calls that read and write. */
export const READ_WRITE_CALLS = [
  call('read', 'fd addr size', read),
  call('write', 'fd buf size', write),
  call('readv', 'fd addr int', readv),
  call('writev', 'fd addr int', writev),
  call('pread64', 'fd addr size long', pread),
  call('pwrite64', 'fd buf size long', pwrite),
  call('preadv', 'fd addr int long', (system, thread, fd, at, count, offset) =>
    preadParts(system, thread, fd!, partsAt(thread.space.memory, at!, count!), offset!),
  ),
  call('pwritev', 'fd addr int long', (_, thread, fd, at, count, offset) =>
    pwriteParts(thread, fd!, partsAt(thread.space.memory, at!, count!), offset!),
  ),
  call('lseek', 'fd long int', lseek),
  call('sendfile', 'fd fd addr size', sendfile),
  call('copy_file_range', 'fd addr fd addr size uint', copyFileRange),
  call('readahead', 'fd long size', (_, thread, fd) => {
    readable(thread, fd!);
    return 0;
  }),
  call('fadvise64', 'fd long long int', (_, thread, fd) => {
    thread.files.get(fd!);
    return 0;
  }),
];
