/** The files of a Linux system: what is mounted where. */

import type { FileTree } from '../../files/index.ts';
import { LinuxError } from '../errors.ts';
import type { Host } from '../host.ts';
import { O, S } from './abi/files.ts';
import { AnonymousInode } from './events/anonymous.ts';
import {
  type ChangesGo,
  type Dentry,
  Devices,
  Directory,
  FileHost,
  FileSystem,
  FolderFileSystem,
  lookup,
  MAGIC,
  makeDev,
  mount,
  type OpenableInode,
  PageCache,
  type RandomFiller,
  RegularFile,
  registerMemoryDevices,
  Tmpfs,
  topOf,
} from './files/index.ts';
import { bytesOf } from './memory/user-memory.ts';

/** Directories that every system has. */
const DIRECTORIES = ['dev', 'proc', 'tmp', 'bin', 'etc', 'root'];
/** Bytes of a file that are compared at a time. */
const COMPARED = 1 << 16;
/** Files of a minimal system. */
const ETC = {
  passwd: 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n',
  group: 'root:x:0:\nnogroup:x:65534:\n',
  hosts: '127.0.0.1\tlocalhost\n::1\tlocalhost\n',
  'nsswitch.conf': 'passwd: files\ngroup: files\nhosts: files\n',
} as const;

/** A tree of files that is handed to a system. */
export interface HandedTree {
  readonly tree: FileTree;
  /** Where changes go; default memory. */
  readonly changes?: ChangesGo;
}

/** Options of the files of a system. */
export interface SystemFilesOptions {
  /** The root directory; default a directory in memory. */
  readonly root?: HandedTree | undefined;
  /** Whether files that programs expect in /etc are made where they are missing. */
  readonly minimal: boolean;
  /** Maximum length of all files in memory, in bytes. */
  readonly capacity: number;
  readonly now: () => bigint;
  readonly random: RandomFiller;
}

/** The files of one system. */
export class SystemFiles {
  readonly host: FileHost;
  readonly devices = new Devices();
  readonly root: Dentry;
  /** The file system of pipes and streams, which have no names. */
  readonly pipes: FileSystem;
  /** The inode of files without names and contents, such as those of eventfd. */
  readonly anonymous: AnonymousInode;
  /** The file system of memfd_create and of shared memory, which is mounted nowhere. */
  readonly memory: Tmpfs;
  /** The file system of sockets. */
  readonly sockets: FileSystem;
  /** The file systems of trees that were handed over: that of the root first, if it is one. */
  readonly folders: FolderFileSystem[] = [];
  /** The roots of the file systems that are mounted below the root. */
  readonly mounted: Dentry[] = [];
  readonly #cache: PageCache;
  readonly #capacity: number;

  /** @throws LinuxError if the tree of the root cannot be used */
  constructor(host: Host, { root, minimal, capacity, now, random }: SystemFilesOptions) {
    this.host = new FileHost(host.kernel, host.common, now);
    this.pipes = new FileSystem(this.host, 'pipefs', MAGIC.PIPEFS);
    const anonymous = new FileSystem(this.host, 'anon_inodefs', MAGIC.ANONYMOUS);
    this.anonymous = new AnonymousInode(anonymous, 0o600);
    this.memory = new Tmpfs(this.host, { capacity });
    this.sockets = new FileSystem(this.host, 'sockfs', MAGIC.SOCKFS);
    this.#cache = new PageCache(host.kernel, capacity);
    this.#capacity = capacity;
    registerMemoryDevices(this.devices, random);
    this.root = root === undefined ? this.#memoryRoot() : this.#folder(root);
    for (const name of DIRECTORIES) this.directory(`/${name}`);
    if (minimal) this.#makeMinimal();
    this.mount('/dev', makeDev(this.host, this.devices));
  }

