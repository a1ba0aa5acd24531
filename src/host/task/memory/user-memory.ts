/**
 * Memory of a process, as system calls read and write it. Addresses are byte addresses as numbers; a number that no process can have is
 * EFAULT as any address that is not mapped. Integers are big-endian.
 */

import { LinuxError } from '../../errors.ts';
import { type Mm, PendingFault } from '../../mm/index.ts';
import type { LateStores, StoredMemory } from './late-stores.ts';

const HALF = 0x1_0000_0000;
/** Addresses beyond are no exact numbers. */
const ADDRESS_LIMIT = 2 ** 53;
const PAGE = 4096;

/** The memory of one process. */
export class UserMemory implements StoredMemory {
  readonly #mm: Mm;
  readonly #lateStores: LateStores | null;

  /** @param lateStores keeps stores into pages that user space is to provide; without it they fail */
  constructor(mm: Mm, lateStores: LateStores | null = null) {
    this.#mm = mm;
    this.#lateStores = lateStores;
  }

  /** Returns bytes. @throws LinuxError EFAULT; ENOMEM, as all methods */
  read(address: number, length: number): Uint8Array {
    if (length === 0) return new Uint8Array(0);
    return this.#mm.read(bigAddress(address), length);
  }

  /** Stores bytes: all, or none. If user space is to provide a page, they are stored before the system call ends. */
  write(address: number, bytes: Uint8Array): void {
    try {
      this.storeNow(address, bytes);
    } catch (error) {
      if (!(error instanceof PendingFault)) throw error;
      if (this.#lateStores?.keep(this, address, bytes, error) !== true) throw error;
    }
  }

  storeNow(address: number, bytes: Uint8Array): void {
    if (bytes.length > 0) this.#mm.write(bigAddress(address), bytes);
  }

  /**
   * Throws if user space is to provide a page of a range: for a call that reads the range when it cannot begin again any more. A range that
   * cannot be read is no error yet.
   * @throws PendingFault
   */
  expect(address: number, length: number): void {
    if (!this.#mm.hasServers || length === 0) return;
    try {
      const end = bigAddress(address + length);
      for (let page = bigAddress(address - (address % PAGE)); page < end; page += BigInt(PAGE))
        this.#mm.fault(page, false);
    } catch (error) {
      const isAwaited = error instanceof PendingFault && error.server.servesKernel;
      if (isAwaited || !(error instanceof LinuxError)) throw error;
    }
  }

  /** Returns a view of a copy of bytes: a struct that a program passes. */
  struct(address: number, length: number): DataView {
    const { buffer, byteOffset } = this.read(address, length);
    return new DataView(buffer, byteOffset, length);
  }

  /** Returns 32 bits, unsigned. */
  u32(address: number): number {
    return this.struct(address, 4).getUint32(0);
  }

  /** Returns 64 bits, unsigned, as a number. Beyond 2^53 it is not exact. */
  u64(address: number): number {
    const view = this.struct(address, 8);
    return view.getUint32(0) * HALF + view.getUint32(4);
  }

  /** Returns 64 bits with a sign, as a number. Beyond 2^53 it is not exact. */
  s64(address: number): number {
    const view = this.struct(address, 8);
    return view.getInt32(0) * HALF + view.getUint32(4);
  }

  setU32(address: number, value: number): void {
    const bytes = new Uint8Array(4);
    new DataView(bytes.buffer).setUint32(0, value);
    this.write(address, bytes);
  }

  /** Stores 64 bits. @param value an integer, signed or not */
  setU64(address: number, value: number): void {
    const bytes = new Uint8Array(8);
    const view = new DataView(bytes.buffer);
    view.setInt32(0, Math.floor(value / HALF));
    view.setUint32(4, value >>> 0);
    this.write(address, bytes);
  }

  /**
   * Returns a string that ends with 0: a character for each byte.
   * @param most its maximum length
   * @throws LinuxError ENAMETOOLONG if it is longer
   */
  string(address: number, most: number): string {
    let text = '';
    for (let at = address; text.length <= most; ) {
      const part = this.read(at, Math.min(PAGE - (at % PAGE), most + 1 - text.length));
      const end = part.indexOf(0);
      text += latin1(end < 0 ? part : part.subarray(0, end));
      if (end >= 0) return text;
      at += part.length;
    }
    throw new LinuxError('ENAMETOOLONG', `a string of more than ${most} bytes`);
  }
}

/** Returns text of a character for each byte. */
export function latin1(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length; at += PAGE)
    text += String.fromCharCode(...bytes.subarray(at, at + PAGE));
  return text;
}

/** Returns bytes of text that has a character for each byte. */
export function bytesOf(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}

/** Returns text of a character for each byte that a text has in UTF-8. Half of a surrogate pair becomes U+FFFD. */
export function utf8(text: string): string {
  let bytes = '';
  for (const character of text) {
    const point = character.codePointAt(0)!;
    bytes += point < 0x80 ? character : utf8Of(point >= 0xd800 && point <= 0xdfff ? 0xfffd : point);
  }
  return bytes;
}

function utf8Of(point: number): string {
  const rest = (shift: number) => 0x80 | ((point >> shift) & 0x3f);
  if (point < 0x800) return String.fromCharCode(0xc0 | (point >> 6), rest(0));
  if (point < 0x1_0000) return String.fromCharCode(0xe0 | (point >> 12), rest(6), rest(0));
  return String.fromCharCode(0xf0 | (point >> 18), rest(12), rest(6), rest(0));
}

function bigAddress(address: number): bigint {
  if (address >= ADDRESS_LIMIT) throw new LinuxError('EFAULT', `nothing is mapped at ${address}`);
  return BigInt(address);
}
