/** /dev: a tmpfs with the nodes that every Linux program may expect. Linux: drivers/base/devtmpfs.c, and what udev adds. */

import { makeDevice, S } from '../abi/files.ts';
import type { Dentry } from './dentry.ts';
import type { Devices } from './devices.ts';
import type { Directory } from './directory.ts';
import type { FileHost } from './file-system.ts';
import { MEMORY_MAJOR, MEMORY_MINOR } from './memory-devices.ts';
import { Tmpfs } from './tmpfs.ts';

const { NULL, ZERO, FULL, RANDOM, URANDOM } = MEMORY_MINOR;
const NODES = [
  ['null', NULL],
  ['zero', ZERO],
  ['full', FULL],
  ['random', RANDOM],
  ['urandom', URANDOM],
] as const;
const LINKS = [
  ['fd', '/proc/self/fd'],
  ['stdin', '/proc/self/fd/0'],
  ['stdout', '/proc/self/fd/1'],
  ['stderr', '/proc/self/fd/2'],
] as const;

/** Returns the root of a new /dev. More nodes can be added to it with `addDevice`. */
export function makeDev(host: FileHost, devices: Devices): Dentry {
  const { root } = new Tmpfs(host, { devices, type: 'devtmpfs' });
  const directory = root.inode as Directory;
  for (const [name, minor] of NODES) addDevice(root, name, S.IFCHR | 0o666, makeDevice(MEMORY_MAJOR, minor));
  for (const [name, target] of LINKS) {
    directory.make(name, { mode: S.IFLNK | 0o777, uid: 0, gid: 0, target });
  }
  directory.make('shm', { mode: S.IFDIR | S.ISVTX | 0o777, uid: 0, gid: 0 });
  directory.make('pts', { mode: S.IFDIR | 0o755, uid: 0, gid: 0 });
  return root;
}

/** Adds a device node of root's to a directory. @param mode type and permissions. @param rdev see `makeDevice` */
export function addDevice(directory: Dentry, name: string, mode: number, rdev: number): Dentry {
  return (directory.inode as Directory).make(name, { mode, uid: 0, gid: 0, rdev });
}
