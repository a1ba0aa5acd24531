/** Renames files. Linux: rename(2). */

import { LinuxError } from '../../errors.ts';
import { ACCESS, RENAME } from '../abi/files.ts';
import { demandMayCreate } from './create.ts';
import type { Dentry } from './dentry.ts';
import { Directory } from './directory.ts';
import { type LastName, lookupParent, nameIn, type PathContext } from './path-lookup.ts';
import { demandPermission } from './permissions.ts';
import { demandMayDelete } from './remove.ts';

/** Where a file is and where it is to be. */
interface Move {
  readonly context: PathContext;
  readonly from: LastName;
  readonly to: LastName;
  readonly exchange: boolean;
}

/**
 * Renames a file. What has the new name is replaced.
 * @param start where relative paths of `from` begin; those of `to` begin where the context says
 * @param flags bits of `RENAME`
 * @throws LinuxError as rename(2)
 */
export function rename(
  context: PathContext,
  from: string,
  to: string,
  flags = 0,
  start = context.start,
): void {
  demandFlags(flags);
  const source = lookupParent({ ...context, start }, from);
  const target = lookupParent(context, to);
  const move = { context, from: source, to: target, exchange: (flags & RENAME.EXCHANGE) !== 0 };
  const isNew = (flags & RENAME.NOREPLACE) !== 0;
  demandNames(move, isNew);
  const moved = nameIn(source.parent, source.name);
  if (moved === null) throw new LinuxError('ENOENT', `${from} is not there`);
  const there = nameIn(target.parent, target.name);
  if (isNew && there !== null) throw new LinuxError('EEXIST', `${to} is there`);
  if (move.exchange && there === null) throw new LinuxError('ENOENT', `${to} is not there`);
  demandSlashes(move, moved, there);
  demandNoLoop(move, moved, there);
  perform(move, moved, there);
}

/** @throws LinuxError EINVAL */
function demandFlags(flags: number): void {
  const isKnown = (flags & ~(RENAME.NOREPLACE | RENAME.EXCHANGE)) === 0;
  if (!isKnown || flags === (RENAME.NOREPLACE | RENAME.EXCHANGE)) {
    throw new LinuxError('EINVAL', `flags ${flags}`);
  }
}

/** @throws LinuxError EXDEV; EBUSY for paths that end with `.` or `..`; EROFS */
function demandNames({ from, to }: Move, isNew: boolean): void {
  const { fs } = from.parent.inode;
  if (fs !== to.parent.inode.fs) throw new LinuxError('EXDEV', `${to.path} is on another file system`);
  if (!from.isName) throw new LinuxError('EBUSY', `${from.path} has no name that can be changed`);
  if (!to.isName) {
    throw new LinuxError(isNew ? 'EEXIST' : 'EBUSY', `${to.path} has no name that can be changed`);
  }
  if (fs.readOnly) throw new LinuxError('EROFS', `${from.path} is on a file system that is read-only`);
}

/** @throws LinuxError ENOTDIR for a slash behind what is no directory */
function demandSlashes({ from, to, exchange }: Move, moved: Dentry, there: Dentry | null): void {
  const isDirectory = moved.inode instanceof Directory;
  const isWrong = exchange
    ? (to.hasSlash && !(there?.inode instanceof Directory)) || (from.hasSlash && !isDirectory)
    : (from.hasSlash || to.hasSlash) && !isDirectory;
  if (isWrong) throw new LinuxError('ENOTDIR', `${from.path} or ${to.path} is no directory`);
}

/** @throws LinuxError EINVAL if a directory would be moved into itself; ENOTEMPTY if it would replace one that it is in */
function demandNoLoop({ from, to, exchange }: Move, moved: Dentry, there: Dentry | null): void {
  if (to.parent.isWithin(moved)) throw new LinuxError('EINVAL', `${to.path} is in ${from.path}`);
  if (there === null || !from.parent.isWithin(there)) return;
  throw new LinuxError(exchange ? 'EINVAL' : 'ENOTEMPTY', `${from.path} is in ${to.path}`);
}

function perform(move: Move, moved: Dentry, there: Dentry | null): void {
  const { context, from, to, exchange } = move;
  if (moved.inode === there?.inode) return;
  const isDirectory = moved.inode instanceof Directory;
  demandMayDelete(context, from.parent, moved, isDirectory);
  if (there === null) demandMayCreate(context, to);
  else demandMayDelete(context, to.parent, there, exchange ? there.inode instanceof Directory : isDirectory);
  if (from.parent !== to.parent) {
    // The entry `..` of a directory changes.
    for (const dentry of exchange ? [moved, there] : [moved]) {
      if (!(dentry?.inode instanceof Directory)) continue;
      demandPermission(dentry.inode, context.credentials, ACCESS.WRITE, from.path);
    }
  }
  if (moved.mounted !== null || (there?.mounted ?? null) !== null) {
    throw new LinuxError('EBUSY', `something is mounted on ${from.path} or ${to.path}`);
  }
  const directory = from.parent.inode as Directory;
  if (exchange) {
    directory.exchange(moved, there as Dentry);
    return;
  }
  if (there?.inode instanceof Directory && !there.inode.isEmpty) {
    throw new LinuxError('ENOTEMPTY', `${to.path} is not empty`);
  }
  directory.move(moved, to.parent.inode as Directory, to.name, there);
}
