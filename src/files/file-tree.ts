/**
 * A tree of files that a guest can use. The 9P server (server.ts) works on this interface; `MemoryTree` has its files in memory, and the
 * command line has a tree for a folder of the computer.
 */

/**
 * The name of a file within its folder. Linux's names are bytes, so each character is one byte, 0x01 to 0xff, except `/`. 1 to 255
 * characters; neither `.` nor `..`.
 */
export type FileName = string;

/** The names on the way from the root to a file, joined by `/`; the empty string is the root. At most 4,095 characters. */
export type TreePath = string;

/** Bits of a mode: the type of a file, and its permissions. Linux: include/uapi/linux/stat.h. */
export const MODE = {
  TYPE: 0o170000,
  FOLDER: 0o040000,
  FILE: 0o100000,
  LINK: 0o120000,
  /** Permissions that a guest can set: set-user-ID and set-group-ID are never set for it. */
  SETTABLE: 0o1777,
} as const;

/** What is known of a file. Times are nanoseconds since 1970, negative before. */
export interface FileAttributes {
  /** Tells files of a tree apart, 64 bits: all hard links of a file have the same. */
  readonly id: bigint;
  readonly mode: number;
  readonly links: number;
  readonly uid: number;
  readonly gid: number;
  /** The device that a device node is for, as Linux encodes it; otherwise 0. */
  readonly device: bigint;
  /** In bytes. */
  readonly size: bigint;
  /** Number of blocks of 512 bytes that it takes. */
  readonly blocks: bigint;
  readonly accessed: bigint;
  readonly modified: bigint;
  readonly changed: bigint;
}

/** Changes of attributes. What is missing stays. */
export interface FileChanges {
  /** Permissions: bits of `MODE.SETTABLE`. */
  readonly mode?: number;
  readonly uid?: number;
  readonly gid?: number;
  /** In bytes, 0 to 2^53 - 1. A file that grows has zeros there. */
  readonly size?: number;
  /** Nanoseconds since 1970, 64 bits with a sign, or the present time. */
  readonly accessed?: bigint | 'now';
  readonly modified?: bigint | 'now';
}

/** How a file is opened. */
export interface OpenMode {
  readonly read: boolean;
  readonly write: boolean;
  /** Every write goes to the end of the file. */
  readonly append: boolean;
}

/** A file of a folder. */
export interface FolderEntry {
  readonly name: FileName;
  readonly id: bigint;
  readonly mode: number;
}

/** The space of a tree. */
export interface TreeSpace {
  /** Size of a block in bytes. */
  readonly blockSize: number;
  /** Numbers of blocks: all, free, and free for unprivileged users. */
  readonly blocks: bigint;
  readonly free: bigint;
  readonly available: bigint;
  /** Numbers of files: as many as there can be, and how many more can be made. */
  readonly files: bigint;
  readonly freeFiles: bigint;
}

/** A file that is open. It stays readable when its name is removed. Methods throw a FileError. */
export interface OpenFile {
  attributes(): FileAttributes;
  change(changes: FileChanges): void;
  /** Returns up to `length` bytes; fewer only at the end of the file. @param offset 0 to 2^53 - 1 */
  read(offset: number, length: number): Uint8Array;
  /** Stores bytes. Returns how many were stored: at least one, if there are any. @param offset 0 to 2^53 - 1 */
  write(offset: number, bytes: Uint8Array): number;
  /** Makes what was written permanent. */
  sync(): void;
  close(): void;
  /** Returns what `FileTree.restoreOpen` needs besides the path: a value that can be cloned. */
  save(): unknown;
}

/**
 * A tree of files. Every method throws a FileError with the code that Linux's system call of that purpose has.
 *
 * No method follows a symbolic link: one that is met on the way to a file is ENOTDIR, and one at the end of the path is what the
 * method acts on. Nothing but regular files is opened: ENXIO for others, EISDIR for folders, ELOOP for symbolic links.
 */
export interface FileTree {
  /** Whether nothing may be changed. The server then calls no method that does. */
  readonly readOnly: boolean;
  attributes(path: TreePath): FileAttributes;
  change(path: TreePath, changes: FileChanges): void;
  /** Opens a file. @param truncate whether to make it empty */
  open(path: TreePath, mode: OpenMode, truncate: boolean): OpenFile;
  /** Makes a file and opens it. @param permissions bits of `MODE.SETTABLE`. EEXIST if there is something of that name */
  create(path: TreePath, mode: OpenMode, permissions: number): OpenFile;
  /** Returns the files of a folder, in any order. @param most how many there may be: ENOMEM if there are more */
  list(path: TreePath, most: number): FolderEntry[];
  makeFolder(path: TreePath, permissions: number): void;
  /** Makes a symbolic link. @param target 1 to 4,095 characters, each a byte other than 0 */
  makeLink(path: TreePath, target: string): void;
  readLink(path: TreePath): string;
  /** Gives a regular file another name. EPERM for anything else. */
  link(from: TreePath, to: TreePath): void;
  /** Moves a file or folder. What is at `to` is replaced. */
  rename(from: TreePath, to: TreePath): void;
  /** Removes a name: of a folder, which must be empty, or of anything else. */
  remove(path: TreePath, folder: boolean): void;
  /** Makes the names in a folder permanent. */
  syncFolder(path: TreePath): void;
  space(): TreeSpace;
  /**
   * Opens a file again that was open in a saved state.
   * @param path null if the file had been removed: something else may have its path
   * @param saved what `OpenFile.save` returned, from anywhere
   */
  restoreOpen(path: TreePath | null, mode: OpenMode, saved: unknown): OpenFile;
  /** Returns the state that is not elsewhere: values that can be cloned. */
  save(): unknown;
  /** @throws StateError as `ChannelDevice.prepareRestore` does */
  prepareRestore(state: unknown): () => void;
}
