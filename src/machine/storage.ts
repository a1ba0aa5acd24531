/**
 * Absolute storage and storage keys.
 *
 * Storage is one buffer in the machine's byte order, big-endian, so that a dump of the buffer is a dump of the machine.
 * Addresses are absolute byte addresses, as plain numbers. The operating system commits a page of the buffer when it is
 * first touched.
 */

import { BLOCK_SIZE, type ProcessorBlock, REGISTERS_SIZE } from './processor-block.ts';

/** Bytes in a frame, 4 KiB. */
export const FRAME_SIZE = 0x1000;

/** Default size of storage in bytes: 1 GiB. */
export const DEFAULT_STORAGE_SIZE = 0x4000_0000;

const WASM_PAGE = 0x1_0000;
const WASM_LIMIT = 0x1_0000_0000;
/** Processors for which storage has blocks, unless its user says otherwise. */
const DEFAULT_PROCESSORS = 4;

/** A WebAssembly memory: it is not committed until it is touched. */
export interface LinearMemory {
  readonly buffer: ArrayBuffer;
}

/** The part of WebAssembly that storage uses. */
declare const WebAssembly:
  | { Memory: new (limits: { initial: number; maximum: number }) => LinearMemory }
  | undefined;

/** The access-control bits of a storage key. */
export const KEY_ACC = 0xf0;
/** The fetch-protection bit of a storage key. */
export const KEY_FETCH = 0x08;
/** The reference bit of a storage key. */
export const KEY_REFERENCED = 0x04;
/** The change bit of a storage key. */
export const KEY_CHANGED = 0x02;

/** Returns a memory of `size` bytes, rounded up, or null if there is none so large. */
function linearMemory(size: number): LinearMemory | null {
  if (typeof WebAssembly === 'undefined' || size > WASM_LIMIT) return null;
  const pages = Math.ceil(size / WASM_PAGE);
  return new WebAssembly.Memory({ initial: pages, maximum: pages });
}

/**
 * The absolute storage of a machine, with a storage key for each frame.
 *
 * Preconditions of the accessors: the whole operand is inside storage. A caller that has an address from a program checks
 * it with `has` and reports an addressing exception. An operand outside storage makes an accessor throw a RangeError.
 */
export class Storage {
  /** Bytes of storage, a multiple of 4 KiB. */
  readonly size: number;
  /** All of storage, byte by byte. */
  readonly bytes: Uint8Array;
  /** All of storage, for big-endian operands. */
  readonly view: DataView;
  /** The storage key of each frame, see the `KEY_` constants. */
  readonly keys: Uint8Array;
  /**
   * The `WebAssembly.Memory` that holds storage and, behind it, the blocks of the processors. Null if they do not fit into
   * 4 GiB, or where WebAssembly is missing.
   */
  readonly memory: LinearMemory | null;
  /** Number of processors that have a block in `memory`. */
  readonly processors: number;

  /**
   * @param size bytes, a positive multiple of 4 KiB. The buffer is that of a `WebAssembly.Memory` if the size is at most
   *   4 GiB, else an `ArrayBuffer`.
   * @param processors number of processors, from 1 on, that can execute compiled code
   * @throws RangeError if the size is no such number, or that much memory cannot be allocated
   */
  constructor(size: number = DEFAULT_STORAGE_SIZE, processors: number = DEFAULT_PROCESSORS) {
    if (!Number.isSafeInteger(size) || size <= 0 || size % FRAME_SIZE !== 0) {
      throw new RangeError(`storage size ${size} is not a positive multiple of 4 KiB`);
    }
    this.size = size;
    try {
      this.memory = linearMemory(Math.ceil(size / WASM_PAGE) * WASM_PAGE + processors * BLOCK_SIZE);
      const { buffer } = this.memory ?? linearMemory(size) ?? { buffer: new ArrayBuffer(size) };
      this.bytes = new Uint8Array(buffer, 0, size);
      this.view = new DataView(buffer, 0, size);
    } catch {
      throw new RangeError(`cannot allocate ${size} bytes of storage`);
    }
    this.processors = this.memory === null ? 0 : processors;
    this.keys = new Uint8Array(size / FRAME_SIZE);
  }

  /** Returns the place of the block of the processor with a CPU address: behind storage, or in a buffer of its own. */
  processorBlock(cpu: number): ProcessorBlock {
    if (this.memory === null || cpu >= this.processors)
      return { buffer: new ArrayBuffer(REGISTERS_SIZE), offset: 0 };
    return {
      buffer: this.memory.buffer,
      offset: Math.ceil(this.size / WASM_PAGE) * WASM_PAGE + cpu * BLOCK_SIZE,
    };
  }

  /** Returns whether the `length` bytes at `address` are all inside storage. `length` is not negative. */
  has(address: number, length: number): boolean {
    return address >= 0 && address + length <= this.size;
  }

  /** Returns the byte at `address`. */
  get8(address: number): number {
    return this.view.getUint8(address);
  }

  /** Returns the two bytes at `address`, unsigned. */
  get16(address: number): number {
    return this.view.getUint16(address);
  }

  /** Returns the four bytes at `address`, unsigned. */
  get32(address: number): number {
    return this.view.getUint32(address);
  }

  /** Returns the eight bytes at `address`, unsigned. Slower than two `get32`: not for hot paths. */
  get64(address: number): bigint {
    return this.view.getBigUint64(address);
  }

  /** Stores the low 8 bits of `value`. */
  set8(address: number, value: number): void {
    this.view.setUint8(address, value);
  }

  /** Stores the low 16 bits of `value`. */
  set16(address: number, value: number): void {
    this.view.setUint16(address, value);
  }

  /** Stores the low 32 bits of `value`. */
  set32(address: number, value: number): void {
    this.view.setUint32(address, value);
  }

  /** Stores the low 64 bits of `value`. */
  set64(address: number, value: bigint): void {
    this.view.setBigUint64(address, value);
  }

  /** Returns a copy of the `length` bytes at `address`. @throws RangeError if they are not all inside storage */
  read(address: number, length: number): Uint8Array {
    this.#demand(address, length);
    return this.bytes.slice(address, address + length);
  }

  /** Clears storage from 0 to `end` (exclusive), and the storage keys of its frames. */
  clear(end: number): void {
    this.bytes.fill(0, 0, end);
    this.keys.fill(0, 0, Math.ceil(end / FRAME_SIZE));
  }

  /** Stores `bytes` at `address`. @throws RangeError if they do not fit; nothing is stored then */
  write(address: number, bytes: Uint8Array): void {
    this.#demand(address, bytes.length);
    this.bytes.set(bytes, address);
  }

  /** Sets the `length` bytes at `address` to `value`. @throws RangeError if they are not all inside storage */
  fill(address: number, length: number, value: number): void {
    this.#demand(address, length);
    this.bytes.fill(value, address, address + length);
  }

  #demand(address: number, length: number): void {
    if (Number.isSafeInteger(address) && length >= 0 && this.has(address, length)) return;
    throw new RangeError(`${String(length)} bytes at ${String(address)} are not in storage`);
  }
}
