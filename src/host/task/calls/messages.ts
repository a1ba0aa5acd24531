/** Messages of sockets: send(2), recv(2), sendmsg(2), recvmsg(2), with files and credentials. */

import { ERRNO } from '../../errno.ts';
import { LinuxError } from '../../errors.ts';
import { O } from '../abi/files.ts';
import { RLIMIT } from '../abi/processes.ts';
import { SI, SIG } from '../abi/signals.ts';
import { AF, MSG, SCM, SO, SOCK, SOL_SOCKET } from '../abi/sockets.ts';
import type { OpenFile } from '../files/index.ts';
import type { Blocking } from '../process/blocking.ts';
import { RESTART, sleep } from '../process/sleep.ts';
import type { Thread } from '../process/task.ts';
import { sendToThread } from '../signals/send.ts';
import { encodeAddress } from '../sockets/address.ts';
import type { Message, Received, Socket, SocketCredentials } from '../sockets/socket.ts';
import type { System } from '../system.ts';
import { install } from './descriptors.ts';
import { partsAt } from './read-write.ts';
import { addressAt, credentialsOf, ensureBound, hasConnections, socketAt } from './socket-addresses.ts';

/** Parts of struct msghdr. */
const HEADER = {
  NAME: 0,
  NAMELEN: 8,
  IOV: 16,
  IOVLEN: 24,
  CONTROL: 32,
  CONTROLLEN: 40,
  FLAGS: 48,
  SIZE: 56,
} as const;
/** Size of struct cmsghdr, and the files that one message can have. */
const CONTROL = 16;
const FILES_MAX = 253;
/** Bytes of a message, and of its control messages, at most. */
const BYTES_MAX = 1 << 20;
const CONTROL_MAX = 20_480;
/** Files on their way at the same time. */
const IN_FLIGHT_MAX = 16_384;

/** What is sent. */
export interface Sending {
  readonly bytes: Uint8Array;
  readonly flags: number;
  /** Where the address of the receiver is, or 0. */
  readonly nameAt: number;
  readonly nameLength: number;
  readonly rights: readonly OpenFile[];
  readonly credentials: SocketCredentials;
}

/** Sends a message. */
export function* send(system: System, thread: Thread, socket: Socket, sending: Sending): Blocking<number> {
  const { bytes, flags, nameAt, nameLength, rights, credentials } = sending;
  if ((flags & MSG.OOB) !== 0) throw new LinuxError('EOPNOTSUPP', 'out-of-band data');
  const address =
    nameAt === 0 || (hasConnections(socket.type) && socket.family !== AF.UNIX)
      ? null
      : addressAt(thread, nameAt, nameLength, socket.family);
  const isInternet = address !== null && address.family !== AF.UNIX;
  const to = address === null ? null : socketAt(system, thread, socket, address);
  if (isInternet) ensureBound(system, socket, address.ip);
  // A message to a port that nobody has is lost.
  if (isInternet && to === null) return bytes.length;
  const until = system.time.now() + socket.sendTimeout;
  let done = 0;
  socket.hold();
  for (const file of rights) file.hold();
  let left = rights;
  try {
    for (;;) {
      const message: Message = { bytes: bytes.subarray(done), from: null, credentials, rights: left };
      const sent = sendOnce(thread, socket, message, to, flags);
      if (typeof sent === 'number') {
        done += sent;
        left = [];
        if (done >= bytes.length || !hasConnections(socket.type)) return done;
        continue;
      }
      if (socket.nonBlocking || (flags & MSG.DONTWAIT) !== 0) return done > 0 ? done : -ERRNO.EAGAIN;
      const why = yield* sleep(system.time, thread, { queues: [sent], what: 'room in a socket', until });
      if (why === 'signal') return done > 0 ? done : interrupted(socket.sendTimeout);
      if (why === 'timeout') return done > 0 ? done : -ERRNO.EAGAIN;
    }
  } catch (error) {
    if (done > 0 && error instanceof LinuxError) return done;
    throw error;
  } finally {
    system.socketNames.dispose(left);
    socket.release();
  }
}

