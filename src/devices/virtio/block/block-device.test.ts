import { beforeEach, describe, expect, it } from 'vitest';
import { attach, start, WAYS } from '../../testing/machine.ts';
import type { VirtioDriver } from '../../testing/virtio-driver.ts';
import { FEATURE, features } from '../features.ts';
import { DiskError } from './backend.ts';
import { BLOCK_REQUEST, BLOCK_STATUS, BlockDevice } from './block-device.ts';
import { MemoryDisk } from './memory-disk.ts';

const SECTORS = 64;
let content: Uint8Array;
let device: BlockDevice;

beforeEach(() => {
  content = Uint8Array.from({ length: SECTORS * 512 }, (_, n) => (n * 7 + (n >> 9)) & 0xff);
  device = new BlockDevice(new MemoryDisk(content), { serial: 'guesthouse-1' });
});

/** Returns the header of a request. */
function header(driver: VirtioDriver, type: number, sector: number): Uint8Array {
  const bytes = new Uint8Array(16);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, type, driver.littleEndian);
  view.setBigUint64(8, BigInt(sector), driver.littleEndian);
  return bytes;
}

/** Returns a range of sectors for discard and write zeroes. */
function range(driver: VirtioDriver, sector: number, sectors: number, flags = 0): Uint8Array {
  const bytes = new Uint8Array(16);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, BigInt(sector), driver.littleEndian);
  view.setUint32(8, sectors, driver.littleEndian);
  view.setUint32(12, flags, driver.littleEndian);
  return bytes;
}

describe.each(WAYS)('%s', (_, options) => {
  it('has the configuration space of the specification', () => {
    const { driver } = start(device, options);
    const view = driver.configuration(60);
    const { littleEndian } = driver;
    expect(view.getBigUint64(0, littleEndian)).toBe(BigInt(SECTORS));
    expect(view.getUint32(12, littleEndian)).toBe(126);
    expect(view.getUint32(20, littleEndian)).toBe(512);
  });

  it.each([false, true])('reads and writes sectors, through indirect descriptors: %s', (indirect) => {
    const { driver, owner } = start(device, options);
    for (let n = 0; n < 20; n++) {
      const read = driver.send(0, [header(driver, BLOCK_REQUEST.READ, n)], [512, 100, 412, 1], indirect);
      expect(read.written).toBe(1025);
      expect(read.bytes).toEqual(Uint8Array.from([...content.subarray(n * 512, n * 512 + 1024), 0]));
      const fresh = new Uint8Array(512).fill(n + 1);
      const parts = [header(driver, BLOCK_REQUEST.WRITE, n), fresh.subarray(0, 10), fresh.subarray(10)];
      expect(driver.send(0, parts, [1], indirect)).toMatchObject({ written: 1, bytes: Uint8Array.of(0) });
      expect(content.subarray(n * 512, n * 512 + 512)).toEqual(fresh);
    }
    if (options.adapter !== false) expect(owner.interruptions.adapters).toEqual(new Set([5]));
    else expect([...owner.interruptions.subchannels.values()]).toMatchObject([{ isc: 3 }]);
  });

  it('tells its serial number, flushes, discards and writes zeros', () => {
    const { driver } = start(device, options);
    const id = driver.send(0, [header(driver, BLOCK_REQUEST.GET_ID, 0)], [20, 1]);
    expect(new TextDecoder().decode(id.bytes.subarray(0, 20))).toBe('guesthouse-1\0\0\0\0\0\0\0\0');
    expect(driver.send(0, [header(driver, BLOCK_REQUEST.FLUSH, 0)], [1]).bytes).toEqual(Uint8Array.of(0));
    const zero = (type: number, ...rest: [number, number, number?]) =>
      driver.send(0, [header(driver, type, 0), range(driver, ...rest)], [1]).bytes[0];
    expect(zero(BLOCK_REQUEST.DISCARD, 2, 3)).toBe(BLOCK_STATUS.OK);
    expect(zero(BLOCK_REQUEST.WRITE_ZEROES, 8, 1, 1)).toBe(BLOCK_STATUS.OK);
    expect(content.subarray(1024, 2560).every((byte) => byte === 0)).toBe(true);
    expect(content.subarray(4096, 4608).every((byte) => byte === 0)).toBe(true);
    expect(content[2561]).not.toBe(0);
    expect(zero(BLOCK_REQUEST.DISCARD, 2, 3, 1)).toBe(BLOCK_STATUS.UNSUPPORTED);
    expect(zero(BLOCK_REQUEST.WRITE_ZEROES, SECTORS, 1)).toBe(BLOCK_STATUS.IO_ERROR);
    expect(zero(BLOCK_REQUEST.WRITE_ZEROES, 0, 0x1_0001)).toBe(BLOCK_STATUS.IO_ERROR);
  });

  it('answers requests that it cannot perform with their status', () => {
    const { driver } = start(device, options);
    const status = (type: number, sector: number, length: number) =>
      driver.send(0, [header(driver, type, sector)], [length, 1]).bytes.at(-1);
    expect(status(BLOCK_REQUEST.READ, SECTORS, 512)).toBe(BLOCK_STATUS.IO_ERROR);
    expect(status(BLOCK_REQUEST.READ, SECTORS - 1, 1024)).toBe(BLOCK_STATUS.IO_ERROR);
    expect(status(BLOCK_REQUEST.READ, 2 ** 53, 512)).toBe(BLOCK_STATUS.IO_ERROR);
    expect(status(BLOCK_REQUEST.READ, 0, 100)).toBe(BLOCK_STATUS.IO_ERROR);
    expect(status(99, 0, 512)).toBe(BLOCK_STATUS.UNSUPPORTED);
    expect(
      driver.send(0, [header(driver, BLOCK_REQUEST.WRITE, SECTORS), new Uint8Array(512)], [1]).bytes,
    ).toEqual(Uint8Array.of(BLOCK_STATUS.IO_ERROR));
  });
});

