/**
 * Collaborative memory management (CMMA): a guest says by ESSA which of its pages it needs (essa.ts), and user space reads and sets
 * these usage states, for a migration (Linux: kvm_s390_get_cmma_bits and so on).
 */

import { demandBytes, demandFlag, demandInteger, demandObject } from '../arguments.ts';
import { hex, LinuxError } from '../errors.ts';
import type { Life } from '../life.ts';
import { type Mm, USAGE } from '../mm/index.ts';
import { processPage } from '../numbers.ts';
import { DirtyPages } from './dirty-pages.ts';
import type { MemoryRegion, MemorySlots } from './slots.ts';

/** The number of states that one call can get or set (KVM_S390_CMMA_SIZE_MAX). */
const MAX_STATES = 1 << 20;
/** The number of pages without a new state that end an answer (KVM_S390_MAX_BIT_DISTANCE). */
const MAX_DISTANCE = 16;
/** The number of the last page of a guest. */
const LAST_PAGE = 2 ** 52 - 1;
const KVM_MEM_LOG_DIRTY_PAGES = 1;

type Slot = Required<MemoryRegion>;

/** A request for usage states. */
export interface UsageRequest {
  /** The first frame, by number. */
  readonly startFrame: number;
  /** The number of frames, from 0 on; at most 2^20 are returned. */
  readonly count: number;
  /** KVM_S390_CMMA_PEEK: the states of exactly these frames; otherwise those that are new since they were last returned. */
  readonly peek?: boolean;
}

/** Usage states that user space gets. */
export interface UsageStates {
  /** The first frame whose state is returned. */
  readonly startFrame: number;
  /** A state for each frame: bits 0 to 1 the usage (0 stable, 1 unused, 2 potentially volatile, 3 volatile), 0x40 no DAT table. */
  readonly values: Uint8Array;
  /** The number of frames with states that were not returned yet; 0 without a migration. */
  readonly remaining: number;
}

const NOTHING: UsageStates = { startFrame: 0, values: new Uint8Array(), remaining: 0 };

/** The usage states of one virtual machine's pages. */
export class CollaborativeMemory {
  readonly #mm: Mm;
  readonly #slots: MemorySlots;
  readonly #life: Life;
  #enabled = false;
  /** Whether the guest or user space has set a state (Linux: uses_cmm). */
  #used = false;
  /** The frames with new states by slot, during a migration; otherwise null. */
  #dirty: Map<number, DirtyPages> | null = null;

  /** @param life the life of the virtual machine */
  constructor(mm: Mm, slots: MemorySlots, life: Life) {
    this.#mm = mm;
    this.#slots = slots;
    this.#life = life;
  }

  /** Whether the guest may use ESSA. */
  get enabled(): boolean {
    return this.#enabled;
  }

  /** Whether a migration is under way (KVM_S390_VM_MIGRATION_STATUS). */
  get migrating(): boolean {
    return this.#dirty !== null;
  }

  /** Notes that states are in use, so that user space gets them. */
  use(): void {
    this.#used = true;
  }

  /**
   * KVM_S390_VM_MEM_ENABLE_CMMA: lets the guest use ESSA.
   * @param vcpus the number of virtual CPUs that the virtual machine has
   * @throws LinuxError EBUSY if there are any
   */
  enable(vcpus: number): void {
    this.#life.demandQuiet();
    if (vcpus > 0)
      throw new LinuxError('EBUSY', 'CMMA cannot be enabled: the virtual machine has virtual CPUs');
    this.#enabled = true;
  }

