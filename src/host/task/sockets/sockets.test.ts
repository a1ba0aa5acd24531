import { describe, expect, it } from 'vitest';
import { Machine } from '../../../machine/index.ts';
import { Host } from '../../host.ts';
import { POLL } from '../abi/files.ts';
import { AF, MSG, SO, SOCK, SOL_SOCKET } from '../abi/sockets.ts';
import { FileHost, FileSystem, MAGIC, makePipe } from '../files/index.ts';
import { ANY_4, LOOPBACK_4 } from './address.ts';
import { DatagramSocket } from './datagram-socket.ts';
import type { Message } from './socket.ts';
import { SocketNames } from './socket-names.ts';
import { StreamSocket } from './stream-socket.ts';

const host = new Host(new Machine());
const fs = new FileSystem(new FileHost(host.kernel, host.common, () => 0n), 'sockfs', MAGIC.SOCKFS);
const ME = { pid: 1, uid: 0, gid: 0 };
const message = (text: string, rights: Message['rights'] = []): Message => ({
  ...{ bytes: new TextEncoder().encode(text), from: null, credentials: ME, rights },
});
const text = (received: { bytes: Uint8Array } | null) => received && new TextDecoder().decode(received.bytes);

function streams(names = new SocketNames()): [StreamSocket, StreamSocket] {
  const kind = { family: AF.UNIX, type: SOCK.STREAM, protocol: 0 };
  const [one, other] = [new StreamSocket(fs, kind, ME, names), new StreamSocket(fs, kind, ME, names)];
  one.pairWith(other, ME);
  return [one, other];
}

function internet(names: SocketNames): StreamSocket {
  return new StreamSocket(fs, { family: AF.INET, type: SOCK.STREAM, protocol: 6 }, ME, names);
}

describe('a stream', () => {
  it('joins what is sent, and can be looked at without being taken', () => {
    const [one, other] = streams();
    one.send(message('ab'), null);
    one.send(message('cd'), null);
    expect(text(other.receive(3, MSG.PEEK))).toBe('abc');
    expect(text(other.receive(3, 0))).toBe('abc');
    expect(text(other.receive(3, 0))).toBe('d');
    expect(other.receive(3, 0)).toBeNull();
  });

  it('takes only as much as there is room for, and goes on when it was read', () => {
    const [one, other] = streams();
    const large = { ...message(''), bytes: new Uint8Array(300_000) };
    const sent = one.send(large, null);
    expect(sent).toBe(212_992);
    expect(one.send(large, null)).toBe(one.queue);
    expect(one.poll() & POLL.OUT).toBe(0);
    other.receive(100_000, 0);
    expect(one.poll() & POLL.OUT).toBe(POLL.OUT);
  });

  it('ends with the other end, and an end with unread bytes is a reset', () => {
    const [one, other] = streams();
    one.send(message('x'), null);
    other.release();
    expect(() => one.send(message('y'), null)).toThrow(/closed/);
    expect(() => one.receive(1, 0)).toThrow(/failed/);
    expect(text(one.receive(1, 0))).toBe('');
  });

  it('releases files that nobody has taken, however deep sockets are in one another', () => {
    const names = new SocketNames();
    const { reader, writer } = makePipe(fs, 0);
    let carried: Message['rights'] = [reader];
    for (let i = 0; i < 20_000; i++) {
      const [one, other] = streams(names);
      one.send(message('x', carried), null);
      one.release();
      carried = [other];
    }
    expect(names.inFlight).toBe(20_000);
    names.dispose(carried);
    expect(names.inFlight).toBe(0);
    expect(reader.isOpen).toBe(false);
    writer.release();
  });
});

describe('ports', () => {
  it('are given once, unless both sockets share them', () => {
    const names = new SocketNames();
    const [one, other] = [internet(names), internet(names)];
    names.bindPort(one, ANY_4, 80);
    expect(() => names.bindPort(other, LOOPBACK_4, 80)).toThrow(/in use/);
    for (const { options } of [one, other]) options.set(`${SOL_SOCKET}:${SO.REUSEADDR}`, 1);
    names.bindPort(other, LOOPBACK_4, 80);
    one.listen(1, ME);
    expect(names.ofPort(internet(names), { family: AF.INET, ip: LOOPBACK_4, port: 80 })).toBe(one);
  });

  it('are free again when the socket is closed', () => {
    const names = new SocketNames();
    const one = internet(names);
    names.bindPort(one, ANY_4, 80);
    one.release();
    names.bindPort(internet(names), ANY_4, 80);
  });
});

describe('datagrams', () => {
  it('stay apart, are cut off, and fill the queue of a local socket', () => {
    const names = new SocketNames();
    const kind = { family: AF.UNIX, type: SOCK.DGRAM, protocol: 0 };
    const [one, other] = [new DatagramSocket(fs, kind, ME, names), new DatagramSocket(fs, kind, ME, names)];
    one.connectTo(other, other.name);
    let sent = 0;
    while (typeof one.send(message(`m${sent}`), null) === 'number' && sent < 100) sent++;
    expect(sent).toBe(11);
    expect(other.receive(1, 0)).toMatchObject({ length: 2 });
    expect(text(other.receive(9, 0))).toBe('m1');
  });
});
