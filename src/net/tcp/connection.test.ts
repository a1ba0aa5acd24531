/** The rules of a connection, one by one: a guest that sends exactly what a test wants. */

import { beforeEach, describe, expect, it } from 'vitest';
import { TestGuest, TestStream } from '../testing/test-guest.ts';
import type { GuestStream } from './host-stream.ts';
import { type Segment, TCP } from './segment.ts';

const { FIN, SYN, RST, PSH, ACK } = TCP;
/** The guest's first sequence number: the numbers wrap soon. */
const FIRST = 0xffff_fff0;
const WINDOW = 30_000;
const SIZE = 1460;

let guest: TestGuest;
let stream: TestStream;
let host: GuestStream;
/** The port of the gateway, and its sequence number after the SYN. */
let port: number;
let initial: number;

const bytes = (length: number, first = 0) => Uint8Array.from({ length }, (_, n) => (n + first) & 0xff);

/** Sends a segment. Sequence and acknowledgement count from the first byte of each direction. */
function send(flags: number, sequence: number, acknowledgement: number, more: Partial<Segment> = {}): void {
  guest.send({
    ...{ from: 80, to: port, flags, window: WINDOW, segmentSize: null, payload: new Uint8Array(0) },
    ...{ sequence: (FIRST + 1 + sequence) >>> 0, acknowledgement: (initial + acknowledgement) >>> 0 },
    ...more,
  });
}

/** Returns the segments that have come: flags, sequence, acknowledgement and length, counted in the same way. */
function came() {
  return guest.segments().map(({ flags, sequence, acknowledgement, payload }) => {
    const acknowledged = (flags & ACK) === 0 ? 0 : (acknowledgement - FIRST - 1) | 0;
    return [flags, (sequence - initial) | 0, acknowledged, payload.length];
  });
}

beforeEach(() => {
  guest = new TestGuest();
  guest.announce();
  stream = new TestStream();
  host = guest.network.open(80, stream) as GuestStream;
  const [syn] = guest.segments() as [Segment];
  port = syn.from;
  initial = syn.sequence + 1;
  expect(syn).toMatchObject({ flags: SYN, window: 0xffff, segmentSize: SIZE, payload: new Uint8Array(0) });
});

/** Answers the SYN. */
function accept(segmentSize: number | null = SIZE): void {
  send(SYN | ACK, -1, 0, { segmentSize });
  expect(came()).toEqual([[ACK, 0, 0, 0]]);
}

describe('while it opens', () => {
  it('a refusal resets the program', () => {
    send(RST | ACK, -1, 0);
    expect(stream.calls).toEqual(['reset']);
    expect([host.space, host.send(bytes(3)), came()]).toEqual([0, 0, []]);
  });

  it.each<[string, number, number, unknown[]]>([
    ['a reset that acknowledges nothing', RST, 0, []],
    ['a reset that acknowledges something else', RST | ACK, 1, []],
    ['an acknowledgement of something else', SYN | ACK, 7, [[RST, 7, 0, 0]]],
    ['an acknowledgement without SYN', ACK, 0, []],
    ['a SYN without acknowledgement', SYN, 0, []],
  ])('%s does not open or close it', (_, flags, acknowledgement, answer) => {
    send(flags, -1, acknowledgement);
    expect(came()).toEqual(answer);
    expect(stream.calls).toEqual([]);
    accept();
  });

  it('bytes and the end of the program wait', () => {
    expect(host.send(bytes(10))).toBe(10);
    host.end();
    expect([host.send(bytes(1)), came()]).toEqual([0, []]);
    send(SYN | ACK, -1, 0);
    expect(came()).toEqual([
      [ACK, 0, 0, 0],
      [FIN | PSH | ACK, 0, 0, 10],
    ]);
  });

  it('it is tried again for two minutes', () => {
    guest.wait(122_999);
    expect(guest.take()).toHaveLength(6);
    expect(stream.calls).toEqual([]);
    guest.wait(1);
    expect(stream.calls).toEqual(['reset']);
    expect(guest.network.due).toBe(null);
  });

  it('a program that goes away leaves nothing', () => {
    host.abort();
    expect(came()).toEqual([]);
    send(SYN | ACK, -1, 0);
    expect(came()).toEqual([[RST, 0, 0, 0]]);
  });
});

