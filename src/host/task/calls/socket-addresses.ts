/** Binds and connects sockets: bind(2), connect(2), and whom a message is for. */

import { LinuxError } from '../../errors.ts';
import { ACCESS, S } from '../abi/files.ts';
import { AF, SO, SOCK, SOL_SOCKET } from '../abi/sockets.ts';
import { demandPermission, lookup, mknod, type PathContext } from '../files/index.ts';
import type { Blocking } from '../process/blocking.ts';
import { RESTART, sleep } from '../process/sleep.ts';
import type { Thread } from '../process/task.ts';
import {
  ANY_4,
  ANY_6,
  decodeAddress,
  type InternetAddress,
  isAny,
  isIp4,
  isLoopback,
  LOOPBACK_4,
  LOOPBACK_6,
  type SocketAddress,
} from '../sockets/address.ts';
import { DatagramSocket } from '../sockets/datagram-socket.ts';
import type { Socket, SocketCredentials } from '../sockets/socket.ts';
import { StreamSocket } from '../sockets/stream-socket.ts';
import type { System } from '../system.ts';

const ADDRESS_MAX = 128;
const BROADCAST = `${LOOPBACK_4.slice(0, 24)}ffffffff`;
/** Ports below are root's. */
const PRIVILEGED = 1024;

/** Reads an address that a program passes; null for AF_UNSPEC. @throws LinuxError EINVAL, EFAULT, EAFNOSUPPORT */
export function addressAt(
  { space }: Thread,
  at: number,
  length: number,
  family: number,
): SocketAddress | null {
  if (length < 0 || length > ADDRESS_MAX) throw new LinuxError('EINVAL', `an address of ${length} bytes`);
  return decodeAddress(space.memory.read(at, length), family);
}

/** Who a thread is to the other side of a socket. */
export function credentialsOf({ process, credentials }: Thread): SocketCredentials {
  return { pid: process.pid, uid: credentials.euid, gid: credentials.egid };
}

function contextOf({ fs, credentials }: Thread): PathContext {
  return { root: fs.root, start: fs.working, credentials };
}

/** Whether a socket has an address. */
export function isBound({ name }: Socket): boolean {
  return name.family === AF.UNIX ? name.name !== '' : name.port !== 0;
}

/** bind(2). */
export function bindSocket(
  system: System,
  thread: Thread,
  socket: Socket,
  address: SocketAddress | null,
): void {
  if (address === null)
    throw new LinuxError(socket.family === AF.UNIX ? 'EINVAL' : 'EAFNOSUPPORT', 'no address');
  const { socketNames } = system;
  if (address.family !== AF.UNIX) {
    if (isBound(socket)) throw new LinuxError('EINVAL', 'the socket has an address');
    if (address.port > 0 && address.port < PRIVILEGED && thread.credentials.euid !== 0)
      throw new LinuxError('EACCES', `port ${address.port} is root's`);
    socketNames.bindPort(socket, address.ip, address.port);
    return;
  }
  const { name } = address;
  const isPath = name !== '' && !name.startsWith('\0');
  if (isBound(socket)) {
    const code = isPath && isThere(thread, name) ? 'EADDRINUSE' : 'EINVAL';
    throw new LinuxError(code, 'the socket has an address');
  }
  if (!isPath) {
    socketNames.bindAbstract(socket, name);
    return;
  }
  try {
    const dentry = mknod(contextOf(thread), name, S.IFSOCK | (0o777 & ~thread.fs.umask));
    socketNames.bindFile(socket, dentry.inode, name);
  } catch (error) {
    if (!(error instanceof LinuxError) || error.code !== 'EEXIST') throw error;
    throw new LinuxError('EADDRINUSE', `${name} is there`);
  }
}

function isThere(thread: Thread, path: string): boolean {
  try {
    lookup(contextOf(thread), path);
    return true;
  } catch (error) {
    if (error instanceof LinuxError) return false;
    throw error;
  }
}

/** Gives a socket of the Internet a port if it has none. */
export function ensureBound({ socketNames }: System, socket: Socket, to: string): void {
  if (isBound(socket) || socket.family === AF.UNIX) return;
  const ip = isIp4(to) ? LOOPBACK_4 : LOOPBACK_6;
  socketNames.bindPort(
    socket,
    socket instanceof StreamSocket ? ip : isIp4(ip) && socket.family === AF.INET ? ANY_4 : ANY_6,
    0,
  );
}

/** Returns the socket of an address; null if none has it. @throws LinuxError as connect(2) */
export function socketAt(
  system: System,
  thread: Thread,
  socket: Socket,
  address: SocketAddress,
): Socket | null {
  const { socketNames } = system;
  if (address.family !== AF.UNIX) return socketNames.ofPort(socket, reachable(socket, address));
  const { name } = address;
  const found = name.startsWith('\0') ? socketNames.abstract(name) : byPath(system, thread, name);
  if (found.type !== socket.type) throw new LinuxError('EPROTOTYPE', 'the socket is of another type');
  return found;
}

