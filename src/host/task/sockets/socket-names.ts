/** The addresses of the sockets of a system: abstract names, files, and ports. */

import { LinuxError } from '../../errors.ts';
import { AF, IPPROTO, IPV6_V6ONLY, SO, SOCK, SOL_SOCKET } from '../abi/sockets.ts';
import type { Inode, OpenFile } from '../files/index.ts';
import { ANY_4, ANY_6, type InternetAddress, isAny, isIp4, isLoopback } from './address.ts';
import type { Socket, SocketHome } from './socket.ts';
import { StreamSocket } from './stream-socket.ts';

/** The ports that are given to sockets which do not ask for one. */
const EPHEMERAL = { FIRST: 32_768, LAST: 60_999 } as const;

/** The addresses of all sockets. */
export class SocketNames implements SocketHome {
  inFlight = 0;
  readonly #abstract = new Map<string, Socket>();
  readonly #files = new Map<Inode, Socket>();
  /** The sockets of the Internet by type and port. */
  readonly #ports = new Map<string, Set<Socket>>();
  #lastPort: number = EPHEMERAL.FIRST;
  #lastName = 0;
  readonly #doomed: OpenFile[] = [];
  #disposing = false;

  leave(socket: Socket): void {
    const { name } = socket;
    if (name.family === AF.UNIX) {
      if (this.#abstract.get(name.name) === socket) this.#abstract.delete(name.name);
      for (const [inode, one] of this.#files) if (one === socket) this.#files.delete(inode);
      return;
    }
    const key = portKey(socket, name.port);
    const sockets = this.#ports.get(key);
    if (sockets?.delete(socket) === true && sockets.size === 0) this.#ports.delete(key);
  }

  dispose(files: readonly OpenFile[]): void {
    this.#doomed.push(...files);
    // A file that is released may be a socket, and dispose of what is on its way: one loop does it all.
    if (this.#disposing) return;
    this.#disposing = true;
    try {
      for (let file = this.#doomed.pop(); file !== undefined; file = this.#doomed.pop()) file.release();
    } finally {
      this.#disposing = false;
    }
  }

  /** Gives a local socket a name that is no path; '' for any. @throws LinuxError EADDRINUSE */
  bindAbstract(socket: Socket, wanted: string): void {
    const name = wanted === '' ? this.#freeName() : wanted;
    if (this.#abstract.has(name)) throw new LinuxError('EADDRINUSE', 'another socket has the name');
    this.#abstract.set(name, socket);
    socket.name = { family: AF.UNIX, name };
  }

  #freeName(): string {
    for (let tried = 0; tried < 0x10_0000; tried++) {
      this.#lastName = (this.#lastName + 1) & 0xf_ffff;
      const name = `\0${this.#lastName.toString(16).padStart(5, '0')}`;
      if (!this.#abstract.has(name)) return name;
    }
    throw new LinuxError('EADDRINUSE', 'all names are taken');
  }

  /** Makes a file the name of a local socket. */
  bindFile(socket: Socket, inode: Inode, path: string): void {
    this.#files.set(inode, socket);
    socket.name = { family: AF.UNIX, name: path };
  }

  /** Returns the socket of a name that is no path. @throws LinuxError ECONNREFUSED */
  abstract(name: string): Socket {
    const socket = this.#abstract.get(name);
    if (socket === undefined) throw new LinuxError('ECONNREFUSED', 'no socket has the name');
    return socket;
  }

  /** Returns the socket of a file. @throws LinuxError ECONNREFUSED */
  ofFile(inode: Inode): Socket {
    const socket = this.#files.get(inode);
    if (socket === undefined) throw new LinuxError('ECONNREFUSED', 'no socket has the file as its name');
    return socket;
  }

  /** Gives a socket an address. @param port 0 for any. @throws LinuxError EADDRINUSE, EADDRNOTAVAIL */
  bindPort(socket: Socket, ip: string, port: number): void {
    if (!isAny(ip) && !isLoopback(ip))
      throw new LinuxError('EADDRNOTAVAIL', 'the address is not of this system');
    const chosen = port === 0 ? this.#freePort(socket, ip) : port;
    if (!this.#isFree(socket, ip, chosen)) throw new LinuxError('EADDRINUSE', `port ${chosen} is in use`);
    const key = portKey(socket, chosen);
    let sockets = this.#ports.get(key);
    if (sockets === undefined) this.#ports.set(key, (sockets = new Set()));
    sockets.add(socket);
    socket.name = { family: socket.family as typeof AF.INET, ip, port: chosen };
  }

  #freePort(socket: Socket, ip: string): number {
    const count = EPHEMERAL.LAST - EPHEMERAL.FIRST + 1;
    for (let tried = 0; tried < count; tried++) {
      this.#lastPort = this.#lastPort === EPHEMERAL.LAST ? EPHEMERAL.FIRST : this.#lastPort + 1;
      if (this.#isFree(socket, ip, this.#lastPort)) return this.#lastPort;
    }
    throw new LinuxError('EADDRINUSE', 'all ports are in use');
  }

  #isFree(socket: Socket, ip: string, port: number): boolean {
    for (const other of this.#ports.get(portKey(socket, port)) ?? []) {
      if (other.name.family === AF.UNIX || other === socket) continue;
      if (overlap(socket, ip, other, other.name.ip) && !mayShare(socket, other)) return false;
    }
    return true;
  }

  /** Returns the socket that has an address, the one of the very address first, or null. */
  ofPort(socket: Socket, { ip, port }: InternetAddress): Socket | null {
    let found: Socket | null = null;
    for (const other of this.#ports.get(portKey(socket, port)) ?? []) {
      if (other.name.family === AF.UNIX) continue;
      if (other instanceof StreamSocket && !other.isListening) continue;
      if (other.name.ip === ip) return other;
      if (overlap(other, other.name.ip, socket, ip) && isAny(other.name.ip)) found = other;
    }
    return found;
  }
}

function portKey({ type }: Socket, port: number): string {
  return `${type === SOCK.STREAM ? IPPROTO.TCP : IPPROTO.UDP}:${port}`;
}

/** Whether addresses of two sockets have one in common. */
function overlap(one: Socket, ip: string, other: Socket, otherIp: string): boolean {
  if (ip === otherIp) return true;
  return covers(one, ip, otherIp) || covers(other, otherIp, ip);
}

function covers(socket: Socket, ip: string, other: string): boolean {
  if (ip === ANY_4) return isIp4(other);
  if (ip !== ANY_6) return false;
  return !isIp4(other) || socket.options.get(`${IPPROTO.IPV6}:${IPV6_V6ONLY}`) !== 1;
}

/** Whether two sockets may have one address: SO_REUSEADDR, unless one listens, and SO_REUSEPORT. */
function mayShare(one: Socket, other: Socket): boolean {
  const both = (option: number) =>
    [one, other].every(({ options }) => (options.get(`${SOL_SOCKET}:${option}`) ?? 0) !== 0);
  if (both(SO.REUSEPORT)) return true;
  return both(SO.REUSEADDR) && !(other instanceof StreamSocket && other.isListening);
}
