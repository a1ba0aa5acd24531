import { beforeEach, describe, expect, it } from 'vitest';
import { attach, start, WAYS } from '../../testing/machine.ts';
import type { VirtioDriver } from '../../testing/virtio-driver.ts';
import { features, STATUS } from '../features.ts';
import type { NetworkBackend, NetworkCard } from './backend.ts';
import { NETWORK_FEATURE, NETWORK_QUEUE, NetworkDevice } from './network-device.ts';

const MAC = Uint8Array.of(0x52, 0x54, 0, 0x12, 0x34, 0x56);
const ALONE = ~features(NETWORK_FEATURE.MERGEABLE_BUFFERS);

/** A network that records what the guest sends, and sends the answers it is given. */
class Network implements NetworkBackend {
  card!: NetworkCard;
  readonly sent: Uint8Array[] = [];
  answer: (frame: Uint8Array) => void = () => {};
  state: unknown = 7;

  connect(card: NetworkCard): void {
    this.card = card;
  }

  send(frame: Uint8Array): void {
    this.sent.push(frame);
    this.answer(frame);
  }

  save(): unknown {
    return this.state;
  }

  prepareRestore(state: unknown): () => void {
    return () => {
      this.state = state;
    };
  }
}

let network: Network;
let device: NetworkDevice;

beforeEach(() => {
  network = new Network();
  device = new NetworkDevice(network, { mac: MAC });
});

const frameOf = (length: number, byte = 0) => Uint8Array.from({ length }, (_, n) => (n + byte) & 0xff);

/** The header that a driver and the device use. */
function headerOf({ features: accepted, littleEndian }: VirtioDriver, buffers = 0): Uint8Array {
  const isLong = (accepted & features(NETWORK_FEATURE.MERGEABLE_BUFFERS, 32)) !== 0n;
  const header = new Uint8Array(isLong ? 12 : 10);
  if (isLong) new DataView(header.buffer).setUint16(10, buffers, littleEndian);
  return header;
}

const joined = (...parts: Uint8Array[]) => Uint8Array.from(parts.flatMap((part) => [...part]));

/** Gives the device buffers to receive into. */
function give(driver: VirtioDriver, ...lengths: number[]): void {
  const queue = driver.queues[NETWORK_QUEUE.RECEIVE];
  for (const length of lengths) queue?.add([], [length]);
  queue?.kick();
}

const received = (driver: VirtioDriver) =>
  (driver.queues[NETWORK_QUEUE.RECEIVE]?.completed() ?? []).map(({ bytes }) => bytes);
const transmit = (driver: VirtioDriver, ...parts: Uint8Array[]) =>
  driver.send(NETWORK_QUEUE.TRANSMIT, parts, []);

describe.each(WAYS)('%s', (_, options) => {
  it('sends frames, however they lie in memory', () => {
    const { driver } = start(device, options);
    const frame = frameOf(100);
    transmit(driver, headerOf(driver), frame);
    transmit(
      driver,
      joined(headerOf(driver), frame.subarray(0, 20)),
      frame.subarray(20, 21),
      frame.subarray(21),
    );
    expect(network.sent).toEqual([frame, frame]);
  });

  it('receives frames, each behind a header', () => {
    const { driver } = start(device, options);
    give(driver, 2000, 2000);
    const frames = [frameOf(60), frameOf(1514, 3)] as const;
    for (const frame of frames) expect(network.card.receive(frame)).toBe(true);
    expect(received(driver)).toEqual(frames.map((frame) => joined(headerOf(driver, 1), frame)));
  });

  it('spreads a frame over buffers, if the driver accepts that', () => {
    const { driver } = start(device, options);
    const frame = frameOf(300);
    give(driver, 100, 150);
    network.card.receive(frame);
    expect(received(driver)).toEqual([]);
    give(driver, 200);
    const whole = joined(headerOf(driver, 3), frame);
    expect(received(driver)).toEqual([whole.subarray(0, 100), whole.subarray(100, 250), whole.subarray(250)]);
  });

  it('delivers the answer to a frame at once', () => {
    const { driver } = start(device, options);
    network.answer = (frame) => network.card.receive(frame);
    give(driver, 200, 200);
    transmit(driver, headerOf(driver), frameOf(20));
    transmit(driver, headerOf(driver), frameOf(30));
    expect(received(driver).map(({ length }) => length)).toEqual(
      [20, 30].map((length) => length + headerOf(driver).length),
    );
  });
});