/** A call with a time limit does not begin again after a signal. */
function interrupted(timeout: number): number {
  return timeout === Infinity ? RESTART.SYS : -ERRNO.EINTR;
}

function sendOnce(thread: Thread, socket: Socket, message: Message, to: Socket | null, flags: number) {
  try {
    return socket.send(message, to);
  } catch (error) {
    const isSignal = error instanceof LinuxError && error.code === 'EPIPE' && (flags & MSG.NOSIGNAL) === 0;
    if (isSignal && hasConnections(socket.type)) {
      const { pid, uid } = credentialsOf(thread);
      sendToThread(thread, { signal: SIG.PIPE, code: SI.USER, pid, uid });
    }
    throw error;
  }
}

/** Receives a message. Returns it, or a negative error number. */
export function* receive(
  system: System,
  thread: Thread,
  socket: Socket,
  most: number,
  flags: number,
): Blocking<Received | number> {
  if ((flags & MSG.OOB) !== 0)
    throw new LinuxError(socket.family === AF.UNIX ? 'EOPNOTSUPP' : 'EINVAL', 'out-of-band data');
  const until = system.time.now() + socket.receiveTimeout;
  const waitsForAll = (flags & (MSG.WAITALL | MSG.PEEK)) === MSG.WAITALL && socket.type === SOCK.STREAM;
  let sofar: Received | null = null;
  socket.hold();
  try {
    for (;;) {
      const got = receiveOnce(socket, most - (sofar?.bytes.length ?? 0), flags, sofar);
      if (got !== null) {
        const isEnd = got.bytes.length === 0;
        sofar = sofar === null ? got : joined(sofar, got);
        if (!waitsForAll || isEnd || sofar.bytes.length >= most || sofar.rights.length > 0) return sofar;
        continue;
      }
      if (socket.nonBlocking || (flags & MSG.DONTWAIT) !== 0) return sofar ?? -ERRNO.EAGAIN;
      const why = yield* sleep(system.time, thread, { queues: [socket.queue], what: 'a message', until });
      if (why === 'signal') return sofar ?? interrupted(socket.receiveTimeout);
      if (why === 'timeout') return sofar ?? -ERRNO.EAGAIN;
    }
  } finally {
    socket.release();
  }
}

/** If an error follows some bytes, the next call reports it. */
function receiveOnce(socket: Socket, most: number, flags: number, sofar: Received | null): Received | null {
  try {
    return socket.receive(most, flags);
  } catch (error) {
    if (sofar === null || !(error instanceof LinuxError)) throw error;
    socket.fail(error.code);
    return { ...sofar, bytes: new Uint8Array(0), length: 0, rights: [] };
  }
}

function joined(one: Received, other: Received): Received {
  const bytes = new Uint8Array(one.bytes.length + other.bytes.length);
  bytes.set(one.bytes);
  bytes.set(other.bytes, one.bytes.length);
  return { ...one, bytes, length: bytes.length, rights: [...one.rights, ...other.rights] };
}

/** Reads a struct msghdr, and what it points to, for sending. @throws LinuxError EFAULT, EINVAL, EMSGSIZE, EBADF, EPERM, ETOOMANYREFS */
export function sendingAt(system: System, thread: Thread, at: number, flags: number): Sending {
  const { memory } = thread.space;
  const view = memory.struct(at, HEADER.SIZE);
  const count = Number(view.getBigUint64(HEADER.IOVLEN));
  if (count > 1024) throw new LinuxError('EMSGSIZE', `${count} parts`);
  const parts = partsAt(memory, Number(view.getBigUint64(HEADER.IOV)), count);
  const total = Math.min(
    parts.reduce((sum, { length }) => sum + length, 0),
    BYTES_MAX,
  );
  const bytes = new Uint8Array(total);
  let done = 0;
  for (const { address, length } of parts) {
    const part = memory.read(address, Math.min(length, total - done));
    bytes.set(part, done);
    done += part.length;
  }
  const control = controlAt(system, thread, view);
  const nameAt = Number(view.getBigUint64(HEADER.NAME));
  return { bytes, flags, nameAt, nameLength: view.getInt32(HEADER.NAMELEN), ...control };
}