  /** KVM_S390_VM_MEM_CLR_CMMA: makes all pages stable. @throws LinuxError EINVAL if CMMA is not enabled */
  clear(): void {
    if (!this.#enabled) throw new LinuxError('EINVAL', 'CMMA is not enabled');
    this.#life.operation(() => this.#mm.clearUsage());
  }

  /**
   * KVM_S390_VM_MIGRATION_START: from now on the states that change are known. At first all are new. Nothing happens if a migration
   * is under way.
   * @throws LinuxError EINVAL without a memory slot, or if CMMA is enabled and a slot does not log
   */
  startMigration(): void {
    this.#life.demandQuiet();
    if (this.migrating) return;
    const slots = [...this.#slots.all.values()];
    if (slots.length === 0) throw new LinuxError('EINVAL', 'there is no memory slot');
    const silent = slots.find((slot) => !logs(slot));
    if (this.#enabled && silent !== undefined)
      throw new LinuxError('EINVAL', `slot ${silent.slot} does not log dirty pages`);
    this.#dirty = new Map(slots.map((slot) => [slot.slot, new DirtyPages(pagesOf(slot), true)]));
  }

  /** KVM_S390_VM_MIGRATION_STOP. */
  stopMigration(): void {
    this.#life.demandQuiet();
    this.#dirty = null;
  }

  /** A slot was made, changed or deleted. One that does not log ends the migration. */
  slotChanged(number: number): void {
    if (this.#dirty === null) return;
    const slot = this.#slots.all.get(number);
    if (slot === undefined) this.#dirty.delete(number);
    else if (!logs(slot)) this.#dirty = null;
    else if (!this.#dirty.has(number)) this.#dirty.set(number, new DirtyPages(pagesOf(slot), false));
  }

  /** Notes that the guest has set the state of a frame. */
  changed(frame: number): void {
    const slot = this.#slotOf(frame);
    if (slot !== undefined) this.#dirty?.get(slot.slot)?.mark(frame - firstOf(slot));
  }

  /**
   * KVM_S390_GET_CMMA_BITS. Without `peek`: the states from the next frame on whose state is new, until more than 16 that are not
   * follow each other. These frames are no longer new then. If states are not in use, or none is new, nothing is returned.
   * @throws LinuxError ENXIO if CMMA is not enabled; EINVAL for a value out of range, or without `peek` if no migration is under
   *   way; EFAULT with `peek` if the first frame is in no slot
   */
  getStates(request: UsageRequest): UsageStates {
    demandObject('request', request);
    const { startFrame, count, peek = false } = request;
    this.#demandEnabled();
    demandFlag('peek', peek);
    demandInteger('startFrame', startFrame, 0, LAST_PAGE);
    demandInteger('count', count, 0, 0xffff_ffff);
    if (!peek && !this.migrating) throw new LinuxError('EINVAL', 'no migration is under way');
    const size = Math.min(count, MAX_STATES);
    if (size === 0 || !this.#used || (!peek && this.#remaining === 0)) return NOTHING;
    return this.#life.operation(() => {
      const states = peek ? this.#peek(startFrame, size) : this.#take(startFrame, size);
      return { ...states, remaining: this.#remaining };
    });
  }

  /**
   * KVM_S390_SET_CMMA_BITS: sets states of frames, from `startFrame` on.
   * @param values a state for each frame, as `getStates` returns them
   * @param mask the bits of the states that are set
   * @throws LinuxError ENXIO if CMMA is not enabled; EINVAL for more than 2^20 states, or a value out of range; EFAULT at a frame that is in
   *   no slot: those before it are set; ENOMEM
   */
  setStates(startFrame: number, values: Uint8Array, mask: number): void {
    this.#demandEnabled();
    demandInteger('startFrame', startFrame, 0, LAST_PAGE);
    demandBytes(values);
    demandInteger('mask', mask, 0, 0xff);
    demandInteger('number of states', values.length, 0, MAX_STATES);
    if (values.length === 0) return;
    this.#life.operation(() => {
      this.#used = true;
      values.forEach((value, i) => {
        const page = this.#processPage(startFrame + i);
        if (page === null) throw new LinuxError('EFAULT', `guest frame ${hex(startFrame + i)} is in no slot`);
        if (this.#mm.mappings.at(page)) this.#mm.setUsage(processPage(page), value, mask & USAGE.ALL);
      });
    });
  }

  #demandEnabled(): void {
    this.#life.demand();
    if (!this.#enabled) throw new LinuxError('ENXIO', 'CMMA is not enabled');
  }

  get #remaining(): number {
    let sum = 0;
    for (const dirty of this.#dirty?.values() ?? []) sum += dirty.count;
    return sum;
  }

  /** Returns the states of some frames, up to the first that is in no slot (Linux: kvm_s390_peek_cmma). */
  #peek(startFrame: number, size: number): Omit<UsageStates, 'remaining'> {
    const values: number[] = [];
    while (values.length < size) {
      const state = this.#stateOf(startFrame + values.length);
      if (state === null) break;
      values.push(state);
    }
    if (values.length === 0) throw new LinuxError('EFAULT', `guest frame ${hex(startFrame)} is in no slot`);
    return { startFrame, values: Uint8Array.from(values) };
  }

  /** Returns new states, and takes them as known (Linux: kvm_s390_get_cmma). */
  #take(from: number, size: number): Omit<UsageStates, 'remaining'> {
    const startFrame = this.#nextDirty(from);
    const values: number[] = [];
    const end = Math.max(...[...this.#slots.all.values()].map((slot) => firstOf(slot) + pagesOf(slot)));
    let next = this.#nextDirty(startFrame + 1);
    for (let frame = startFrame; values.length < size; frame++) {
      const state = this.#stateOf(frame);
      if (state === null) break;
      const slot = this.#slotOf(frame) as Slot;
      this.#dirty?.get(slot.slot)?.clear(frame - firstOf(slot));
      values.push(state);
      if (next > frame + MAX_DISTANCE) break;
      if (next === frame) next = this.#nextDirty(frame + 1);
      // A next frame before the first one was found from the lowest slot on.
      if (next >= end || next < startFrame || next - startFrame >= size) break;
    }
    return { startFrame, values: Uint8Array.from(values) };
  }

  /**
   * Returns the first frame from `from` on whose state is new, or the end of the highest slot. Above all slots it is looked for
   * from the lowest on.
   */
  #nextDirty(from: number): number {
    const sorted = [...this.#slots.all.values()].sort((a, b) => firstOf(a) - firstOf(b));
    const above = sorted.findIndex((slot) => firstOf(slot) + pagesOf(slot) > from);
    const candidates = sorted.slice(Math.max(above, 0));
    for (const slot of candidates) {
      const start = above < 0 ? 0 : Math.max(from - firstOf(slot), 0);
      const found = this.#dirty?.get(slot.slot)?.next(start) ?? -1;
      if (found >= 0) return firstOf(slot) + found;
    }
    const last = sorted.at(-1) as Slot;
    return firstOf(last) + pagesOf(last);
  }

  /** Returns the state of a frame, or null if it is in no slot. */
  #stateOf(frame: number): number | null {
    const page = this.#processPage(frame);
    if (page === null) return null;
    return this.#mm.usageOf(processPage(page)).usage;
  }

  #slotOf(frame: number): Slot | undefined {
    return this.#slots.at(BigInt(frame) << 12n);
  }

  /** Returns the process page behind a frame, or null if the frame is in no slot. */
  #processPage(frame: number): number | null {
    const slot = this.#slotOf(frame);
    return slot === undefined ? null : Number(slot.userspaceAddr >> 12n) + frame - firstOf(slot);
  }
}

function logs({ flags }: Slot): boolean {
  return (flags & KVM_MEM_LOG_DIRTY_PAGES) !== 0;
}

function firstOf({ guestPhysAddr }: Slot): number {
  return Number(guestPhysAddr >> 12n);
}

function pagesOf({ memorySize }: Slot): number {
  return Number(memorySize >> 12n);
}
