/**
 * All storage that is in use, as it is at one moment: what an operation that fails must leave alone.
 */

import type { Host } from '../host/index.ts';
import type { Purpose } from '../host/internal.ts';
import { CRST_SIZE, FRAME_SIZE, PAGE_TABLE_SIZE } from '../machine/index.ts';

/** Remembers what is in storage, one moment at a time. */
export class Picture {
  readonly #host: Host;
  /** The blocks in use, by address, and what they held: at the same addresses. */
  readonly #blocks = new Map<number, Purpose>();
  #bytes: Uint8Array | null = null;

  constructor(host: Host) {
    this.#host = host;
  }

  /** Remembers this moment and forgets the last. */
  take(): void {
    const { storage } = this.#host.machine;
    this.#bytes ??= new Uint8Array(storage.size);
    this.#blocks.clear();
    this.#eachBlock((at, purpose) => {
      this.#blocks.set(at, purpose);
      this.#bytes?.set(storage.bytes.subarray(at, at + sizeOf(purpose)), at);
    });
  }

  /** How this moment differs from the one remembered, or null. */
  difference(): string | null {
    let found: string | null = null;
    let blocks = 0;
    this.#eachBlock((at, purpose) => {
      blocks++;
      found ??= this.#differenceAt(at, purpose);
    });
    return found ?? (blocks < this.#blocks.size ? `${this.#blocks.size - blocks} blocks are gone` : null);
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

  /** Whether the byte is in that half of a frame of page tables of 2 KiB which waits for the next one. */
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
