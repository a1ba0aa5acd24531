import { beforeEach, describe, expect, it } from 'vitest';
import { StateError } from '../devices/index.ts';
import { ADDRESS, MAC, macAt, viewOf } from './addresses.ts';
import { checksum, pseudoSum } from './checksum.ts';
import { ETHERNET_BYTES } from './ethernet.ts';
import { ipv4Frame, type Route } from './ipv4.ts';
import { bytesOfRecorded, RECORDED } from './testing/recorded.ts';
import { fromGuest, segmentIn, TEST_MAC, TestGuest, TestStream } from './testing/test-guest.ts';
import { udpFrame } from './udp.ts';

const ELSEWHERE = 0x0102_0304;
const [DISCOVER, REQUEST, ARP, ECHO, SYN] = RECORDED.map(([, frame]) => bytesOfRecorded(frame)) as [
  Uint8Array,
  Uint8Array,
  Uint8Array,
  Uint8Array,
  Uint8Array,
];

let guest: TestGuest;

beforeEach(() => {
  guest = new TestGuest();
});

const ask = (frame: Uint8Array) => guest.ask(frame);

/** Returns a copy with some bytes replaced. */
function changed(frame: Uint8Array, at: number, ...bytes: number[]): Uint8Array {
  const copy = frame.slice();
  copy.set(bytes, at);
  return copy;
}

/** Calculates the checksums of the IPv4 header and of a UDP message anew. */
function summed(frame: Uint8Array): Uint8Array {
  const copy = frame.slice();
  const header = copy.subarray(ETHERNET_BYTES, ETHERNET_BYTES + 20);
  header.fill(0, 10, 12);
  viewOf(header).setUint16(10, checksum(header));
  // Without a checksum of its own.
  if (header[9] === 17) copy.fill(0, 40, 42);
  return copy;
}

/** Returns a datagram of the guest with a payload. */
function datagram(route: Partial<Route>, ...payload: number[]): Uint8Array {
  const whole = { source: ADDRESS.GUEST, destination: ADDRESS.GATEWAY, protocol: 1, ...route };
  return fromGuest(ipv4Frame(0, whole, payload.length, (bytes) => bytes.set(payload)));
}

/** What an ICMP error says: type, code, receiver, and the addresses of the datagram that it returns. */
function errorIn(frames: readonly Uint8Array[]) {
  const [frame] = frames;
  if (!frame) return null;
  const view = viewOf(frame);
  expect(checksum(frame.subarray(14, 34))).toBe(0);
  expect(checksum(frame.subarray(34))).toBe(0);
  return { type: frame[34], code: frame[35], to: view.getUint32(30), about: view.getUint32(42 + 16) };
}

describe('what Linux sends is answered as it understood it:', () => {
  it.each(RECORDED)('%s', (_, frame, answer) => {
    expect(ask(bytesOfRecorded(frame))).toEqual([bytesOfRecorded(answer)]);
  });
});

