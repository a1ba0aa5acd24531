/** System calls for sockets: socket(2), bind(2), connect(2), accept(2), send(2), recv(2) and the like. */

import { ERRNO } from '../../errno.ts';
import { LinuxError } from '../../errors.ts';
import { AF, IPPROTO, MSG, SHUT, SOCK } from '../abi/sockets.ts';
import type { Blocking } from '../process/blocking.ts';
import { RESTART, sleep } from '../process/sleep.ts';
import type { Thread } from '../process/task.ts';
import { encodeAddress, type SocketAddress } from '../sockets/address.ts';
import { DatagramSocket } from '../sockets/datagram-socket.ts';
import type { Socket } from '../sockets/socket.ts';
import { StreamSocket } from '../sockets/stream-socket.ts';
import type { System } from '../system.ts';
import { type CallHandler, type CallResult, call } from './line.ts';
import { installSocket, receive, receiveMessage, send, sendingAt, storeName } from './messages.ts';
import {
  addressAt,
  bindSocket,
  connectSocket,
  credentialsOf,
  hasConnections,
  isBound,
} from './socket-addresses.ts';
import { getsockopt, setsockopt, socketOf } from './socket-options.ts';
import { readTimespec } from './timespec.ts';

/** Bytes that one call sends or receives at most. */
const BYTES_MAX = 1 << 20;

function makeSocket(system: System, thread: Thread, family: number, kind: number, protocol: number): Socket {
  if ((kind & ~(SOCK.TYPE | SOCK.NONBLOCK | SOCK.CLOEXEC)) !== 0)
    throw new LinuxError('EINVAL', `type 0x${kind.toString(16)} of a socket`);
  const type = kind & SOCK.TYPE;
  const known = { family, type, protocol: protocolOf(family, type, protocol) };
  const { sockets } = system.files;
  const maker = credentialsOf(thread);
  return hasConnections(type)
    ? new StreamSocket(sockets, known, maker, system.socketNames)
    : new DatagramSocket(sockets, known, maker, system.socketNames);
}

/** @throws LinuxError EAFNOSUPPORT, ESOCKTNOSUPPORT, EPROTONOSUPPORT */
function protocolOf(family: number, type: number, protocol: number): number {
  if (family === AF.UNIX) {
    if (protocol !== 0 && protocol !== AF.UNIX)
      throw new LinuxError('EPROTONOSUPPORT', `protocol ${protocol}`);
    if (![SOCK.STREAM, SOCK.DGRAM, SOCK.SEQPACKET].includes(type as 1))
      throw new LinuxError('ESOCKTNOSUPPORT', `type ${type} of a socket`);
    return 0;
  }
  if (family !== AF.INET && family !== AF.INET6) throw new LinuxError('EAFNOSUPPORT', `family ${family}`);
  const own = type === SOCK.STREAM ? IPPROTO.TCP : type === SOCK.DGRAM ? IPPROTO.UDP : null;
  if (own === null) throw new LinuxError('ESOCKTNOSUPPORT', `type ${type} of a socket`);
  if (protocol !== 0 && protocol !== own) throw new LinuxError('EPROTONOSUPPORT', `protocol ${protocol}`);
  return own;
}

function socket(system: System, thread: Thread, family: number, kind: number, protocol: number): number {
  return installSocket(thread, makeSocket(system, thread, family, kind, protocol), kind);
}

function socketpair(
  system: System,
  thread: Thread,
  family: number,
  kind: number,
  protocol: number,
  at: number,
): number {
  const one = makeSocket(system, thread, family, kind, protocol);
  const other = makeSocket(system, thread, family, kind, protocol);
  if (family !== AF.UNIX) throw new LinuxError('EOPNOTSUPP', 'only local sockets are made in pairs');
  if (one instanceof StreamSocket && other instanceof StreamSocket)
    one.pairWith(other, credentialsOf(thread));
  if (one instanceof DatagramSocket && other instanceof DatagramSocket) {
    one.connectTo(other, other.name);
    other.connectTo(one, one.name);
  }
  const { memory } = thread.space;
  // Memory that cannot be written is found before there are descriptors.
  memory.write(at, new Uint8Array(8));
  const first = installSocket(thread, one, kind);
  try {
    const second = installSocket(thread, other, kind);
    memory.setU32(at, first);
    memory.setU32(at + 4, second);
    return 0;
  } catch (error) {
    thread.files.close(first);
    throw error;
  }
}

function bind(system: System, thread: Thread, fd: number, at: number, length: number): number {
  const of = socketOf(thread, fd);
  bindSocket(system, thread, of, addressAt(thread, at, length, of.family));
  return 0;
}

function connect(system: System, thread: Thread, fd: number, at: number, length: number): CallResult {
  const of = socketOf(thread, fd);
  return connectSocket(system, thread, of, addressAt(thread, at, length, of.family));
}

