/** What split and packed rings have in common. */

import type { Request, RequestTicket } from './request.ts';

/** Where a driver has put a ring. */
export interface RingAddresses {
  /** The descriptors. */
  readonly descriptors: bigint;
  /** The available ring, or the driver's event suppression of a packed ring. */
  readonly driver: bigint;
  /** The used ring, or the device's event suppression of a packed ring. */
  readonly device: bigint;
}

/** What of a ring is not in guest memory: values that can be cloned. */
export interface RingPosition {
  /** Index of the next buffer to be made available, 16 bits. */
  readonly available: number;
  /** Index of the next buffer to be returned, 16 bits. */
  readonly used: number;
  /** Wrap counters of a packed ring; false for a split one. */
  readonly availableWrap: boolean;
  readonly usedWrap: boolean;
  /** Split: the used index at the last call of `needsInterruption`. Packed: number of descriptors returned since then. 16 bits. */
  readonly signalled: number;
}

/** A ring. Methods throw a RingError or a GuestAddressError if the driver has made it wrong. */
export interface Ring {
  /** Returns the next buffer that is available, or null if there is none. */
  take(): Request | null;
  /** Asks the driver to notify of the next buffer. Returns whether there is one already. */
  enableNotification(): boolean;
  /** Returns a buffer to the driver. Buffers may be returned in any order. @param written number of bytes written into it */
  give(ticket: RequestTicket, written: number): void;
  /** Whether the driver wants an interruption for the buffers returned since the last call. */
  needsInterruption(): boolean;
  position(): RingPosition;
  restore(position: RingPosition): void;
}
