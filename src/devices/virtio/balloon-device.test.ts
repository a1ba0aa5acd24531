import { beforeEach, describe, expect, it } from 'vitest';
import { start, WAYS } from '../testing/machine.ts';
import type { VirtioDriver } from '../testing/virtio-driver.ts';
import { BALLOON_QUEUE, BalloonDevice } from './balloon-device.ts';
import { VIRTIO_CCW } from './virtio-ccw.ts';

let calls: string[];
let device: BalloonDevice;

beforeEach(() => {
  calls = [];
  device = new BalloonDevice({
    discard: (address) => calls.push(`discard ${address}`),
    giveBack: (address) => calls.push(`give back ${address}`),
  });
});

/** Returns a list of page numbers. */
function pages(driver: VirtioDriver, ...numbers: number[]): Uint8Array {
  const bytes = new Uint8Array(numbers.length * 4);
  const view = new DataView(bytes.buffer);
  numbers.forEach((number, n) => {
    view.setUint32(n * 4, number, driver.littleEndian);
  });
  return bytes;
}

/** Returns statistics, each with its tag and value. */
function statistics(driver: VirtioDriver, ...list: [number, bigint][]): Uint8Array {
  const bytes = new Uint8Array(list.length * 10);
  const view = new DataView(bytes.buffer);
  list.forEach(([tag, value], n) => {
    view.setUint16(n * 10, tag, driver.littleEndian);
    view.setBigUint64(n * 10 + 2, value, driver.littleEndian);
  });
  return bytes;
}

describe.each(WAYS)('%s', (_, options) => {
  it('discards pages and gives them back', () => {
    const { driver } = start(device, options);
    driver.send(BALLOON_QUEUE.INFLATE, [pages(driver, 3, 0xffff_ffff)], []);
    driver.send(BALLOON_QUEUE.DEFLATE, [pages(driver, 3)], []);
    expect(calls).toEqual(['discard 12288', 'discard 17592186040320', 'give back 12288']);
  });

  it('asks for pages, and learns how many it has', () => {
    const { driver, owner } = start(device, options);
    device.inflateTo(500);
    expect(owner.memory.bytes[driver.configurationIndicators + 7]).toBe(1);
    expect(driver.configuration(8).getUint32(0, true)).toBe(500);
    const actual = new Uint8Array(8);
    new DataView(actual.buffer).setUint32(4, 77, true);
    driver.command(VIRTIO_CCW.WRITE_CONFIGURATION, actual);
    expect(device.actual).toBe(77);
    expect(driver.configuration(8).getUint32(0, true)).toBe(500);
  });

  it('keeps the buffer with statistics until it wants new ones', () => {
    const { driver } = start(device, options);
    const queue = driver.queues[BALLOON_QUEUE.STATISTICS];
    expect(device.requestStatistics()).toBe(false);
    queue?.add([statistics(driver, [0, 5n], [4, 1n << 40n])], []);
    queue?.kick();
    expect(queue?.completed()).toEqual([]);
    expect([...device.statistics]).toEqual([
      [0, 5n],
      [4, 1n << 40n],
    ]);
    expect(device.requestStatistics()).toBe(true);
    expect(device.requestStatistics()).toBe(false);
    expect(queue?.completed()).toHaveLength(1);
  });
});

describe('a list that is too long', () => {
  it('is an error of the driver', () => {
    const { driver } = start(device);
    driver.queues[0]?.add([new Uint8Array(0x1_0004)], []);
    driver.queues[0]?.kick();
    expect(driver.status).toBe(0x4f);
    expect(calls).toEqual([]);
  });
});

describe('a saved state', () => {
  it('has the buffer with statistics', () => {
    const { driver, subsystem } = start(device);
    const queue = driver.queues[BALLOON_QUEUE.STATISTICS];
    queue?.add([statistics(driver, [1, 2n])], []);
    queue?.kick();
    const state = structuredClone(subsystem.save());
    expect(device.requestStatistics()).toBe(true);
    subsystem.restore(state);
    expect(subsystem.save()).toEqual(state);
    expect(device.requestStatistics()).toBe(true);
  });
});
