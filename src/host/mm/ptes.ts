/**
 * The entries of a process's page tables (PTEs) and their PGSTEs. An operation that gives an entry a frame, takes it, or
 * changes its protection also purges the TLBs, saves or loads the guests' storage key, and notifies watchers.
 *
 *      page table in a process that hosts guests: one frame
 *     +--------------------------------+ 0x000
 *     | 256 entries                    |       frame address | 0x400 invalid | 0x200 protected
 *     +--------------------------------+ 0x800
 *     | 256 PGSTEs                     |
 *     +--------------------------------+ 0x1000
 *
 *      the high half of a PGSTE: bits of the machine (`PAGE_STATUS`), and one of Linux
 *      31      28 27         22          21 20  18         17    14            0
 *     +----------+-----+----+-----------+----+-----------+-----+--------+-----+
 *     |  access  |fetch|    | host  ref., ch.| guest ref., ch. | NOTIFY |     |
 *     +----------+-----+----+-----------+----+-----------+-----+--------+-----+
 *
 * The first byte of the low half is the usage state of the page (usage-states.ts).
 *
 * Preconditions of every function that changes an entry: the caller holds the page-table lock. A table is named by its
 * absolute byte address, an entry by its index, 0 to 255.
 */

import {
  FRAME_SIZE,
  KEY_ACC,
  KEY_CHANGED,
  KEY_FETCH,
  KEY_REFERENCED,
  PAGE,
  PAGE_STATUS,
  PAGE_STATUS_GUEST_SHIFT,
  PAGE_STATUS_HOST_SHIFT,
  PAGE_STATUS_KEY_SHIFT,
  PAGE_TABLE_SIZE,
} from '../../machine/index.ts';
import { absolute, type Kernel } from '../kernel.ts';
import type { Lock } from '../locks.ts';
import { HALF, PAGES_PER_SEGMENT } from '../units.ts';
import type { MmCommon } from './mm-common.ts';
import { EMPTY_PAGE, PGSTE_OFFSET } from './page-tables.ts';

/** Bits of the high half of a PGSTE: the machine's, and NOTIFY (Linux: IN): the page is watched. */
export const PGSTE = { ...PAGE_STATUS, NOTIFY: 0x4000 } as const;

/** Position and bits of the usage state in the low half of a PGSTE, see `USAGE` (usage-states.ts). */
const USAGE_SHIFT = 24;
const USAGE_BITS = 0x43;

/** The page-table entries of one process. */
export class Ptes {
  /** Whether guests of the process use storage keys. Then the key of a page is kept when the page loses its frame. */
  usesKeys = false;
  readonly #kernel: Kernel;
  readonly #common: MmCommon;
  readonly #lock: Lock;

  constructor(kernel: Kernel, common: MmCommon, lock: Lock) {
    this.#kernel = kernel;
    this.#common = common;
    this.#lock = lock;
  }

  /** Returns the low half of an entry. */
  low(table: number, index: number): number {
    return this.#kernel.storage.view.getUint32(table + index * 8 + 4);
  }