describe('a frame is ignored', () => {
  it.each<[string, () => Uint8Array]>([
    ['shorter than its header', () => ECHO.subarray(0, 13)],
    ['for another station', () => changed(ECHO, 0, 2)],
    ['of another type', () => changed(ECHO, 12, 0x86, 0xdd)],
    ['with a multicast address as sender', () => changed(ECHO, 6, 0x53)],
    ['with half an IPv4 header', () => ECHO.subarray(0, 14 + 19)],
    ['of IP version 6', () => summed(changed(ECHO, 14, 0x65))],
    ['with an IPv4 header of 16 bytes', () => summed(changed(ECHO, 14, 0x44))],
    ['with a header longer than the datagram', () => summed(changed(ECHO, 16, 0, 19))],
    ['with a datagram longer than the frame', () => summed(changed(ECHO, 16, 0, 85))],
    ['with a wrong checksum of IPv4', () => changed(ECHO, 24, 0)],
    ['that is a first fragment', () => summed(changed(ECHO, 20, 0x20, 0))],
    ['that is a last fragment', () => summed(changed(ECHO, 20, 0, 1))],
    ['with a wrong checksum of ICMP', () => changed(ECHO, 36, 0)],
    ['that is an echo reply', () => datagram({}, 0, 0, 0xff, 0xff, 0, 0, 0, 0)],
    ['with half an ICMP header', () => datagram({}, 8, 0, 0xf7, 0xff)],
    [
      'with an echo request of a multicast address',
      () => datagram({ source: 0xe000_0001 }, 8, 0, 0xf7, 0xff, 0, 0, 0, 0),
    ],
    ['with a wrong checksum of TCP', () => changed(SYN, 50, 0)],
    ['with TCP for a broadcast', () => changed(SYN, 30, 255, 255, 255, 255)],
    ['with half an ARP packet', () => ARP.subarray(0, 41)],
    ['with ARP for another kind of network', () => changed(ARP, 14, 0, 6)],
    ['with ARP for another kind of address', () => changed(ARP, 16, 0x86, 0xdd)],
    ['with an ARP request for another station', () => changed(ARP, 41, 3)],
    ['with an ARP reply', () => changed(ARP, 21, 2)],
  ])('%s', (_, frame) => {
    expect(ask(frame())).toEqual([]);
  });

  it('but not what follows a datagram in it', () => {
    const padded = new Uint8Array(ECHO.length + 20).fill(0xee);
    padded.set(ECHO);
    expect(ask(padded)).toEqual(ask(ECHO));
  });

  it('but not options of IPv4', () => {
    const options = [1, 1, 1, 0];
    const frame = Uint8Array.from([...ECHO.subarray(0, 34), ...options, ...ECHO.subarray(34)]);
    expect(ask(optionsFixed(frame))).toEqual(ask(ECHO));
  });

  /** Makes the header 24 bytes long. */
  function optionsFixed(frame: Uint8Array): Uint8Array {
    const copy = changed(frame, 14, 0x46);
    viewOf(copy).setUint16(16, copy.length - ETHERNET_BYTES);
    copy.fill(0, 24, 26);
    viewOf(copy).setUint16(24, checksum(copy.subarray(14, 38)));
    return copy;
  }
});

describe('the DHCP server', () => {
  /** Changes a message, and gives it right checksums. */
  const message = (frame: Uint8Array, at: number, ...bytes: number[]) =>
    ask(summed(changed(frame, 42 + at, ...bytes)));
  /** The type of a reply, the address that it gives, and where it goes. */
  const reply = ([frame]: readonly Uint8Array[]) => {
    if (!frame) return null;
    const view = viewOf(frame);
    const udp = frame.subarray(34);
    const sum = pseudoSum(view.getUint32(26), view.getUint32(30), 17, udp.length);
    expect([checksum(udp, sum), udp.length]).toEqual([0, 308]);
    return [frame[42 + 242], view.getUint32(42 + 16), view.getUint32(30), macAt(view, 0)];
  };

  it('offers the address, and confirms it', () => {
    expect(reply(ask(DISCOVER))).toEqual([2, ADDRESS.GUEST, ADDRESS.GUEST, TEST_MAC]);
    expect(reply(ask(REQUEST))).toEqual([5, ADDRESS.GUEST, ADDRESS.GUEST, TEST_MAC]);
  });

  it('refuses another one', () => {
    const other = changed(REQUEST, 42 + 245 + 3, 16);
    expect(reply(ask(summed(other)))).toEqual([6, 0, ADDRESS.EVERYBODY, MAC.BROADCAST]);
  });

  it('answers to everybody if it is asked to', () => {
    expect(reply(message(DISCOVER, 10, 0x80))).toEqual([2, ADDRESS.GUEST, ADDRESS.EVERYBODY, MAC.BROADCAST]);
  });

  it('renews a lease, and informs', () => {
    const renewal = [53, 1, 3, 255];
    const at = [240, ...renewal] as const;
    const client = changed(REQUEST, 42 + 12, 10, 0, 2, 15);
    expect(reply(message(client, ...at))).toEqual([5, ADDRESS.GUEST, ADDRESS.GUEST, TEST_MAC]);
    expect(reply(message(client, 240, 53, 1, 8, 255))).toEqual([5, 0, ADDRESS.GUEST, TEST_MAC]);
  });

  it.each<[string, number, number[]]>([
    ['is a reply', 0, [2]],
    ['is not of Ethernet', 1, [6]],
    ['has a hardware address of 16 bytes', 2, [16]],
    ['comes from a relay', 24, [10, 0, 2, 3]],
    ['has another cookie', 236, [0]],
    ['has a multicast hardware address', 28, [1]],
    ['has no type', 240, [255]],
    ['has a type of two bytes', 240, [53, 2, 1, 1, 255]],
    ['has an unknown type', 240, [53, 1, 99]],
    ['releases the address', 240, [53, 1, 7]],
    ['has an option that ends behind it', 240, [53, 1, 3, 12, 255]],
    ['is for another server', 240, [53, 1, 3, 54, 4, 10, 0, 2, 9, 255]],
  ])('does not answer a message that %s', (_, at, bytes) => {
    expect(message(REQUEST, at, ...bytes)).toEqual([]);
  });

  it('does not answer half a message', () => {
    const route = { source: 0, destination: ADDRESS.EVERYBODY };
    const half = DISCOVER.subarray(42, 42 + 239);
    expect(ask(fromGuest(udpFrame(0, route, { from: 68, to: 67, payload: half })))).toEqual([]);
  });
});

