/** Sockets: what all kinds of them have. */

import type { ErrnoName } from '../../errno.ts';
import { LinuxError } from '../../errors.ts';
import { O, S } from '../abi/files.ts';
import { AF, MSG } from '../abi/sockets.ts';
import { Dentry, type FileSystem, Inode, OpenFile } from '../files/index.ts';
import type { WaitQueue } from '../wait-queue.ts';
import { ANY_4, ANY_6, type SocketAddress } from './address.ts';

/** Who sends: what SCM_CREDENTIALS and SO_PEERCRED tell. */
export interface SocketCredentials {
  readonly pid: number;
  readonly uid: number;
  readonly gid: number;
}

/** What is on its way to a socket. */
export interface Message {
  bytes: Uint8Array;
  readonly from: SocketAddress | null;
  readonly credentials: SocketCredentials;
  /** Open files that go with it, each held. */
  rights: readonly OpenFile[];
}

/** What was received. */
export interface Received {
  readonly bytes: Uint8Array;
  /** The length of the message: more than there was room for, if it was cut off. */
  readonly length: number;
  readonly from: SocketAddress | null;
  readonly credentials: SocketCredentials | null;
  readonly rights: readonly OpenFile[];
}

/** The end of what is received. */
export const NOTHING: Received = {
  ...{ bytes: new Uint8Array(0), length: 0, from: null, credentials: null, rights: [] },
};

/** Bytes that may be on their way to a socket. */
export const BUFFER_DEFAULT = 212_992;
/** What a message counts besides its bytes. */
const MESSAGE_OVERHEAD = 256;

/** The inode of a socket. */
class SocketFileInode extends Inode {
  constructor(fs: FileSystem) {
    super(fs, S.IFSOCK | 0o777);
    this.links = 0;
  }
}

/** What the sockets of a system share. */
export interface SocketHome {
  /** Open files that are on their way. */
  inFlight: number;
  /** A socket is closed: it gives up its address. */
  leave(socket: Socket): void;
  /** Releases files that were on their way. They may be sockets with files on their way, to any depth. */
  dispose(files: readonly OpenFile[]): void;
}

/** A socket. */
export abstract class Socket extends OpenFile {
  /** One of `AF`, of `SOCK`, and of `IPPROTO`. */
  readonly family: number;
  readonly type: number;
  readonly protocol: number;
  /** Its own address. */
  name: SocketAddress;
  /** Values of options, by `level:name`. */
  readonly options = new Map<string, number>();
  /** Nanoseconds after which receiving and sending give up. */
  receiveTimeout = Infinity;
  sendTimeout = Infinity;
  /** Who made it. */
  readonly maker: SocketCredentials;
  /** Whether each side ceased: shutdown. */
  readShut = false;
  writeShut = false;
  protected readonly messages: Message[] = [];
  #used = 0;
  #error: ErrnoName | null = null;

  protected readonly home: SocketHome;

  constructor(fs: FileSystem, kind: SocketKind, credentials: SocketCredentials, home: SocketHome) {
    const inode = new SocketFileInode(fs);
    super(inode, O.RDWR);
    this.dentry = new Dentry(`socket:[${inode.ino}]`, null, inode);
    this.family = kind.family;
    this.type = kind.type;
    this.protocol = kind.protocol;
    this.maker = credentials;
    this.home = home;
    this.name = unnamed(kind.family);
  }

  override get readPatience(): number {
    return this.receiveTimeout;
  }

  override get writePatience(): number {
    return this.sendTimeout;
  }

  /** Whether there is room for more messages. */
  get hasRoom(): boolean {
    return this.#used < BUFFER_DEFAULT;
  }

  /** Bytes that there is room for. */
  get room(): number {
    return Math.max(0, BUFFER_DEFAULT - this.#used);
  }

  override available(): number {
    return this.messages.reduce((sum, { bytes }) => sum + bytes.length, 0);
  }

  /** Adds a message for it. */
  protected put(message: Message): void {
    this.messages.push(message);
    this.#used += message.bytes.length + MESSAGE_OVERHEAD;
    this.home.inFlight += message.rights.length;
  }

  /** Takes the first message away. */
  protected take(): Message {
    const message = this.messages.shift()!;
    this.#used -= message.bytes.length + MESSAGE_OVERHEAD;
    this.home.inFlight -= message.rights.length;
    return message;
  }

  /** Takes the first bytes of the first message away. */
  protected consume(count: number): void {
    const first = this.messages[0]!;
    first.bytes = first.bytes.subarray(count);
    this.home.inFlight -= first.rights.length;
    first.rights = [];
    this.#used -= count;
    if (first.bytes.length === 0) this.take();
  }

  /** An error that the next operation tells. */
  fail(error: ErrnoName): void {
    this.#error = error;
  }

  /** Returns the error that waits to be told, and forgets it. */
  takeError(): ErrnoName | null {
    const error = this.#error;
    this.#error = null;
    return error;
  }

  get hasError(): boolean {
    return this.#error !== null;
  }

  /** @throws the error that waits to be told */
  protected demandNoError(): void {
    const error = this.takeError();
    if (error !== null) throw new LinuxError(error, 'the connection has failed');
  }

  /** The address of the other side. @throws LinuxError ENOTCONN */
  abstract peerName(): SocketAddress;

  /** The maker of the other side, or null. */
  abstract peerCredentials(): SocketCredentials | null;

  /**
   * Sends bytes. Returns how many were taken, or a queue to wait for.
   * @param to the address of the receiver, or null for the one that it is connected to
   */
  abstract send(message: Message, to: Socket | null): number | WaitQueue;

  /** Receives up to `most` bytes, or returns null if there is nothing yet. @param flags bits of `MSG` */
  abstract receive(most: number, flags: number): Received | null;

  /** @param reading whether it ceases to receive, and `writing` to send. @throws LinuxError ENOTCONN */
  abstract shutdown(reading: boolean, writing: boolean): void;

  override write(bytes: Uint8Array): number | null {
    const message = { bytes: bytes.slice(), from: null, credentials: this.maker, rights: [] };
    const sent = this.send(message, null);
    return typeof sent === 'number' ? sent : null;
  }

  override read(into: Uint8Array): number | null {
    const received = this.receive(into.length, 0);
    if (received === null) return null;
    into.set(received.bytes);
    this.home.dispose(received.rights);
    return received.bytes.length;
  }

  /** Throws away what is on its way. */
  protected discard(): void {
    while (this.messages.length > 0) this.home.dispose(this.take().rights);
  }
}

/** What kind of socket one is. */
export interface SocketKind {
  readonly family: number;
  readonly type: number;
  readonly protocol: number;
}

function unnamed(family: number): SocketAddress {
  if (family === AF.UNIX) return { family, name: '' };
  return family === AF.INET
    ? { family: AF.INET, ip: ANY_4, port: 0 }
    : { family: AF.INET6, ip: ANY_6, port: 0 };
}

/** Returns the part of a message that there is room for, and takes the rights from it unless it is only looked at. */
export function receivedOf(message: Message, most: number, flags: number): Received {
  const rights = message.rights;
  if ((flags & MSG.PEEK) !== 0) for (const file of rights) file.hold();
  return {
    bytes: message.bytes.subarray(0, most),
    length: message.bytes.length,
    ...{ from: message.from, credentials: message.credentials, rights },
  };
}
