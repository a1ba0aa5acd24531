/**
 * Usage states of pages, which guests set by collaborative memory management (CMMA). They are in the low half of a PGSTE, and
 * outlive the frame of the page, but not its page table.
 *
 * Preconditions of every function: the caller holds the mmap lock (read).
 */

import { PAGES_PER_SEGMENT } from '../units.ts';
import { splitAllLocked } from './large-frames.ts';
import type { MmState } from './mm-state.ts';
import { hasFrame } from './page-tables.ts';
import { eachSegment } from './pagewalk.ts';

/** Bits of a usage state, as KVM_S390_GET_CMMA_BITS returns them: bits 32 to 39 of a PGSTE. */
export const USAGE = {
  /** The usage: one of the next four. */
  MASK: 0x03,
  STABLE: 0,
  UNUSED: 1,
  POTENTIALLY_VOLATILE: 2,
  VOLATILE: 3,
  /** The page holds no table of dynamic address translation. */
  NO_DAT: 0x40,
  /** All of these. */
  ALL: 0x43,
} as const;

/** What the host knows of a page that guests may not need. */
export interface PageUsage {
  /** Bits of `USAGE`. */
  readonly usage: number;
  /** Whether the page has a frame. */
  readonly resident: boolean;
  /** Whether the guests' change bit is on in the PGSTE. */
  readonly changed: boolean;
}

const UNKNOWN: PageUsage = { usage: USAGE.STABLE, resident: false, changed: false };

/** See `Mm.usageOf`. */
export function usageOfLocked(mm: MmState, page: number): PageUsage {
  mm.mmapLock.expect('read', 'reading a usage state');
  const segment = Math.floor(page / PAGES_PER_SEGMENT);
  if (mm.tables.largeFrameOf(segment) >= 0) return { ...UNKNOWN, resident: true };
  const table = mm.tables.pageTableOf(segment);
  if (table < 0 || !mm.tables.pgstes) return UNKNOWN;
  const index = page % PAGES_PER_SEGMENT;
  return {
    usage: mm.ptes.usage(table, index),
    resident: hasFrame(mm.ptes.low(table, index)),
    changed: mm.ptes.guestChanged(table, index),
  };
}

/** See `Mm.setUsage`. @throws LinuxError ENOMEM */
export function setUsageLocked(mm: MmState, page: number, bits: number, mask: number): void {
  mm.mmapLock.expect('read', 'setting a usage state');
  const segment = Math.floor(page / PAGES_PER_SEGMENT);
  splitAllLocked(mm, page, page + 1);
  mm.tables.makePageTable(segment);
  const table = mm.tables.pageTableOf(segment);
  mm.pageTableLock.hold('write', () => mm.ptes.setUsage(table, page % PAGES_PER_SEGMENT, bits, mask));
}

/** See `Mm.clearUsage`. */
export function clearUsageLocked(mm: MmState): void {
  mm.mmapLock.expect('read', 'clearing usage states');
  mm.pageTableLock.hold('write', () =>
    eachSegment(mm, 0, mm.tables.limit, (segment) => {
      if (mm.tables.largeFrameOf(segment) >= 0) return;
      const table = mm.tables.pageTableOf(segment);
      for (let index = 0; index < PAGES_PER_SEGMENT; index++) mm.ptes.setUsage(table, index, 0, USAGE.ALL);
    }),
  );
}