/** Reads the control messages of what is sent. */
function controlAt(
  system: System,
  thread: Thread,
  header: DataView,
): { rights: readonly OpenFile[]; credentials: SocketCredentials } {
  let credentials = credentialsOf(thread);
  const rights: OpenFile[] = [];
  const length = Number(header.getBigUint64(HEADER.CONTROLLEN));
  const at = Number(header.getBigUint64(HEADER.CONTROL));
  if (at === 0 || length === 0) return { rights, credentials };
  if (length > CONTROL_MAX) throw new LinuxError('ENOBUFS', `${length} bytes of control messages`);
  const view = thread.space.memory.struct(at, length);
  for (let place = 0; place + CONTROL <= length; ) {
    const size = Number(view.getBigUint64(place));
    if (size < CONTROL || place + size > length)
      throw new LinuxError('EINVAL', 'a control message is too long');
    const [level, type] = [view.getInt32(place + 8), view.getInt32(place + 12)];
    if (level === SOL_SOCKET && type === SCM.RIGHTS) {
      for (let fd = place + CONTROL; fd + 4 <= place + size; fd += 4)
        rights.push(thread.files.get(view.getInt32(fd)));
    } else if (level === SOL_SOCKET && type === SCM.CREDENTIALS && size >= CONTROL + 12) {
      credentials = claimed(system, thread, view, place + CONTROL);
    } else if (level === SOL_SOCKET) {
      throw new LinuxError('EINVAL', `a control message of type ${type}`);
    }
    place += Math.ceil(size / 8) * 8;
  }
  if (rights.length > FILES_MAX) throw new LinuxError('EINVAL', `${rights.length} files in a message`);
  if (rights.length > 0 && system.socketNames.inFlight + rights.length > IN_FLIGHT_MAX)
    throw new LinuxError('ETOOMANYREFS', 'too many files are on their way');
  return { rights, credentials };
}

/** The credentials that a program claims to have. @throws LinuxError EPERM unless they are its own, or it is root */
function claimed(system: System, thread: Thread, view: DataView, at: number): SocketCredentials {
  const who = { pid: view.getInt32(at), uid: view.getUint32(at + 4), gid: view.getUint32(at + 8) };
  const { uid, euid, suid, gid, egid, sgid } = thread.credentials;
  const isOwn = [uid, euid, suid].includes(who.uid) && [gid, egid, sgid].includes(who.gid);
  if (euid !== 0 && (!isOwn || who.pid !== thread.process.pid))
    throw new LinuxError('EPERM', "the credentials are another user's");
  if (!system.processes.has(who.pid)) throw new LinuxError('ESRCH', `there is no process ${who.pid}`);
  return who;
}

/** recvmsg(2): receives into what a struct msghdr points to. Returns the number of bytes. */
export function* receiveMessage(
  system: System,
  thread: Thread,
  socket: Socket,
  at: number,
  flags: number,
): Blocking<number> {
  const { memory } = thread.space;
  const view = memory.struct(at, HEADER.SIZE);
  const count = Number(view.getBigUint64(HEADER.IOVLEN));
  if (count > 1024) throw new LinuxError('EMSGSIZE', `${count} parts`);
  const parts = partsAt(memory, Number(view.getBigUint64(HEADER.IOV)), count);
  const most = Math.min(
    parts.reduce((sum, { length }) => sum + length, 0),
    BYTES_MAX,
  );
  const received = yield* receive(system, thread, socket, most, flags);
  if (typeof received === 'number') return received;
  try {
    let done = 0;
    for (const { address, length } of parts) {
      const part = received.bytes.subarray(done, done + length);
      memory.write(address, part);
      done += part.length;
    }
    let told = received.length > received.bytes.length && socket.type !== SOCK.STREAM ? MSG.TRUNC : 0;
    if (socket.type === SOCK.SEQPACKET && received.length > 0) told |= MSG.EOR;
    const control = storeControl(thread, socket, received, view, (flags & MSG.CMSG_CLOEXEC) !== 0);
    told |= control.flags | (flags & MSG.CMSG_CLOEXEC);
    storeName(thread, socket, received, Number(view.getBigUint64(HEADER.NAME)), at + HEADER.NAMELEN);
    memory.setU64(at + HEADER.CONTROLLEN, control.length);
    memory.setU32(at + HEADER.FLAGS, told >>> 0);
    return (flags & MSG.TRUNC) !== 0 && socket.type !== SOCK.STREAM ? received.length : received.bytes.length;
  } finally {
    system.socketNames.dispose(received.rights);
  }
}

