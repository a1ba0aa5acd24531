/** Makes files that are in memory alone. */

import { LinuxError } from '../../errors.ts';
import { S } from '../abi/files.ts';
import { DeviceNode, type Devices } from './devices.ts';
import type { NewFile } from './directory.ts';
import { FileContents } from './file-contents.ts';
import type { FrameBudget } from './frame-budget.ts';
import type { Inode } from './inode.ts';
import { MemoryDirectory, type NameStore } from './memory-directory.ts';
import { Fifo } from './pipe.ts';
import { RegularFile } from './regular-file.ts';
import { SocketInode } from './socket-inode.ts';
import { MemorySymlink } from './symlink.ts';

/** A target of so many bytes counts as nothing. */
const SHORT_TARGET = 128;

/** What files in memory need: the devices that nodes are for, and the bound of contents. */
export interface MemoryParts {
  readonly devices: Devices;
  readonly budget: FrameBudget;
}

/** Returns a new file without names. @throws LinuxError EINVAL for an unknown type */
export function makeMemoryInode(fs: NameStore, file: NewFile, { devices, budget }: MemoryParts): Inode {
  const { mode, rdev = 0, target = '' } = file;
  const permissions = mode & ~S.IFMT;
  switch (mode & S.IFMT) {
    case S.IFREG:
      return new RegularFile(fs, permissions, () => new FileContents(fs.host, budget));
    case S.IFDIR:
      return new MemoryDirectory(fs, permissions);
    case S.IFLNK:
      return makeSymlink(fs, target, budget);
    case S.IFIFO:
      return new Fifo(fs, permissions);
    case S.IFSOCK:
      return new SocketInode(fs, permissions);
    case S.IFCHR:
    case S.IFBLK:
      return new DeviceNode(fs, mode, rdev, devices);
    default:
      throw new LinuxError('EINVAL', `there are no files of type ${(mode & S.IFMT).toString(8)}`);
  }
}

/** Makes a symbolic link. The target of many bytes counts as a page. @throws LinuxError ENOSPC */
function makeSymlink(fs: NameStore, target: string, budget: FrameBudget): MemorySymlink {
  if (target.length <= SHORT_TARGET) return new MemorySymlink(fs, target);
  budget.claim();
  return new MemorySymlink(fs, target, undefined, () => budget.unclaim(1));
}
