import { beforeEach, describe, expect, it } from 'vitest';
import { CommandError } from '../testing/errors.ts';
import { attach, start, type TestMachine, WAYS } from '../testing/machine.ts';
import { numbers } from '../testing/virtio-driver.ts';
import { ConsoleDevice } from './console-device.ts';
import { FEATURE, features } from './features.ts';
import { VIRTIO_CCW } from './virtio-ccw.ts';

let output: string;
let device: ConsoleDevice;
let machine: TestMachine;

beforeEach(() => {
  output = '';
  device = new ConsoleDevice({
    write: (bytes) => {
      output += String.fromCharCode(...bytes);
    },
  });
  machine = attach(device);
});

const rejected = (action: () => unknown) => expect(action).toThrow(CommandError);

describe('SENSE ID', () => {
  it('has the control-unit type of virtio, and the device ID as model', () => {
    const bytes = machine.driver.command(0xe4, 7);
    expect([...bytes]).toEqual([0xff, 0x38, 0x32, 3, 0, 0, 0]);
  });
});

describe('revisions', () => {
  it('are 0 to 2, and set once until the subchannel is disabled', () => {
    const { driver } = machine;
    rejected(() => driver.setRevision(3));
    driver.setRevision(1);
    rejected(() => driver.setRevision(1));
    driver.channel.disable();
    driver.channel.enable();
    driver.setRevision(2);
  });

  it('have no data of their own, of which the length must be right', () => {
    const { driver } = machine;
    rejected(() => driver.command(VIRTIO_CCW.SET_REVISION, numbers([2, 1], [2, 4])));
    driver.command(VIRTIO_CCW.SET_REVISION, numbers([2, 1], [2, 4], [4, 0]));
  });

  it('below 2 have no READ STATUS', () => {
    const { driver } = machine;
    driver.setRevision(1);
    rejected(() => driver.status);
  });

  it('below 1 have no features beyond bit 31', () => {
    const { driver } = machine;
    expect(driver.offered(1)).toBe(0);
    expect(driver.offered(0)).toBe(Number(features(0, 2, FEATURE.INDIRECT_DESCRIPTORS, FEATURE.EVENT_INDEX)));
    rejected(() => driver.command(VIRTIO_CCW.WRITE_FEATURES, Uint8Array.of(1, 0, 0, 0, 1)));
    driver.command(VIRTIO_CCW.WRITE_FEATURES, Uint8Array.of(0, 0, 0, 0, 1));
  });
});

describe('features', () => {
  it('cannot be accepted if they were not offered, or without version 1', () => {
    const { driver } = machine;
    driver.setRevision(2);
    const accept = (low: number, high: number) => {
      driver.command(VIRTIO_CCW.WRITE_FEATURES, Uint8Array.of(low, 0, 0, 0, 0));
      driver.command(VIRTIO_CCW.WRITE_FEATURES, Uint8Array.of(high, 0, 0, 0, 1));
      driver.setStatus(0x0b);
    };
    rejected(() => accept(0, 0));
    rejected(() => accept(2, 1));
    expect(driver.status).toBe(0);
    accept(1, 1);
    expect(driver.status).toBe(0x0b);
    rejected(() => accept(1, 1));
  });
});

describe('commands with wrong operands', () => {
  it('are rejected, and change nothing', () => {
    const { driver, subsystem } = machine;
    driver.setRevision(2);
    const before = subsystem.save();
    const commands: [number, number | Uint8Array][] = [
      [VIRTIO_CCW.SET_REVISION, 3],
      [VIRTIO_CCW.READ_FEATURES, 4],
      [VIRTIO_CCW.WRITE_FEATURES, 4],
      [VIRTIO_CCW.SET_QUEUE, 31],
      [VIRTIO_CCW.SET_QUEUE, numbers([8, 0x10000], [4, 0], [2, 2], [2, 8], [8, 0], [8, 0])],
      [VIRTIO_CCW.SET_QUEUE, numbers([8, 0x10000], [4, 0], [2, 0], [2, 0], [8, 0], [8, 0])],
      [VIRTIO_CCW.SET_QUEUE, numbers([8, 0x10000], [4, 0], [2, 0], [2, 128], [8, 0], [8, 0])],
      [VIRTIO_CCW.SET_QUEUE, numbers([8, 0x10000], [4, 0], [2, 0], [2, 7], [8, 0], [8, 0])],
      [VIRTIO_CCW.READ_QUEUE_CONFIGURATION, 1],
      [VIRTIO_CCW.SET_INDICATORS, 7],
      [VIRTIO_CCW.SET_CONFIGURATION_INDICATORS, 7],
      [VIRTIO_CCW.SET_ADAPTER_INDICATORS, 24],
      [VIRTIO_CCW.SET_ADAPTER_INDICATORS, numbers([8, 1], [8, 1], [8, 0], [1, 8])],
      [0x0b, 0],
    ];
    for (const [command, operands] of commands) {
      rejected(() => driver.command(command, operands));
      driver.command(0x03, 0);
    }
    driver.command(0x04, 32);
    expect({ ...(subsystem.save() as object) }).toMatchObject({
      subchannels: [{ device: (before as { subchannels: { device: object }[] }).subchannels[0]?.device }],
    });
  });

  it('a queue that does not exist has size 0', () => {
    expect(machine.driver.queueMaximum(0)).toBe(64);
    expect(machine.driver.queueMaximum(2)).toBe(0);
    expect(machine.driver.queueMaximum(0xffff)).toBe(0);
  });

  it('a legacy ring must be aligned to 4,096', () => {
    rejected(() =>
      machine.driver.command(VIRTIO_CCW.SET_QUEUE, numbers([8, 0x10000], [4, 2048], [2, 0], [2, 8])),
    );
  });
});

