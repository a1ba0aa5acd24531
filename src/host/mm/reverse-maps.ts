/**
 * Reverse maps: which guest segment entries are linked to a page table.
 *
 * The reverse map of a page table is a doubly linked list. Its nodes are in a side array: every segment table of a gmap has
 * a slot of 2048 nodes, one for each entry, so that a link needs no allocation, and unlinking takes the same time however
 * many guests share the page table.
 *
 *      heads, by frame number          nodes, two words each: node = slot * 2048 + index of the entry
 *     +-------+                       +-----------------+--------------------+
 *     |  -1   |                       | next node or -1 | previous node      |   linked, not the first of its list
 *     +-------+                       +-----------------+--------------------+
 *     | node  |---------------------> | next node or -1 | -2 - frame number  |   linked, the first of its list
 *     +-------+                       +-----------------+--------------------+
 *     |  ...  |                       |   (any)         | -1                 |   not linked
 *     +-------+                       +-----------------+--------------------+
 *
 * Page tables are named by absolute byte addresses, entries by their nodes; `nodeOf` and `entryOf` convert.
 */

import { CRST_ENTRIES, FRAME_SIZE, InternalError } from '../../machine/index.ts';

const NONE = -1;
/** The number of words of the nodes of one segment table. */
const WORDS_PER_TABLE = CRST_ENTRIES * 2;

/** The owner of a segment table whose entries can be linked: a gmap. */
export interface LinkOwner {
  /** The number of the gmap, for events. */
  readonly id: number;
  /** The halves of its address-space-control element, by which its translations are purged. */
  readonly asceHi: number;
  readonly asceLo: number;
  /** Returns the guest segment number that the entry at this address translates. */
  segmentOf(entry: number): number;
  /** Notifies it that a watched page, given by guest page number, has lost its frame or the right to store. */
  invalidated(page: number): void;
}

/** The reverse maps of all page tables of a host. */
export class ReverseMaps {
  /** First node of each page table, by frame number. */
  readonly #heads: Int32Array;
  /** Slot of each segment table, by its origin. */
  readonly #slots = new Map<number, number>();
  readonly #origins: number[] = [];
  readonly #owners: (LinkOwner | null)[] = [];
  readonly #freeSlots: number[] = [];
  /** The number of linked entries of each segment table, by slot. */
  readonly #linked: number[] = [];
  /** Two words for each node, see above. */
  #nodes = new Int32Array(0);

  /** @param frames frames of absolute storage */
  constructor(frames: number) {
    this.#heads = new Int32Array(frames).fill(NONE);
  }

  /** The number of links. */
  get count(): number {
    return this.#linked.reduce((sum, linked) => sum + linked, 0);
  }

  /** Makes the entries of the segment table at `origin` linkable. Returns the node of its first entry. */
  addTable(origin: number, owner: LinkOwner): number {
    const slot = this.#freeSlots.pop() ?? this.#origins.length;
    this.#origins[slot] = origin;
    this.#owners[slot] = owner;
    this.#linked[slot] = 0;
    this.#slots.set(origin, slot);
    const words = (slot + 1) * WORDS_PER_TABLE;
    if (words > this.#nodes.length) this.#grow(words);
    this.#nodes.fill(NONE, words - WORDS_PER_TABLE, words);
    return slot * CRST_ENTRIES;
  }

  /** Releases the slot of a segment table. Preconditions: none of its entries is linked. */
  removeTable(origin: number): void {
    const slot = this.#slots.get(origin) as number;
    this.#slots.delete(origin);
    this.#owners[slot] = null;
    this.#freeSlots.push(slot);
  }

  /** Whether any entry of the segment table that the node belongs to is linked. */
  anyLinked(node: number): boolean {
    return (this.#linked[node >>> 11] as number) > 0;
  }

  /** Whether the node's entry is linked. */
  isLinked(node: number): boolean {
    return this.#nodes[node * 2 + 1] !== NONE;
  }

  /** Adds the node's entry, which is not linked, to the reverse map of the page table. */
  link(pageTable: number, node: number): void {
    this.linkFrame(Math.floor(pageTable / FRAME_SIZE), node);
  }

  /** As `link`, the page table given by the number of its frame. */
  linkFrame(frame: number, node: number): void {
    const nodes = this.#nodes;
    if (nodes[node * 2 + 1] !== NONE) wrong(node, 'linked twice');
    const head = this.#heads[frame] as number;
    nodes[node * 2] = head;
    nodes[node * 2 + 1] = -2 - frame;
    if (head !== NONE) nodes[head * 2 + 1] = node;
    this.#heads[frame] = node;
    this.#linked[node >>> 11]!++;
  }

  /** Removes the node's entry from its reverse map. */
  unlink(node: number): void {
    const nodes = this.#nodes;
    const next = nodes[node * 2] as number;
    const previous = nodes[node * 2 + 1] as number;
    if (previous === NONE) wrong(node, 'not linked');
    if (next !== NONE) nodes[next * 2 + 1] = previous;
    if (previous <= -2) this.#heads[-2 - previous] = next;
    else nodes[previous * 2] = next;
    nodes[node * 2 + 1] = NONE;
    this.#linked[node >>> 11]!--;
  }

  /** Returns the node of the entry that was linked to the page table last, or -1 if there is none. */
  first(pageTable: number): number {
    return this.#heads[Math.floor(pageTable / FRAME_SIZE)] as number;
  }

  /** Returns the next node of the same reverse map, or -1. */
  after(node: number): number {
    return this.#nodes[node * 2] as number;
  }

  /** Returns the address of a node's entry. */
  entryOf(node: number): number {
    return (this.#origins[node >>> 11] as number) + (node & 2047) * 8;
  }

  /** Returns the node of an entry of a gmap's segment table. */
  nodeOf(entry: number): number {
    const offset = entry % (CRST_ENTRIES * 8);
    const slot = this.#slots.get(entry - offset);
    if (slot === undefined) throw new InternalError(`entry 0x${entry.toString(16)} is in no gmap`);
    return slot * CRST_ENTRIES + offset / 8;
  }

  /** Returns the owner of the segment table of a node. */
  ownerOf(node: number): LinkOwner {
    const owner = this.#owners[node >>> 11];
    if (!owner) wrong(node, 'in no gmap');
    return owner;
  }

  /**
   * Grows by an eighth. Doubling would leave half of the nodes unused, and their memory is a part of the cost of a link.
   */
  #grow(words: number): void {
    const eighth = Math.ceil(this.#nodes.length / WORDS_PER_TABLE / 8) * WORDS_PER_TABLE;
    const nodes = new Int32Array(Math.max(words, this.#nodes.length + eighth));
    nodes.set(this.#nodes);
    this.#nodes = nodes;
  }
}

/** Out of line, to keep the callers small enough to inline. */
function wrong(node: number, what: string): never {
  throw new InternalError(`node ${node} is ${what}`);
}
