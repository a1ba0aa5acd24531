/** Changes and checks of attributes. Linux: chmod(2), chown(2), utimensat(2), access(2), truncate(2). */

import { LinuxError } from '../../errors.ts';
import { ACCESS, S } from '../abi/files.ts';
import { Directory } from './directory.ts';
import type { Inode } from './inode.ts';
import {
  demandPermission,
  type FileCredentials,
  isInGroup,
  isOwner,
  isRoot,
  privilegesOf,
} from './permissions.ts';
import { RegularFile } from './regular-file.ts';
import { Symlink } from './symlink.ts';

/** A time to be set: nanoseconds since 1970, the present time, or none. */
export type NewTime = bigint | 'now' | null;

/**
 * Changes permissions.
 * @throws LinuxError EPERM unless the user owns the file; EROFS; EOPNOTSUPP for a symbolic link
 */
export function chmod(inode: Inode, who: FileCredentials, permissions: number): void {
  demandStored(inode);
  if (inode instanceof Symlink) throw new LinuxError('EOPNOTSUPP', 'a symbolic link has no permissions');
  if (!isOwner(who, inode)) throw new LinuxError('EPERM', 'the file belongs to another user');
  let mode = permissions & 0o7777;
  if (!isRoot(who) && !isInGroup(who, inode.gid)) mode &= ~S.ISGID;
  inode.change({ mode });
}

/**
 * Changes the owner. Programs then do not run as another user any more.
 * @param uid null if it stays
 * @param gid null if it stays
 * @throws LinuxError EPERM: only root gives files away, and their owners to groups that they are in; EROFS
 */
export function chown(inode: Inode, who: FileCredentials, uid: number | null, gid: number | null): void {
  demandStored(inode);
  if (!isRoot(who)) {
    const keepsUser = uid === null || (who.fsuid === inode.uid && uid === inode.uid);
    const keepsGroup =
      gid === null || (who.fsuid === inode.uid && (gid === inode.gid || isInGroup(who, gid)));
    if (!keepsUser || !keepsGroup) throw new LinuxError('EPERM', 'only root gives files away');
  }
  const bits = inode instanceof Directory ? 0 : privilegesOf(inode, who);
  inode.change({
    ...(uid !== null && { uid }),
    ...(gid !== null && { gid }),
    ...(bits !== 0 && { mode: inode.mode & ~bits & ~S.IFMT }),
  });
}

/**
 * Sets times.
 * @throws LinuxError EACCES if the present time is set by somebody who may not write; EPERM if another time is set by somebody who does
 *   not own the file; EROFS
 */
export function setTimes(inode: Inode, who: FileCredentials, accessed: NewTime, modified: NewTime): void {
  if (accessed === null && modified === null) return;
  demandStored(inode);
  if (!isOwner(who, inode)) {
    if (accessed !== 'now' || modified !== 'now') {
      throw new LinuxError('EPERM', 'the file belongs to another user');
    }
    demandPermission(inode, who, ACCESS.WRITE, 'the file');
  }
  const now = inode.fs.now();
  inode.change({
    ...(accessed !== null && { accessed: accessed === 'now' ? now : accessed }),
    ...(modified !== null && { modified: modified === 'now' ? now : modified }),
  });
}

/** Checks permissions. @param wanted bits of `ACCESS`; 0: none. @throws LinuxError EACCES, EROFS */
export function access(inode: Inode, who: FileCredentials, wanted: number): void {
  demandPermission(inode, who, wanted, 'the file');
}

/**
 * Makes a file longer or shorter.
 * @throws LinuxError EINVAL for a negative size, and for what is no regular file; EISDIR; EACCES, EROFS, ETXTBSY, EFBIG
 */
export function truncate(inode: Inode, who: FileCredentials, size: number): void {
  if (size < 0) throw new LinuxError('EINVAL', `a file cannot have ${size} bytes`);
  if (inode instanceof Directory) throw new LinuxError('EISDIR', 'it is a directory');
  if (inode.type !== S.IFREG) throw new LinuxError('EINVAL', 'it is no regular file');
  demandPermission(inode, who, ACCESS.WRITE, 'the file');
  if (!(inode instanceof RegularFile)) return;
  inode.takeWriter();
  try {
    inode.truncate(size);
    inode.removePrivileges(who);
  } finally {
    inode.dropWriter();
  }
}

/** @throws LinuxError EROFS */
function demandStored({ fs }: Inode): void {
  if (fs.readOnly) throw new LinuxError('EROFS', 'the file system is read-only');
}
