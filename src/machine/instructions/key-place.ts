/**
 * Where the storage key of a page is that an instruction names.
 *
 * For a processor of its own that is the key of the frame. A guest's page shares its frame's key with the host, which
 * wants to know of references and changes for itself: what one of the two takes out of the frame's key is kept for
 * the other in the page-status-table entry. A guest's key is the frame's with the guest's bits from there; where host
 * page tables have no such entries, and in frames of 1 MiB, it is the frame's alone.
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
import { KEY_ACC, KEY_CHANGED, KEY_FETCH, KEY_REFERENCED } from '../storage.ts';

const USE = KEY_REFERENCED | KEY_CHANGED;
const PROTECTION = KEY_ACC | KEY_FETCH;
/** No page-status-table entry. */
const NONE = -1;
const KEPT = ~(
  PAGE_STATUS.ACCESS |
  PAGE_STATUS.FETCH |
  PAGE_STATUS.GUEST_REFERENCED |
  PAGE_STATUS.GUEST_CHANGED
);

/** The key of one page. One object is used over and over: `find` first. */
class KeyPlace {
  #frame = 0;
  /** Absolute address of the high half of the page-status-table entry, or NONE. */
  #status = NONE;

  /** The key of an absolute page. Unwinds when there is no such page, or the host has it not. */
  find(c: Processor, page: AbsolutePage, logical: number): this {
    this.#status = NONE;
    if (c.sie === null) {
      if (page >= c.storage.keys.length) c.program(PGM.ADDRESSING);
      this.#frame = page;
      return this;
    }
    const { frame, table } = c.walkHost(page, logical);
    this.#frame = frame;
    // A page table that begins in the middle of a frame has none: another page table or nothing is behind it.
    if (c.sie.pageStatus && table >= 0 && table % 2 === 0) {
      const index = (page + c.sie.originPage) % 256;
      this.#status = table * TABLE_UNIT + PAGE_STATUS_OFFSET + index * 8;
    }
    return this;
  }

  /** The key as the program sees it: access control, fetch protection, reference and change bits. */
  get(c: Processor): number {
    const own = c.storage.keys[this.#frame] as number;
    if (this.#status === NONE) return own & (PROTECTION | USE);
    const kept = c.storage.get32(this.#status) >>> PAGE_STATUS_GUEST_SHIFT;
    return (own & (PROTECTION | USE)) | (kept & USE);
  }

  /** Sets all of the key; what the frame's own knew of references and changes is the host's from then on. */
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
    c.storage.set32(this.#status, status >>> 0);
    keys[this.#frame] = key & PROTECTION;
  }

  /** Resets the reference bit; that the page was referenced stays known to the host. */
  resetReference(c: Processor): void {
    const { keys } = c.storage;
    const own = keys[this.#frame] as number;
    keys[this.#frame] = own & ~KEY_REFERENCED;
    if (this.#status === NONE) return;
    const status =
      (c.storage.get32(this.#status) & ~PAGE_STATUS.GUEST_REFERENCED) |
      ((own & KEY_REFERENCED) << PAGE_STATUS_HOST_SHIFT);
    c.storage.set32(this.#status, status >>> 0);
  }
}

/** The one place: what `find` found last. */
export const KEY_PLACE = new KeyPlace();
