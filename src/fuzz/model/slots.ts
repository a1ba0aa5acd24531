/** The model of a virtual machine's memory slots, and of their dirty logs. */

import type { LogModel } from './dirty-log.ts';
import { GUEST_LIMIT, LIMIT_PAGES, onPage, onSegment, pageOf } from './places.ts';
import type { ProcessModel } from './process.ts';
import { Refusal } from './refusal.ts';

const SLOTS = 32767n;
const MAX_PAGES = (1n << 31n) - 1n;

/** A slot, in bytes. */
export interface Slot {
  readonly from: bigint;
  readonly to: bigint;
  readonly length: bigint;
  readonly log: LogModel | null;
}

/** The parameters of a slot to set. */
export interface SlotRequest {
  readonly slot: bigint;
  readonly from: bigint;
  readonly to: bigint;
  readonly length: bigint;
  readonly log?: boolean;
}

/** The guest address space that slots are mapped into: a gmap. */
export interface SlotSpace {
  readonly process: ProcessModel;
  map(from: bigint, to: bigint, length: bigint): boolean;
  unmap(to: bigint, length: bigint): boolean;
}

/** The slots of one virtual machine. */
export class SlotsModel {
  readonly #gmap: SlotSpace;
  readonly #slots = new Map<bigint, Slot>();

  constructor(gmap: SlotSpace) {
    this.#gmap = gmap;
  }

  /** The slots by number. */
  get all(): ReadonlyMap<bigint, Slot> {
    return this.#slots;
  }

  /**
   * Sets, changes or deletes a slot.
   * Returns the number of purges: one for each range with linked segments.
   * @throws Refusal EINVAL, EEXIST
   */
  set(request: SlotRequest): number {
    checkNumbers(request);
    const old = this.#slots.get(request.slot);
    if (request.length === 0n) return this.#delete(request.slot, old);
    if (old && (request.from !== old.from || request.length !== old.length)) throw new Refusal('EINVAL');
    let purges = 0;
    const moves = request.to !== old?.to;
    if (moves) this.#checkPlace(request);
    const log = request.log ? (old?.log ?? this.#startLog(request)) : null;
    if (moves) {
      if (old && this.#gmap.unmap(old.to, old.length)) purges++;
      if (this.#gmap.map(request.from, request.to, request.length)) purges++;
    }
    if (old?.log && !log) this.#gmap.process.stopLog(old.log);
    this.#slots.set(request.slot, { ...request, log });
    return purges;
  }

  /**
   * Returns the guest addresses of the written pages, ascending, and clears the log.
   * @throws Refusal EINVAL, ENOENT
   */
  dirty(slot: bigint): bigint[] {
    if (slot >= SLOTS) throw new Refusal('EINVAL');
    const found = this.#slots.get(slot);
    if (!found?.log) throw new Refusal('ENOENT');
    const pages = [...found.log.written].sort((a, b) => a - b);
    found.log.written.clear();
    // The next store must be logged again, so it is forbidden until then.
    for (const page of pages) this.#gmap.process.forbidStores(page);
    const { start } = found.log;
    return pages.map((page) => found.to + (BigInt(page - start) << 12n));
  }

  /**
   * Returns the process page behind a guest page.
   * @throws Refusal EFAULT
   */
  processPage(page: number): number {
    const address = BigInt(page) << 12n;
    for (const { from, to, length } of this.#slots.values()) {
      if (address >= to && address < to + length) return pageOf(from + (address - to));
    }
    throw new Refusal('EFAULT');
  }

  /** Ends the logs, because the virtual machine is destroyed. */
  end(): void {
    for (const { log } of this.#slots.values()) if (log) this.#gmap.process.stopLog(log);
  }

  #delete(slot: bigint, old: Slot | undefined): number {
    if (!old) throw new Refusal('EINVAL');
    if (old.log) this.#gmap.process.stopLog(old.log);
    this.#slots.delete(slot);
    return this.#gmap.unmap(old.to, old.length) ? 1 : 0;
  }

  #startLog({ from, length }: SlotRequest): LogModel {
    return this.#gmap.process.startLog(Number(from >> 12n), Number((from + length) >> 12n));
  }

  #checkPlace({ slot, from, to, length }: SlotRequest): void {
    if (!onSegment(from) || !onSegment(to) || !onSegment(length)) throw new Refusal('EINVAL');
    for (const [name, other] of this.#slots) {
      if (name !== slot && to < other.to + other.length && other.to < to + length)
        throw new Refusal('EEXIST');
    }
  }
}

function checkNumbers({ slot, from, to, length }: SlotRequest): void {
  const wrong =
    slot >= SLOTS ||
    ![from, to, length].every(onPage) ||
    length >> 12n > MAX_PAGES ||
    to + length >= GUEST_LIMIT ||
    from + length > BigInt(LIMIT_PAGES) << 12n;
  if (wrong) throw new Refusal('EINVAL');
}
