/** Memory slots of a virtual machine as they must be, and which of their pages are known to be written. */

import type { GmapModel } from './gmap.ts';
import { GUEST_LIMIT, LIMIT_PAGES, onPage, onSegment, pageOf } from './places.ts';
import { Refusal } from './refusal.ts';

const SLOTS = 32767n;
const MAX_PAGES = (1n << 31n) - 1n;

/** The pages of a range of a process that were written since somebody last asked. */
export class LogModel {
  readonly start: number;
  readonly end: number;
  readonly written = new Set<number>();

  constructor(start: number, end: number) {
    this.start = start;
    this.end = end;
  }

  /** Whether the page is in the range. */
  covers(page: number): boolean {
    return page >= this.start && page < this.end;
  }
}

/** A slot, in bytes. */
export interface Slot {
  readonly from: bigint;
  readonly to: bigint;
  readonly length: bigint;
  readonly log: LogModel | null;
}

/** What a slot is asked to be. */
export interface SlotRequest {
  readonly slot: bigint;
  readonly from: bigint;
  readonly to: bigint;
  readonly length: bigint;
  readonly log?: boolean;
}

/** The slots of one virtual machine. */
export class SlotsModel {
  readonly #gmap: GmapModel;
  readonly #slots = new Map<bigint, Slot>();

  constructor(gmap: GmapModel) {
    this.#gmap = gmap;
  }

  /** The slots there are, by number. */
  get all(): ReadonlyMap<bigint, Slot> {
    return this.#slots;
  }

  /** Says how many purges that takes: each for something that was linked. @throws Refusal */
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

  /** Guest addresses of the pages written, ascending; none is written from now on. @throws Refusal EINVAL, ENOENT */
  dirty(slot: bigint): bigint[] {
    if (slot >= SLOTS) throw new Refusal('EINVAL');
    const found = this.#slots.get(slot);
    if (!found?.log) throw new Refusal('ENOENT');
    const pages = [...found.log.written].sort((a, b) => a - b);
    found.log.written.clear();
    // The next store is noted again: until then it is forbidden.
    for (const page of pages) this.#gmap.process.forbidStores(page);
    const { start } = found.log;
    return pages.map((page) => found.to + (BigInt(page - start) << 12n));
  }

  /** The process page behind a guest page. @throws Refusal EFAULT */
  processPage(page: number): number {
    const address = BigInt(page) << 12n;
    for (const { from, to, length } of this.#slots.values()) {
      if (address >= to && address < to + length) return pageOf(from + (address - to));
    }
    throw new Refusal('EFAULT');
  }

  /** The virtual machine goes. */
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
