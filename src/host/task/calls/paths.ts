/** System calls that change names and attributes of files: mkdir(2), unlink(2), rename(2), chmod(2), chdir(2) and the like. */

import { ERRNO } from '../../errno.ts';
import { LinuxError } from '../../errors.ts';
import { AT } from '../abi/at.ts';
import { ACCESS, S } from '../abi/files.ts';
import {
  chmod,
  chown,
  type Dentry,
  demandPermission,
  link,
  lookup,
  mkdir,
  mknod,
  type NewTime,
  OpenRegular,
  pathOf,
  rename,
  rmdir,
  Symlink,
  setTimes,
  symlink,
  truncate,
  unlink,
} from '../files/index.ts';
import { bytesOf } from '../memory/user-memory.ts';
import type { Thread } from '../process/task.ts';
import type { System } from '../system.ts';
import { contextOf, pathAt } from './descriptors.ts';
import { call } from './line.ts';
import { dentryAt, inodeAt } from './stat.ts';

function getcwd(_: System, { fs, space }: Thread, at: number, size: number): number {
  const path = pathOf(fs.working, fs.root) ?? '(unreachable)/';
  if (fs.working.removed) throw new LinuxError('ENOENT', 'the working directory was removed');
  const bytes = bytesOf(`${path}\0`);
  if (bytes.length > size) throw new LinuxError('ERANGE', `${size} bytes are too few for ${path}`);
  space.memory.write(at, bytes);
  return bytes.length;
}

function enter(thread: Thread, directory: Dentry): Dentry {
  if (directory.inode.type !== S.IFDIR) throw new LinuxError('ENOTDIR', 'it is no directory');
  demandPermission(directory.inode, thread.credentials, ACCESS.EXECUTE, 'the directory');
  return directory;
}

function chdir(_: System, thread: Thread, path: number): number {
  thread.fs.working = enter(thread, dentryAt(thread, AT.FDCWD, path));
  return 0;
}

function fchdir(_: System, thread: Thread, fd: number): number {
  const { dentry } = thread.files.get(fd);
  if (dentry === null) throw new LinuxError('ENOTDIR', `descriptor ${fd} is no directory`);
  thread.fs.working = enter(thread, dentry);
  return 0;
}

function chroot(_: System, thread: Thread, path: number): number {
  const directory = enter(thread, dentryAt(thread, AT.FDCWD, path));
  if (thread.credentials.euid !== 0) throw new LinuxError('EPERM', 'only root changes the root directory');
  thread.fs.root = directory;
  return 0;
}

function mkdirat(_: System, thread: Thread, dirfd: number, pathname: number, mode: number): number {
  const path = pathAt(thread, pathname);
  mkdir(contextOf(thread, dirfd, path), path, mode & ~thread.fs.umask);
  return 0;
}

function mknodat(
  _: System,
  thread: Thread,
  dirfd: number,
  pathname: number,
  mode: number,
  device: number,
): number {
  const path = pathAt(thread, pathname);
  mknod(contextOf(thread, dirfd, path), path, mode & ~(thread.fs.umask & 0o777), device);
  return 0;
}

function unlinkat(_: System, thread: Thread, dirfd: number, pathname: number, flags: number): number {
  if ((flags & ~AT.REMOVEDIR) !== 0) throw new LinuxError('EINVAL', `flags ${flags} of unlinkat`);
  const path = pathAt(thread, pathname);
  const context = contextOf(thread, dirfd, path);
  if ((flags & AT.REMOVEDIR) !== 0) rmdir(context, path);
  else unlink(context, path);
  return 0;
}

function symlinkat(_: System, thread: Thread, target: number, dirfd: number, pathname: number): number {
  const to = pathAt(thread, target);
  const path = pathAt(thread, pathname);
  symlink(contextOf(thread, dirfd, path), to, path);
  return 0;
}

