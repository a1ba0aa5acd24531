/** Removes names. Linux: unlink(2), rmdir(2). */

import { LinuxError } from '../../errors.ts';
import { ACCESS, S } from '../abi/files.ts';
import type { Dentry } from './dentry.ts';
import { Directory } from './directory.ts';
import { type LastName, lookupParent, nameIn, type PathContext } from './path-lookup.ts';
import { demandPermission, isRoot } from './permissions.ts';

/**
 * Removes a name of anything but a directory.
 * @throws LinuxError EISDIR for a directory; as `lookup`; EACCES, EROFS; EPERM in a directory with the sticky bit for a file of
 *   another user
 */
export function unlink(context: PathContext, path: string): void {
  const last = lookupParent(context, path);
  if (!last.isName) throw new LinuxError('EISDIR', `${path} is a directory`);
  const found = foundName(last);
  if (last.hasSlash) {
    throw new LinuxError(
      found.inode instanceof Directory ? 'EISDIR' : 'ENOTDIR',
      `${path} ends with a slash`,
    );
  }
  demandMayDelete(context, last.parent, found, false);
  if (found.mounted !== null) throw new LinuxError('EBUSY', `something is mounted on ${path}`);
  (last.parent.inode as Directory).remove(found);
}

/**
 * Removes an empty directory.
 * @throws LinuxError ENOTEMPTY, also for a path that ends with `..`; EINVAL for one that ends with `.`; EBUSY for the root and for a
 *   directory that something is mounted on; ENOTDIR; as `unlink`
 */
export function rmdir(context: PathContext, path: string): void {
  const last = lookupParent(context, path);
  if (last.name === '..') throw new LinuxError('ENOTEMPTY', `${path} is not empty`);
  if (last.name === '.') throw new LinuxError('EINVAL', `${path} ends with .`);
  if (!last.isName) throw new LinuxError('EBUSY', `${path} is the root`);
  const found = foundName(last);
  demandMayDelete(context, last.parent, found, true);
  if (found.mounted !== null) throw new LinuxError('EBUSY', `something is mounted on ${path}`);
  if (!(found.inode as Directory).isEmpty) throw new LinuxError('ENOTEMPTY', `${path} is not empty`);
  (last.parent.inode as Directory).remove(found);
}

/** @throws LinuxError EROFS, ENOENT */
function foundName({ parent, name, path }: LastName): Dentry {
  const { fs } = parent.inode;
  if (fs.readOnly) throw new LinuxError('EROFS', `${path} is on a file system that is read-only`);
  const found = nameIn(parent, name);
  if (found === null) throw new LinuxError('ENOENT', `${path} is not there`);
  return found;
}

/**
 * Checks whether a name may be removed or replaced.
 * @param asDirectory whether it must be a directory, or must not
 * @throws LinuxError EACCES, EROFS, EPERM, ENOTDIR, EISDIR
 */
export function demandMayDelete(
  { credentials }: PathContext,
  { inode: directory }: Dentry,
  { name, inode }: Dentry,
  asDirectory: boolean,
): void {
  demandPermission(directory, credentials, ACCESS.WRITE | ACCESS.EXECUTE, name);
  const { fsuid } = credentials;
  const isSticky = (directory.mode & S.ISVTX) !== 0 && !isRoot(credentials);
  if (isSticky && fsuid !== inode.uid && fsuid !== directory.uid) {
    throw new LinuxError('EPERM', `${name} belongs to another user`);
  }
  const isDirectory = inode instanceof Directory;
  if (asDirectory && !isDirectory) throw new LinuxError('ENOTDIR', `${name} is no directory`);
  if (!asDirectory && isDirectory) throw new LinuxError('EISDIR', `${name} is a directory`);
}
