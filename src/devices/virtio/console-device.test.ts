import { beforeEach, describe, expect, it } from 'vitest';
import { attach, start, WAYS } from '../testing/machine.ts';
import type { VirtioDriver } from '../testing/virtio-driver.ts';
import { CONSOLE_QUEUE, ConsoleDevice } from './console-device.ts';
import { VIRTIO_CCW } from './virtio-ccw.ts';

let output: string;
let device: ConsoleDevice;
const text = (bytes: Uint8Array) => String.fromCharCode(...bytes);
const bytesOf = (content: string) => Uint8Array.from(content, (character) => character.charCodeAt(0));

beforeEach(() => {
  output = '';
  device = new ConsoleDevice({ write: (bytes) => void (output += text(bytes)) }, { columns: 132, rows: 43 });
});

/** What the test reads of a saved state. */
interface Saved {
  readonly subchannels: readonly { readonly device: { readonly device: unknown } }[];
}

/** Returns the input that the driver has got. */
function received(driver: VirtioDriver): string {
  return (driver.queues[CONSOLE_QUEUE.RECEIVE]?.completed() ?? []).map(({ bytes }) => text(bytes)).join('|');
}

describe.each(WAYS)('%s', (_, options) => {
  it('writes what the guest sends', () => {
    const { driver } = start(device, options);
    for (let n = 0; n < 30; n++)
      driver.send(CONSOLE_QUEUE.TRANSMIT, [bytesOf('hello '), bytesOf(`${n}\n`)], []);
    expect(output).toBe(Array.from({ length: 30 }, (_one, n) => `hello ${n}\n`).join(''));
  });

  it('keeps input until the guest has room for it', () => {
    const { driver } = start(device, options);
    const [queue] = driver.queues;
    queue?.add([], [4]);
    queue?.kick();
    expect(device.input(bytesOf('abcdefghij'))).toBe(10);
    expect(received(driver)).toBe('abcd');
    queue?.add([], [3, 2]);
    queue?.kick();
    expect(received(driver)).toBe('efghi');
    for (let n = 0; n < 3; n++) queue?.add([], [8]);
    queue?.kick();
    expect(received(driver)).toBe('j');
    device.input(bytesOf('kl'));
    expect(received(driver)).toBe('kl');
  });
});

describe('input', () => {
  it('that comes before there is a driver waits for it', () => {
    const { driver } = attach(device);
    device.input(bytesOf('early'));
    driver.setUp();
    driver.queues[CONSOLE_QUEUE.RECEIVE]?.add([], [8]);
    driver.queues[CONSOLE_QUEUE.RECEIVE]?.kick();
    expect(received(driver)).toBe('early');
  });

  it('that waits is part of the saved state', () => {
    const { driver, subsystem } = start(device);
    device.input(bytesOf('later'));
    const state = structuredClone(subsystem.save());
    driver.send(CONSOLE_QUEUE.RECEIVE, [], [8]);
    expect(device.inputSpace).toBe(0x1_0000);
    device.prepareRestore((state as never as Saved).subchannels[0]?.device.device)();
    expect(device.inputSpace).toBe(0x1_0000 - 5);
  });

  it('is refused beyond 64 KiB', () => {
    start(device);
    expect(device.input(new Uint8Array(0x2_0000))).toBe(0x1_0000);
    expect(device.inputSpace).toBe(0);
    expect(device.input(bytesOf('x'))).toBe(0);
  });
});

describe('the size of the terminal', () => {
  it('is in the configuration space, and the guest learns of another one', () => {
    const { driver, owner } = start(device);
    const size = () => [
      driver.configuration(8).getUint16(0, true),
      driver.configuration(8).getUint16(2, true),
    ];
    expect(size()).toEqual([132, 43]);
    device.resize({ columns: 80, rows: 25 });
    expect(owner.memory.bytes[driver.configurationIndicators + 7]).toBe(1);
    expect(owner.interruptions.subchannels.size).toBe(1);
    expect(size()).toEqual([80, 25]);
    expect(() => device.resize({ columns: 0, rows: 25 })).toThrow(RangeError);
  });
});

describe('a driver in need', () => {
  it('writes characters into the configuration space', () => {
    const { driver } = start(device);
    const bytes = new Uint8Array(12);
    bytes[8] = 0x21;
    driver.command(VIRTIO_CCW.WRITE_CONFIGURATION, bytes);
    expect(output).toBe('!');
    driver.command(VIRTIO_CCW.WRITE_CONFIGURATION, new Uint8Array(4));
    expect(output).toBe('!');
  });
});
