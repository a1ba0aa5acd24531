/**
 * The storage key of a page that an instruction designates.
 *
 * Without a guest it is the key of the frame. A guest's page shares the key of its frame with the host, which needs
 * reference and change bits of its own: a bit that one of them resets in the frame's key is kept for the other in the
 * page-status-table entry (PGSTE). The guest's key is the frame's key with the guest's bits of the PGSTE. If the host's page
 * tables have no PGSTEs, and for frames of 1 MiB, it is the frame's key alone.
 */

import type { AbsolutePage } from '../addresses.ts';
import type { Processor } from '../cpu/processor.ts';
import {
  PAGE_STATUS,
  PAGE_STATUS_GUEST_SHIFT,
  PAGE_STATUS_HOST_SHIFT,
  PAGE_STATUS_KEY_SHIFT,
  PAGE_STATUS_OFFSET,
} from '../dat/formats.ts';
import { TABLE_UNIT } from '../dat/walk.ts';
import { PGM } from '../interruption.ts';
import { FRAME_SIZE, KEY_ACC, KEY_CHANGED, KEY_FETCH, KEY_REFERENCED } from '../storage.ts';

const USE = KEY_REFERENCED | KEY_CHANGED;
const PROTECTION = KEY_ACC | KEY_FETCH;
/** The page has no PGSTE. */
const NONE = -1;
const KEPT = ~(
  PAGE_STATUS.ACCESS |
  PAGE_STATUS.FETCH |
  PAGE_STATUS.GUEST_REFERENCED |
  PAGE_STATUS.GUEST_CHANGED
);

/** The key of one page, which `find` selects. The object is reused. */
class KeyPlace {
  #frame = 0;
  /** Absolute address of the high half of the PGSTE, or NONE. */
  #status = NONE;

  /** Selects the key of an absolute page. Unwinds if the page is outside the configuration, or the host does not map it. */
  find(c: Processor, page: AbsolutePage, logical: number): this {
    this.#status = NONE;
    if (c.sie === null) {
      if (page >= c.storage.keys.length) c.program(PGM.ADDRESSING);
      this.#frame = page;
      return this;
    }
    const { frame, table } = c.walkHost(page, logical);
    this.#frame = frame;
    // A page table in the second half of a frame has no PGSTEs.
    if (c.sie.pageStatus && table >= 0 && table % 2 === 0) {
      const index = (page + c.sie.originPage) % 256;
      this.#status = table * TABLE_UNIT + PAGE_STATUS_OFFSET + index * 8;
    }
    return this;
  }

  /** Returns the key as the program sees it: access control, fetch protection, reference and change bits. */
  get(c: Processor): number {
    const own = c.storage.keys[this.#frame] as number;
    if (this.#status === NONE) return own & (PROTECTION | USE);
    const kept = c.storage.get32(this.#status) >>> PAGE_STATUS_GUEST_SHIFT;
    return (own & (PROTECTION | USE)) | (kept & USE);
  }

  /** Sets the key. The reference and change bits that the frame's key had are kept for the host. */
  set(c: Processor, key: number): void {
    const { keys } = c.storage;
    if (this.#status === NONE) {
      keys[this.#frame] = key;
      return;
    }
    const own = keys[this.#frame] as number;
    const status =
      (c.storage.get32(this.#status) & KEPT) |
      ((own & USE) << PAGE_STATUS_HOST_SHIFT) |
      ((key & USE) << PAGE_STATUS_GUEST_SHIFT) |
      ((key & PROTECTION) << PAGE_STATUS_KEY_SHIFT);
    this.#setStatus(c, status);
    keys[this.#frame] = key & PROTECTION;
  }

  /** Resets the reference bit, and keeps it for the host. */
  resetReference(c: Processor): void {
    const { keys } = c.storage;
    const own = keys[this.#frame] as number;
    keys[this.#frame] = own & ~KEY_REFERENCED;
    if (this.#status === NONE) return;
    const status =
      (c.storage.get32(this.#status) & ~PAGE_STATUS.GUEST_REFERENCED) |
      ((own & KEY_REFERENCED) << PAGE_STATUS_HOST_SHIFT);
    this.#setStatus(c, status);
  }

  #setStatus(c: Processor, status: number): void {
    const offset = this.#status % FRAME_SIZE;
    c.observer?.stored(Math.floor(this.#status / FRAME_SIZE), offset, offset + 3);
    c.storage.set32(this.#status, status >>> 0);
  }
}

/** The object that all instructions use: no instruction executes inside another. */
export const KEY_PLACE = new KeyPlace();
