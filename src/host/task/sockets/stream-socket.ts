/** Sockets with connections: streams of bytes, and SOCK_SEQPACKET, which keeps messages apart. */

import { LinuxError } from '../../errors.ts';
import { POLL } from '../abi/files.ts';
import { AF, MSG, SOCK } from '../abi/sockets.ts';
import type { FileSystem } from '../files/index.ts';
import type { WaitQueue } from '../wait-queue.ts';
import type { SocketAddress } from './address.ts';
import {
  type Message,
  NOTHING,
  type Received,
  receivedOf,
  Socket,
  type SocketCredentials,
  type SocketHome,
  type SocketKind,
} from './socket.ts';

/** Connections that can wait to be accepted. Linux: SOMAXCONN. */
const BACKLOG_MAX = 4096;

/** A socket of a stream. */
export class StreamSocket extends Socket {
  readonly #fs: FileSystem;
  #peer: StreamSocket | null = null;
  #peerName: SocketAddress | null = null;
  #peerCredentials: SocketCredentials | null = null;
  /** Connections that wait to be accepted, or null if it does not listen. */
  #waiting: StreamSocket[] | null = null;
  #backlog = 0;
  /** Whether connect was told that it goes on, and not yet that it has succeeded. */
  isConnecting = false;

  constructor(fs: FileSystem, kind: SocketKind, credentials: SocketCredentials, home: SocketHome) {
    super(fs, kind, credentials, home);
    this.#fs = fs;
  }

  get isListening(): boolean {
    return this.#waiting !== null;
  }

  get isConnected(): boolean {
    return this.#peerName !== null;
  }

