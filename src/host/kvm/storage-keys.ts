/**
 * The storage keys of a guest as user space reads and sets them, for a migration: KVM_S390_GET_SKEYS and
 * KVM_S390_SET_SKEYS. Frames are guest absolute page numbers.
 */

import { demandKey, demandObject, show } from '../arguments.ts';
import { hex, LinuxError } from '../errors.ts';
import type { Mm } from '../mm/index.ts';
import { processPage } from '../numbers.ts';
import type { MemorySlots } from './slots.ts';

/** The number of keys that one call can read or set (KVM_S390_SKEYS_MAX). */
const MAX_KEYS = 1 << 20;

/** The keys of one virtual machine's memory. */
export class StorageKeys {
  readonly #mm: Mm;
  readonly #slots: MemorySlots;
  /** Whether this guest uses keys. Others of the same process may, whose keys are those of the same pages. */
  #isUsed = false;

  constructor(mm: Mm, slots: MemorySlots) {
    this.#mm = mm;
    this.#slots = slots;
  }

  /**
   * Returns the keys of `count` frames, each access control 0xf0, fetch protection 0x08, referenced 0x04, changed 0x02;
   * null (KVM_S390_GET_SKEYS_NONE) if the guest has not used keys, and none were set.
   *
   * @throws LinuxError EINVAL for a count of 0 or more than 2^20, or a frame that is out of range; EFAULT when a frame is
   *   in no slot, or the process has nothing mapped there
   */
  get(startFrame: number, count: number): Uint8Array | null {
    if (!this.#isUsed) return null;
    check(startFrame, count);
    const keys = new Uint8Array(count);
    this.#pages(startFrame, count).forEach((page, i) => {
      keys[i] = this.#mm.keyOf(processPage(page));
    });
    return keys;
  }

  /** Returns the key of one frame, 0 if the process does not use keys. @throws LinuxError as `get` */
  of(frame: number): number {
    check(frame, 1);
    const [page] = this.#pages(frame, 1) as [number];
    return this.#mm.ptes.usesKeys ? this.#mm.keyOf(processPage(page)) : 0;
  }

  /** Makes the guest use keys, and the process too. @throws LinuxError ENOMEM; nothing has changed then */
  enable(): void {
    this.#mm.enableKeys();
    this.#isUsed = true;
  }

  /**
   * Sets the keys of the frames from `startFrame` on. The guest uses keys from then on.
   *
   * @throws LinuxError EINVAL as `get`, for no keys or more than 2^20, and for one with its lowest bit on; EFAULT as
   *   `get`; ENOMEM. No key has changed then
   */
  set(startFrame: number, keys: ArrayLike<number>): void {
    demandObject('keys', keys);
    check(startFrame, keys.length);
    for (let i = 0; i < keys.length; i++) demandKey(keys[i] as number);
    const pages = this.#pages(startFrame, keys.length);
    this.enable();
    this.#mm.setKeys(pages, keys);
  }

  /** Returns the process pages behind guest frames. @throws LinuxError EFAULT if a frame has none */
  #pages(startFrame: number, count: number): number[] {
    const pages: number[] = [];
    while (pages.length < count) {
      const frame = startFrame + pages.length;
      const slot = this.#slots.at(BigInt(frame) << 12n);
      if (!slot) throw noFrame(frame, 'is in no slot');
      const offset = frame - Number(slot.guestPhysAddr >> 12n);
      const first = Number(slot.userspaceAddr >> 12n) + offset;
      const end = Math.min(first + count - pages.length, first - offset + Number(slot.memorySize >> 12n));
      for (let page = first; page < end; page++) {
        if (!this.#mm.mappings.at(page)) throw noFrame(startFrame + pages.length, 'has no memory behind it');
        pages.push(page);
      }
    }
    return pages;
  }
}

function noFrame(frame: number, why: string): LinuxError {
  return new LinuxError('EFAULT', `guest frame ${hex(frame)} ${why}`);
}

function check(startFrame: number, count: number): void {
  if (!Number.isInteger(count) || count < 1 || count > MAX_KEYS) {
    throw new LinuxError('EINVAL', `${show(count)} keys: one call takes 1 to ${MAX_KEYS}`);
  }
  if (!Number.isSafeInteger(startFrame) || startFrame < 0) {
    throw new LinuxError('EINVAL', `${show(startFrame)} is not the number of a frame`);
  }
}