/** Stores the address of a sender, as far as there is room for it. @param nameAt where, or 0; `lengthAt` where its length is */
export function storeName(
  thread: Thread,
  socket: Socket,
  { from }: Received,
  nameAt: number,
  lengthAt: number,
): void {
  if (nameAt === 0) return;
  const { memory } = thread.space;
  const isTold =
    from !== null && !hasConnections(socket.type) && !(from.family === AF.UNIX && from.name === '');
  const bytes = isTold ? encodeAddress(from, socket.family) : new Uint8Array(0);
  memory.write(nameAt, bytes.subarray(0, Math.max(0, memory.u32(lengthAt) | 0)));
  memory.setU32(lengthAt, bytes.length);
}

/** Stores control messages: credentials that were asked for, and descriptors of files. */
function storeControl(
  thread: Thread,
  socket: Socket,
  { credentials, rights }: Received,
  header: DataView,
  closeOnExec: boolean,
): { length: number; flags: number } {
  const room = Number(header.getBigUint64(HEADER.CONTROLLEN));
  const at = Number(header.getBigUint64(HEADER.CONTROL));
  const left = () => (at === 0 ? 0 : room - length);
  let length = 0;
  let flags = 0;
  if ((socket.options.get(`${SOL_SOCKET}:${SO.PASSCRED}`) ?? 0) !== 0 && credentials !== null) {
    if (left() < CONTROL + 12) flags |= MSG.CTRUNC;
    else
      length += storeOne(
        thread,
        at,
        SCM.CREDENTIALS,
        [credentials.pid, credentials.uid, credentials.gid],
        left(),
      );
  }
  if (rights.length > 0) {
    const fits = Math.max(0, Math.min(rights.length, Math.floor((left() - CONTROL) / 4)));
    const fds: number[] = [];
    for (const file of rights.slice(0, fits)) {
      if (thread.files.numbers.length >= Number(thread.process.limits[RLIMIT.NOFILE]!.current)) break;
      file.hold();
      fds.push(install(thread, file, closeOnExec));
    }
    if (fds.length < rights.length) flags |= MSG.CTRUNC;
    if (fds.length > 0) length += storeOne(thread, at + length, SCM.RIGHTS, fds, left());
  }
  return { length, flags };
}

/** Stores one control message of words. Returns the bytes that it takes. */
function storeOne(thread: Thread, at: number, type: number, words: readonly number[], room: number): number {
  const size = CONTROL + words.length * 4;
  const view = new DataView(new ArrayBuffer(size));
  view.setBigUint64(0, BigInt(size));
  view.setInt32(8, SOL_SOCKET);
  view.setInt32(12, type);
  for (const [i, word] of words.entries()) view.setUint32(CONTROL + i * 4, word >>> 0);
  thread.space.memory.write(at, new Uint8Array(view.buffer));
  return Math.min(Math.ceil(size / 8) * 8, room);
}

/** The flags of a descriptor that socket, accept4 and socketpair take. @param flags bits of `SOCK` */
export function installSocket(thread: Thread, socket: Socket, flags: number): number {
  if ((flags & SOCK.NONBLOCK) !== 0) socket.flags |= O.NONBLOCK;
  return install(thread, socket, (flags & SOCK.CLOEXEC) !== 0);
}