  #makeMinimal(): void {
    const etc = this.directory('/etc').inode as Directory;
    for (const [name, text] of Object.entries(ETC)) {
      if (etc.lookup(name) === null) this.write(`/etc/${name}`, bytesOf(text));
    }
  }

  #memoryRoot(): Dentry {
    return new Tmpfs(this.host, { devices: this.devices, capacity: this.#capacity }).root;
  }

  #folder({ tree, changes = 'memory' }: HandedTree): Dentry {
    const options = { changes, cache: this.#cache, devices: this.devices, capacity: this.#capacity };
    const folder = new FolderFileSystem(this.host, tree, options);
    this.folders.push(folder);
    return folder.root;
  }

  /** Puts the root of a file system on a directory, which is made if it is not there. @throws LinuxError */
  mount(path: string, root: Dentry): void {
    mount(this.directory(path), root);
    this.mounted.push(root);
  }

  /** Puts a tree on a directory, which is made if it is not there. @throws LinuxError */
  bind(path: string, tree: HandedTree): void {
    this.mount(path, this.#folder(tree));
  }

  /** Returns the directory of an absolute path. It and those on the way are made if they are not there. @throws LinuxError */
  directory(path: string): Dentry {
    let at = this.root;
    for (const name of namesOf(path)) {
      const found = (at.inode as Directory).lookup(name);
      at = found === null ? makeDirectory(at, name) : topOf(found);
      if (!(at.inode instanceof Directory))
        throw new LinuxError('ENOTDIR', `${path}: ${name} is no directory`);
    }
    return at;
  }

  /** Whether a path, followed from a directory, leads to a regular file. */
  hasFile(directory: string, path: string): boolean {
    return this.#lookup(directory, path)?.inode.type === S.IFREG;
  }

  /** Returns what is at a path, followed from `directory`, or null. */
  #lookup(directory: string, path: string): Dentry | null {
    const context = { root: this.root, start: this.root, credentials: { fsuid: 0, fsgid: 0, groups: [] } };
    try {
      const start = lookup(context, directory, { directory: true });
      return lookup({ ...context, start }, path);
    } catch (error) {
      if (error instanceof LinuxError) return null;
      throw error;
    }
  }

  /** Whether there is an executable file with just these bytes at a path. @throws LinuxError ENOMEM, EIO */
  has(path: string, bytes: Uint8Array): boolean {
    const { inode } = this.#lookup('/', path) ?? {};
    if (!(inode instanceof RegularFile) || inode.size !== bytes.length || !(inode.mode & 0o111)) return false;
    const buffer = new Uint8Array(COMPARED);
    for (let at = 0; at < bytes.length; ) {
      const count = inode.read(buffer.subarray(0, Math.min(COMPARED, bytes.length - at)), at);
      for (let i = 0; i < count; i++) if (buffer[i] !== bytes[at + i]) return false;
      if (count === 0) return false;
      at += count;
    }
    return true;
  }

  /** Stores a file. What had its name is replaced. @throws LinuxError */
  write(path: string, bytes: Uint8Array, permissions = 0o644): void {
    const names = namesOf(path);
    const last = names.pop();
    if (last === undefined) throw new LinuxError('EISDIR', `${path} is a directory`);
    const directory = this.directory(names.join('/')).inode as Directory;
    const before = directory.lookup(last);
    if (before !== null) directory.remove(before);
    const { inode } = directory.make(last, { mode: S.IFREG | permissions, uid: 0, gid: 0 });
    const file = (inode as OpenableInode).open(O.WRONLY);
    try {
      for (let done = 0; done < bytes.length; ) done += file.write(bytes.subarray(done)) ?? 0;
    } finally {
      file.release();
    }
  }

  /** Ends the use of the trees that were handed over. */
  close(): void {
    for (const folder of this.folders) folder.close();
  }
}

function namesOf(path: string): string[] {
  return path.split('/').filter((name) => name !== '');
}

function makeDirectory(parent: Dentry, name: string): Dentry {
  const mode = S.IFDIR | (name === 'tmp' ? 0o1777 : 0o755);
  return (parent.inode as Directory).make(name, { mode, uid: 0, gid: 0 });
}