describe('bytes of the program', () => {
  it('are cut into segments as large as the guest wants', () => {
    accept(1000);
    host.send(bytes(2500));
    expect(came().map(([, at, , length]) => [at, length])).toEqual([
      [0, 1000],
      [1000, 1000],
      [2000, 500],
    ]);
  });

  it.each([
    [null, 536],
    [1, 64],
    [60_000, SIZE],
  ])('of a guest that wants %s have at most %i bytes', (told, most) => {
    accept(told);
    host.send(bytes(most + 10));
    expect(came().map(([, , , length]) => length)).toEqual([most, 10]);
  });

  it('begin with ten segments, and twice as many after an acknowledgement', () => {
    accept(1000);
    host.send(bytes(100_000));
    expect(came()).toHaveLength(10);
    for (let n = 1; n <= 10; n++) send(ACK, 0, n * 1000);
    expect(came()).toHaveLength(20);
  });

  it('keep within the window', () => {
    accept(1000);
    send(ACK, 0, 0, { window: 2300 });
    host.send(bytes(5000));
    // Not 300 bytes: the window will open further.
    expect(came().map(([, at, , length]) => [at, length])).toEqual([
      [0, 1000],
      [1000, 1000],
    ]);
    send(ACK, 0, 2000, { window: 400 });
    expect(came()).toEqual([[PSH | ACK, 2000, 0, 400]]);
  });

  it('are kept up to 128 KiB, and the program learns of room', () => {
    accept();
    let resumed = 0;
    stream.onResume = () => resumed++;
    expect(host.send(bytes(200_000))).toBe(131_072);
    expect([host.space, host.send(bytes(1))]).toEqual([0, 0]);
    guest.take();
    send(ACK, 0, SIZE);
    expect([resumed, host.space]).toEqual([1, SIZE]);
  });

  it('are sent again when a timer expires, each time later', () => {
    accept();
    host.send(bytes(100));
    came();
    for (const timeout of [1000, 2000, 4000]) {
      guest.wait(timeout - 1);
      expect(came()).toEqual([]);
      guest.wait(1);
      expect(came()).toEqual([[PSH | ACK, 0, 0, 100]]);
    }
    send(ACK, 0, 100);
    expect([came(), guest.network.due]).toEqual([[], null]);
    // The acknowledgement may belong to any of them, so it tells nothing about the round trip.
    host.send(bytes(100));
    came();
    guest.wait(7999);
    expect(came()).toEqual([]);
    guest.wait(1);
    expect(came()).toEqual([[PSH | ACK, 100, 0, 100]]);
  });

  it('are sent again at the third repeated acknowledgement', () => {
    accept(1000);
    host.send(bytes(5000));
    came();
    for (let n = 0; n < 2; n++) send(ACK, 0, 0);
    expect(came()).toEqual([]);
    send(ACK, 0, 0);
    expect(came()).toEqual([[PSH | ACK, 0, 0, 1000]]);
    send(ACK, 0, 0);
    send(ACK, 0, 5000);
    expect([came(), guest.network.due]).toEqual([[], null]);
  });

  it('that find no room at the device are sent later', () => {
    accept(1000);
    let room = 2;
    guest.accepts = () => room-- > 0;
    host.send(bytes(4000));
    expect(came()).toHaveLength(2);
    room = 9;
    send(ACK, 0, 2000);
    expect(came().map(([, at]) => at)).toEqual([2000, 3000]);
  });

  it('probe a closed window, as long as the guest answers', () => {
    accept();
    send(ACK, 0, 0, { window: 0 });
    host.send(bytes(3000));
    expect(came()).toEqual([]);
    for (let n = 0; n < 20; n++) {
      guest.wait(60_000);
      expect(came()).toContainEqual([PSH | ACK, 0, 0, 1]);
      send(ACK, 0, 0, { window: 0 });
    }
    expect(stream.calls).toEqual([]);
    send(ACK, 0, 0, { window: 2000 });
    expect(came().slice(0, 1)).toEqual([[PSH | ACK, 0, 0, SIZE]]);
  });

  it('and a guest that never answers end the connection', () => {
    accept();
    host.send(bytes(10));
    guest.wait(1_000_000);
    expect(came().at(-1)).toEqual([RST | ACK, 10, 0, 0]);
    expect(stream.calls).toEqual(['reset']);
    expect(guest.network.due).toBe(null);
  });

  it('that were never sent cannot be acknowledged', () => {
    accept();
    host.send(bytes(100));
    came();
    send(ACK | PSH, 0, 101, { payload: bytes(5) });
    expect(came()).toEqual([[ACK, 100, 0, 0]]);
    expect(stream.length).toBe(0);
  });

  it('end where the window did, if an old segment acknowledges some', () => {
    accept(1000);
    send(ACK, 0, 0, { window: 3000 });
    host.send(bytes(10_000));
    came();
    send(ACK | PSH, -2, 2000, { payload: bytes(5), window: 100 });
    expect(came().filter(([, , , length]) => length !== 0)).toEqual([]);
    send(ACK, 3, 3000, { window: 1000 });
    expect(came()).toEqual([[PSH | ACK, 3000, 3, 1000]]);
  });

  it('are not sent by an old window', () => {
    accept();
    send(ACK, 0, 0, { window: 0 });
    send(ACK | PSH, 10, 0, { payload: bytes(1), window: 0 });
    send(ACK, -10, 0, { window: 5000 });
    came();
    host.send(bytes(10));
    expect(came()).toEqual([]);
  });
});