function linkat(
  _: System,
  thread: Thread,
  fromFd: number,
  from: number,
  toFd: number,
  to: number,
  flags: number,
): number {
  if ((flags & ~(AT.SYMLINK_FOLLOW | AT.EMPTY_PATH)) !== 0)
    throw new LinuxError('EINVAL', `flags ${flags} of linkat`);
  const oldPath = pathAt(thread, from);
  const newPath = pathAt(thread, to);
  const source =
    oldPath === '' && (flags & AT.EMPTY_PATH) !== 0
      ? thread.files.get(fromFd).dentry
      : lookup(contextOf(thread, fromFd, oldPath), oldPath, { follow: (flags & AT.SYMLINK_FOLLOW) !== 0 });
  if (source === null) throw new LinuxError('ENOENT', 'the file has no name');
  link(source, contextOf(thread, toFd, newPath), newPath);
  return 0;
}

function renameat2(
  _: System,
  thread: Thread,
  fromFd: number,
  from: number,
  toFd: number,
  to: number,
  flags: number,
): number {
  const oldPath = pathAt(thread, from);
  const newPath = pathAt(thread, to);
  const { start } = contextOf(thread, fromFd, oldPath);
  rename(contextOf(thread, toFd, newPath), oldPath, newPath, flags, start);
  return 0;
}

function readlinkat(
  _: System,
  thread: Thread,
  dirfd: number,
  pathname: number,
  at: number,
  size: number,
): number {
  if (size <= 0) throw new LinuxError('EINVAL', `room for ${size} bytes`);
  const inode = inodeAt(thread, dirfd, pathname, AT.SYMLINK_NOFOLLOW | AT.EMPTY_PATH);
  if (!(inode instanceof Symlink)) throw new LinuxError('EINVAL', 'it is no symbolic link');
  const bytes = bytesOf(inode.readLink()).subarray(0, size);
  thread.space.memory.write(at, bytes);
  return bytes.length;
}

function fchmodat(thread: Thread, dirfd: number, path: number, mode: number): number {
  chmod(inodeAt(thread, dirfd, path, 0), thread.credentials, mode);
  return 0;
}

const UNCHANGED = 0xffff_ffff;

function ownerOf(id: number): number | null {
  return id === UNCHANGED ? null : id;
}

function fchownat(
  _: System,
  thread: Thread,
  dirfd: number,
  path: number,
  uid: number,
  gid: number,
  flags: number,
): number {
  if ((flags & ~(AT.SYMLINK_NOFOLLOW | AT.EMPTY_PATH)) !== 0)
    throw new LinuxError('EINVAL', `flags ${flags} of fchownat`);
  chown(inodeAt(thread, dirfd, path, flags), thread.credentials, ownerOf(uid), ownerOf(gid));
  return 0;
}

const UTIME_NOW = 0x3fff_ffff;
const UTIME_OMIT = 0x3fff_fffe;
const SECOND = 1_000_000_000n;

function timeAt({ space }: Thread, at: number): NewTime {
  const seconds = BigInt(space.memory.s64(at));
  const nanoseconds = space.memory.s64(at + 8);
  if (nanoseconds === UTIME_NOW) return 'now';
  if (nanoseconds === UTIME_OMIT) return null;
  if (nanoseconds < 0 || nanoseconds >= Number(SECOND))
    throw new LinuxError('EINVAL', `${nanoseconds} nanoseconds`);
  return seconds * SECOND + BigInt(nanoseconds);
}

function utimensat(
  _: System,
  thread: Thread,
  dirfd: number,
  path: number,
  times: number,
  flags: number,
): number {
  if ((flags & ~(AT.SYMLINK_NOFOLLOW | AT.EMPTY_PATH)) !== 0)
    throw new LinuxError('EINVAL', `flags ${flags} of utimensat`);
  const accessed = times === 0 ? 'now' : timeAt(thread, times);
  const modified = times === 0 ? 'now' : timeAt(thread, times + 16);
  // Without a path it is the descriptor's file.
  const inode =
    path === 0 && dirfd !== AT.FDCWD ? thread.files.get(dirfd).inode : inodeAt(thread, dirfd, path, flags);
  setTimes(inode, thread.credentials, accessed, modified);
  return 0;
}