function listen(system: System, thread: Thread, fd: number, backlog: number): number {
  const of = socketOf(thread, fd);
  if (!(of instanceof StreamSocket)) throw new LinuxError('EOPNOTSUPP', 'the socket has no connections');
  if (!isBound(of)) {
    if (of.family === AF.UNIX) throw new LinuxError('EINVAL', 'the socket has no address');
    if (of.name.family !== AF.UNIX) system.socketNames.bindPort(of, of.name.ip, 0);
  }
  of.listen(backlog, credentialsOf(thread));
  return 0;
}

function* accept4(
  system: System,
  thread: Thread,
  fd: number,
  at: number,
  lengthAt: number,
  flags: number,
): Blocking<number> {
  if ((flags & ~(SOCK.NONBLOCK | SOCK.CLOEXEC)) !== 0)
    throw new LinuxError('EINVAL', `flags ${flags} of accept4`);
  const of = socketOf(thread, fd);
  if (!(of instanceof StreamSocket)) throw new LinuxError('EOPNOTSUPP', 'the socket has no connections');
  if (at !== 0) thread.space.memory.expect(lengthAt, 4);
  const until = system.time.now() + of.receiveTimeout;
  of.hold();
  try {
    for (;;) {
      const accepted = of.accept();
      if (accepted !== null) {
        const made = installSocket(thread, accepted, flags);
        if (at !== 0) tellAddress(thread, accepted.peerName(), of.family, at, lengthAt);
        return made;
      }
      if (of.nonBlocking) return -ERRNO.EAGAIN;
      const what = { queues: [of.queue], what: 'a connection', until };
      const why = yield* sleep(system.time, thread, what);
      if (why === 'signal') return RESTART.SYS;
      if (why === 'timeout') return -ERRNO.EAGAIN;
    }
  } finally {
    of.release();
  }
}

/** Stores an address, as far as there is room, and its length. @throws LinuxError EINVAL, EFAULT */
function tellAddress(
  { space }: Thread,
  address: SocketAddress,
  family: number,
  at: number,
  lengthAt: number,
): void {
  const room = space.memory.u32(lengthAt) | 0;
  if (room < 0) throw new LinuxError('EINVAL', `room for ${room} bytes`);
  const bytes = encodeAddress(address, family);
  space.memory.write(at, bytes.subarray(0, room));
  space.memory.setU32(lengthAt, bytes.length);
}

function getsockname(_: System, thread: Thread, fd: number, at: number, lengthAt: number): number {
  const { name, family } = socketOf(thread, fd);
  tellAddress(thread, name, family, at, lengthAt);
  return 0;
}

function getpeername(_: System, thread: Thread, fd: number, at: number, lengthAt: number): number {
  const of = socketOf(thread, fd);
  tellAddress(thread, of.peerName(), of.family, at, lengthAt);
  return 0;
}

function shutdown(_: System, thread: Thread, fd: number, how: number): number {
  const of = socketOf(thread, fd);
  if (how < SHUT.RD || how > SHUT.RDWR) throw new LinuxError('EINVAL', `way ${how} of shutdown`);
  of.shutdown(how !== SHUT.WR, how !== SHUT.RD);
  return 0;
}

function sendto(
  system: System,
  thread: Thread,
  fd: number,
  at: number,
  length: number,
  flags: number,
  nameAt: number,
  nameLength: number,
): Blocking<number> {
  const bytes = thread.space.memory.read(at, Math.min(length, BYTES_MAX));
  const credentials = credentialsOf(thread);
  return send(system, thread, socketOf(thread, fd), {
    bytes,
    flags,
    nameAt,
    nameLength,
    rights: [],
    credentials,
  });
}

function* recvfrom(
  system: System,
  thread: Thread,
  fd: number,
  at: number,
  length: number,
  flags: number,
  nameAt: number,
  lengthAt: number,
): Blocking<number> {
  const of = socketOf(thread, fd);
  if (nameAt !== 0) thread.space.memory.expect(lengthAt, 4);
  const received = yield* receive(system, thread, of, Math.min(length, BYTES_MAX), flags);
  if (typeof received === 'number') return received;
  try {
    thread.space.memory.write(at, received.bytes);
    storeName(thread, of, received, nameAt, lengthAt);
    return (flags & MSG.TRUNC) !== 0 && of.type !== SOCK.STREAM ? received.length : received.bytes.length;
  } finally {
    system.socketNames.dispose(received.rights);
  }
}

function sendmsg(system: System, thread: Thread, fd: number, at: number, flags: number): Blocking<number> {
  return send(system, thread, socketOf(thread, fd), sendingAt(system, thread, at, flags));
}

function recvmsg(system: System, thread: Thread, fd: number, at: number, flags: number): Blocking<number> {
  return receiveMessage(system, thread, socketOf(thread, fd), at, flags);
}

/** Size of struct mmsghdr, and where it has the number of bytes. */
const MANY = { SIZE: 64, LENGTH: 56, MAX: 1024 } as const;

