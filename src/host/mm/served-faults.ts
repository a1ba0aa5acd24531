/**
 * Faults that user space serves (Linux: userfaultfd): where a mapping has a server, the kernel does not provide pages that are missing.
 * The access has to wait until the server has.
 */

import { hex, LinuxError } from '../errors.ts';

/** Which faults are served. Linux: UFFDIO_REGISTER_MODE_MISSING, UFFDIO_REGISTER_MODE_MINOR. */
export const SERVED = {
  /** Pages without a frame; in a mapping of a file, those without one in the file. */
  MISSING: 1,
  /** Pages of a file that have a frame in the file, and none in the process. */
  MINOR: 4,
} as const;

/** A thread that waits for a page. */
export interface PageWaiter {
  /** Its number. */
  readonly tid: number;
  /** Called when it is to look again. */
  wake(): void;
}

/** A fault that a thread waits for. */
export interface QueuedFault {
  /** Whether the access is to be made again. */
  readonly isWoken: boolean;
  /** Ends the waiting. */
  leave(): void;
}

/** What a fault says of its access. */
export interface FaultedAccess {
  /** Byte address of the page. */
  readonly address: bigint;
  readonly isWrite: boolean;
  /** Whether the page has a frame in its file: `SERVED.MINOR`. */
  readonly isMinor: boolean;
}

/** Who provides pages. */
export interface PageServer {
  /** Whether it serves accesses of programs. If not, they fail. */
  readonly servesPrograms: boolean;
  /** Whether it serves accesses that the kernel makes for programs. If not, they fail with EFAULT. */
  readonly servesKernel: boolean;
  /** Tells the server of a fault. */
  enqueue(access: FaultedAccess, waiter: PageWaiter): QueuedFault;
  /** Has those look again who wait for a page from byte address `start` to `end`, exclusive. */
  wake(start: bigint, end: bigint): void;
}

/** Who serves the faults of a mapping. */
export interface ServedFaults {
  readonly server: PageServer;
  /** Bits of `SERVED`. */
  readonly modes: number;
}

/** An access needs a page that user space is to provide. To those who cannot wait for it, it is a failed access. */
export class PendingFault extends LinuxError {
  readonly server: PageServer;
  readonly access: FaultedAccess;

  constructor(server: PageServer, access: FaultedAccess) {
    super('EFAULT', `user space has not provided the page at ${hex(access.address)}`);
    this.name = 'PendingFault';
    this.server = server;
    this.access = access;
  }
}