describe('what cannot be reached', () => {
  const udp = (destination: number, change: (frame: Uint8Array) => void = () => {}) => {
    const route = { source: ADDRESS.GUEST, destination };
    const frame = fromGuest(udpFrame(0, route, { from: 1000, to: 53, payload: Uint8Array.of(1, 2, 3) }));
    change(frame);
    return errorIn(ask(frame));
  };

  it('is a port of the gateway, and everything elsewhere', () => {
    const told = { type: 3, to: ADDRESS.GUEST };
    expect(udp(ADDRESS.GATEWAY)).toEqual({ ...told, code: 3, about: ADDRESS.GATEWAY });
    expect(udp(ELSEWHERE)).toEqual({ ...told, code: 13, about: ELSEWHERE });
    expect(errorIn(ask(datagram({ protocol: 99 })))).toMatchObject({ code: 2 });
    expect(errorIn(ask(datagram({ protocol: 99, destination: ELSEWHERE })))).toMatchObject({ code: 13 });
  });

  it.each<[string, number]>([
    ['a broadcast', ADDRESS.BROADCAST],
    ['everybody', ADDRESS.EVERYBODY],
    ['a multicast', 0xe000_00fb],
  ])('is not told of %s', (_, destination) => {
    expect(udp(destination)).toBe(null);
  });

  it('is not told to a sender that is no station, or of an error', () => {
    expect(ask(datagram({ protocol: 99, source: 0 }))).toEqual([]);
    expect(ask(datagram({ protocol: 99, source: 0x7f00_0001 }))).toEqual([]);
    expect(ask(datagram({ destination: ELSEWHERE }, 3, 3, 0xfc, 0xfc, 0, 0, 0, 0))).toEqual([]);
    expect(ask(datagram({ destination: ELSEWHERE }))).toEqual([]);
  });

  it('is not told for a message with a wrong length or checksum', () => {
    expect(udp(ELSEWHERE, (frame) => frame.set([0, 7], 38))).toBe(null);
    expect(udp(ELSEWHERE, (frame) => frame.set([0, 12], 38))).toBe(null);
    expect(udp(ELSEWHERE, (frame) => frame.set([0x12], 40))).toBe(null);
    expect(ask(datagram({ protocol: 17, destination: ELSEWHERE }, 1, 2, 3, 4, 0, 7, 0))).toEqual([]);
  });

  it('is refused by a reset for TCP', () => {
    const [answer] = ask(SYN);
    const sent = segmentIn(SYN);
    const expected = {
      from: 80,
      to: sent?.from,
      sequence: 0,
      acknowledgement: (sent?.sequence ?? 0) + 1,
      flags: 0x14,
    };
    expect(segmentIn(answer as Uint8Array)).toMatchObject(expected);
    guest.send({
      from: 5,
      to: 6,
      sequence: 70,
      acknowledgement: 99,
      flags: 0x10,
      window: 1,
      segmentSize: null,
      payload: new Uint8Array(3),
    });
    expect(guest.segments()).toMatchObject([{ sequence: 99, flags: 4, from: 6, to: 5 }]);
    guest.send({
      from: 5,
      to: 6,
      sequence: 70,
      acknowledgement: 99,
      flags: 0x04,
      window: 1,
      segmentSize: null,
      payload: new Uint8Array(0),
    });
    expect(guest.take()).toEqual([]);
  });
});

