/**
 * A copy of the storage in use, which shows what an operation has changed. An operation that fails must change nothing.
 */

import type { Host } from '../host/index.ts';
import type { Purpose } from '../host/internal.ts';
import { CRST_SIZE, FRAME_SIZE, PAGE_TABLE_SIZE } from '../machine/index.ts';

/** Copies storage, and compares it with the copy. */
export class StorageCopy {
  readonly #host: Host;
  /** The blocks in use by address, and a copy of their contents at the same addresses. */
  readonly #blocks = new Map<number, Purpose>();
  #bytes: Uint8Array | null = null;

  constructor(host: Host) {
    this.#host = host;
  }

  /** Replaces the copy by one of the current state. */
  take(): void {
    const { storage } = this.#host.machine;
    this.#bytes ??= new Uint8Array(storage.size);
    this.#blocks.clear();
    this.#eachBlock((at, purpose) => {
      this.#blocks.set(at, purpose);
      this.#bytes?.set(storage.bytes.subarray(at, at + sizeOf(purpose)), at);
    });
  }

  /** Returns how the current state differs from the copy, or null. */
  difference(): string | null {
    let found: string | null = null;
    let blocks = 0;
    this.#eachBlock((at, purpose) => {
      blocks++;
      found ??= this.#differenceAt(at, purpose);
    });
    return found ?? (blocks < this.#blocks.size ? `${this.#blocks.size - blocks} blocks were freed` : null);
  }

  #differenceAt(at: number, purpose: Purpose): string | null {
    const old = this.#blocks.get(at);
    if (old !== purpose) return `frame 0x${at.toString(16)} has become a ${purpose} (before: ${old})`;
    const { bytes } = this.#host.machine.storage;
    for (let i = at; i < at + sizeOf(purpose); i++) {
      if (bytes[i] === this.#bytes?.[i] || this.#isFreeHalf(i, purpose)) continue;
      return `byte 0x${i.toString(16)}, of a ${purpose}, has changed`;
    }
    return null;
  }

  /** Whether the byte is in the free half of a frame for page tables of 2 KiB. */
  #isFreeHalf(at: number, purpose: Purpose): boolean {
    const unit = Math.floor(at / PAGE_TABLE_SIZE);
    return purpose === 'page-table' && this.#host.common.descriptors.segmentOf(unit) < 0;
  }

  #eachBlock(callback: (at: number, purpose: Purpose) => void): void {
    const { frames } = this.#host.kernel;
    for (let at = 0; at < this.#host.machine.storage.size; at += FRAME_SIZE) {
      const purpose = frames.purposeOf(at);
      if (purpose) callback(at, purpose);
    }
  }
}

function sizeOf(purpose: Purpose): number {
  return purpose === 'mm-table' || purpose === 'gmap-table' ? CRST_SIZE : FRAME_SIZE;
}