  get #keepsMessages(): boolean {
    return this.type === SOCK.SEQPACKET;
  }

  /** Begins to accept connections, or changes how many may wait. */
  listen(backlog: number, credentials: SocketCredentials): void {
    if (this.isConnected) throw new LinuxError('EINVAL', 'the socket is connected');
    this.#waiting ??= [];
    this.#backlog = Math.min(backlog < 0 ? BACKLOG_MAX : backlog, BACKLOG_MAX);
    this.#peerCredentials = credentials;
    this.queue.wake();
  }

  /** Whether a connection can wait to be accepted. */
  get hasPlace(): boolean {
    return this.#waiting !== null && this.#waiting.length <= this.#backlog;
  }

  /** Connects with a socket that listens and has a place. @param name its address, as the caller has it */
  connectTo(listener: StreamSocket, credentials: SocketCredentials, name: SocketAddress): void {
    const other = new StreamSocket(this.#fs, this, listener.#peerCredentials ?? credentials, this.home);
    other.name = name;
    this.pairWith(other, credentials);
    listener.#waiting!.push(other);
    listener.queue.wake(POLL.IN | POLL.RDNORM);
  }

  /** Makes it and another socket the ends of a connection. @param credentials whoever connects */
  pairWith(other: StreamSocket, credentials: SocketCredentials): void {
    this.#peer = other;
    this.#peerName = other.name;
    this.#peerCredentials = other.maker;
    other.#peer = this;
    other.#peerName = this.name;
    other.#peerCredentials = credentials;
    this.queue.wake();
  }

  /** Takes a connection, or returns null if none waits. @throws LinuxError EINVAL if it does not listen */
  accept(): StreamSocket | null {
    if (this.#waiting === null || this.readShut) throw new LinuxError('EINVAL', 'the socket does not listen');
    const accepted = this.#waiting.shift() ?? null;
    // Those who wait for a place are woken.
    if (accepted !== null) this.queue.wake();
    return accepted;
  }

  peerName(): SocketAddress {
    if (this.#peerName === null) throw new LinuxError('ENOTCONN', 'the socket is not connected');
    return this.#peerName;
  }

  peerCredentials(): SocketCredentials | null {
    return this.#peerCredentials;
  }

  send(message: Message, to: Socket | null): number | WaitQueue {
    // The end of a local connection is told before the error that it left.
    if (this.family !== AF.UNIX || this.#peer !== null || !this.isConnected) this.demandNoError();
    if (to !== null && this.family === AF.UNIX) {
      throw new LinuxError(this.isConnected ? 'EISCONN' : 'EOPNOTSUPP', 'a stream has one receiver');
    }
    if (!this.isConnected) throw this.#notConnected('EPIPE');
    if (this.writeShut) throw new LinuxError('EPIPE', 'the socket was shut down');
    const peer = this.#peer;
    if (peer === null) return this.#sendToNobody(message);
    if (peer.readShut) {
      if (this.family === AF.UNIX) throw new LinuxError('EPIPE', 'the other end was shut down');
      return message.bytes.length;
    }
    const { bytes } = message;
    if (bytes.length === 0 && !this.#keepsMessages) return 0;
    if (this.#keepsMessages && bytes.length > BYTES_MAX)
      throw new LinuxError('EMSGSIZE', 'a message is too long');
    if (!peer.hasRoom) return this.queue;
    const count = this.#keepsMessages ? bytes.length : Math.min(bytes.length, peer.room);
    peer.put({ ...message, from: this.name, bytes: bytes.subarray(0, count) });
    peer.queue.wake(POLL.IN | POLL.RDNORM);
    return count;
  }

  /** The other end is closed: local sockets say so, TCP has to hear of it first. */
  #sendToNobody({ bytes }: Message): number {
    if (this.family === AF.UNIX) throw new LinuxError('EPIPE', 'the other end is closed');
    this.fail('EPIPE');
    return bytes.length;
  }

  #notConnected(ofInternet: 'EPIPE' | 'ENOTCONN'): LinuxError {
    return new LinuxError(this.family === AF.UNIX ? 'ENOTCONN' : ofInternet, 'the socket is not connected');
  }

  receive(most: number, flags: number): Received | null {
    if (this.messages.length === 0) {
      this.demandNoError();
      if (!this.isConnected)
        throw new LinuxError(
          this.type === SOCK.STREAM && this.family === AF.UNIX ? 'EINVAL' : 'ENOTCONN',
          'the socket is not connected',
        );
      return this.readShut || this.#peer === null || this.#peer.writeShut ? NOTHING : null;
    }
    const received = this.#keepsMessages
      ? receivedOf(this.messages[0]!, most, flags)
      : this.#gather(most, flags);
    if ((flags & MSG.PEEK) === 0) {
      const wasFull = !this.hasRoom;
      if (this.#keepsMessages) this.take();
      else this.#consumeAll(received.bytes.length);
      if (wasFull || this.#peer?.queue.length) this.#peer?.queue.wake(POLL.OUT | POLL.WRNORM);
    }
    return received;
  }

  /** Puts the bytes of messages together, up to the first one with rights after the first. */
  #gather(most: number, flags: number): Received {
    const first = receivedOf(this.messages[0]!, most, flags);
    if (first.bytes.length === most || this.messages.length === 1)
      return { ...first, length: first.bytes.length };
    const parts = [first.bytes];
    let done = first.bytes.length;
    for (const { bytes, rights } of this.messages.slice(1)) {
      if (done === most || rights.length > 0) break;
      parts.push(bytes.subarray(0, most - done));
      done += parts.at(-1)!.length;
    }
    const bytes = new Uint8Array(done);
    let at = 0;
    for (const part of parts) {
      bytes.set(part, at);
      at += part.length;
    }
    return { ...first, bytes, length: done };
  }

  #consumeAll(count: number): void {
    let left = count;
    while (left > 0) {
      const part = Math.min(left, this.messages[0]!.bytes.length);
      this.consume(part);
      left -= part;
    }
  }

  shutdown(reading: boolean, writing: boolean): void {
    if (!this.isConnected && !this.isListening)
      throw new LinuxError('ENOTCONN', 'the socket is not connected');
    this.readShut ||= reading;
    this.writeShut ||= writing;
    this.queue.wake();
    this.#peer?.queue.wake();
  }

  override poll(): number {
    if (this.#waiting !== null) return this.#waiting.length > 0 ? POLL.IN | POLL.RDNORM : 0;
    let events = this.hasError ? POLL.ERR : 0;
    if (!this.isConnected) return events | POLL.HUP | POLL.OUT | (this.family === AF.UNIX ? POLL.WRNORM : 0);
    const peer = this.#peer;
    const isAtEnd = this.readShut || peer === null || peer.writeShut;
    if (this.messages.length > 0 || isAtEnd) events |= POLL.IN | POLL.RDNORM;
    if (isAtEnd) events |= POLL.RDHUP;
    if (isAtEnd && (this.writeShut || peer === null)) events |= POLL.HUP;
    if (peer === null || peer.hasRoom || this.writeShut) events |= POLL.OUT | POLL.WRNORM;
    return events;
  }

  protected override closed(): void {
    this.home.leave(this);
    const peer = this.#peer;
    const isLost = this.messages.length > 0;
    this.discard();
    for (const waiting of this.#waiting ?? []) {
      waiting.#peer?.fail('ECONNRESET');
      waiting.release();
    }
    this.#waiting = null;
    this.queue.wake();
    if (peer === null) return;
    this.#peer = null;
    peer.#peer = null;
    if (isLost) peer.fail('ECONNRESET');
    peer.queue.wake();
  }
}

/** The longest message. */
const BYTES_MAX = 212_960;