describe('the guest', () => {
  it('is asked for its MAC address, and gets the SYN as soon as it answers', () => {
    guest.network.open(80, new TestStream());
    const [question, ...more] = guest.take() as [Uint8Array];
    expect(more).toEqual([]);
    expect([macAt(viewOf(question), 0), question[21], viewOf(question).getUint32(38)]).toEqual([
      MAC.BROADCAST,
      1,
      ADDRESS.GUEST,
    ]);
    guest.network.send(changed(ARP, 21, 2));
    expect(guest.segments()).toMatchObject([{ flags: 2, to: 80 }]);
    guest.wait(999);
    expect(guest.take()).toEqual([]);
    guest.wait(1);
    expect(guest.segments()).toMatchObject([{ flags: 2 }]);
  });

  it('is not who has another address', () => {
    guest.network.open(80, new TestStream());
    guest.ask(changed(ARP, 31, 16));
    guest.wait(1000);
    expect(guest.segments()).toEqual([]);
  });
});

describe('a saved state', () => {
  it('resets connections when it is restored', () => {
    guest.announce();
    const stream = new TestStream();
    guest.network.open(80, stream);
    const [syn] = guest.segments();
    guest.send({
      from: 80,
      to: syn?.from ?? 0,
      sequence: 500,
      acknowledgement: 1 + (syn?.sequence ?? 0),
      flags: 0x12,
      window: 100,
      segmentSize: null,
      payload: new Uint8Array(0),
    });
    const state = structuredClone(guest.network.save());
    const other = new TestGuest();
    other.network.prepareRestore(state)();
    expect(other.network.save()).toEqual(state);
    expect(other.network.due).toBe(0);
    other.network.advance();
    const reset = {
      from: syn?.from,
      to: 80,
      sequence: 1 + (syn?.sequence ?? 0),
      acknowledgement: 501,
      flags: 0x14,
    };
    expect(other.segments()).toMatchObject([reset]);
    expect(other.network.due).toBe(null);
    expect(stream.calls).toEqual([]);
    guest.network.prepareRestore(state)();
    expect(stream.calls).toEqual(['reset']);
  });

  it('goes on with other ports', () => {
    guest.announce();
    guest.network.open(80, new TestStream());
    const [first] = guest.segments();
    guest.network.prepareRestore(guest.network.save())();
    guest.network.advance();
    guest.take();
    guest.network.open(80, new TestStream());
    const [second] = guest.segments();
    expect(second?.from).toBe((first?.from ?? 0) + 1);
    expect(second?.sequence).not.toBe(first?.sequence);
  });

  it.each<[string, unknown]>([
    ['nothing', null],
    ['a MAC address of 49 bits', { guest: 2 ** 48, connections: { opened: 0, resets: [] } }],
    ['no connections', { guest: null }],
    ['a strange port', { guest: null, connections: { opened: 0, resets: [{ from: 1, to: 65_536 }] } }],
    ['too many connections', { guest: null, connections: { opened: 0, resets: new Array(600).fill(null) } }],
  ])('with %s is refused', (_, state) => {
    expect(() => guest.network.prepareRestore(state)).toThrow(StateError);
  });
});

it('without a device nothing happens', () => {
  guest.accepts = () => false;
  guest.announce();
  guest.network.open(80, new TestStream());
  guest.wait(200_000);
  expect(guest.network.due).toBe(null);
});