/** Times in seconds and microseconds: utimes. */
function futimesat(_: System, thread: Thread, dirfd: number, path: number, at: number): number {
  const { memory } = thread.space;
  const read = (place: number): NewTime => {
    const microseconds = memory.s64(place + 8);
    if (microseconds < 0 || microseconds >= 1_000_000)
      throw new LinuxError('EINVAL', `${microseconds} microseconds`);
    return BigInt(memory.s64(place)) * SECOND + BigInt(microseconds) * 1000n;
  };
  const inode = inodeAt(thread, dirfd, path, 0);
  setTimes(inode, thread.credentials, at === 0 ? 'now' : read(at), at === 0 ? 'now' : read(at + 16));
  return 0;
}

function ftruncate(_: System, thread: Thread, fd: number, size: number): number {
  if (size < 0) throw new LinuxError('EINVAL', `a file cannot have ${size} bytes`);
  const file = thread.files.get(fd);
  if (!file.writable) throw new LinuxError('EINVAL', `descriptor ${fd} is not open for writing`);
  file.truncate(size);
  return 0;
}

const FALLOCATE = { KEEP_SIZE: 1, PUNCH_HOLE: 2, ZERO_RANGE: 0x10 } as const;

function fallocate(
  _: System,
  thread: Thread,
  fd: number,
  mode: number,
  offset: number,
  length: number,
): number {
  const file = thread.files.get(fd);
  if (!file.writable) throw new LinuxError('EBADF', `descriptor ${fd} is not open for writing`);
  if (offset < 0 || length <= 0) throw new LinuxError('EINVAL', `${length} bytes at ${offset}`);
  if (!(file instanceof OpenRegular)) throw new LinuxError('ENODEV', 'it is no regular file');
  const keepSize = (mode & FALLOCATE.KEEP_SIZE) !== 0;
  switch (mode & ~FALLOCATE.KEEP_SIZE) {
    case 0:
      file.file.allocate('reserve', { at: offset, length }, keepSize);
      return 0;
    case FALLOCATE.PUNCH_HOLE:
      if (!keepSize) throw new LinuxError('EOPNOTSUPP', 'a hole keeps the size');
      file.file.allocate('punch', { at: offset, length }, true);
      return 0;
    case FALLOCATE.ZERO_RANGE:
      file.file.allocate('zero', { at: offset, length }, keepSize);
      return 0;
    default:
      throw new LinuxError('EOPNOTSUPP', `mode ${mode} of fallocate`);
  }
}

function umask(_: System, { fs }: Thread, mask: number): number {
  const old = fs.umask;
  fs.umask = mask & 0o777;
  return old;
}

function sync(_: System, thread: Thread, fd: number): number {
  thread.files.get(fd).sync();
  return 0;
}

/** There are no extended attributes. */
function noAttributes(): number {
  return -ERRNO.EOPNOTSUPP;
}

