/** A tree of files in memory. */

import {
  type FileAttributes,
  type FileChanges,
  FileError,
  type FileName,
  type FileTree,
  type FolderEntry,
  folderOf,
  isWithin,
  MODE,
  nameOf,
  type OpenFile,
  type OpenMode,
  type TreePath,
  type TreeSpace,
} from '../../../files/index.ts';
import { SavedFields, StateError } from '../../saved-state.ts';
import { type MemoryNode, MemoryNodes, restoredNodes } from './memory-nodes.ts';

/** Options of a tree. */
export interface MemoryTreeOptions {
  readonly readOnly?: boolean;
  /** Maximum length in bytes of all files together. Default: 64 MiB. */
  readonly capacity?: number;
  /** Returns the present time in nanoseconds since 1970. Default: always 0, so that runs are the same. */
  readonly now?: () => bigint;
}

const CAPACITY = 64 << 20;
const FILES_MAX = 65_536;
const BLOCK = 4096;

/** A tree of files in memory. They belong to user and group 0. */
export class MemoryTree implements FileTree {
  readonly readOnly: boolean;
  readonly #capacity: number;
  readonly #now: () => bigint;
  #nodes: MemoryNodes;

  constructor({ readOnly = false, capacity = CAPACITY, now = () => 0n }: MemoryTreeOptions = {}) {
    this.readOnly = readOnly;
    this.#capacity = capacity;
    this.#now = now;
    this.#nodes = new MemoryNodes(now());
  }