  /** Returns the frame of an entry that has one. */
  frame(table: number, index: number): number {
    return frameOf(this.#kernel.storage.view, table + index * 8);
  }

  /** Gives a frame to an entry that has none. */
  set(table: number, index: number, frame: number, bits: number): void {
    this.#lock.expect('write', 'setting a PTE');
    this.#set(table, index, frame, bits);
    this.#common.descriptors.present[table / PAGE_TABLE_SIZE]!++;
    if (this.usesKeys) this.#loadKey(table, index, frame);
  }

  /** Empties an entry with a frame and purges it (IPTE). Returns the frame. */
  unmap(table: number, index: number): number {
    const frame = this.frame(table, index);
    if (this.usesKeys) this.#saveKey(table, index, frame);
    this.#set(table, index, 0, EMPTY_PAGE);
    this.#kernel.purges.page('page-invalidated', table, index);
    this.#common.descriptors.present[table / PAGE_TABLE_SIZE]!--;
    this.#notify(table, index);
    return frame;
  }

  /**
   * Gives an entry another frame and purges it. Returns the old frame, which was a shared frame of a private page. Where
   * keys are used no private page shares its frame (cow.ts), so there is no key to keep.
   */
  replace(table: number, index: number, frame: number, bits: number): number {
    const old = this.frame(table, index);
    this.#set(table, index, frame, bits);
    this.#kernel.purges.page('page-copied', table, index);
    this.#notify(table, index);
    return old;
  }

  /** Changes the bits of an entry with a frame. */
  protect(table: number, index: number, bits: number): void {
    const { view } = this.#kernel.storage;
    const entry = table + index * 8;
    const old = view.getUint32(entry + 4);
    const changed = ((old & PAGE.FRAME) | bits) >>> 0;
    if (changed === old) return;
    view.setUint32(entry + 4, changed);
    this.#kernel.purges.page('page-protected', table, index);
    if (bits !== 0) this.#notify(table, index);
  }

  /** Watches an entry: the linked gmaps are notified, once, when it loses its frame or the right to store. */
  watch(table: number, index: number): void {
    this.#lock.expect('write', 'watching a page');
    const { view } = this.#kernel.storage;
    const pgste = table + PGSTE_OFFSET + index * 8;
    const bits = view.getUint32(pgste);
    if (bits & PGSTE.NOTIFY) return;
    view.setUint32(pgste, bits | PGSTE.NOTIFY);
    this.#common.descriptors.watched[table / PAGE_TABLE_SIZE]!++;
  }

  /** Whether the entry, of a page table with PGSTEs, is watched. */
  isWatched(table: number, index: number): boolean {
    return (this.#kernel.storage.view.getUint32(table + PGSTE_OFFSET + index * 8) & PGSTE.NOTIFY) !== 0;
  }

  /** Notifies the linked gmaps of all watched entries of a page table, which is about to be freed. */
  notifyAll(table: number): void {
    if (this.#common.descriptors.watched[table / PAGE_TABLE_SIZE] === 0) return;
    for (let index = 0; index < PAGES_PER_SEGMENT; index++) this.#notify(table, index);
  }

  /** Returns the guests' storage key of an entry. @param present whether it has a frame */
  key(table: number, index: number, present: boolean): number {
    const pgste = this.#kernel.storage.view.getUint32(table + PGSTE_OFFSET + index * 8);
    const own = present
      ? (this.#kernel.storage.keys[this.frame(table, index) / FRAME_SIZE] as number)
      : (pgste >>> PAGE_STATUS_KEY_SHIFT) & (KEY_ACC | KEY_FETCH);
    return own | ((pgste >>> PAGE_STATUS_GUEST_SHIFT) & (KEY_REFERENCED | KEY_CHANGED));
  }

  /**
   * Sets the guests' storage key of an entry. Reference and change bits of the frame's key become the host's.
   * @param present whether it has a frame
   */
  setKey(table: number, index: number, key: number, present: boolean): void {
    const { view, keys } = this.#kernel.storage;
    const at = table + PGSTE_OFFSET + index * 8;
    let pgste =
      view.getUint32(at) & ~(PGSTE.ACCESS | PGSTE.FETCH | PGSTE.GUEST_REFERENCED | PGSTE.GUEST_CHANGED);
    pgste |= (key & (KEY_ACC | KEY_FETCH)) << PAGE_STATUS_KEY_SHIFT;
    pgste |= (key & (KEY_REFERENCED | KEY_CHANGED)) << PAGE_STATUS_GUEST_SHIFT;
    if (present) {
      const frame = this.frame(table, index) / FRAME_SIZE;
      const old = keys[frame] as number;
      pgste |= (old & (KEY_REFERENCED | KEY_CHANGED)) << PAGE_STATUS_HOST_SHIFT;
      keys[frame] = key & (KEY_ACC | KEY_FETCH);
      this.#kernel.machine.forgetKeys();
    }
    view.setUint32(at, pgste >>> 0);
  }

  /** Returns the usage state of an entry, see `USAGE`. */
  usage(table: number, index: number): number {
    const low = this.#kernel.storage.view.getUint32(table + PGSTE_OFFSET + index * 8 + 4);
    return (low >>> USAGE_SHIFT) & USAGE_BITS;
  }

  /** Whether the guests' change bit is on in the PGSTE of an entry. */
  guestChanged(table: number, index: number): boolean {
    const high = this.#kernel.storage.view.getUint32(table + PGSTE_OFFSET + index * 8);
    return (high & PGSTE.GUEST_CHANGED) !== 0;
  }

  /** Sets the bits `mask` of the usage state of an entry. */
  setUsage(table: number, index: number, bits: number, mask: number): void {
    this.#lock.expect('write', 'setting a usage state');
    const { view } = this.#kernel.storage;
    const at = table + PGSTE_OFFSET + index * 8 + 4;
    const changed = mask & USAGE_BITS;
    const kept = view.getUint32(at) & ~(changed << USAGE_SHIFT);
    view.setUint32(at, (kept | ((bits & changed) << USAGE_SHIFT)) >>> 0);
  }

  #set(table: number, index: number, frame: number, bits: number): void {
    setEntry(this.#kernel.storage.view, table + index * 8, frame, bits);
  }

  /** Keeps the key of a page in the PGSTE, where it outlives the frame. */
  #saveKey(table: number, index: number, frame: number): void {
    const { view, keys } = this.#kernel.storage;
    const key = keys[frame / FRAME_SIZE] as number;
    const at = table + PGSTE_OFFSET + index * 8;
    let pgste = view.getUint32(at) & ~(PGSTE.ACCESS | PGSTE.FETCH);
    pgste |= (key & (KEY_ACC | KEY_FETCH)) << PAGE_STATUS_KEY_SHIFT;
    pgste |= (key & (KEY_REFERENCED | KEY_CHANGED)) << PAGE_STATUS_GUEST_SHIFT;
    view.setUint32(at, pgste >>> 0);
  }

  /**
   * Gives a frame the key of the page. The frame of a file that another page table designates too has a key already: the
   * page and the file itself hold two of the references to it.
   */
  #loadKey(table: number, index: number, frame: number): void {
    const { frames, storage } = this.#kernel;
    if (frames.sharersOf(frame) > 1) return;
    const pgste = storage.view.getUint32(table + PGSTE_OFFSET + index * 8);
    storage.keys[frame / FRAME_SIZE] = (pgste >>> PAGE_STATUS_KEY_SHIFT) & (KEY_ACC | KEY_FETCH);
  }

  #notify(table: number, index: number): void {
    const { descriptors, reverseMaps } = this.#common;
    const unit = table / PAGE_TABLE_SIZE;
    if (descriptors.watched[unit] === 0) return;
    const { view } = this.#kernel.storage;
    const pgste = table + PGSTE_OFFSET + index * 8;
    const bits = view.getUint32(pgste);
    if ((bits & PGSTE.NOTIFY) === 0) return;
    view.setUint32(pgste, bits & ~PGSTE.NOTIFY);
    descriptors.watched[unit]!--;
    for (let node = reverseMaps.first(table); node >= 0; node = reverseMaps.after(node)) {
      const owner = reverseMaps.ownerOf(node);
      owner.invalidated(owner.segmentOf(reverseMaps.entryOf(node)) * PAGES_PER_SEGMENT + index);
    }
  }
}

/** Returns the frame in an entry. */
export function frameOf(view: DataView, entry: number): number {
  return absolute(view.getUint32(entry), view.getUint32(entry + 4) & PAGE.FRAME);
}

/** Writes an entry of a page table or a segment table: an absolute address, and the bits below it. */
export function setEntry(view: DataView, entry: number, frame: number, bits: number): void {
  view.setUint32(entry, frame / HALF);
  view.setUint32(entry + 4, (frame | bits) >>> 0);
}