describe('indicators', () => {
  it('of the device and of the adapter exclude each other', () => {
    const { driver } = machine;
    driver.setRevision(1);
    driver.command(VIRTIO_CCW.SET_INDICATORS, numbers([8, 0x9000]));
    rejected(() => driver.setAdapterIndicators());
    driver.command(VIRTIO_CCW.SET_INDICATORS, numbers([8, 0]));
    driver.setAdapterIndicators();
    rejected(() => driver.command(VIRTIO_CCW.SET_INDICATORS, numbers([8, 0x9000])));
  });

  it('of the adapter are set with the summary, and interrupt once until it is cleared', () => {
    const { driver, owner } = start(device);
    driver.send(1, [new Uint8Array(1)], []);
    expect(owner.memory.bytes[driver.indicators]).toBe(0x40);
    expect(owner.memory.bytes[driver.summary]).toBe(1);
    expect(owner.interruptions.takeAdapter(5)).toBe(true);
    driver.send(1, [new Uint8Array(1)], []);
    expect(owner.interruptions.takeAdapter(5)).toBe(false);
    owner.memory.bytes[driver.summary] = 0;
    driver.send(1, [new Uint8Array(1)], []);
    expect(owner.interruptions.takeAdapter(5)).toBe(true);
  });

  it('of the device are bits of a big-endian number', () => {
    const { driver, owner } = start(device, { revision: 1, adapter: false });
    driver.send(1, [new Uint8Array(1)], []);
    expect(owner.memory.view.getBigUint64(driver.indicators)).toBe(2n);
    expect(owner.interruptions.subchannels.size).toBe(1);
  });

  it('without memory are not set, and nothing else happens', () => {
    const { driver, owner } = start(device);
    const nowhere = numbers([8, 2 ** 40], [8, 2 ** 40], [8, 2 ** 50], [1, 5]);
    driver.command(VIRTIO_CCW.SET_ADAPTER_INDICATORS, nowhere);
    driver.send(1, [new Uint8Array(1)], []);
    expect(owner.interruptions.adapters.size).toBe(0);
    expect(driver.status).toBe(0x0f);
  });
});

describe('a driver that does not want interruptions', () => {
  it.each(WAYS)('gets none: %s', (_, options) => {
    const { driver, owner } = start(device, options);
    const [, queue] = driver.queues;
    queue?.wantInterruption(false);
    driver.send(1, [new Uint8Array(1)], []);
    expect(owner.interruptions.adapters.size + owner.interruptions.subchannels.size).toBe(0);
    queue?.wantInterruption(true);
    driver.send(1, [new Uint8Array(1)], []);
    expect(owner.interruptions.adapters.size + owner.interruptions.subchannels.size).toBe(1);
  });
});

describe('reset', () => {
  it.each([
    ['by its command', VIRTIO_CCW.RESET, 0],
    ['by status 0', VIRTIO_CCW.WRITE_STATUS, Uint8Array.of(0)],
  ] as const)('%s forgets queues, features and indicators', (_, command, operands) => {
    const { driver, subsystem } = start(device);
    driver.command(command, operands);
    expect(driver.status).toBe(0);
    driver.queues[1]?.add([Uint8Array.of(65)], []);
    expect(subsystem.notify(driver.channel.id, 1n)).toBe(0n);
    expect(output).toBe('');
  });

  it('of the channel subsystem resets the device, too', () => {
    const { driver, subsystem } = start(device);
    subsystem.reset();
    driver.setUp();
    driver.send(1, [Uint8Array.of(65)], []);
    expect(output).toBe('A');
  });
});

describe('buffers made available before the driver is ready', () => {
  it('are processed when it is', () => {
    const { driver } = machine;
    driver.setRevision(2);
    driver.revision = 2;
    driver.negotiate(~0n);
    driver.setUpQueues(8);
    driver.queues[1]?.add([Uint8Array.of(66)], []);
    driver.notify(1);
    expect(output).toBe('');
    driver.setStatus(0x0f);
    expect(output).toBe('B');
  });
});
