/** Makes files and names. Linux: mkdir(2), mknod(2), symlink(2), link(2). */

import { LinuxError } from '../../errors.ts';
import { ACCESS, PATH_MAX, S } from '../abi/files.ts';
import type { Dentry } from './dentry.ts';
import { Directory, type NewFile } from './directory.ts';
import { childOf, type LastName, lookupParent, type PathContext } from './path-lookup.ts';
import { demandPermission, type FileCredentials, isInGroup, isRoot } from './permissions.ts';

/** Bits of a mode other than the type. */
const PERMISSIONS = 0o7777;

/**
 * Makes a directory.
 * @param permissions without the bits of the umask
 * @throws LinuxError EEXIST; as `lookup`; EACCES, EROFS, ENOSPC, EPERM
 */
export function mkdir(context: PathContext, path: string, permissions: number): void {
  const last = freeName(context, path, true);
  demandMayCreate(context, last);
  makeIn(last.parent, last.name, context.credentials, { mode: S.IFDIR | (permissions & 0o1777) });
}

/**
 * Makes a regular file, a FIFO, the file of a socket, or a device node.
 * @param mode type and permissions, without the bits of the umask. Type 0: a regular file
 * @param rdev the device that a device node is for, see `makeDevice`
 * @throws LinuxError EPERM for a directory, or a device unless for root; EINVAL for another type; as `mkdir`
 */
export function mknod(context: PathContext, path: string, mode: number, rdev = 0): Dentry {
  const type = mode & S.IFMT || S.IFREG;
  if (type === S.IFDIR) throw new LinuxError('EPERM', 'mknod makes no directories');
  const isDevice = type === S.IFCHR || type === S.IFBLK;
  if (!isDevice && type !== S.IFREG && type !== S.IFIFO && type !== S.IFSOCK) {
    throw new LinuxError('EINVAL', `mknod makes no files of type ${type.toString(8)}`);
  }
  const last = freeName(context, path, false);
  demandMayCreate(context, last);
  if (isDevice && !isRoot(context.credentials)) throw new LinuxError('EPERM', 'only root makes device nodes');
  return makeIn(last.parent, last.name, context.credentials, { mode: type | (mode & PERMISSIONS), rdev });
}

/**
 * Makes a symbolic link.
 * @throws LinuxError ENOENT for an empty target; ENAMETOOLONG for one of more than 4,095 bytes; as `mkdir`
 */
export function symlink(context: PathContext, target: string, path: string): void {
  if (target === '') throw new LinuxError('ENOENT', 'the target is empty');
  if (target.length >= PATH_MAX) throw new LinuxError('ENAMETOOLONG', `a target of ${target.length} bytes`);
  const last = freeName(context, path, false);
  demandMayCreate(context, last);
  makeIn(last.parent, last.name, context.credentials, { mode: S.IFLNK | 0o777, target });
}

/**
 * Gives a file another name.
 * @throws LinuxError EXDEV if the name is on another file system; EPERM for a directory; ENOENT for a file without a name, unless it
 *   was made by O_TMPFILE; as `mkdir`
 */
export function link({ inode }: Dentry, context: PathContext, path: string): void {
  const last = freeName(context, path, false);
  if (inode.fs !== last.parent.inode.fs) throw new LinuxError('EXDEV', `${path} is on another file system`);
  demandMayCreate(context, last);
  if (inode instanceof Directory) throw new LinuxError('EPERM', 'a directory has one name');
  if (inode.links === 0 && !inode.isLinkable) throw new LinuxError('ENOENT', 'the file has lost its names');
  (last.parent.inode as Directory).link(last.name, inode);
}

/** Follows a path to a name that is not there. @throws LinuxError as `mkdir` */
function freeName(context: PathContext, path: string, isDirectory: boolean): LastName {
  const last = lookupParent(context, path);
  if (!last.isName || childOf(last.parent, last.name) !== null) {
    throw new LinuxError('EEXIST', `${path} is there`);
  }
  if (last.hasSlash && !isDirectory) throw new LinuxError('ENOENT', `${path}: there is no such directory`);
  if (last.parent.inode.fs.readOnly) {
    throw new LinuxError('EROFS', `${path} is on a file system that is read-only`);
  }
  return last;
}

/** @throws LinuxError ENOENT if the directory was removed; EROFS, EACCES */
export function demandMayCreate(context: PathContext, { parent, path }: LastName): void {
  if (parent.removed) throw new LinuxError('ENOENT', `${path}: the directory was removed`);
  demandPermission(parent.inode, context.credentials, ACCESS.WRITE | ACCESS.EXECUTE, path);
}

/** Makes a file in a directory, for a user. Permissions were checked. */
export function makeIn(
  parent: Dentry,
  name: string,
  who: FileCredentials,
  file: Pick<NewFile, 'mode' | 'rdev' | 'target'>,
): Dentry {
  return (parent.inode as Directory).make(name, ownedBy(parent, who, file));
}

/** The owner of a new file, and what a directory with the set-group-ID bit makes of it. */
export function ownedBy(
  { inode: directory }: Dentry,
  who: FileCredentials,
  file: Pick<NewFile, 'mode' | 'rdev' | 'target'>,
): NewFile {
  if ((directory.mode & S.ISGID) === 0) return { ...file, uid: who.fsuid, gid: who.fsgid };
  let { mode } = file;
  const runsAsGroup = S.ISGID | 0o010;
  if ((mode & S.IFMT) === S.IFDIR) mode |= S.ISGID;
  else if ((mode & runsAsGroup) === runsAsGroup && !isRoot(who) && !isInGroup(who, directory.gid)) {
    mode &= ~S.ISGID;
  }
  return { ...file, mode, uid: who.fsuid, gid: directory.gid };
}
