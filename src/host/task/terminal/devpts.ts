/** The file system of pseudo-terminals: /dev/pts. Linux: Documentation/filesystems/devpts.rst, fs/devpts/inode.c. */

import { LinuxError } from '../../errors.ts';
import { makeDevice, S } from '../abi/files.ts';
import {
  type Dentry,
  DeviceNode,
  type Devices,
  type FileHost,
  FileSystem,
  type Inode,
  MAGIC,
  OpenableInode,
  type OpenFile,
  rootOf,
  SyntheticDirectory,
  type SyntheticEntry,
} from '../files/index.ts';
import type { System } from '../system.ts';
import { MasterFile } from './master-file.ts';
import { PseudoTerminal, SLAVE_MAJOR } from './pseudo-terminal.ts';
import { TerminalFile } from './terminal-file.ts';

/** Pseudo-terminals that there may be. Linux: /proc/sys/kernel/pty/max. */
const COUNT_MAX = 4096;
/** The group `tty`, which may write to terminals as wall(1) does. */
const TTY_GROUP = 5;

/** The number of /dev/ptmx. */
export const PTMX = makeDevice(5, 2);

/** A pseudo-terminal and its node, which is not listed after the master was closed. */
interface Entry {
  readonly pair: PseudoTerminal;
  readonly node: TerminalNode;
  isListed: boolean;
}

/** The file system of pseudo-terminals. */
export class DevPts extends FileSystem {
  readonly root: Dentry;
  readonly #system: System;
  readonly #entries = new Map<number, Entry>();

  /** @param devices where it registers /dev/ptmx */
  constructor(host: FileHost, system: System, devices: Devices) {
    super(host, 'devpts', MAGIC.DEVPTS);
    this.#system = system;
    devices.register(S.IFCHR, 5, 2, (node, flags) => this.#openMaster(node, flags));
    this.root = rootOf(new TerminalDirectory(this, devices));
  }

  /** The nodes, in the order of their numbers. */
  get nodes(): TerminalNode[] {
    return [...this.#entries.values()]
      .filter(({ isListed }) => isListed)
      .map(({ node }) => node)
      .sort((one, other) => one.number - other.number);
  }

  /** Returns the node of a number, or null. */
  find(number: number): TerminalNode | null {
    const entry = this.#entries.get(number);
    return entry?.isListed ? entry.node : null;
  }

  /** @throws LinuxError ENOSPC */
  #openMaster(node: Inode, flags: number): MasterFile {
    if (this.#entries.size >= COUNT_MAX) {
      throw new LinuxError('ENOSPC', `there are ${COUNT_MAX} pseudo-terminals`);
    }
    let number = 0;
    while (this.#entries.has(number)) number++;
    const pair = new PseudoTerminal(this.#system, number, () => this.#entries.delete(number));
    this.#entries.set(number, { pair, node: new TerminalNode(this, pair), isListed: true });
    return new MasterFile(node, flags, pair, this);
  }

  /** Makes a user the owner of a terminal. */
  own(number: number, uid: number): void {
    const node = this.find(number);
    if (node !== null) node.uid = uid;
  }

  /** Opens a terminal by its master. @throws LinuxError EIO if it is locked */
  openTerminal(number: number, flags: number): OpenFile {
    const dentry = (this.root.inode as TerminalDirectory).lookup(String(number));
    if (dentry === null) throw new LinuxError('EIO', `there is no terminal ${number}`);
    const file = (dentry.inode as TerminalNode).open(flags);
    file.dentry = dentry;
    return file;
  }

  /** The master of a terminal was closed: the name vanishes. */
  remove(number: number): void {
    const entry = this.#entries.get(number);
    if (entry !== undefined) entry.isListed = false;
  }
}

/** The directory. */
class TerminalDirectory extends SyntheticDirectory {
  declare readonly fs: DevPts;
  readonly #ptmx: DeviceNode;

  constructor(fs: DevPts, devices: Devices) {
    super(fs, 0o755);
    this.links = 2;
    this.#ptmx = new DeviceNode(fs, S.IFCHR, PTMX, devices);
  }

  protected find(name: string): Inode | null {
    if (name === 'ptmx') return this.#ptmx;
    return /^(0|[1-9]\d{0,5})$/.test(name) ? this.fs.find(Number(name)) : null;
  }

  list(): SyntheticEntry[] {
    const nodes = this.fs.nodes.map(({ number, ino, type }) => ({ name: String(number), ino, type }));
    return [...nodes, { name: 'ptmx', ino: this.#ptmx.ino, type: S.IFCHR }];
  }
}

/** The node of a terminal. */
class TerminalNode extends OpenableInode {
  readonly #pair: PseudoTerminal;

  constructor(fs: FileSystem, pair: PseudoTerminal) {
    super(fs, S.IFCHR | 0o620);
    this.gid = TTY_GROUP;
    this.#pair = pair;
  }

  get number(): number {
    return this.#pair.number;
  }

  override get rdev(): number {
    return makeDevice(SLAVE_MAJOR, this.number);
  }

  override open(flags: number): OpenFile {
    const { terminal, isLocked } = this.#pair;
    if (isLocked || terminal.isGone)
      throw new LinuxError('EIO', 'the terminal is locked, or its master closed');
    const file = new TerminalFile(this, flags, terminal);
    this.#pair.terminalOpened();
    return file;
  }
}
