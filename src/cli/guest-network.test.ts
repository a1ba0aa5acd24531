/** Forwards, with real sockets and a server that stands for the guest. */

import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  ANNOUNCEMENT,
  guestSegment,
  type Segment,
  segmentIn,
  TCP,
  TestServer,
} from '../net/testing/index.ts';
import { forwardOption, GuestNetwork } from './guest-network.ts';

const TOD_PER_MILLISECOND = 4_096_000;

/** A guest whose server accepts every connection. It runs while `until` waits. */
class Guest {
  readonly network = new GuestNetwork(() => BigInt(Math.floor(performance.now() * TOD_PER_MILLISECOND)));
  readonly servers = new Map<number, TestServer>();
  /** What the server sends, and whether it accepts connections. */
  output: Uint8Array = new Uint8Array(0);
  accepts = true;
  #frames: Uint8Array[] = [];

  constructor() {
    this.network.user.connect({ receive: (frame) => this.#frames.push(frame) > 0 });
    this.network.user.send(ANNOUNCEMENT);
  }

  #handle(segment: Segment): void {
    const send = (answer: Segment) => this.network.user.send(guestSegment(answer));
    const { from, to, flags, sequence } = segment;
    if (!this.accepts) {
      const refused = { window: 0, segmentSize: null, sequence: 0, payload: new Uint8Array(0) };
      send({ ...refused, from: to, to: from, acknowledgement: sequence + 1, flags: TCP.RST | TCP.ACK });
    } else if ((flags & TCP.SYN) !== 0) {
      this.servers.set(from, new TestServer(this.output, segment, send));
    } else {
      this.servers.get(from)?.handle(segment);
    }
  }

  /** Runs until a condition holds. */
  async until(holds: () => boolean): Promise<void> {
    while (!holds()) {
      for (const frame of this.#frames.splice(0)) {
        const segment = segmentIn(frame);
        if (segment) this.#handle(segment);
      }
      this.network.service();
      await setImmediate();
    }
  }
}

let guest: Guest;
let port: number;
let sockets: Socket[];

beforeEach(async () => {
  guest = new Guest();
  port = await guest.network.forward({ host: 0, guest: 80 });
  sockets = [];
});

afterEach(() => {
  guest.network.close();
  for (const socket of sockets) socket.destroy();
});

/** Connects, and collects what comes. */
function client(allowHalfOpen = false) {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen });
  sockets.push(socket);
  const seen = { bytes: [] as Buffer[], ended: false, error: '' };
  socket.on('data', (bytes: Buffer) => seen.bytes.push(bytes));
  socket.on('end', () => {
    seen.ended = true;
  });
  socket.on('error', (error: NodeJS.ErrnoException) => {
    seen.error = error.code ?? '';
  });
  return { socket, seen };
}

const PATTERN = Uint8Array.from({ length: 1021 }, (_, n) => (n * 7) >>> 3);
const pattern = (length: number) => Buffer.alloc(length, PATTERN);

describe('a connection', () => {
  it('carries bytes both ways, and each end', async () => {
    guest.output = pattern(700_000);
    const { socket, seen } = client(true);
    const input = pattern(500_000);
    socket.end(input);
    await guest.until(() => seen.ended && guest.servers.size === 1);
    const [server] = guest.servers.values();
    await guest.until(() => server?.ended === true);
    expect(Buffer.concat(seen.bytes).equals(guest.output)).toBe(true);
    expect(Buffer.from(server?.received ?? []).equals(input)).toBe(true);
    await guest.until(() => socket.destroyed);
    expect(seen.error).toBe('');
  });

  it('does not let the guest send what the program does not read', async () => {
    guest.output = pattern(12_000_000);
    const { socket, seen } = client();
    socket.pause();
    await guest.until(() => guest.servers.size === 1);
    const [server] = guest.servers.values() as unknown as [TestServer];
    let sent = -1;
    for (let next = server.acknowledged; next > sent; next = server.acknowledged) {
      sent = next;
      const end = performance.now() + 100;
      await guest.until(() => performance.now() > end);
    }
    expect(sent).toBeLessThan(11_000_000);
    socket.resume();
    await guest.until(() => seen.ended);
    expect(Buffer.concat(seen.bytes).equals(guest.output)).toBe(true);
  });

  it('does not take from the program what the guest does not read', async () => {
    const { socket } = client();
    await guest.until(() => guest.servers.size === 1);
    const [server] = guest.servers.values();
    if (server) server.window = 0;
    let written = 0;
    const write = () => {
      while (socket.write(pattern(0x1_0000))) written++;
      socket.once('drain', write);
    };
    write();
    const end = performance.now() + 300;
    await guest.until(() => performance.now() > end);
    const before = written;
    await guest.until(() => performance.now() > end + 200);
    expect(written).toBe(before);
  });

  it('that the guest refuses is reset', async () => {
    guest.accepts = false;
    const { socket, seen } = client();
    await guest.until(() => socket.destroyed);
    expect(seen.error).toBe('ECONNRESET');
  });

  it('whose program goes away is reset in the guest', async () => {
    const { socket } = client();
    await guest.until(() => guest.servers.size === 1);
    socket.resetAndDestroy();
    await guest.until(() => guest.network.due === null);
  });

  it('ends with the guest', async () => {
    const { socket } = client();
    await guest.until(() => guest.servers.size === 1);
    guest.network.close();
    await once(socket, 'close');
  });
});

describe('a port', () => {
  it('of this computer that is taken is named', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const taken = (server.address() as AddressInfo).port;
    await expect(guest.network.forward({ host: taken, guest: 80 })).rejects.toThrow(
      `port ${taken} is already in use`,
    );
    server.close();
  });

  it('has two numbers', () => {
    expect(forwardOption('8080:80', forwardOption('0:22'))).toEqual([
      { host: 0, guest: 22 },
      { host: 8080, guest: 80 },
    ]);
  });
});
