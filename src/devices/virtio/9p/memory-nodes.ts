/** The files and folders of a tree in memory, by their numbers. */

import { type FileName, isName, isTarget, MODE } from '../../../files/index.ts';
import { SavedFields, StateError } from '../../saved-state.ts';

/** A file, a folder or a symbolic link. */
export interface MemoryNode {
  readonly id: bigint;
  readonly kind: 'file' | 'folder' | 'link';
  mode: number;
  /** Number of names that it has, and of times that it is open. */
  links: number;
  opens: number;
  /** Nanoseconds since 1970, 64 bits with a sign. */
  accessed: bigint;
  modified: bigint;
  changed: bigint;
  /** What a file has: `size` bytes, and room for more. */
  data: Uint8Array;
  size: number;
  /** What a folder has: numbers by names. */
  readonly names: Map<FileName, bigint>;
  /** Where a symbolic link leads. */
  target: string;
}

const ROOT = 1n;
const ROOT_MODE = MODE.FOLDER | 0o755;

/** All nodes of a tree. */
export class MemoryNodes {
  readonly #nodes = new Map<bigint, MemoryNode>();
  #next = ROOT;
  /** Length of all files together. */
  #bytes = 0;

  /** Makes a root. @param now the time that it has, in nanoseconds since 1970 */
  constructor(now: bigint) {
    this.add(ROOT_MODE, now).links = 1;
  }

  get root(): MemoryNode {
    return this.get(ROOT);
  }

  get bytes(): number {
    return this.#bytes;
  }

  get count(): number {
    return this.#nodes.size;
  }

  /** Preconditions: there is such a node. */
  get(id: bigint): MemoryNode {
    return this.#nodes.get(id) as MemoryNode;
  }

  byId(id: bigint): MemoryNode | undefined {
    return this.#nodes.get(id);
  }

  /** Returns what has a name in a folder. */
  find(folder: MemoryNode, name: FileName): MemoryNode | undefined {
    const id = folder.names.get(name);
    return id === undefined ? undefined : this.get(id);
  }

  /** Adds a node that will get one name. */
  add(mode: number, now: bigint): MemoryNode {
    const times = { accessed: now, modified: now, changed: now };
    const node = nodeOf(this.#next, mode, { ...times, data: new Uint8Array(0), target: '' });
    this.#next++;
    node.links = 1;
    this.#nodes.set(node.id, node);
    return node;
  }

  /** Changes the size of a file. What it grows by is zeros. */
  resize(node: MemoryNode, size: number): void {
    if (size > node.data.length) {
      const larger = new Uint8Array(Math.max(size, node.size * 2));
      larger.set(node.data.subarray(0, node.size));
      node.data = larger;
    } else if (size < node.size) {
      node.data.fill(0, size, node.size);
    }
    this.#bytes += size - node.size;
    node.size = size;
  }

  /** Forgets a node without a name that is not open. */
  forgetUnused(node: MemoryNode): void {
    if (node.links > 0 || node.opens > 0 || !this.#nodes.delete(node.id)) return;
    this.#bytes -= node.size;
  }

  /** Returns the state: values that can be cloned. */
  save(): unknown {
    const nodes = [...this.#nodes.values()].map((node) => {
      const { id, mode, target } = node;
      const bits = (time: bigint) => BigInt.asUintN(64, time);
      const times = {
        accessed: bits(node.accessed),
        modified: bits(node.modified),
        changed: bits(node.changed),
      };
      const names = [...node.names].map(([name, child]) => ({ name, child }));
      const data = node.data.slice(0, node.size);
      return { id, mode, ...times, data, names, target };
    });
    return { next: this.#next, nodes };
  }

  /** Takes nodes that were saved. @throws StateError if they are not a tree */
  replace(next: bigint, nodes: readonly MemoryNode[]): void {
    this.#nodes.clear();
    for (const node of nodes) {
      if (this.#nodes.has(node.id) || node.id >= next) throw new StateError('tree of files: a number twice');
      this.#nodes.set(node.id, node);
      this.#bytes += node.size;
    }
    if (this.byId(ROOT)?.kind !== 'folder') throw new StateError('tree of files: it has no root');
    this.root.links = 1;
    this.#next = next;
    for (const { names } of nodes) for (const id of names.values()) this.#addName(id);
  }

  #addName(id: bigint): void {
    const node = this.byId(id);
    if (!node || (node.kind === 'folder' && node.links > 0)) {
      throw new StateError('tree of files: a name of nothing, or a folder with two');
    }
    node.links++;
  }
}

function nodeOf(
  id: bigint,
  mode: number,
  has: Pick<MemoryNode, 'accessed' | 'modified' | 'changed' | 'data' | 'target'>,
): MemoryNode {
  const type = mode & MODE.TYPE;
  const kind = type === MODE.FOLDER ? 'folder' : type === MODE.LINK ? 'link' : 'file';
  return { id, kind, mode, links: 0, opens: 0, ...has, size: has.data.length, names: new Map() };
}

/** @throws StateError */
export function restoredNodes(saved: SavedFields, count: number, capacity: number): MemoryNodes {
  const nodes = new MemoryNodes(0n);
  nodes.replace(
    saved.bigint('next'),
    saved.list('nodes', count, (value) => restoredNode(value, count, capacity)),
  );
  return nodes;
}

function restoredNode(value: unknown, count: number, capacity: number): MemoryNode {
  const saved = new SavedFields('file', value);
  const target = saved.any('target');
  const mode = saved.integer('mode', 0xffff);
  const isLink = (mode & MODE.TYPE) === MODE.LINK;
  if (typeof target !== 'string' || isTarget(target) !== isLink)
    throw new StateError('file: target is wrong');
  const time = (field: string) => BigInt.asIntN(64, saved.bigint(field));
  const node = nodeOf(saved.bigint('id'), mode, {
    ...{ accessed: time('accessed'), modified: time('modified'), changed: time('changed') },
    ...{ data: saved.bytes('data', capacity, false), target },
  });
  for (const [name, child] of saved.list('names', count, restoredName)) node.names.set(name, child);
  if (node.kind !== 'folder' && node.names.size > 0) throw new StateError('file: names in a file');
  return node;
}

function restoredName(value: unknown): readonly [FileName, bigint] {
  const saved = new SavedFields('name', value);
  const name = saved.any('name');
  if (typeof name !== 'string' || !isName(name)) throw new StateError('name: not a name');
  return [name, saved.bigint('child')];
}
