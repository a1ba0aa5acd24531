/** System calls that tell of files: stat(2), statx(2), statfs(2), getdents(2), access(2). */

import { LinuxError } from '../../errors.ts';
import { AT } from '../abi/at.ts';
import { majorOf, minorOf, NAME_MAX } from '../abi/files.ts';
import {
  access,
  type Dentry,
  type FileSystem,
  type Inode,
  lookup,
  OpenDirectory,
  type OpenFile,
} from '../files/index.ts';
import { bytesOf } from '../memory/user-memory.ts';
import type { Thread } from '../process/task.ts';
import type { System } from '../system.ts';
import { contextOf, pathAt } from './descriptors.ts';
import { call } from './line.ts';

const STAT_SIZE = 144;
const STATX_SIZE = 256;
const STATFS_SIZE = 88;
const BLOCK = 4096;
const SECOND = 1_000_000_000n;
/** What statx tells: the basic fields. */
const STATX_BASIC = 0x7ff;
const STATX_RESERVED = 0x8000_0000;

/** What a path or a descriptor refers to. @throws LinuxError as the call */
export function inodeAt(thread: Thread, dirfd: number, pathname: number, flags: number): Inode {
  const path = pathname === 0 && (flags & AT.EMPTY_PATH) !== 0 ? '' : pathAt(thread, pathname);
  if (path === '' && (flags & AT.EMPTY_PATH) !== 0) {
    return dirfd === AT.FDCWD ? thread.fs.working.inode : thread.files.get(dirfd).inode;
  }
  return lookup(contextOf(thread, dirfd, path), path, { follow: (flags & AT.SYMLINK_NOFOLLOW) === 0 }).inode;
}

/** Returns a struct stat of s390x. */
function stat(inode: Inode): Uint8Array {
  const view = new DataView(new ArrayBuffer(STAT_SIZE));
  const big = (at: number, value: bigint | number) =>
    view.setBigUint64(at, BigInt.asUintN(64, BigInt(value)));
  big(0, inode.device);
  big(8, inode.ino);
  big(16, inode.links);
  view.setUint32(24, inode.mode);
  view.setUint32(28, inode.uid);
  view.setUint32(32, inode.gid);
  big(40, inode.rdev);
  big(48, inode.size);
  const { accessed, modified, changed } = inode.times;
  [accessed, modified, changed].forEach((time, i) => {
    const [seconds, rest] = split(time);
    big(56 + i * 16, seconds);
    big(64 + i * 16, rest);
  });
  big(104, BLOCK);
  big(112, inode.blocks);
  return new Uint8Array(view.buffer);
}

/** Seconds, and the nanoseconds after them. */
function split(time: bigint): [bigint, bigint] {
  const rest = ((time % SECOND) + SECOND) % SECOND;
  return [(time - rest) / SECOND, rest];
}

function newfstatat(
  _: System,
  thread: Thread,
  dirfd: number,
  path: number,
  at: number,
  flags: number,
): number {
  if ((flags & ~(AT.SYMLINK_NOFOLLOW | AT.NO_AUTOMOUNT | AT.EMPTY_PATH)) !== 0) {
    throw new LinuxError('EINVAL', `flags ${flags} of newfstatat`);
  }
  thread.space.memory.write(at, stat(inodeAt(thread, dirfd, path, flags)));
  return 0;
}

function fstat(_: System, thread: Thread, fd: number, at: number): number {
  thread.space.memory.write(at, stat(thread.files.get(fd).inode));
  return 0;
}

function statx(
  _: System,
  thread: Thread,
  dirfd: number,
  path: number,
  flags: number,
  mask: number,
  at: number,
): number {
  const SYNC = 0x6000;
  if (
    (flags & ~(AT.SYMLINK_NOFOLLOW | AT.NO_AUTOMOUNT | AT.EMPTY_PATH | SYNC)) !== 0 ||
    mask & STATX_RESERVED
  ) {
    throw new LinuxError('EINVAL', `flags ${flags} of statx`);
  }
  const inode = inodeAt(thread, dirfd, path, flags);
  const view = new DataView(new ArrayBuffer(STATX_SIZE));
  view.setUint32(0, STATX_BASIC);
  view.setUint32(4, BLOCK);
  view.setUint32(16, inode.links);
  view.setUint32(20, inode.uid);
  view.setUint32(24, inode.gid);
  view.setUint16(28, inode.mode);
  view.setBigUint64(32, BigInt(inode.ino));
  view.setBigUint64(40, BigInt(inode.size));
  view.setBigUint64(48, BigInt(inode.blocks));
  const { accessed, modified, changed } = inode.times;
  for (const [place, time] of [
    [64, accessed],
    [96, changed],
    [112, modified],
  ] as const) {
    const [seconds, rest] = split(time);
    view.setBigInt64(place, seconds);
    view.setUint32(place + 8, Number(rest));
  }
  [inode.rdev, inode.device].forEach((device, i) => {
    view.setUint32(128 + i * 8, majorOf(device));
    view.setUint32(132 + i * 8, minorOf(device));
  });
  thread.space.memory.write(at, new Uint8Array(view.buffer));
  return 0;
}