/** The system calls that change names and attributes. */
export const PATH_CALLS = [
  call('getcwd', 'addr size', getcwd),
  call('chdir', 'path', chdir),
  call('fchdir', 'fd', fchdir),
  call('chroot', 'path', chroot),
  call('mkdir', 'path oct', (system, thread, path, mode) => mkdirat(system, thread, AT.FDCWD, path!, mode!)),
  call('mkdirat', 'dirfd path oct', mkdirat),
  call('mknod', 'path oct uint', (system, thread, path, mode, device) =>
    mknodat(system, thread, AT.FDCWD, path!, mode!, device!),
  ),
  call('mknodat', 'dirfd path oct uint', mknodat),
  call('unlink', 'path', (system, thread, path) => unlinkat(system, thread, AT.FDCWD, path!, 0)),
  call('rmdir', 'path', (system, thread, path) => unlinkat(system, thread, AT.FDCWD, path!, AT.REMOVEDIR)),
  call('unlinkat', 'dirfd path flags:AT', unlinkat),
  call('symlink', 'path path', (system, thread, target, path) =>
    symlinkat(system, thread, target!, AT.FDCWD, path!),
  ),
  call('symlinkat', 'path dirfd path', symlinkat),
  call('link', 'path path', (system, thread, from, to) =>
    linkat(system, thread, AT.FDCWD, from!, AT.FDCWD, to!, 0),
  ),
  call('linkat', 'dirfd path dirfd path flags:AT', linkat),
  call('rename', 'path path', (system, thread, from, to) =>
    renameat2(system, thread, AT.FDCWD, from!, AT.FDCWD, to!, 0),
  ),
  call('renameat', 'dirfd path dirfd path', (system, thread, fromFd, from, toFd, to) =>
    renameat2(system, thread, fromFd!, from!, toFd!, to!, 0),
  ),
  call('renameat2', 'dirfd path dirfd path uint', renameat2),
  call('readlink', 'path addr int', (system, thread, path, at, size) =>
    readlinkat(system, thread, AT.FDCWD, path!, at!, size!),
  ),
  call('readlinkat', 'dirfd path addr int', readlinkat),
  call('chmod', 'path oct', (_, thread, path, mode) => fchmodat(thread, AT.FDCWD, path!, mode!)),
  call('fchmodat', 'dirfd path oct', (_, thread, dirfd, path, mode) =>
    fchmodat(thread, dirfd!, path!, mode!),
  ),
  call('fchmod', 'fd oct', (_, thread, fd, mode) => {
    chmod(thread.files.get(fd!).inode, thread.credentials, mode!);
    return 0;
  }),
  call('chown', 'path uint uint', (system, thread, path, uid, gid) =>
    fchownat(system, thread, AT.FDCWD, path!, uid!, gid!, 0),
  ),
  call('lchown', 'path uint uint', (system, thread, path, uid, gid) =>
    fchownat(system, thread, AT.FDCWD, path!, uid!, gid!, AT.SYMLINK_NOFOLLOW),
  ),
  call('fchown', 'fd uint uint', (_, thread, fd, uid, gid) => {
    chown(thread.files.get(fd!).inode, thread.credentials, ownerOf(uid!), ownerOf(gid!));
    return 0;
  }),
  call('fchownat', 'dirfd path uint uint flags:AT', fchownat),
  call('utimensat', 'dirfd path addr flags:AT', utimensat),
  call('utimes', 'path addr', (system, thread, path, at) => futimesat(system, thread, AT.FDCWD, path!, at!)),
  call('futimesat', 'dirfd path addr', futimesat),
  call('truncate', 'path long', (_, thread, path, size) => {
    truncate(inodeAt(thread, AT.FDCWD, path!, 0), thread.credentials, size!);
    return 0;
  }),
  call('ftruncate', 'fd long', ftruncate),
  call('fallocate', 'fd int long long', fallocate, 'collapsing and inserting ranges'),
  call('umask', 'oct', umask),
  call('fsync', 'fd', sync),
  call('fdatasync', 'fd', sync),
  call('syncfs', 'fd', sync),
  call('sync', '', () => 0),
  call('getxattr', 'path path addr size', noAttributes, 'there are no extended attributes'),
  call('lgetxattr', 'path path addr size', noAttributes, 'there are no extended attributes'),
  call('fgetxattr', 'fd path addr size', noAttributes, 'there are no extended attributes'),
  call('setxattr', 'path path addr size int', noAttributes, 'there are no extended attributes'),
  call('lsetxattr', 'path path addr size int', noAttributes, 'there are no extended attributes'),
  call('fsetxattr', 'fd path addr size int', noAttributes, 'there are no extended attributes'),
  call('listxattr', 'path addr size', noAttributes, 'there are no extended attributes'),
  call('llistxattr', 'path addr size', noAttributes, 'there are no extended attributes'),
  call('flistxattr', 'fd addr size', noAttributes, 'there are no extended attributes'),
];