  attributes(path: TreePath): FileAttributes {
    return attributesOf(this.#at(path));
  }

  change(path: TreePath, changes: FileChanges): void {
    this.#change(this.#at(path), changes);
  }

  open(path: TreePath, mode: OpenMode, truncate: boolean): OpenFile {
    const node = this.#at(path);
    if (node.kind === 'folder') throw new FileError('EISDIR');
    if (node.kind === 'link') throw new FileError('ELOOP');
    if (truncate) this.#resize(node, 0);
    return this.#opened(node, mode);
  }

  create(path: TreePath, mode: OpenMode, permissions: number): OpenFile {
    const node = this.#add(path, MODE.FILE | permissions);
    return this.#opened(node, mode);
  }

  list(path: TreePath, most = Infinity): FolderEntry[] {
    const { names } = this.#folder(path);
    if (names.size > most) throw new FileError('ENOMEM');
    return [...names].map(([name, id]) => ({ name, id, mode: this.#nodes.get(id).mode }));
  }

  makeFolder(path: TreePath, permissions: number): void {
    this.#add(path, MODE.FOLDER | permissions);
  }

  makeLink(path: TreePath, target: string): void {
    this.#add(path, MODE.LINK | 0o777).target = target;
  }

  readLink(path: TreePath): string {
    const { kind, target } = this.#at(path);
    if (kind !== 'link') throw new FileError('EINVAL');
    return target;
  }

  link(from: TreePath, to: TreePath): void {
    const node = this.#at(from);
    if (node.kind !== 'file') throw new FileError('EPERM');
    const folder = this.#folder(folderOf(to));
    if (folder.names.has(nameOf(to))) throw new FileError('EEXIST');
    folder.names.set(nameOf(to), node.id);
    node.links++;
    this.#touch(folder);
    node.changed = this.#now();
  }

  rename(from: TreePath, to: TreePath): void {
    const [source, target] = [this.#folder(folderOf(from)), this.#folder(folderOf(to))];
    const node = this.#at(from);
    if (from !== to && isWithin(to, from)) throw new FileError('EINVAL');
    if (from !== to && isWithin(from, to)) throw new FileError('ENOTEMPTY');
    const replaced = this.#nodes.find(target, nameOf(to));
    if (replaced === node) return;
    if (replaced) this.#demandReplaceable(node, replaced);
    if (replaced) this.#drop(target, nameOf(to), replaced);
    source.names.delete(nameOf(from));
    target.names.set(nameOf(to), node.id);
    this.#touch(source);
    this.#touch(target);
    node.changed = this.#now();
  }

  /** @throws FileError unless a file replaces a file, or a folder an empty one */
  #demandReplaceable(node: MemoryNode, replaced: MemoryNode): void {
    if (replaced.kind === 'folder') {
      if (node.kind !== 'folder') throw new FileError('EISDIR');
      if (replaced.names.size > 0) throw new FileError('ENOTEMPTY');
    } else if (node.kind === 'folder') {
      throw new FileError('ENOTDIR');
    }
  }

  remove(path: TreePath, folder: boolean): void {
    const node = this.#at(path);
    if (path === '') throw new FileError('EBUSY');
    if (folder && node.kind !== 'folder') throw new FileError('ENOTDIR');
    if (!folder && node.kind === 'folder') throw new FileError('EISDIR');
    if (node.names.size > 0) throw new FileError('ENOTEMPTY');
    const parent = this.#folder(folderOf(path));
    this.#drop(parent, nameOf(path), node);
    this.#touch(parent);
  }

  #drop(folder: MemoryNode, name: FileName, node: MemoryNode): void {
    folder.names.delete(name);
    node.links--;
    node.changed = this.#now();
    this.#nodes.forgetUnused(node);
  }

  syncFolder(path: TreePath): void {
    this.#folder(path);
  }

  space(): TreeSpace {
    const blocks = (bytes: number) => BigInt(Math.floor(Math.max(bytes, 0) / BLOCK));
    const free = blocks(this.#capacity - this.#nodes.bytes);
    return {
      ...{ blockSize: BLOCK, blocks: blocks(this.#capacity), free, available: free },
      ...{ files: BigInt(FILES_MAX), freeFiles: BigInt(FILES_MAX - this.#nodes.count) },
    };
  }

  /** Follows a path. @throws FileError ENOENT, ENOTDIR */
  #at(path: TreePath): MemoryNode {
    let node = this.#nodes.root;
    if (path === '') return node;
    for (const name of path.split('/')) {
      if (node.kind !== 'folder') throw new FileError('ENOTDIR');
      const next = this.#nodes.find(node, name);
      if (!next) throw new FileError('ENOENT');
      node = next;
    }
    return node;
  }

  #folder(path: TreePath): MemoryNode {
    const node = this.#at(path);
    if (node.kind !== 'folder') throw new FileError('ENOTDIR');
    return node;
  }

  #add(path: TreePath, mode: number): MemoryNode {
    const folder = this.#folder(folderOf(path));
    if (path === '' || folder.names.has(nameOf(path))) throw new FileError('EEXIST');
    if (this.#nodes.count >= FILES_MAX) throw new FileError('ENOSPC');
    const node = this.#nodes.add(mode, this.#now());
    folder.names.set(nameOf(path), node.id);
    this.#touch(folder);
    return node;
  }

  #touch(node: MemoryNode): void {
    node.modified = this.#now();
    node.changed = node.modified;
  }

  #change(node: MemoryNode, changes: FileChanges): void {
    const { mode, uid = 0, gid = 0, size, accessed, modified } = changes;
    if (uid !== 0 || gid !== 0) throw new FileError('EPERM');
    if (mode !== undefined && node.kind === 'link') throw new FileError('EOPNOTSUPP');
    if (size !== undefined) {
      if (node.kind === 'folder') throw new FileError('EISDIR');
      if (node.kind === 'link') throw new FileError('EINVAL');
      this.#resize(node, size);
    }
    const time = (value: bigint | 'now') => (value === 'now' ? this.#now() : value);
    if (mode !== undefined) node.mode = (node.mode & MODE.TYPE) | mode;
    if (accessed !== undefined) node.accessed = time(accessed);
    if (modified !== undefined) node.modified = time(modified);
    node.changed = this.#now();
  }

  /** Changes the size of a file. @throws FileError ENOSPC */
  #resize(node: MemoryNode, size: number): void {
    if (this.#nodes.bytes - node.size + size > this.#capacity) throw new FileError('ENOSPC');
    this.#nodes.resize(node, size);
    this.#touch(node);
  }

  #opened(node: MemoryNode, { write, append }: OpenMode): OpenFile {
    node.opens++;
    return {
      attributes: () => attributesOf(node),
      change: (changes) => {
        if (changes.size !== undefined && !write) throw new FileError('EINVAL');
        this.#change(node, changes);
      },
      read: (offset, length) => node.data.slice(offset, Math.min(offset + length, node.size)),
      write: (offset, bytes) => this.#write(node, append ? node.size : offset, bytes),
      sync: () => {},
      close: () => {
        node.opens--;
        this.#nodes.forgetUnused(node);
      },
      save: () => ({ id: node.id }),
    };
  }

  #write(node: MemoryNode, offset: number, bytes: Uint8Array): number {
    if (bytes.length === 0) return 0;
    if (offset + bytes.length > node.size) this.#resize(node, offset + bytes.length);
    node.data.set(bytes, offset);
    this.#touch(node);
    return bytes.length;
  }

  restoreOpen(_path: TreePath | null, mode: OpenMode, saved: unknown): OpenFile {
    const id = (saved as { readonly id?: unknown } | null)?.id;
    const node = typeof id === 'bigint' ? this.#nodes.byId(id) : undefined;
    if (node?.kind !== 'file') throw new FileError('ESTALE');
    return this.#opened(node, mode);
  }

  save(): unknown {
    return this.#nodes.save();
  }

  prepareRestore(state: unknown): () => void {
    const nodes = restoredNodes(new SavedFields('tree of files', state), FILES_MAX, this.#capacity);
    if (nodes.bytes > this.#capacity)
      throw new StateError('tree of files: more bytes than there is room for');
    return () => {
      this.#nodes = nodes;
    };
  }
}

function attributesOf(node: MemoryNode): FileAttributes {
  const { id, mode, kind, accessed, modified, changed } = node;
  const folders = kind === 'folder' ? 1 : 0;
  const size = kind === 'link' ? node.target.length : node.size;
  return {
    ...{ id, mode, links: node.links + folders, uid: 0, gid: 0, device: 0n, size: BigInt(size) },
    ...{ blocks: BigInt(Math.ceil(node.size / 512)), accessed, modified, changed },
  };
}
