/** The block device. Virtio 1.2, section 5.2. */

import { SavedFields, StateError } from '../../saved-state.ts';
import { features } from '../features.ts';
import type { Request } from '../request.ts';
import { RingError } from '../ring-error.ts';
import { DEVICE_ID, type VirtioDevice, type VirtioPort } from '../virtio-device.ts';
import type { Virtqueue } from '../virtqueue.ts';
import { type DiskBackend, DiskError } from './backend.ts';

/** Feature bits of the block device. */
export const BLOCK_FEATURE = {
  SIZE_MAX: 1,
  SEG_MAX: 2,
  READ_ONLY: 5,
  BLOCK_SIZE: 6,
  FLUSH: 9,
  DISCARD: 13,
  WRITE_ZEROES: 14,
} as const;

/** Types of requests. */
export const BLOCK_REQUEST = {
  READ: 0,
  WRITE: 1,
  FLUSH: 4,
  GET_ID: 8,
  DISCARD: 11,
  WRITE_ZEROES: 13,
} as const;

/** Results of requests. */
export const BLOCK_STATUS = { OK: 0, IO_ERROR: 1, UNSUPPORTED: 2 } as const;

const SECTOR = 512;
const QUEUE_SIZE = 256;
const HEADER_BYTES = 16;
const ID_BYTES = 20;
/** Maximum length in bytes of a segment, and number of segments, that a request may have. */
const SIZE_MAX = 0x10_0000;
const SEG_MAX = 126;
/** Maximum length in bytes of the data of a request, and of what is copied at a time. */
const DATA_MAX = SEG_MAX * SIZE_MAX;
const CHUNK = 0x1_0000;
/** Maximum number of sectors of a range that is discarded or zeroed. There is one range in a request. */
const RANGE_SECTORS_MAX = 0x1_0000;
const RANGE_BYTES = 16;
const UNMAP = 1;
const CONFIGURATION_BYTES = 60;

/** Options of a block device. */
export interface BlockOptions {
  /** What the driver gets as its serial number: at most 20 bytes of ASCII. Default: empty. */
  readonly serial?: string;
}

/** A block device on a disk. */
export class BlockDevice implements VirtioDevice {
  readonly id = DEVICE_ID.BLOCK;
  readonly features: bigint;
  readonly queueSizes = [QUEUE_SIZE];
  readonly #disk: DiskBackend;
  readonly #serial = new Uint8Array(ID_BYTES);
  #port!: VirtioPort;

  /** @throws RangeError if the serial number is too long or not ASCII */
  constructor(disk: DiskBackend, { serial = '' }: BlockOptions = {}) {
    this.#disk = disk;
    if (serial.length > ID_BYTES || !/^[\x20-\x7e]*$/.test(serial)) {
      throw new RangeError(`serial number "${serial}" is not at most ${ID_BYTES} characters of ASCII`);
    }
    this.#serial.set(Array.from(serial, (character) => character.charCodeAt(0)));
    const {
      SIZE_MAX: size,
      SEG_MAX: segments,
      BLOCK_SIZE,
      FLUSH,
      READ_ONLY,
      DISCARD,
      WRITE_ZEROES,
    } = BLOCK_FEATURE;
    const kind = disk.readOnly ? [READ_ONLY] : [DISCARD, WRITE_ZEROES];
    this.features = features(size, segments, BLOCK_SIZE, FLUSH, ...kind);
  }

  connect(port: VirtioPort): void {
    this.#port = port;
  }