describe('a read-only disk', () => {
  it('is offered as one, and refuses writes', () => {
    const before = content.slice();
    const { driver } = start(new BlockDevice(new MemoryDisk(content, true)));
    expect((driver.features >> 5n) & 1n).toBe(1n);
    expect((driver.features >> 13n) & 3n).toBe(0n);
    const parts = [header(driver, BLOCK_REQUEST.WRITE, 0), new Uint8Array(512)];
    expect(driver.send(0, parts, [1]).bytes).toEqual(Uint8Array.of(BLOCK_STATUS.IO_ERROR));
    const zero = [header(driver, BLOCK_REQUEST.WRITE_ZEROES, 0), range(driver, 0, 1)];
    expect(driver.send(0, zero, [1]).bytes).toEqual(Uint8Array.of(BLOCK_STATUS.UNSUPPORTED));
    expect(content).toEqual(before);
  });
});

describe('a disk that fails', () => {
  it('makes requests fail, and not the device', () => {
    const disk = new MemoryDisk(content);
    disk.flush = () => {
      throw new DiskError('no space left');
    };
    const { driver } = start(new BlockDevice(disk));
    expect(driver.send(0, [header(driver, BLOCK_REQUEST.FLUSH, 0)], [1]).bytes).toEqual(Uint8Array.of(1));
    expect(driver.status).toBe(0x0f);
  });
});

describe('requests that break the rules', () => {
  const broken: [string, (driver: VirtioDriver) => void][] = [
    ['no header', (driver) => driver.queues[0]?.add([], [1])],
    ['a short header', (driver) => driver.queues[0]?.add([new Uint8Array(15)], [1])],
    ['no status', (driver) => driver.queues[0]?.add([header(driver, 0, 0)], [])],
  ];

  it.each(broken)('%s: the device needs a reset', (_, add) => {
    const { driver, owner } = start(device);
    add(driver);
    driver.queues[0]?.kick();
    expect(driver.status).toBe(0x4f);
    expect(owner.memory.bytes[driver.configurationIndicators + 7]).toBe(1);
    driver.setUp();
    expect(driver.send(0, [header(driver, BLOCK_REQUEST.READ, 0)], [512, 1]).written).toBe(513);
  });
});

describe('options', () => {
  it('a serial number has at most 20 characters of ASCII, and a disk whole sectors', () => {
    for (const serial of ['x'.repeat(21), 'ü', '\n']) {
      expect(() => new BlockDevice(new MemoryDisk(content), { serial })).toThrow(RangeError);
    }
    expect(() => new MemoryDisk(new Uint8Array(511))).toThrow(RangeError);
  });

  it('packed rings are offered only if they are wanted', () => {
    const { driver } = attach(device);
    driver.setRevision(2);
    expect(driver.offered(1)).toBe(Number(features(FEATURE.VERSION_1, FEATURE.RING_PACKED) >> 32n));
  });
});
