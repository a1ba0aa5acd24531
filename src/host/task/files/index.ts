/**
 * The virtual file system.
 *
 * An `Inode` is a file; its subclasses are its types. A `Dentry` is a name of one in a directory, and knows its parent: paths are followed
 * and told by dentries. A `FileSystem` is what st_dev tells apart: `Tmpfs`; `FolderFileSystem`, a `FileTree` that was handed over, such as
 * a folder of the computer; or one of synthetic files. `mount` puts the root of one on a directory of another. All get what they need of
 * the host, storage and a clock, from one `FileHost`, and folders share one `PageCache`.
 *
 * `open` and the other functions that follow paths take a `PathContext`: root directory, where relative paths begin, and credentials. The
 * functions that change attributes take an inode, which `lookup` finds. Each fails with the LinuxError of the system call.
 *
 * An `OpenFile` is what descriptors refer to; it holds its inode. `null` from read or write means: wait for `queue`, then try again; the
 * same holds for an `open` whose result is `opening`. A write may be partial: who waits, writes the rest. `OpenRegular.file.contents`
 * has the pages that mmap maps (`memory`). `execve` calls `denyWrites` of a `RegularFile`.
 *
 * Storage of a file without names ends when the last open file is released and the last mapping goes.
 */

export { majorOf, makeDevice, minorOf } from '../abi/files.ts';
export { access, chmod, chown, type NewTime, setTimes, truncate } from './attributes.ts';
export { link, mkdir, mknod, symlink } from './create.ts';
export { Dentry, mount, parentOf, pathOf, topOf, unmount } from './dentry.ts';
export { addDevice, makeDev } from './dev.ts';
export { DeviceNode, type DeviceOpener, Devices, type DeviceType } from './devices.ts';
export { Directory, type DirectoryEntry, type NewFile, OpenDirectory } from './directory.ts';
export { FILE_SIZE_MAX, FileContents } from './file-contents.ts';
export { FileHost, FileSystem, type FileSystemSpace, type InodeChanges, MAGIC } from './file-system.ts';
export { type FolderChange, FolderFileSystem } from './folder-file-system.ts';
export type { ChangesGo, FolderOptions } from './folder-store.ts';
export { type FileTimes, Inode } from './inode.ts';
export { MEMORY_MAJOR, MEMORY_MINOR, type RandomFiller, registerMemoryDevices } from './memory-devices.ts';
export { open, openFound } from './open.ts';
export { OpenFile, PathFile } from './open-file.ts';
export { OpenableInode } from './openable-inode.ts';
export { PageCache } from './page-cache.ts';
export { type LookupOptions, lookup, type PathContext } from './path-lookup.ts';
export { demandPermission, type FileCredentials, isInGroup, isOwner, permits } from './permissions.ts';
export { Fifo, makePipe, PIPE_BUF, PIPE_MAX, PipeEnd } from './pipe.ts';
export { type Allocation, OpenRegular, RegularFile } from './regular-file.ts';
export { rmdir, unlink } from './remove.ts';
export { rename } from './rename.ts';
export { SocketInode } from './socket-inode.ts';
export { InputPipe, OutputPipe, type OutputTaker } from './streams.ts';
export { MemorySymlink, Symlink } from './symlink.ts';
export {
  FixedDirectory,
  rootOf,
  type SyntheticContents,
  SyntheticDirectory,
  type SyntheticEntry,
  SyntheticFile,
} from './synthetic.ts';
export { Tmpfs, type TmpfsOptions } from './tmpfs.ts';