function statfsOf(thread: Thread, fs: FileSystem, at: number): number {
  const view = new DataView(new ArrayBuffer(STATFS_SIZE));
  view.setUint32(0, fs.magic);
  const { blockSize, blocks, free, available, files, freeFiles } = fs.space();
  view.setUint32(4, blockSize);
  const counts = [blocks, free, available, files, freeFiles];
  for (const [i, value] of counts.entries()) view.setBigUint64(8 + i * 8, BigInt(value));
  view.setUint32(48, fs.device);
  view.setUint32(56, NAME_MAX);
  view.setUint32(60, blockSize);
  thread.space.memory.write(at, new Uint8Array(view.buffer));
  return 0;
}

/** @throws LinuxError EINVAL unless it is the size of struct statfs64 */
function demandStatfs(size: number): void {
  if (size !== STATFS_SIZE) throw new LinuxError('EINVAL', `struct statfs64 of ${size} bytes`);
}

function faccessat(thread: Thread, dirfd: number, path: number, mode: number, flags: number): number {
  if ((mode & ~7) !== 0 || (flags & ~(AT.EACCESS | AT.SYMLINK_NOFOLLOW | AT.EMPTY_PATH)) !== 0) {
    throw new LinuxError('EINVAL', `mode ${mode} of access`);
  }
  const inode = inodeAt(thread, dirfd, path, flags);
  const { credentials } = thread;
  // The real IDs count, unless the effective ones are asked for.
  const { uid, gid } = credentials;
  const who = (flags & AT.EACCESS) !== 0 ? credentials : { ...credentials, fsuid: uid, fsgid: gid };
  if (mode !== 0) access(inode, who, mode);
  return 0;
}

/** Types of files as getdents tells them: the type of the mode, shifted. */
const TYPE_SHIFT = 12;

function getdents64(_: System, thread: Thread, fd: number, at: number, size: number): number {
  const file = directoryOf(thread.files.get(fd), fd);
  const parts: Uint8Array[] = [];
  let used = 0;
  for (;;) {
    const entry = file.entry();
    if (entry === null) break;
    const length = Math.ceil((19 + entry.name.length + 1) / 8) * 8;
    if (used + length > size) {
      if (used === 0) throw new LinuxError('EINVAL', `${size} bytes are too few for an entry`);
      break;
    }
    const bytes = new Uint8Array(length);
    const view = new DataView(bytes.buffer);
    view.setBigUint64(0, BigInt(entry.ino));
    view.setBigInt64(8, BigInt(entry.next));
    view.setUint16(16, length);
    bytes[18] = entry.type >>> TYPE_SHIFT;
    bytes.set(bytesOf(entry.name), 19);
    parts.push(bytes);
    used += length;
    file.position = entry.next;
  }
  let place = at;
  for (const part of parts) {
    thread.space.memory.write(place, part);
    place += part.length;
  }
  return used;
}

function directoryOf(file: OpenFile, fd: number): OpenDirectory {
  if (!(file instanceof OpenDirectory)) throw new LinuxError('ENOTDIR', `descriptor ${fd} is no directory`);
  return file;
}

/** What a path leads to from the working directory. */
export function dentryAt(thread: Thread, dirfd: number, pathname: number, follow = true): Dentry {
  const path = pathAt(thread, pathname);
  return lookup(contextOf(thread, dirfd, path), path, { follow });
}

/** The system calls that tell of files. */
export const STAT_CALLS = [
  call('stat', 'path addr', (system, thread, path, at) =>
    newfstatat(system, thread, AT.FDCWD, path!, at!, 0),
  ),
  call('lstat', 'path addr', (system, thread, path, at) =>
    newfstatat(system, thread, AT.FDCWD, path!, at!, AT.SYMLINK_NOFOLLOW),
  ),
  call('fstat', 'fd addr', fstat),
  call('newfstatat', 'dirfd path addr flags:AT', newfstatat),
  call('statx', 'dirfd path flags:AT uint addr', statx),
  call('statfs', 'path addr', (_, thread, path, at) =>
    statfsOf(thread, dentryAt(thread, AT.FDCWD, path!).inode.fs, at!),
  ),
  call('statfs64', 'path size addr', (_, thread, path, size, at) => {
    demandStatfs(size!);
    return statfsOf(thread, dentryAt(thread, AT.FDCWD, path!).inode.fs, at!);
  }),
  call('fstatfs64', 'fd size addr', (_, thread, fd, size, at) => {
    demandStatfs(size!);
    return statfsOf(thread, thread.files.get(fd!).inode.fs, at!);
  }),
  call('fstatfs', 'fd addr', (_, thread, fd, at) => statfsOf(thread, thread.files.get(fd!).inode.fs, at!)),
  call('access', 'path int', (_, thread, path, mode) => faccessat(thread, AT.FDCWD, path!, mode!, 0)),
  call('faccessat', 'dirfd path int', (_, thread, dirfd, path, mode) =>
    faccessat(thread, dirfd!, path!, mode!, 0),
  ),
  call('faccessat2', 'dirfd path int flags:AT', (_, thread, dirfd, path, mode, flags) =>
    faccessat(thread, dirfd!, path!, mode!, flags!),
  ),
  call('getdents64', 'fd addr uint', getdents64),
];
