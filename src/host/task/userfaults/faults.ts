/**
 * The faults that one userfaultfd serves (Linux: struct userfaultfd_ctx): threads that wait, and whether who serves them has read of it.
 */

import type { FaultedAccess, Mm, PageServer, PageWaiter, QueuedFault } from '../../mm/index.ts';
import { POLL } from '../abi/files.ts';
import type { WaitQueue } from '../wait-queue.ts';
import { EVENT_PAGEFAULT, FEATURE, INITIALIZED, MESSAGE, PAGEFAULT_FLAG } from './abi.ts';

/** A thread that waits. */
class WaitingAccess implements QueuedFault {
  readonly access: FaultedAccess;
  readonly waiter: PageWaiter;
  isWoken = false;
  readonly #leave: (access: WaitingAccess) => void;

  constructor(access: FaultedAccess, waiter: PageWaiter, leave: (access: WaitingAccess) => void) {
    this.access = access;
    this.waiter = waiter;
    this.#leave = leave;
  }

  leave(): void {
    this.#leave(this);
  }
}

/** The faults of a process that a userfaultfd serves. */
export class Userfaults implements PageServer {
  /** The memory whose faults are served: that of who made the userfaultfd. */
  readonly mm: Mm;
  readonly isUserModeOnly: boolean;
  /** Who waits for something to read. */
  readonly #queue: WaitQueue;
  /** Those that nobody has read of, and the others, each in the order in which they came. */
  readonly #unread = new Set<WaitingAccess>();
  readonly #read = new Set<WaitingAccess>();
  /** Bits of `FEATURE`, and `INITIALIZED` after the handshake. */
  #features = 0n;

  constructor(mm: Mm, isUserModeOnly: boolean, queue: WaitQueue) {
    this.mm = mm;
    this.isUserModeOnly = isUserModeOnly;
    this.#queue = queue;
  }

  get features(): bigint {
    return this.#features;
  }

  get isInitialized(): boolean {
    return this.#features !== 0n;
  }

  /** The handshake is made. @param features bits of `FEATURE` */
  initialize(features: bigint): void {
    this.#features = features | INITIALIZED;
  }

  get servesPrograms(): boolean {
    return (this.#features & FEATURE.SIGBUS) === 0n;
  }

  get servesKernel(): boolean {
    return this.servesPrograms && !this.isUserModeOnly;
  }

  /** Number of threads that wait, and of those that nobody has read of. */
  get counts(): { readonly total: number; readonly unread: number } {
    return { total: this.#unread.size + this.#read.size, unread: this.#unread.size };
  }

  enqueue(access: FaultedAccess, waiter: PageWaiter): QueuedFault {
    const waiting = new WaitingAccess(access, waiter, (one) => this.#forget(one));
    this.#unread.add(waiting);
    this.#queue.wake(POLL.IN);
    return waiting;
  }

  #forget(waiting: WaitingAccess): void {
    this.#unread.delete(waiting);
    this.#read.delete(waiting);
  }

  /** Takes the oldest fault that nobody has read of, and stores its message. Returns false if there is none. */
  take(into: DataView): boolean {
    for (const waiting of this.#unread) {
      this.#unread.delete(waiting);
      this.#read.add(waiting);
      this.#describe(waiting, into);
      return true;
    }
    return false;
  }

  #describe({ access, waiter }: WaitingAccess, into: DataView): void {
    const write = access.isWrite ? PAGEFAULT_FLAG.WRITE : 0n;
    const minor = access.isMinor ? PAGEFAULT_FLAG.MINOR : 0n;
    for (let at = 0; at < MESSAGE.SIZE; at += 8) into.setBigUint64(at, 0n);
    into.setUint8(MESSAGE.EVENT, EVENT_PAGEFAULT);
    into.setBigUint64(MESSAGE.FLAGS, write | minor);
    // The machine tells no more than the page: it is the exact address, too.
    into.setBigUint64(MESSAGE.ADDRESS, access.address);
    if ((this.#features & FEATURE.THREAD_ID) !== 0n) into.setUint32(MESSAGE.THREAD, waiter.tid);
  }

  wake(start: bigint, end: bigint): void {
    for (const waiting of [...this.#unread, ...this.#read]) {
      const { address } = waiting.access;
      if (address < start || address >= end) continue;
      waiting.isWoken = true;
      this.#forget(waiting);
      waiting.waiter.wake();
    }
  }

  /** Nobody serves any more: all go on, and the kernel provides the pages. */
  end(): void {
    if (!this.mm.ended) this.mm.dismiss(this);
    this.wake(0n, 1n << 64n);
  }
}
