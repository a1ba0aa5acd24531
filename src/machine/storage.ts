/**
 * Absolute storage and storage keys.
 *
 * Storage is one buffer in the machine's own byte order, big-endian, so that a dump of it is a dump of the
 * machine. Addresses here are absolute byte addresses, as plain numbers. Storage is committed by the
 * operating system beneath only where it is touched.
 */

/** Bytes in a frame, 4 KiB. */
export const FRAME_SIZE = 0x1000;

/** Storage of a machine when nobody asks for another size: 1 GiB, in bytes. */
export const DEFAULT_STORAGE_SIZE = 0x4000_0000;

const WASM_PAGE = 0x1_0000;
const WASM_LIMIT = 0x1_0000_0000;

/** The one thing used of the host's WebAssembly: memory that costs nothing until touched. */
declare const WebAssembly:
  | { Memory: new (limits: { initial: number; maximum: number }) => { readonly buffer: ArrayBuffer } }
  | undefined;

/** The access-control bits of a storage key. */
export const KEY_ACC = 0xf0;
/** The fetch-protection bit of a storage key. */
export const KEY_FETCH = 0x08;
/** The reference bit of a storage key. */
export const KEY_REFERENCED = 0x04;
/** The change bit of a storage key. */
export const KEY_CHANGED = 0x02;

function reserve(size: number): ArrayBuffer {
  if (typeof WebAssembly !== 'undefined' && size <= WASM_LIMIT && size % WASM_PAGE === 0) {
    const pages = size / WASM_PAGE;
    return new WebAssembly.Memory({ initial: pages, maximum: pages }).buffer;
  }
  return new ArrayBuffer(size);
}

/**
 * The absolute storage of one machine, with a storage key a frame.
 *
 * The accessors expect the whole operand inside storage; callers that got an address from a program ask `has`
 * first and report an addressing exception. An operand outside never reaches other memory: it throws.
 */
export class Storage {
  /** Bytes of storage, a multiple of 4 KiB. */
  readonly size: number;
  /** All of storage, byte by byte. */
  readonly bytes: Uint8Array;
  /** All of storage, for big-endian operands. */
  readonly view: DataView;
  /** The storage key of each frame: access control 0xf0, fetch protection 0x08, referenced 0x04, changed 0x02. */
  readonly keys: Uint8Array;

  /**
   * @param size bytes, a positive multiple of 4 KiB. Up to 4 GiB a `WebAssembly.Memory` is behind it where
   *   the size allows (a multiple of 64 KiB), above that an `ArrayBuffer`.
   * @throws RangeError when the size is not such a number or cannot be had
   */
  constructor(size: number = DEFAULT_STORAGE_SIZE) {
    if (!Number.isSafeInteger(size)) throw new RangeError(`storage of ${size} bytes cannot be had`);
    if (size <= 0 || size % FRAME_SIZE !== 0) {
      throw new RangeError(`storage size ${size} is not a positive multiple of 4 KiB`);
    }
    this.size = size;
    try {
      const buffer = reserve(size);
      this.bytes = new Uint8Array(buffer);
      this.view = new DataView(buffer);
    } catch {
      throw new RangeError(`${size} bytes of storage cannot be had here`);
    }
    this.keys = new Uint8Array(size / FRAME_SIZE);
  }

  /** Whether `length` bytes (not negative) from `address` on are all inside storage. */
  has(address: number, length: number): boolean {
    return address >= 0 && address + length <= this.size;
  }

  /** The byte at `address`. */
  get8(address: number): number {
    return this.view.getUint8(address);
  }

  /** The two bytes at `address`, unsigned. */
  get16(address: number): number {
    return this.view.getUint16(address);
  }

  /** The four bytes at `address`, unsigned. */
  get32(address: number): number {
    return this.view.getUint32(address);
  }

  /** The eight bytes at `address`, unsigned. Slow beside two `get32`: not for per-access paths. */
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

  /** A copy of `length` bytes from `address` on. @throws RangeError when they are not all inside storage */
  read(address: number, length: number): Uint8Array {
    this.#demand(address, length);
    return this.bytes.slice(address, address + length);
  }

  /** Makes storage from 0 up to, not including, `end` what it was at first: zeros, with storage keys of zero. */
  clear(end: number): void {
    this.bytes.fill(0, 0, end);
    this.keys.fill(0, 0, Math.ceil(end / FRAME_SIZE));
  }

  /** Stores `bytes` from `address` on. @throws RangeError, having stored nothing, when they do not fit */
  write(address: number, bytes: Uint8Array): void {
    this.#demand(address, bytes.length);
    this.bytes.set(bytes, address);
  }

  /** Sets `length` bytes from `address` on to `value`. @throws RangeError when they are not all inside */
  fill(address: number, length: number, value: number): void {
    this.#demand(address, length);
    this.bytes.fill(value, address, address + length);
  }

  #demand(address: number, length: number): void {
    if (Number.isSafeInteger(address) && length >= 0 && this.has(address, length)) return;
    throw new RangeError(`${String(length)} bytes at ${String(address)} are not in storage`);
  }
}
