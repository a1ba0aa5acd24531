/** Opens files by their paths. Linux: open(2), fs/namei.c. */

import { LinuxError } from '../../errors.ts';
import { ACCESS, O, S } from '../abi/files.ts';
import { demandMayCreate, makeIn, ownedBy } from './create.ts';
import { Dentry } from './dentry.ts';
import { Directory } from './directory.ts';
import { type OpenFile, PathFile } from './open-file.ts';
import { OpenableInode } from './openable-inode.ts';
import { childOf, type LastName, type PathContext, PathWalk } from './path-lookup.ts';
import { demandPermission, isOwner } from './permissions.ts';
import { Symlink } from './symlink.ts';

/** Of the flags, those that mean something with O_PATH. */
const PATH_FLAGS = O.PATH | O.DIRECTORY | O.NOFOLLOW | O.CLOEXEC;
/** What O_TMPFILE has besides O_DIRECTORY. */
const UNNAMED = O.TMPFILE & ~O.DIRECTORY;

/**
 * Opens a file, and makes it if it is not there and O_CREAT asks for that. If the result's `opening` is true, the caller waits.
 * @param flags bits of `O`
 * @param permissions of a new file, without the bits of the umask
 * @throws LinuxError as open(2)
 */
export function open(context: PathContext, path: string, flags: number, permissions = 0): OpenFile {
  const wanted = flags & O.PATH ? flags & PATH_FLAGS : flags;
  demandFlags(wanted);
  const walk = new PathWalk(context, path);
  if (wanted & UNNAMED) return openUnnamed(context, walk, wanted, permissions);
  if (wanted & O.CREAT) return openOrCreate(context, walk, wanted, permissions);
  const follow = (wanted & O.NOFOLLOW) === 0;
  const found = walk.end({ follow, directory: (wanted & O.DIRECTORY) !== 0 });
  return openFound(context, found, wanted, path);
}

/** @throws LinuxError EINVAL */
function demandFlags(flags: number): void {
  if (flags & UNNAMED) {
    const isWhole = (flags & (O.TMPFILE | O.CREAT)) === O.TMPFILE;
    if (!isWhole || (accessOf(flags) & ACCESS.WRITE) === 0) {
      throw new LinuxError('EINVAL', 'O_TMPFILE needs O_DIRECTORY, no O_CREAT, and writing');
    }
  } else if ((flags & (O.CREAT | O.DIRECTORY)) === (O.CREAT | O.DIRECTORY)) {
    throw new LinuxError('EINVAL', 'O_CREAT makes no directories');
  }
}

/** The permissions that are needed: bits of `ACCESS`. */
function accessOf(flags: number): number {
  const { READ, WRITE } = ACCESS;
  const access = [READ, WRITE, READ | WRITE, READ | WRITE][flags & O.ACCMODE] as number;
  return flags & O.TRUNC ? access | WRITE : access;
}

/** Opens a file that is there. @throws LinuxError as open(2) */
export function openFound(context: PathContext, found: Dentry, flags: number, path: string): OpenFile {
  const { inode } = found;
  const { credentials } = context;
  if (flags & O.PATH) return named(new PathFile(inode, flags), found, context);
  if (inode instanceof Symlink) throw new LinuxError('ELOOP', `${path} is a symbolic link`);
  const access = accessOf(flags);
  if (inode instanceof Directory && access & ACCESS.WRITE) {
    throw new LinuxError('EISDIR', `${path} is a directory`);
  }
  demandPermission(inode, credentials, access, path);
  if (flags & O.NOATIME && !isOwner(credentials, inode)) {
    throw new LinuxError('EPERM', `${path} belongs to another user`);
  }
  if (!(inode instanceof OpenableInode)) throw new LinuxError('ENXIO', `${path} is a socket`);
  return named(inode.open(inode.type === S.IFREG ? flags : flags & ~O.TRUNC), found, context);
}

function named(file: OpenFile, dentry: Dentry, { credentials }: PathContext): OpenFile {
  file.dentry = dentry;
  file.credentials = credentials;
  return file;
}

function openOrCreate(context: PathContext, walk: PathWalk, flags: number, permissions: number): OpenFile {
  for (let last = walk.parent(); ; ) {
    const { parent, name, path } = last;
    const isExclusive = (flags & O.EXCL) !== 0;
    if (!last.isName) throw new LinuxError(isExclusive ? 'EEXIST' : 'EISDIR', `${path} is a directory`);
    if (last.hasSlash) throw new LinuxError('EISDIR', `${path} would be a directory`);
    const found = childOf(parent, name);
    if (found === null) return create(context, last, flags, permissions);
    if (isExclusive) throw new LinuxError('EEXIST', `${path} is there`);
    if (!(found.inode instanceof Symlink)) return openThere(context, found, flags, path);
    if (flags & O.NOFOLLOW) throw new LinuxError('ELOOP', `${path} is a symbolic link`);
    const behind = found.inode.jump();
    if (behind !== null) return openThere(context, behind, flags, path);
    last = walk.parentBehind(found.inode, parent);
  }
}

/** Opens what O_CREAT has found. */
function openThere(context: PathContext, found: Dentry, flags: number, path: string): OpenFile {
  if (found.inode instanceof Directory) throw new LinuxError('EISDIR', `${path} is a directory`);
  return openFound(context, found, flags, path);
}

/** Makes a regular file and opens it, whatever its permissions are. */
function create(context: PathContext, last: LastName, flags: number, permissions: number): OpenFile {
  demandMayCreate(context, last);
  const mode = S.IFREG | (permissions & 0o7777);
  const made = makeIn(last.parent, last.name, context.credentials, { mode });
  return named((made.inode as OpenableInode).open(flags & ~O.TRUNC), made, context);
}

/** O_TMPFILE: makes a regular file without a name. */
function openUnnamed(context: PathContext, walk: PathWalk, flags: number, permissions: number): OpenFile {
  const parent = walk.end({ directory: true });
  demandPermission(parent.inode, context.credentials, ACCESS.WRITE | ACCESS.EXECUTE, 'the directory');
  const mode = S.IFREG | (permissions & 0o7777);
  const inode = (parent.inode as Directory).makeUnnamed(ownedBy(parent, context.credentials, { mode }));
  if (flags & O.EXCL) inode.isLinkable = false;
  const dentry = new Dentry(`#${inode.ino}`, parent, inode);
  dentry.removed = true;
  return named((inode as OpenableInode).open(flags & ~(UNNAMED | O.DIRECTORY | O.TRUNC)), dentry, context);
}
