/**
 * The frame allocator: hands out frames of absolute storage.
 *
 * It is a buddy system. Blocks have 2^order frames and are aligned to their size; a block is split to serve a smaller
 * request, and joined with its buddy when both are free. Every block has a purpose, so that the use of storage can be
 * counted. An allocation can be made to fail on purpose.
 *
 * Addresses are absolute byte addresses, as plain numbers.
 */

import { type CodeWatch, FRAME_SIZE, InternalError, type Storage } from '../machine/index.ts';
import { demandInteger } from './arguments.ts';
import { LinuxError } from './errors.ts';
import type { Locks } from './locks.ts';

/** The purposes of storage. */
export const PURPOSES = [
  'page',
  'large-page',
  'page-table',
  'pgste-table',
  'mm-table',
  'gmap-table',
  'kernel',
] as const;

/** A purpose of storage: a page, a 1 MiB page, a page table without or with PGSTEs, a table of an mm or gmap, or else. */
export type Purpose = (typeof PURPOSES)[number];

/** Order of a region or segment table: four frames, 16 KiB. */
export const CRST_ORDER = 2;

/** Order of a frame of 1 MiB: 256 frames. */
export const LARGE_ORDER = 8;

/** The largest block: 2^10 frames, 4 MiB. */
export const MAX_ORDER = 10;

/** The number of frames at the bottom of storage that are never handed out: they include a prefix area. */
const RESERVED_FRAMES = 16;

const NONE = -1;

/** Hands out frames of one machine's storage. */
export class Frames {
  readonly #storage: Storage;
  readonly #locks: Locks;
  readonly #codeWatch: CodeWatch | null;
  /** For the first frame of a free block: its order plus one. Otherwise 0. */
  readonly #freeOrder: Uint8Array;
  /** For the first frame of a used block: order in the low four bits, purpose above them, and one added. Otherwise 0. */
  readonly #used: Uint8Array;
  readonly #next: Int32Array;
  readonly #previous: Int32Array;
  /** For the first frame of a used block: the number of references to it besides the first. */
  readonly #sharers: Int32Array;
  readonly #heads = new Int32Array(MAX_ORDER + 1).fill(NONE);
  readonly #counts = new Float64Array(PURPOSES.length);
  #available = 0;
  /** Each is called when storage runs out, and returns whether it has freed frames. */
  readonly shrinkers = new Set<() => boolean>();
  #failIn = 0;
  #touched = RESERVED_FRAMES;

  /** @param codeWatch is told of each block that is handed out: what is stored there next is not reported, or null */
  constructor(storage: Storage, locks: Locks, codeWatch: CodeWatch | null = null) {
    this.#codeWatch = codeWatch;
    const frames = storage.size / FRAME_SIZE;
    this.#storage = storage;
    this.#locks = locks;
    this.#freeOrder = new Uint8Array(frames);
    this.#used = new Uint8Array(frames);
    this.#next = new Int32Array(frames);
    this.#previous = new Int32Array(frames);
    this.#sharers = new Int32Array(frames);
    this.#seed(frames);
  }

  /** The number of free frames. */
  get available(): number {
    return this.#available;
  }

  /** The absolute address after the last frame that was ever handed out. Storage from there on was never used. */
  get touched(): number {
    return this.#touched * FRAME_SIZE;
  }

  /** The number of frames in use for a purpose. */
  count(purpose: Purpose): number {
    return this.#counts[PURPOSES.indexOf(purpose)] as number;
  }

  /** Makes the `n`-th allocation from now on fail, once; 0 cancels that. @throws LinuxError EINVAL for a negative number */
  failIn(n: number): void {
    demandInteger('n', n);
    this.#failIn = n;
  }

  /** The number of allocations until the one that is to fail, or 0. */
  get failing(): number {
    return this.#failIn;
  }

  /**
   * Allocates 2^order frames, aligned to their size. Returns their address. Their contents are undefined.
   * @throws LinuxError ENOMEM if no such block is free, or `failIn` made this allocation fail; nothing has changed then
   */
  allocate(order: number, purpose: Purpose): number {
    this.#locks.allocating();
    if (this.#failIn > 0 && --this.#failIn === 0) {
      throw new LinuxError('ENOMEM', `no frames for a ${purpose}: this allocation was made to fail`);
    }
    const from = this.#find(order);
    if (from > MAX_ORDER) {
      throw new LinuxError('ENOMEM', `no block of ${2 ** order} frames is free for a ${purpose}`);
    }
    return this.#allocate(order, from, purpose);
  }

