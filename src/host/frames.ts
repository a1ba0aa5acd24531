/**
 * The frame allocator: who has which frame of absolute storage.
 *
 * Blocks of 2^order frames, aligned to their size, in the manner of a buddy system: a block is split to serve a
 * smaller request, and meets its buddy again when both are free. Every block has a purpose, so that what the
 * host uses storage for can be counted, and allocation can be made to fail on purpose.
 *
 * Addresses are absolute byte addresses, as plain numbers.
 */

import { FRAME_SIZE, InternalError, type Storage } from '../machine/index.ts';
import { demandInteger } from './arguments.ts';
import { LinuxError } from './errors.ts';
import type { Locks } from './locks.ts';

/** What storage is used for. */
export const PURPOSES = [
  'page',
  'large-page',
  'page-table',
  'pgste-table',
  'mm-table',
  'gmap-table',
  'kernel',
] as const;

/** A use of storage: a page, one of 1 MiB, a page table without or with PGSTEs, a table of an mm or gmap, the rest. */
export type Purpose = (typeof PURPOSES)[number];

/** Order of a region or segment table: four frames, 16 KiB. */
export const CRST_ORDER = 2;

/** Order of a frame of 1 MiB: 256 frames. */
export const LARGE_ORDER = 8;

/** The largest block: 2^10 frames, 4 MiB. */
export const MAX_ORDER = 10;

/** Frames at the bottom of storage that are never handed out: a prefix area lies there. */
const RESERVED_FRAMES = 16;

const NONE = -1;

/** Hands out frames of one machine's storage. */
export class Frames {
  readonly #storage: Storage;
  readonly #locks: Locks;
  /** Of the first frame of a free block: its order plus one. 0 elsewhere. */
  readonly #freeOrder: Uint8Array;
  /** Of the first frame of a used block: order in the low four bits, purpose above, plus one in total. */
  readonly #used: Uint8Array;
  readonly #next: Int32Array;
  readonly #previous: Int32Array;
  /** Of the first frame of a used block: how many have it beside the one that asked for it. */
  readonly #sharers: Int32Array;
  readonly #heads = new Int32Array(MAX_ORDER + 1).fill(NONE);
  readonly #counts = new Float64Array(PURPOSES.length);
  #available = 0;
  #failIn = 0;
  #touched = RESERVED_FRAMES;

  constructor(storage: Storage, locks: Locks) {
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

  /** Frames that nobody has. */
  get available(): number {
    return this.#available;
  }

  /** Absolute address behind the last frame that was ever handed out: storage beyond is as it was made. */
  get touched(): number {
    return this.#touched * FRAME_SIZE;
  }

  /** Frames in use for a purpose. */
  count(purpose: Purpose): number {
    return this.#counts[PURPOSES.indexOf(purpose)] as number;
  }

  /** Makes the `n`-th allocation from now fail, once; 0 calls it off. @throws LinuxError EINVAL for a negative number */
  failIn(n: number): void {
    demandInteger('n', n);
    this.#failIn = n;
  }

  /** Allocations until the one that is to fail; 0 when none is. */
  get failing(): number {
    return this.#failIn;
  }

  /**
   * Hands out 2^order frames, aligned to their size, holding whatever they held.
   * @throws LinuxError ENOMEM when no such block is free or this allocation was to fail; nothing has changed
   */
  allocate(order: number, purpose: Purpose): number {
    this.#locks.allocating();
    if (this.#failIn > 0 && --this.#failIn === 0) {
      throw new LinuxError('ENOMEM', `no frames for a ${purpose}: this allocation was told to fail`);
    }
    let from = order;
    while (from <= MAX_ORDER && this.#heads[from] === NONE) from++;
    if (from > MAX_ORDER) {
      throw new LinuxError('ENOMEM', `no block of ${2 ** order} frames is free for a ${purpose}`);
    }
    const frame = this.#heads[from] as number;
    this.#take(frame, from);
    while (from > order) {
      from--;
      this.#put(frame + 2 ** from, from);
    }
    const kind = PURPOSES.indexOf(purpose);
    this.#used[frame] = ((kind << 4) | order) + 1;
    this.#counts[kind]! += 2 ** order;
    this.#available -= 2 ** order;
    if (frame + 2 ** order > this.#touched) this.#touched = frame + 2 ** order;
    return frame * FRAME_SIZE;
  }

  /** As `allocate`, and every byte is zero, as are the storage keys: nothing is left of who had it before. */
  allocateZeroed(order: number, purpose: Purpose): number {
    const address = this.allocate(order, purpose);
    const frame = address / FRAME_SIZE;
    this.#storage.bytes.fill(0, address, address + FRAME_SIZE * 2 ** order);
    this.#storage.keys.fill(0, frame, frame + 2 ** order);
    return address;
  }

  /** One more has the block; each of those who have it frees it once. */
  share(address: number): void {
    this.#sharers[address / FRAME_SIZE]!++;
  }

  /** How many have the block beside the first one. */
  sharersOf(address: number): number {
    return this.#sharers[address / FRAME_SIZE] as number;
  }

  /** Makes a frame of 1 MiB, which one alone has, 256 pages that are freed one by one. */
  split(address: number): void {
    const first = address / FRAME_SIZE;
    const page = PURPOSES.indexOf('page');
    const count = 2 ** LARGE_ORDER;
    this.#used.fill((page << 4) + 1, first, first + count);
    this.#counts[PURPOSES.indexOf('large-page')]! -= count;
    this.#counts[page]! += count;
  }

  /**
   * One of those who have the block gives it up; when it was the last one, it is taken back.
   * Throws InternalError when it is not one that was handed out.
   */
  free(address: number): void {
    let frame = address / FRAME_SIZE;
    const used = this.#used[frame];
    if (!used) throw new InternalError(`frame 0x${address.toString(16)} freed, but nobody has it`);
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

  /** What the block that starts at `address` is used for, or undefined when no block in use starts there. */
  purposeOf(address: number): Purpose | undefined {
    const used = this.#used[address / FRAME_SIZE];
    return used ? PURPOSES[(used - 1) >>> 4] : undefined;
  }

  /** Cuts all of storage but the reserved frames into free blocks, lowest first. */
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
