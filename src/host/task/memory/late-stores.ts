/**
 * Stores of system calls into pages that user space is to provide. They are kept, and made once the pages are there; the system call has
 * not returned until then. So a call does not have to be prepared to wait at each of its stores.
 */

import type { PendingFault } from '../../mm/index.ts';

/** Bytes that are kept at most. */
const KEPT_MAX = 1 << 26;

/** Memory that is stored to. */
export interface StoredMemory {
  /** Stores bytes: all, or none. @throws LinuxError EFAULT, also as PendingFault; ENOMEM */
  storeNow(address: number, bytes: Uint8Array): void;
}

/** A store that is to be made. */
export interface LateStore {
  readonly memory: StoredMemory;
  readonly address: number;
  readonly bytes: Uint8Array;
}

/** The stores that a system call could not make. */
export class LateStores {
  #kept: LateStore[] = [];
  #bytes = 0;
  #isOpen = false;

  /** Whether there are any. */
  get isPending(): boolean {
    return this.#kept.length > 0;
  }

  /** A step of a system call begins, which waits for its stores. */
  open(): void {
    this.#isOpen = true;
  }

  /** The step has ended. Returns its stores, in order. */
  close(): readonly LateStore[] {
    this.#isOpen = false;
    const kept = this.#kept;
    if (kept.length === 0) return kept;
    this.#kept = [];
    this.#bytes = 0;
    return kept;
  }

  /** Keeps a store that has failed. Returns false if nobody waits for it. */
  keep(memory: StoredMemory, address: number, bytes: Uint8Array, { server }: PendingFault): boolean {
    if (!this.#isOpen || !server.servesKernel || this.#bytes + bytes.length > KEPT_MAX) return false;
    this.#bytes += bytes.length;
    this.#kept.push({ memory, address, bytes: bytes.slice() });
    return true;
  }
}