  readConfiguration(littleEndian: boolean): Uint8Array {
    const bytes = new Uint8Array(CONFIGURATION_BYTES);
    const view = new DataView(bytes.buffer);
    view.setBigUint64(0, BigInt(this.#disk.size / SECTOR), littleEndian);
    view.setUint32(8, SIZE_MAX, littleEndian);
    view.setUint32(12, SEG_MAX, littleEndian);
    view.setUint32(20, SECTOR, littleEndian);
    if (this.#disk.readOnly) return bytes;
    view.setUint32(36, RANGE_SECTORS_MAX, littleEndian);
    view.setUint32(40, 1, littleEndian);
    view.setUint32(44, 1, littleEndian);
    view.setUint32(48, RANGE_SECTORS_MAX, littleEndian);
    view.setUint32(52, 1, littleEndian);
    view.setUint8(56, 1);
    return bytes;
  }

  writeConfiguration(): void {
    // No field may be written.
  }

  process(queue: Virtqueue): void {
    for (const request of queue.requests()) {
      const end = request.writableLength - 1;
      if (end < 0 || request.readableLength < HEADER_BYTES)
        throw new RingError('a request without header or status');
      const header = request.read(0, HEADER_BYTES);
      const view = new DataView(header.buffer);
      const { littleEndian } = this.#port;
      const type = view.getUint32(0, littleEndian);
      const status = this.#perform(request, type, view.getBigUint64(8, littleEndian), end);
      request.write(end, Uint8Array.of(status));
      // The status is behind the data, so all of the buffer counts as written, as in QEMU, even if there was an error.
      queue.give(request, end + 1);
    }
  }

  /** Performs a request. Returns its status. @param room for data, in bytes */
  #perform(request: Request, type: number, sector: bigint, room: number): number {
    try {
      switch (type) {
        case BLOCK_REQUEST.READ:
          return this.#read(request, sector, room);
        case BLOCK_REQUEST.WRITE:
          return this.#write(request, sector);
        case BLOCK_REQUEST.FLUSH:
          this.#disk.flush();
          return BLOCK_STATUS.OK;
        case BLOCK_REQUEST.GET_ID:
          request.write(0, this.#serial.subarray(0, room));
          return BLOCK_STATUS.OK;
        case BLOCK_REQUEST.DISCARD:
        case BLOCK_REQUEST.WRITE_ZEROES:
          return this.#zero(request, type);
        default:
          return BLOCK_STATUS.UNSUPPORTED;
      }
    } catch (error) {
      if (!(error instanceof DiskError)) throw error;
      return BLOCK_STATUS.IO_ERROR;
    }
  }

  #read(request: Request, sector: bigint, length: number): number {
    const offset = this.#demandRange(sector, length);
    for (let done = 0; done < length; done += CHUNK) {
      request.write(done, this.#disk.read(offset + done, Math.min(CHUNK, length - done)));
    }
    return BLOCK_STATUS.OK;
  }

  #write(request: Request, sector: bigint): number {
    const length = request.readableLength - HEADER_BYTES;
    const offset = this.#demandRange(sector, length);
    this.#demandWritable();
    for (let done = 0; done < length; done += CHUNK) {
      this.#disk.write(offset + done, request.read(HEADER_BYTES + done, Math.min(CHUNK, length - done)));
    }
    return BLOCK_STATUS.OK;
  }

  #zero(request: Request, type: number): number {
    if (this.#disk.readOnly || request.readableLength !== HEADER_BYTES + RANGE_BYTES)
      return BLOCK_STATUS.UNSUPPORTED;
    const range = request.read(HEADER_BYTES, RANGE_BYTES);
    const view = new DataView(range.buffer);
    const { littleEndian } = this.#port;
    const sectors = view.getUint32(8, littleEndian);
    const flags = view.getUint32(12, littleEndian);
    if (flags & ~(type === BLOCK_REQUEST.DISCARD ? 0 : UNMAP)) return BLOCK_STATUS.UNSUPPORTED;
    if (sectors > RANGE_SECTORS_MAX) throw new DiskError(`${sectors} sectors are too many`);
    const offset = this.#demandRange(view.getBigUint64(0, littleEndian), sectors * SECTOR);
    this.#disk.writeZeros(offset, sectors * SECTOR);
    return BLOCK_STATUS.OK;
  }

  /** Returns the offset of a range on the disk. @throws DiskError if it is not on the disk, or too long */
  #demandRange(sector: bigint, length: number): number {
    const end = sector * BigInt(SECTOR) + BigInt(length);
    if (length % SECTOR !== 0 || length > DATA_MAX || end > BigInt(this.#disk.size)) {
      throw new DiskError(`${length} bytes at sector ${sector}`);
    }
    return Number(sector) * SECTOR;
  }

  #demandWritable(): void {
    if (this.#disk.readOnly) throw new DiskError('the disk is read-only');
  }

  reset(): void {
    // There is no state that comes from the driver.
  }

  save(): unknown {
    return { readOnly: this.#disk.readOnly, disk: this.#disk.save() };
  }

  prepareRestore(state: unknown): () => void {
    const saved = new SavedFields('block device', state);
    if (saved.flag('readOnly') !== this.#disk.readOnly)
      throw new StateError('only one of the disks is read-only');
    return this.#disk.prepareRestore(saved.any('disk'));
  }
}
