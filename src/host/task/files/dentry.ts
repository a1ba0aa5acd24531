/** A name of a file in a directory (Linux: struct dentry). A directory has one; other files have one for each hard link. */

import type { Inode } from './inode.ts';

/** A name. */
export class Dentry {
  /** Changes when the file is renamed. */
  name: string;
  /** That of the directory that it is in, or null for the root of a file system and for files without names. Changes with a rename. */
  parent: Dentry | null;
  readonly inode: Inode;
  /** Whether the name was removed: the file may still be open, or somebody's working directory. */
  removed = false;
  /** The root of the file system that is mounted on it, or null. */
  mounted: Dentry | null = null;
  /** The directory that this root of a file system is mounted on, or null. */
  mountPoint: Dentry | null = null;
  /** Its place in the order of its directory, see `Directory.cursor`. */
  position = 0;

  constructor(name: string, parent: Dentry | null, inode: Inode) {
    this.name = name;
    this.parent = parent;
    this.inode = inode;
  }

  /** Whether it is a directory, or in it at any depth. File systems that are mounted there are not. */
  isWithin(directory: Dentry): boolean {
    for (let at: Dentry | null = this; at !== null; at = at.parent) if (at === directory) return true;
    return false;
  }
}

/**
 * Mounts a file system on a directory: who follows a path to the directory finds the root instead.
 * Preconditions: the root is mounted nowhere.
 */
export function mount(directory: Dentry, root: Dentry): void {
  const under = topOf(directory);
  under.mounted = root;
  root.mountPoint = under;
}

/** The opposite of `mount`. */
export function unmount(root: Dentry): void {
  const under = root.mountPoint;
  if (under === null) return;
  under.mounted = null;
  root.mountPoint = null;
}

/** Returns the root of what is mounted on a name, or the name itself. */
export function topOf(dentry: Dentry): Dentry {
  let at = dentry;
  while (at.mounted !== null) at = at.mounted;
  return at;
}

/** Returns the directory that `..` leads to from a directory. It does not lead out of `root`. */
export function parentOf(dentry: Dentry, root: Dentry): Dentry {
  let at = dentry;
  while (at !== root && at.parent === null && at.mountPoint !== null) at = at.mountPoint;
  if (at === root || at.parent === null) return at;
  return topOf(at.parent);
}

/** Returns the path of a name, for a process with this root directory, or null if the name cannot be reached from there. */
export function pathOf(dentry: Dentry, root: Dentry): string | null {
  let path = '';
  let at = dentry;
  let removed = false;
  while (at !== root) {
    if (at.parent === null) {
      if (at.mountPoint === null) return null;
      at = at.mountPoint;
      continue;
    }
    path = `/${at.name}${path}`;
    removed ||= at.removed;
    at = at.parent;
  }
  return `${path === '' ? '/' : path}${removed ? ' (deleted)' : ''}`;
}
