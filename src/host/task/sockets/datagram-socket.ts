/** Sockets of messages without connections: SOCK_DGRAM. */

import { LinuxError } from '../../errors.ts';
import { POLL } from '../abi/files.ts';
import { AF, MSG } from '../abi/sockets.ts';
import type { WaitQueue } from '../wait-queue.ts';
import { isAny, LOOPBACK_4, LOOPBACK_6, type SocketAddress } from './address.ts';
import {
  type Message,
  NOTHING,
  type Received,
  receivedOf,
  Socket,
  type SocketCredentials,
} from './socket.ts';

/** The longest message of a local socket, and of UDP. */
const LENGTH_MAX = { unix: 212_960, udp: 65_507 } as const;
/** Messages that wait at a local socket before its senders do. Linux: net.unix.max_dgram_qlen. */
const QUEUE_MAX = 10;

/** A socket of messages. */
export class DatagramSocket extends Socket {
  /** The only socket that it sends to and receives from, or null. */
  #peer: Socket | null = null;
  #peerName: SocketAddress | null = null;

  /** Makes a socket its receiver, and what comes from others is not received any more. @param peer null for an address that nobody has */
  connectTo(peer: Socket | null, name: SocketAddress | null): void {
    this.#peer = peer;
    this.#peerName = name;
  }

  get isConnected(): boolean {
    return this.#peerName !== null;
  }

  peerName(): SocketAddress {
    if (this.#peerName === null) throw new LinuxError('ENOTCONN', 'the socket is not connected');
    return this.#peerName;
  }

  peerCredentials(): SocketCredentials | null {
    return this.#peer?.maker ?? null;
  }

  get #isFull(): boolean {
    return !this.hasRoom || (this.family === AF.UNIX && this.messages.length > QUEUE_MAX);
  }

  /** Whether a message of another socket is for it. */
  #takesFrom(sender: Socket): boolean {
    if (this.#peerName === null) return true;
    if (this.family === AF.UNIX) return this.#peer === sender;
    const [own, other] = [this.#peerName, sender.name];
    return own.family !== AF.UNIX && other.family !== AF.UNIX && own.port === other.port;
  }

  send(message: Message, to: Socket | null): number | WaitQueue {
    this.demandNoError();
    if (this.writeShut) throw new LinuxError('EPIPE', 'the socket was shut down');
    const isUnix = this.family === AF.UNIX;
    const { length } = message.bytes;
    if (length > (isUnix ? LENGTH_MAX.unix : LENGTH_MAX.udp))
      throw new LinuxError('EMSGSIZE', `a message of ${length} bytes`);
    const target = to ?? this.#peer;
    if (target === null) {
      if (this.#peerName === null) throw new LinuxError(isUnix ? 'ENOTCONN' : 'EDESTADDRREQ', 'no receiver');
      return this.#sendToNobody(length);
    }
    if (!target.isOpen) return this.#sendToNobody(length);
    if (!(target instanceof DatagramSocket)) throw new LinuxError('EPROTOTYPE', 'the receiver is a stream');
    if (!target.#takesFrom(this)) {
      if (isUnix) throw new LinuxError('EPERM', 'the receiver is connected with another socket');
      return length;
    }
    if (target.readShut) {
      if (isUnix) throw new LinuxError('EPIPE', 'the receiver was shut down');
      return length;
    }
    if (target.#isFull) {
      // UDP loses what there is no room for.
      return isUnix ? target.queue : length;
    }
    target.put({ ...message, from: this.#sender });
    target.queue.wake(POLL.IN | POLL.RDNORM);
    return length;
  }

  /** The address that a receiver is told: "any" stands for that of the loopback. */
  get #sender(): SocketAddress {
    const { name } = this;
    if (name.family === AF.UNIX || !isAny(name.ip)) return name;
    return { ...name, ip: this.family === AF.INET ? LOOPBACK_4 : LOOPBACK_6 };
  }

  /** Nobody has the address: local sockets say so, UDP with the next call. */
  #sendToNobody(length: number): number {
    if (this.family === AF.UNIX) {
      this.#peer = null;
      this.#peerName = null;
      throw new LinuxError('ECONNREFUSED', 'the receiver is closed');
    }
    if (this.isConnected) this.fail('ECONNREFUSED');
    return length;
  }

  receive(most: number, flags: number): Received | null {
    const first = this.messages[0];
    if (first === undefined) {
      this.demandNoError();
      return this.readShut ? NOTHING : null;
    }
    const received = receivedOf(first, most, flags);
    if ((flags & MSG.PEEK) === 0) {
      this.take();
      this.queue.wake(POLL.OUT | POLL.WRNORM);
    }
    return received;
  }

  shutdown(reading: boolean, writing: boolean): void {
    if (this.family !== AF.UNIX && !this.isConnected)
      throw new LinuxError('ENOTCONN', 'the socket is not connected');
    this.readShut ||= reading;
    this.writeShut ||= writing;
    this.queue.wake();
  }

  override poll(): number {
    let events = this.hasError ? POLL.ERR : 0;
    if (this.messages.length > 0 || this.readShut) events |= POLL.IN | POLL.RDNORM;
    if (this.readShut) events |= POLL.RDHUP;
    if (this.readShut && this.writeShut) events |= POLL.HUP;
    const peer = this.#peer;
    const isBlocked = peer instanceof DatagramSocket && this.family === AF.UNIX && peer.#isFull;
    return isBlocked ? events : events | POLL.OUT | POLL.WRNORM;
  }

  protected override closed(): void {
    this.home.leave(this);
    this.discard();
    this.queue.wake();
  }
}
