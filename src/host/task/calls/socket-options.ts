/** Options of sockets: getsockopt(2), setsockopt(2). */

import { ERRNO } from '../../errno.ts';
import { LinuxError } from '../../errors.ts';
import { AF, SO, SOL_SOCKET } from '../abi/sockets.ts';
import type { Thread } from '../process/task.ts';
import { BUFFER_DEFAULT, Socket, type SocketCredentials } from '../sockets/socket.ts';
import { StreamSocket } from '../sockets/stream-socket.ts';
import type { System } from '../system.ts';
import { readTimeval, timeval } from './timespec.ts';

/** Levels of options: of all sockets, IP, TCP, UDP and IPv6. */
const LEVELS: readonly number[] = [SOL_SOCKET, 0, 6, 17, 41];
const BUFFER_MAX = 425_984;
const OPTIONS_MAX = 256;
const NOBODY: SocketCredentials = { pid: 0, uid: 0xffff_ffff, gid: 0xffff_ffff };
/** Options that can be read only. */
const READ_ONLY: readonly number[] = [SO.TYPE, SO.ERROR, SO.ACCEPTCONN, SO.PROTOCOL, SO.DOMAIN, SO.PEERCRED];
/** Options of all sockets that are kept as integers. */
const KEPT: readonly number[] = [
  ...[SO.DEBUG, SO.REUSEADDR, SO.DONTROUTE, SO.BROADCAST, SO.KEEPALIVE, SO.OOBINLINE, SO.PRIORITY],
  ...[SO.REUSEPORT, SO.PASSCRED, SO.RCVLOWAT, SO.TIMESTAMP, SO.MARK],
];

/** Returns the socket of a descriptor. @throws LinuxError EBADF, ENOTSOCK */
export function socketOf(thread: Thread, fd: number): Socket {
  const file = thread.files.get(fd);
  if (!(file instanceof Socket)) throw new LinuxError('ENOTSOCK', `descriptor ${fd} is no socket`);
  return file;
}

function demandLevel(socket: Socket, level: number): void {
  if (level !== SOL_SOCKET && socket.family === AF.UNIX)
    throw new LinuxError('EOPNOTSUPP', `level ${level} of options`);
  if (!LEVELS.includes(level)) throw new LinuxError('ENOPROTOOPT', `level ${level} of options`);
}

/** setsockopt(2). */
export function setsockopt(
  _: System,
  thread: Thread,
  fd: number,
  level: number,
  name: number,
  at: number,
  length: number,
): number {
  const socket = socketOf(thread, fd);
  const { memory } = thread.space;
  demandLevel(socket, level);
  if (length < 0) throw new LinuxError('EINVAL', `an option of ${length} bytes`);
  if (level === SOL_SOCKET) {
    if (READ_ONLY.includes(name)) throw new LinuxError('ENOPROTOOPT', `option ${name} cannot be set`);
    if (name === SO.RCVTIMEO || name === SO.SNDTIMEO) {
      if (length < 16) throw new LinuxError('EINVAL', `a time of ${length} bytes`);
      const wanted = readTimeval(memory, at) || Infinity;
      if (name === SO.RCVTIMEO) socket.receiveTimeout = wanted;
      else socket.sendTimeout = wanted;
      return 0;
    }
  }
  if (length < 4) throw new LinuxError('EINVAL', `an option of ${length} bytes`);
  const value = memory.u32(at) | 0;
  keep(
    socket,
    level,
    name,
    level === SOL_SOCKET ? kept(name, value, memory.read(at, Math.min(length, 8))) : value,
  );
  return 0;
}

function keep({ options }: Socket, level: number, name: number, value: number): void {
  const key = `${level}:${name}`;
  if (!options.has(key) && options.size >= OPTIONS_MAX) throw new LinuxError('ENOBUFS', 'too many options');
  options.set(key, value);
}

/** What an option of all sockets is after it was set. */
function kept(name: number, value: number, bytes: Uint8Array): number {
  switch (name) {
    case SO.SNDBUF:
    case SO.RCVBUF:
    case SO.SNDBUFFORCE:
    case SO.RCVBUFFORCE:
      // Linux counts what it needs itself, too.
      return Math.min(Math.max(value, 1024) * 2, BUFFER_MAX);
    case SO.LINGER:
      if (bytes.length < 8) throw new LinuxError('EINVAL', 'half of struct linger');
      return value === 0 ? -1 : new DataView(bytes.buffer, bytes.byteOffset).getInt32(4);
    case SO.PRIORITY:
    case SO.MARK:
      return value;
    case SO.RCVLOWAT:
      return value < 0 ? 0x7fff_ffff : value || 1;
    default:
      if (!KEPT.includes(name)) throw new LinuxError('ENOPROTOOPT', `there is no option ${name}`);
      return value === 0 ? 0 : 1;
  }
}

/** getsockopt(2). */
export function getsockopt(
  _: System,
  thread: Thread,
  fd: number,
  level: number,
  name: number,
  at: number,
  lengthAt: number,
): number {
  const socket = socketOf(thread, fd);
  demandLevel(socket, level);
  const { memory } = thread.space;
  const room = memory.u32(lengthAt) | 0;
  if (room < 0) throw new LinuxError('EINVAL', `room for ${room} bytes`);
  const bytes =
    level === SOL_SOCKET ? optionValue(socket, name) : words(socket.options.get(`${level}:${name}`) ?? 0);
  memory.write(at, bytes.subarray(0, room));
  memory.setU32(lengthAt, Math.min(room, bytes.length));
  return 0;
}

function optionValue(socket: Socket, name: number): Uint8Array {
  const own = socket.options.get(`${SOL_SOCKET}:${name}`);
  switch (name) {
    case SO.TYPE:
      return words(socket.type);
    case SO.DOMAIN:
      return words(socket.family);
    case SO.PROTOCOL:
      return words(socket.protocol);
    case SO.ERROR: {
      const error = socket.takeError();
      return words(error === null ? 0 : ERRNO[error]);
    }
    case SO.ACCEPTCONN:
      return words(socket instanceof StreamSocket && socket.isListening ? 1 : 0);
    case SO.SNDBUF:
    case SO.RCVBUF:
      return words(own ?? BUFFER_DEFAULT);
    case SO.PEERCRED: {
      const { pid, uid, gid } = (socket.family === AF.UNIX ? socket.peerCredentials() : null) ?? NOBODY;
      return words(pid, uid, gid);
    }
    case SO.LINGER:
      return own === undefined || own < 0 ? words(0, 0) : words(1, own);
    case SO.RCVTIMEO:
      return time(socket.receiveTimeout);
    case SO.SNDTIMEO:
      return time(socket.sendTimeout);
    case SO.RCVLOWAT:
    case SO.SNDLOWAT:
      return words(own ?? 1);
    default:
      if (!KEPT.includes(name)) throw new LinuxError('ENOPROTOOPT', `there is no option ${name}`);
      return words(own ?? 0);
  }
}

function time(timeout: number): Uint8Array {
  return timeval(timeout === Infinity ? 0 : timeout);
}

function words(...values: number[]): Uint8Array {
  const view = new DataView(new ArrayBuffer(values.length * 4));
  for (const [i, value] of values.entries()) view.setUint32(i * 4, value >>> 0);
  return new Uint8Array(view.buffer);
}