describe('bytes of the guest', () => {
  beforeEach(() => accept());

  it('are acknowledged every second segment, when pushed, or after 40 ms', () => {
    send(ACK, 0, 0, { payload: bytes(SIZE) });
    expect(came()).toEqual([]);
    send(ACK, SIZE, 0, { payload: bytes(SIZE) });
    expect(came()).toEqual([[ACK, 0, 2 * SIZE, 0]]);
    send(ACK | PSH, 2 * SIZE, 0, { payload: bytes(5) });
    expect(came()).toEqual([[ACK, 0, 2 * SIZE + 5, 0]]);
    send(ACK, 2 * SIZE + 5, 0, { payload: bytes(5) });
    guest.wait(39);
    expect(came()).toEqual([]);
    guest.wait(1);
    expect(came()).toEqual([[ACK, 0, 2 * SIZE + 10, 0]]);
    expect(guest.network.due).toBe(null);
  });

  it('are acknowledged by bytes of the program', () => {
    send(ACK, 0, 0, { payload: bytes(7) });
    host.send(bytes(3));
    expect(came()).toEqual([[PSH | ACK, 0, 7, 3]]);
    send(ACK, 7, 3);
    expect(guest.network.due).toBe(null);
  });

  it('come once, whatever overlaps', () => {
    const piece = (from: number, to: number) => send(ACK, from, 0, { payload: bytes(to - from, from) });
    piece(0, 10);
    piece(5, 20);
    piece(0, 20);
    piece(3, 9);
    piece(20, 25);
    piece(0, 30);
    expect(stream.bytes).toEqual(bytes(30));
  });

  it('behind a gap are asked for again', () => {
    send(ACK, 10, 0, { payload: bytes(5, 10) });
    expect(came()).toEqual([[ACK, 0, 0, 0]]);
    send(ACK, 0, 0, { payload: bytes(15) });
    expect(stream.bytes).toEqual(bytes(15));
  });

  it('beyond the window are cut off', () => {
    stream.unsent = 0xffff;
    for (let n = 0; n < 43; n++) send(ACK, n * SIZE, 0, { payload: bytes(SIZE) });
    expect(stream.length).toBe(43 * SIZE);
    send(ACK, 43 * SIZE, 0, { payload: bytes(4000) });
    expect(stream.length).toBe(0xffff);
    expect(came().at(-1)).toEqual([ACK, 0, 0xffff, 0]);
    send(ACK, 0xffff, 0, { payload: bytes(1) });
    expect(came()).toEqual([[ACK, 0, 0xffff, 0]]);
    expect(stream.length).toBe(0xffff);
  });

  it('get a window without what the program has not taken', () => {
    stream.unsent = 30_000;
    for (let n = 0; n < 30; n++) send(ACK, n * SIZE, 0, { payload: bytes(SIZE) });
    expect(guest.segments().at(-1)?.window).toBe(0xffff - 30_000);
  });

  it('find a window again when the program has taken them', () => {
    stream.unsent = 0xffff;
    for (let n = 0; n < 44; n++) send(ACK, n * SIZE, 0, { payload: bytes(SIZE) });
    send(ACK, 44 * SIZE, 0, { payload: bytes(2000) });
    const window = () => guest.segments().map((segment) => segment.window);
    expect(window().at(-1)).toBe(0);
    stream.unsent = 0xffff - 2000;
    host.drained();
    expect(window()).toEqual([]);
    stream.unsent = 0;
    host.drained();
    expect(window()).toEqual([0xffff]);
  });
});