function* sendmmsg(
  system: System,
  thread: Thread,
  fd: number,
  at: number,
  count: number,
  flags: number,
): Blocking<number> {
  const of = socketOf(thread, fd);
  for (let i = 0; i < Math.min(count, MANY.MAX); i++) {
    const place = at + i * MANY.SIZE;
    const sent = yield* oneOfMany(i, () => send(system, thread, of, sendingAt(system, thread, place, flags)));
    if (sent < 0) return i > 0 ? i : sent;
    thread.space.memory.setU32(place + MANY.LENGTH, sent);
  }
  return Math.min(count, MANY.MAX);
}

/** An error after the first message only ends the call. */
function* oneOfMany(index: number, action: () => Blocking<number>): Blocking<number> {
  try {
    return yield* action();
  } catch (error) {
    if (index === 0 || !(error instanceof LinuxError)) throw error;
    return -1;
  }
}

function* recvmmsg(
  system: System,
  thread: Thread,
  fd: number,
  at: number,
  count: number,
  flags: number,
  timeAt: number,
): Blocking<number> {
  const of = socketOf(thread, fd);
  const { time } = system;
  const until = timeAt === 0 ? Infinity : time.now() + readTimespec(thread.space.memory, timeAt);
  let now = flags & ~MSG.WAITFORONE;
  for (let i = 0; i < Math.min(count, MANY.MAX); i++) {
    const place = at + i * MANY.SIZE;
    const got = yield* oneOfMany(i, () => receiveMessage(system, thread, of, place, now));
    if (got < 0) return i > 0 ? i : got;
    thread.space.memory.setU32(place + MANY.LENGTH, got);
    if ((flags & MSG.WAITFORONE) !== 0) now |= MSG.DONTWAIT;
    if (time.now() >= until) return i + 1;
  }
  return Math.min(count, MANY.MAX);
}

/** The calls of socketcall, and how many arguments each has. Linux: include/uapi/linux/net.h. */
const BY_NUMBER: Record<number, readonly [count: number, run: CallHandler]> = {
  1: [3, socket as CallHandler],
  2: [3, bind as CallHandler],
  3: [3, connect as CallHandler],
  4: [2, listen as CallHandler],
  5: [3, ((system, thread, fd, at, length) => accept4(system, thread, fd!, at!, length!, 0)) as CallHandler],
  6: [3, getsockname as CallHandler],
  7: [3, getpeername as CallHandler],
  8: [4, socketpair as CallHandler],
  9: [
    4,
    ((system, thread, fd, at, length, flags) =>
      sendto(system, thread, fd!, at!, length!, flags!, 0, 0)) as CallHandler,
  ],
  10: [
    4,
    ((system, thread, fd, at, length, flags) =>
      recvfrom(system, thread, fd!, at!, length!, flags!, 0, 0)) as CallHandler,
  ],
  11: [6, sendto as CallHandler],
  12: [6, recvfrom as CallHandler],
  13: [2, shutdown as CallHandler],
  14: [5, setsockopt as CallHandler],
  15: [5, getsockopt as CallHandler],
  16: [3, sendmsg as CallHandler],
  17: [3, recvmsg as CallHandler],
  18: [4, accept4 as CallHandler],
  19: [5, recvmmsg as CallHandler],
  20: [4, sendmmsg as CallHandler],
};

/** The older way to the calls: their arguments are in memory, as doublewords. Those that are integers have 32 bits with a sign. */
function socketcall(system: System, thread: Thread, which: number, at: number): CallResult {
  const found = BY_NUMBER[which];
  if (found === undefined) throw new LinuxError('EINVAL', `there is no call ${which} of socketcall`);
  const [count, run] = found;
  const view = thread.space.memory.struct(at, count * 8);
  const args = Array.from({ length: count }, (_, i) => {
    const value = Number(view.getBigUint64(i * 8));
    // Lengths and addresses are never negative; descriptors and flags have 32 bits.
    return value >= 2 ** 63 || i === 0 ? Number(BigInt.asIntN(32, view.getBigUint64(i * 8))) : value;
  });
  return run(system, thread, ...args);
}

/** The system calls for sockets. */
export const SOCKET_CALLS = [
  call('socket', 'int int int', socket, 'netlink, packet, vsock and raw sockets'),
  call('socketpair', 'int int int addr', socketpair),
  call('bind', 'fd addr int', bind),
  call('connect', 'fd addr int', connect, 'networks other than the loopback'),
  call('listen', 'fd int', listen),
  call('accept4', 'fd addr addr int', accept4),
  call('getsockname', 'fd addr addr', getsockname),
  call('getpeername', 'fd addr addr', getpeername),
  call('shutdown', 'fd int', shutdown),
  call('sendto', 'fd buf size int addr int', sendto, 'out-of-band data'),
  call('recvfrom', 'fd addr size int addr addr', recvfrom, 'out-of-band data'),
  call('sendmsg', 'fd addr int', sendmsg),
  call('recvmsg', 'fd addr int', recvmsg),
  call('sendmmsg', 'fd addr uint int', sendmmsg),
  call('recvmmsg', 'fd addr uint int addr', recvmmsg),
  call('setsockopt', 'fd int int addr int', setsockopt),
  call('getsockopt', 'fd int int addr addr', getsockopt),
  call('socketcall', 'int addr', socketcall),
];
