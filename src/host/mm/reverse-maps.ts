/**
 * Reverse maps: which guest segment entries are linked to a page table.
 *
 * A page table's reverse map is a doubly linked list threaded through side arrays: every segment table of a gmap
 * has 2048 nodes, one an entry, so a node needs no allocation and unlinking takes the same time however many
 * guests share the page table. Node number = table slot * 2048 + entry index.
 *
 * Page tables are named by absolute byte addresses, entries by their nodes: `nodeOf` and `entryOf` convert.
 */

import { CRST_ENTRIES, FRAME_SIZE, InternalError } from '../../machine/index.ts';

const NONE = -1;

/** Whoever owns a segment table whose entries are linked: a gmap, seen from below. */
export interface LinkOwner {
  /** Number of the gmap, for events. */
  readonly id: number;
  /** Halves of the address-space-control element, by which its translations are purged. */
  readonly asceHi: number;
  readonly asceLo: number;
  /** The guest segment number that the entry at this address translates. */
  segmentOf(entry: number): number;
  /** A watched page, by guest page number, has lost its frame or the right to store. */
  invalidated(page: number): void;
}

/** The reverse maps of all page tables of a host. */
export class ReverseMaps {
  /** First node of each page table, by frame number. */
  readonly #heads: Int32Array;
  /** Slot of each segment table, by frame number of its first frame. */
  readonly #slots: Int32Array;
  readonly #origins: number[] = [];
  readonly #owners: (LinkOwner | null)[] = [];
  readonly #freeSlots: number[] = [];
  /** How many entries of each segment table are linked, by slot. */
  readonly #linked: number[] = [];
  #next = new Int32Array(0);
  /** Previous node, or -2 - frame number of the page table for the first one; -1 when not linked. */
  #previous = new Int32Array(0);
  #count = 0;

  /** @param frames frames of absolute storage */
  constructor(frames: number) {
    this.#heads = new Int32Array(frames).fill(NONE);
    this.#slots = new Int32Array(frames).fill(NONE);
  }

  /** Links there are. */
  get count(): number {
    return this.#count;
  }

  /** Makes the entries of the segment table at `origin` linkable. Returns the node of its first entry. */
  addTable(origin: number, owner: LinkOwner): number {
    const slot = this.#freeSlots.pop() ?? this.#origins.length;
    this.#origins[slot] = origin;
    this.#owners[slot] = owner;
    this.#linked[slot] = 0;
    this.#slots[origin / FRAME_SIZE] = slot;
    const nodes = (slot + 1) * CRST_ENTRIES;
    if (nodes > this.#next.length) this.#grow(nodes);
    this.#previous.fill(NONE, slot * CRST_ENTRIES, nodes);
    return slot * CRST_ENTRIES;
  }

  /** Forgets a segment table, none of whose entries is linked any more. */
  removeTable(origin: number): void {
    const slot = this.#slots[origin / FRAME_SIZE] as number;
    this.#slots[origin / FRAME_SIZE] = NONE;
    this.#owners[slot] = null;
    this.#freeSlots.push(slot);
  }

  /** Whether any entry of the segment table that the node belongs to is linked. */
  anyLinked(node: number): boolean {
    return (this.#linked[node >>> 11] as number) > 0;
  }

  /** Whether the node's entry is linked. */
  isLinked(node: number): boolean {
    return this.#previous[node] !== NONE;
  }

  /** Puts the node's entry, which is in none, into the reverse map of the page table. */
  link(pageTable: number, node: number): void {
    if (this.#previous[node] !== NONE) throw new InternalError(`node ${node} linked twice`);
    const frame = Math.floor(pageTable / FRAME_SIZE);
    const head = this.#heads[frame] as number;
    this.#next[node] = head;
    this.#previous[node] = -2 - frame;
    if (head !== NONE) this.#previous[head] = node;
    this.#heads[frame] = node;
    this.#linked[node >>> 11]!++;
    this.#count++;
  }

  /** Takes the node's entry out of the reverse map it is in. */
  unlink(node: number): void {
    const next = this.#next[node] as number;
    const previous = this.#previous[node] as number;
    if (previous === NONE) throw new InternalError(`node ${node} is not linked`);
    if (next !== NONE) this.#previous[next] = previous;
    if (previous <= -2) this.#heads[-2 - previous] = next;
    else this.#next[previous] = next;
    this.#previous[node] = NONE;
    this.#linked[node >>> 11]!--;
    this.#count--;
  }

  /** The node of the entry that was linked to the page table last, or -1 when none is. */
  first(pageTable: number): number {
    return this.#heads[Math.floor(pageTable / FRAME_SIZE)] as number;
  }

  /** The node that follows in its reverse map, or -1. */
  after(node: number): number {
    return this.#next[node] as number;
  }

  /** The address of the entry that the node stands for. */
  entryOf(node: number): number {
    return (this.#origins[node >>> 11] as number) + (node & 2047) * 8;
  }

  /** The node of an entry of a gmap's segment table. */
  nodeOf(entry: number): number {
    const offset = entry % (CRST_ENTRIES * 8);
    const slot = this.#slots[(entry - offset) / FRAME_SIZE] as number;
    if (slot === NONE) throw new InternalError(`entry 0x${entry.toString(16)} is in no gmap`);
    return slot * CRST_ENTRIES + offset / 8;
  }

  /** Who owns the segment table that the node belongs to. */
  ownerOf(node: number): LinkOwner {
    const owner = this.#owners[node >>> 11];
    if (!owner) throw new InternalError(`node ${node} is in no gmap`);
    return owner;
  }

  #grow(nodes: number): void {
    const size = Math.max(nodes, this.#next.length * 2);
    const next = new Int32Array(size);
    const previous = new Int32Array(size);
    next.set(this.#next);
    previous.set(this.#previous);
    this.#next = next;
    this.#previous = previous;
  }
}