describe('the end', () => {
  beforeEach(() => accept());

  it('comes first from the guest: the program may still send', () => {
    send(FIN | ACK, 0, 0, { payload: bytes(3) });
    expect([came(), stream.calls, stream.length]).toEqual([[[ACK, 0, 4, 0]], ['end'], 3]);
    host.send(bytes(5));
    expect(came()).toEqual([[PSH | ACK, 0, 4, 5]]);
    send(ACK, 4, 5);
    host.end();
    expect(came()).toEqual([[FIN | ACK, 5, 4, 0]]);
    send(ACK, 4, 6);
    expect(guest.network.due).toBe(null);
    // It is forgotten at once.
    send(ACK, 4, 6);
    expect(came()).toEqual([[RST, 6, 0, 0]]);
  });

  it('comes first from the program: the guest may still send', () => {
    host.end();
    host.end();
    expect(came()).toEqual([[FIN | ACK, 0, 0, 0]]);
    send(ACK, 0, 1);
    send(ACK | PSH, 0, 1, { payload: bytes(9) });
    expect([came(), stream.length]).toEqual([[[ACK, 1, 9, 0]], 9]);
    send(FIN | ACK, 9, 1);
    expect([came(), stream.calls]).toEqual([[[ACK, 1, 10, 0]], ['end']]);
    // The guest may not have got the acknowledgement.
    send(FIN | ACK, 9, 1);
    expect(came()).toEqual([[ACK, 1, 10, 0]]);
    guest.wait(2000);
    send(FIN | ACK, 9, 1);
    expect(came()).toEqual([[RST, 1, 0, 0]]);
  });

  it('comes from both at once', () => {
    host.end();
    send(FIN | ACK, 0, 0);
    expect(came()).toEqual([
      [FIN | ACK, 0, 0, 0],
      [ACK, 1, 1, 0],
    ]);
    send(ACK, 1, 1);
    guest.wait(2000);
    expect([guest.network.due, stream.calls]).toEqual([null, ['end']]);
  });

  it('is sent again when it is lost', () => {
    host.end();
    came();
    guest.wait(1000);
    expect(came()).toEqual([[FIN | ACK, 0, 0, 0]]);
  });

  it('is not followed by bytes', () => {
    send(FIN | ACK, 0, 0);
    came();
    send(ACK | PSH, 1, 0, { payload: bytes(5) });
    expect([came(), stream.length, stream.calls]).toEqual([[[ACK, 0, 1, 0]], 0, ['end']]);
  });

  it('behind a gap or bytes that do not fit does not count yet', () => {
    send(FIN | ACK, 5, 0);
    expect([came(), stream.calls]).toEqual([[[ACK, 0, 0, 0]], []]);
    stream.unsent = 0xffff;
    for (let n = 0; n < 44; n++) send(ACK, n * SIZE, 0, { payload: bytes(SIZE) });
    send(FIN | ACK, 44 * SIZE, 0, { payload: bytes(2000) });
    expect(stream.calls).toEqual([]);
  });

  it('of a program that goes away resets the guest', () => {
    host.send(bytes(3));
    came();
    host.abort();
    expect(came()).toEqual([[RST | ACK, 3, 0, 0]]);
    host.end();
    host.drained();
    expect([came(), host.space, stream.calls]).toEqual([[], 0, []]);
    send(ACK, 0, 3);
    expect(came()).toEqual([[RST, 3, 0, 0]]);
  });
});

describe('a segment that may be forged', () => {
  beforeEach(() => accept());

  it('resets only with the next sequence number', () => {
    send(RST, 1, 0);
    expect(came()).toEqual([[ACK, 0, 0, 0]]);
    send(RST, -1, 0);
    send(RST, 0x1_0000, 0);
    expect(came()).toEqual([]);
    send(RST, 0, 0);
    expect([came(), stream.calls]).toEqual([[], ['reset']]);
  });

  it.each([-1, 0, 5, 0x2_0000])('and is a SYN at %i is answered by an acknowledgement', (at) => {
    send(SYN, at, 0);
    expect([came(), stream.calls]).toEqual([[[ACK, 0, 0, 0]], []]);
  });

  it.each([-1, 0xffff, -0x8000_0000])(
    'and is outside of the window at %i is answered by an acknowledgement',
    (at) => {
      send(ACK, at, 0, at < 0 ? {} : { payload: bytes(1) });
      expect(came()).toEqual([[ACK, 0, 0, 0]]);
      expect(stream.length).toBe(0);
    },
  );

  it('needs an acknowledgement', () => {
    send(PSH, 0, 0, { payload: bytes(3) });
    expect([came(), stream.length]).toEqual([[], 0]);
  });
});

it('at most 256 connections are open', () => {
  for (let n = 1; n < 256; n++) expect(guest.network.open(80, new TestStream())).not.toBe(null);
  expect(guest.network.open(80, new TestStream())).toBe(null);
  host.abort();
  guest.network.advance();
  expect(guest.network.open(80, new TestStream())).not.toBe(null);
});
