/** Who may do what with a file. Linux: path_resolution(7), fs/namei.c. */

import { LinuxError } from '../../errors.ts';
import { ACCESS, S } from '../abi/files.ts';
import type { Inode } from './inode.ts';

/** Whom accesses to files are for. User 0 may do nearly everything. */
export interface FileCredentials {
  readonly fsuid: number;
  readonly fsgid: number;
  readonly groups: readonly number[];
}

/** Whether the user is root, who owns every file. */
export function isRoot({ fsuid }: FileCredentials): boolean {
  return fsuid === 0;
}

/** Whether a user is in a group. */
export function isInGroup({ fsgid, groups }: FileCredentials, gid: number): boolean {
  return fsgid === gid || groups.includes(gid);
}

/** Whether a user may change the attributes of a file. */
export function isOwner(who: FileCredentials, inode: Inode): boolean {
  return isRoot(who) || who.fsuid === inode.uid;
}

/**
 * Returns the bits of a file's mode that go when the user writes to it or changes its owner: those that let it run as another user or
 * group. The set-group-ID bit of a file that its group cannot execute means something else.
 */
export function privilegesOf({ mode, gid }: Inode, who: FileCredentials): number {
  const isGroup = (mode & 0o010) !== 0 || !(isRoot(who) || isInGroup(who, gid));
  return mode & (isGroup ? S.ISUID | S.ISGID : S.ISUID);
}

/** Whether a user has permissions. @param wanted bits of `ACCESS` */
export function permits(inode: Inode, who: FileCredentials, wanted: number): boolean {
  if (isRoot(who)) {
    const isExecutable = inode.type === S.IFDIR || (inode.mode & 0o111) !== 0;
    return (wanted & ACCESS.EXECUTE) === 0 || isExecutable;
  }
  const shift = who.fsuid === inode.uid ? 6 : isInGroup(who, inode.gid) ? 3 : 0;
  return ((inode.mode >>> shift) & wanted) === wanted;
}

/**
 * @param wanted bits of `ACCESS`
 * @param what the file, for the message
 * @throws LinuxError EROFS for writing to a file system that is read-only; EACCES
 */
export function demandPermission(inode: Inode, who: FileCredentials, wanted: number, what: string): void {
  if (wanted & ACCESS.WRITE) demandWritable(inode, what);
  if (!permits(inode, who, wanted)) throw new LinuxError('EACCES', `${what}: permission denied`);
}

/** @throws LinuxError EROFS unless files of this type can be written: devices and FIFOs can on any file system */
function demandWritable({ fs, type }: Inode, what: string): void {
  const isStored = type === S.IFREG || type === S.IFDIR || type === S.IFLNK;
  if (fs.readOnly && isStored) throw new LinuxError('EROFS', `${what} is on a file system that is read-only`);
}