describe('without mergeable buffers', () => {
  it.each([0, 1])('a frame that does not fit into the buffer is lost (revision %i)', (revision) => {
    const { driver } = start(device, { revision, features: ALONE });
    give(driver, 100, 100);
    network.card.receive(frameOf(200));
    network.card.receive(frameOf(50));
    // Since virtio 1 the header has the number of buffers in any case.
    expect(received(driver)).toEqual([joined(headerOf(driver, 1), frameOf(50))]);
    expect(headerOf(driver)).toHaveLength(revision === 0 ? 10 : 12);
  });
});

describe('the configuration space', () => {
  it.each([
    ['little-endian', 1],
    ['big-endian in the legacy interface', 0],
  ])('has address, link and MTU, %s', (_, revision) => {
    const { driver } = start(new NetworkDevice(network, { mac: MAC, mtu: 9000 }), { revision });
    const view = driver.configuration(12);
    expect([...new Uint8Array(view.buffer, 0, 6)]).toEqual([...MAC]);
    expect([6, 8, 10].map((at) => view.getUint16(at, revision > 0))).toEqual([1, 1, 9000]);
  });

  it.each([67, 65_536, 1.5])('cannot have an MTU of %d', (mtu) => {
    expect(() => new NetworkDevice(network, { mac: MAC, mtu })).toThrow(`an MTU of ${mtu}`);
  });

  it('cannot have a short address', () => {
    expect(() => new NetworkDevice(network, { mac: MAC.subarray(1) })).toThrow('5 bytes');
  });
});

describe('a frame that is sent', () => {
  it.each([
    ['is shorter than its Ethernet header', 13, [0, 0]],
    ['is longer than the MTU allows', 1519, [0, 0]],
    ['asks for a checksum', 60, [1, 0]],
    ['asks for segmentation', 60, [0, 1]],
  ])('and %s is lost', (_, length, begin) => {
    const { driver } = start(device);
    const header = headerOf(driver);
    header.set(begin);
    transmit(driver, header, frameOf(length));
    expect(network.sent).toEqual([]);
    transmit(driver, headerOf(driver), frameOf(1518));
    expect(network.sent).toHaveLength(1);
  });

  it('and has no whole header breaks the device', () => {
    const { driver } = start(device);
    driver.queues[NETWORK_QUEUE.TRANSMIT]?.add([new Uint8Array(11)], []);
    driver.queues[NETWORK_QUEUE.TRANSMIT]?.kick();
    expect(driver.status & STATUS.NEEDS_RESET).not.toBe(0);
  });
});

describe('frames that wait', () => {
  it('are lost without a driver, and after a reset', () => {
    const { driver } = attach(device);
    expect(network.card.receive(frameOf(20))).toBe(false);
    driver.setUp();
    expect(network.card.receive(frameOf(20))).toBe(true);
    driver.setUp();
    give(driver, 100);
    expect(received(driver)).toEqual([]);
  });

  it('are at most 256', () => {
    const { driver } = start(device);
    const taken = Array.from({ length: 300 }, () => network.card.receive(frameOf(20)));
    expect(taken.filter(Boolean)).toHaveLength(256);
    give(driver, 100);
    expect(network.card.receive(frameOf(20))).toBe(true);
    expect(network.card.receive(frameOf(20))).toBe(false);
  });

  it.each([13, 1519])('cannot have %i bytes', (length) => {
    start(device);
    expect(() => network.card.receive(frameOf(length))).toThrow(`a frame of ${length} bytes`);
  });

  it('break the device if a buffer has no room for the header', () => {
    const { driver } = start(device);
    give(driver, 11);
    network.card.receive(frameOf(20));
    expect(driver.status & STATUS.NEEDS_RESET).not.toBe(0);
    expect(network.card.receive(frameOf(20))).toBe(false);
  });
});

describe('a saved state', () => {
  it('has frames that wait, buffers that were taken, and the network', () => {
    const { driver, subsystem } = start(device);
    give(driver, 40, 40);
    network.card.receive(frameOf(200));
    network.card.receive(frameOf(20));
    const state = structuredClone(subsystem.save());
    network.state = 8;
    driver.setUp();
    subsystem.restore(state);
    expect(subsystem.save()).toEqual(state);
    expect(network.state).toBe(7);
  });

  it('goes on where it was', () => {
    const { driver, subsystem } = start(device);
    give(driver, 40, 40);
    network.card.receive(frameOf(200));
    const state = structuredClone(subsystem.save());
    subsystem.restore(state);
    give(driver, 200);
    expect(joined(...received(driver))).toEqual(joined(headerOf(driver, 3), frameOf(200)));
  });
});