  /** Returns the order of the smallest free block that is large enough, or more than `MAX_ORDER`. */
  #find(order: number): number {
    for (;;) {
      let from = order;
      while (from <= MAX_ORDER && this.#heads[from] === NONE) from++;
      if (from <= MAX_ORDER || !this.#shrink()) return from;
    }
  }

  #shrink(): boolean {
    for (const shrinker of this.shrinkers) if (shrinker()) return true;
    return false;
  }

  /** Takes a block of order `from`, and gives back what is not needed of it. */
  #allocate(order: number, from: number, purpose: Purpose): number {
    const frame = this.#heads[from] as number;
    this.#take(frame, from);
    for (let rest = from - 1; rest >= order; rest--) this.#put(frame + 2 ** rest, rest);
    const kind = PURPOSES.indexOf(purpose);
    this.#used[frame] = ((kind << 4) | order) + 1;
    this.#counts[kind]! += 2 ** order;
    this.#available -= 2 ** order;
    this.#watched(frame, 2 ** order);
    if (frame + 2 ** order > this.#touched) this.#touched = frame + 2 ** order;
    return frame * FRAME_SIZE;
  }

  #watched(frame: number, count: number): void {
    const watch = this.#codeWatch;
    if (watch === null) return;
    for (let i = 0; i < count; i++) watch.stored(frame + i, 0, FRAME_SIZE - 1);
  }

  /** As `allocate`; every byte and the storage keys are zero. */
  allocateZeroed(order: number, purpose: Purpose): number {
    const address = this.allocate(order, purpose);
    const frame = address / FRAME_SIZE;
    this.#storage.bytes.fill(0, address, address + FRAME_SIZE * 2 ** order);
    this.#storage.keys.fill(0, frame, frame + 2 ** order);
    return address;
  }

  /** Takes one more reference to a block. Each reference is dropped by `free`. */
  share(address: number): void {
    this.#sharers[address / FRAME_SIZE]!++;
  }

  /** The number of references to a block besides the first. */
  sharersOf(address: number): number {
    return this.#sharers[address / FRAME_SIZE] as number;
  }

  /** Splits a frame of 1 MiB into 256 pages that are freed one by one. Preconditions: there is one reference to it. */
  split(address: number): void {
    const first = address / FRAME_SIZE;
    const page = PURPOSES.indexOf('page');
    const count = 2 ** LARGE_ORDER;
    this.#used.fill((page << 4) + 1, first, first + count);
    this.#counts[PURPOSES.indexOf('large-page')]! -= count;
    this.#counts[page]! += count;
  }

  /**
   * Drops a reference to a block, and frees it with the last one.
   * @throws InternalError if no block in use starts there
   */
  free(address: number): void {
    let frame = address / FRAME_SIZE;
    const used = this.#used[frame];
    if (!used) throw new InternalError(`frame 0x${address.toString(16)} freed, but not in use`);
    if ((this.#sharers[frame] as number) > 0) {
      this.#sharers[frame]!--;
      return;
    }
    this.#used[frame] = 0;
    let order = (used - 1) & 15;
    this.#counts[(used - 1) >>> 4]! -= 2 ** order;
    this.#available += 2 ** order;
    while (order < MAX_ORDER) {
      const buddy = frame ^ (2 ** order);
      if (this.#freeOrder[buddy] !== order + 1) break;
      this.#take(buddy, order);
      frame = Math.min(frame, buddy);
      order++;
    }
    this.#put(frame, order);
  }

  /** Returns the purpose of the block that starts at `address`, or undefined if no block in use starts there. */
  purposeOf(address: number): Purpose | undefined {
    const used = this.#used[address / FRAME_SIZE];
    return used ? PURPOSES[(used - 1) >>> 4] : undefined;
  }

  /** Divides all of storage except the reserved frames into free blocks, lowest first. */
  #seed(frames: number): void {
    let end = frames;
    while (end > RESERVED_FRAMES) {
      let order = MAX_ORDER;
      while (end % 2 ** order !== 0 || end - 2 ** order < RESERVED_FRAMES) order--;
      end -= 2 ** order;
      this.#put(end, order);
      this.#available += 2 ** order;
    }
  }

  #put(frame: number, order: number): void {
    const head = this.#heads[order] as number;
    this.#freeOrder[frame] = order + 1;
    this.#next[frame] = head;
    this.#previous[frame] = NONE;
    if (head !== NONE) this.#previous[head] = frame;
    this.#heads[order] = frame;
  }

  #take(frame: number, order: number): void {
    const next = this.#next[frame] as number;
    const previous = this.#previous[frame] as number;
    this.#freeOrder[frame] = 0;
    if (next !== NONE) this.#previous[next] = previous;
    if (previous === NONE) this.#heads[order] = next;
    else this.#next[previous] = next;
  }
}