function byPath({ socketNames }: System, thread: Thread, path: string): Socket {
  if (path === '') throw new LinuxError('EINVAL', 'no address');
  const { inode } = lookup(contextOf(thread), path);
  demandPermission(inode, thread.credentials, ACCESS.WRITE, path);
  return socketNames.ofFile(inode);
}

/** Returns an address of this system: "any" leads to the loopback. @throws LinuxError ENETUNREACH beyond it */
export function reachable(socket: Socket, address: InternetAddress): InternetAddress {
  if (isAny(address.ip))
    return { ...address, ip: isIp4(address.ip) || socket.family === AF.INET ? LOOPBACK_4 : LOOPBACK_6 };
  if (address.ip === BROADCAST && (socket.options.get(`${SOL_SOCKET}:${SO.BROADCAST}`) ?? 0) === 0)
    throw new LinuxError('EACCES', 'the socket does not broadcast');
  if (!isLoopback(address.ip)) throw new LinuxError('ENETUNREACH', 'there is no network but the loopback');
  return address;
}

/** connect(2). */
export function connectSocket(
  system: System,
  thread: Thread,
  socket: Socket,
  address: SocketAddress | null,
): number | Blocking<number> {
  if (socket instanceof DatagramSocket) return connectDatagrams(system, thread, socket, address);
  if (!(socket instanceof StreamSocket)) throw new LinuxError('EOPNOTSUPP', 'the socket cannot be connected');
  if (address === null)
    throw new LinuxError(socket.family === AF.UNIX ? 'EINVAL' : 'EAFNOSUPPORT', 'no address');
  const error = socket.takeError();
  if (error !== null) throw new LinuxError(error, 'the connection has failed');
  if (socket.isConnected) {
    if (!socket.isConnecting) throw new LinuxError('EISCONN', 'the socket is connected');
    socket.isConnecting = false;
    return 0;
  }
  if (socket.isListening)
    throw new LinuxError(socket.family === AF.UNIX ? 'EINVAL' : 'EISCONN', 'the socket listens');
  return connectStream(system, thread, socket, address);
}

function connectDatagrams(
  system: System,
  thread: Thread,
  socket: DatagramSocket,
  address: SocketAddress | null,
): number {
  if (address === null) {
    socket.connectTo(null, null);
    return 0;
  }
  if (address.family !== AF.UNIX) {
    const to = reachable(socket, address);
    ensureBound(system, socket, to.ip);
    socket.connectTo(system.socketNames.ofPort(socket, to), { ...to, family: address.family });
    return 0;
  }
  const peer = socketAt(system, thread, socket, address)!;
  socket.connectTo(peer, peer.name);
  return 0;
}

function connectStream(
  system: System,
  thread: Thread,
  socket: StreamSocket,
  address: SocketAddress,
): number | Blocking<number> {
  const isInternet = address.family !== AF.UNIX;
  const listener = socketAt(system, thread, socket, address);
  if (isInternet) ensureBound(system, socket, (address as InternetAddress).ip);
  if (!(listener instanceof StreamSocket) || !listener.isListening || listener.readShut) {
    // Who does not wait hears of it later.
    if (isInternet && socket.nonBlocking) {
      socket.fail('ECONNREFUSED');
      socket.queue.wake();
      throw new LinuxError('EINPROGRESS', 'the connection is being made');
    }
    throw new LinuxError('ECONNREFUSED', 'nobody listens');
  }
  if (listener.hasPlace) {
    finish(thread, socket, listener, address);
    if (!isInternet || !socket.nonBlocking) return 0;
    socket.isConnecting = true;
    throw new LinuxError('EINPROGRESS', 'the connection is being made');
  }
  if (socket.nonBlocking) throw new LinuxError('EAGAIN', 'too many connections wait to be accepted');
  return connectLater(system, thread, socket, listener, address);
}

function finish(thread: Thread, socket: StreamSocket, listener: StreamSocket, address: SocketAddress): void {
  socket.connectTo(listener, credentialsOf(thread), address.family === AF.UNIX ? listener.name : address);
}

function* connectLater(
  system: System,
  thread: Thread,
  socket: StreamSocket,
  listener: StreamSocket,
  address: SocketAddress,
): Blocking<number> {
  const until = system.time.now() + socket.sendTimeout;
  socket.hold();
  try {
    for (;;) {
      const what = { queues: [listener.queue], what: 'a connection', until };
      const why = yield* sleep(system.time, thread, what);
      if (!listener.isOpen || !listener.isListening) throw new LinuxError('ECONNREFUSED', 'nobody listens');
      if (socket.isConnected) throw new LinuxError('EISCONN', 'the socket is connected');
      if (listener.hasPlace) {
        finish(thread, socket, listener, address);
        return 0;
      }
      if (why === 'signal') return RESTART.SYS;
      if (why === 'timeout') throw new LinuxError('EAGAIN', 'the time is over');
    }
  } finally {
    socket.release();
  }
}

/** Whether a type of socket has connections. */
export function hasConnections(type: number): boolean {
  return type === SOCK.STREAM || type === SOCK.SEQPACKET;
}
