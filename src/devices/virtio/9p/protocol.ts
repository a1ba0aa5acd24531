/**
 * The numbers of the protocol 9P2000.L. Linux: include/net/9p/9p.h. A reply has the number of its request plus 1. All numbers in
 * messages are little-endian, and a text is its length in 16 bits, then its bytes.
 */

/** Messages that a client sends. */
export const MESSAGE = {
  STATFS: 8,
  LOPEN: 12,
  LCREATE: 14,
  SYMLINK: 16,
  MKNOD: 18,
  RENAME: 20,
  READLINK: 22,
  GETATTR: 24,
  SETATTR: 26,
  XATTRWALK: 30,
  XATTRCREATE: 32,
  READDIR: 40,
  FSYNC: 50,
  LOCK: 52,
  GETLOCK: 54,
  LINK: 70,
  MKDIR: 72,
  RENAMEAT: 74,
  UNLINKAT: 76,
  VERSION: 100,
  AUTH: 102,
  ATTACH: 104,
  FLUSH: 108,
  WALK: 110,
  READ: 116,
  WRITE: 118,
  CLUNK: 120,
  REMOVE: 122,
} as const;

/** The reply that has the number of an error. */
export const RLERROR = 7;

/** Messages that change files. Besides, LOPEN may open one for writing, and REMOVE, which ends its fid in any case, removes one. */
export const CHANGING: ReadonlySet<number> = new Set([
  ...[MESSAGE.LCREATE, MESSAGE.SYMLINK, MESSAGE.MKNOD, MESSAGE.RENAME, MESSAGE.SETATTR],
  ...[MESSAGE.LINK, MESSAGE.MKDIR, MESSAGE.RENAMEAT, MESSAGE.UNLINKAT, MESSAGE.WRITE],
]);

export const VERSION_NAME = '9P2000.L';
export const UNKNOWN_VERSION = 'unknown';
/** Size of a message without a body, and of RLERROR: size, type, tag, error. */
export const HEADER_BYTES = 7;
export const ERROR_BYTES = 11;
/** Sizes of a message in bytes that client and server can agree on. */
export const MSIZE = { MIN: 4096, MAX: 0x8_0000 } as const;
/** Maximum number of names in WALK. */
export const WALK_MAX = 16;
/** The number that stands for no fid. */
export const NO_FID = 0xffff_ffff;

/** Flags of LOPEN and LCREATE. */
export const OPEN = {
  ACCESS: 0o3,
  READ: 0,
  WRITE: 1,
  READ_WRITE: 2,
  EXCLUSIVE: 0o200,
  TRUNCATE: 0o1000,
  APPEND: 0o2000,
  FOLDER: 0o200000,
} as const;

/** Types of a qid. */
export const QID_TYPE = { FOLDER: 0x80, LINK: 0x02, FILE: 0 } as const;

/** What GETATTR returns: everything but the time of birth, the generation and the data version. */
export const ATTRIBUTES_BASIC = 0x7ffn;

/** What SETATTR sets. */
export const SET = {
  MODE: 0x01,
  UID: 0x02,
  GID: 0x04,
  SIZE: 0x08,
  ACCESSED: 0x10,
  MODIFIED: 0x20,
  ACCESSED_TO: 0x80,
  MODIFIED_TO: 0x100,
} as const;

/** The flag of UNLINKAT for folders. */
export const REMOVE_FOLDER = 0x200;
/** What STATFS returns as the type of the file system. Linux: V9FS_MAGIC, include/uapi/linux/magic.h. */
export const FILE_SYSTEM_TYPE = 0x0102_1997;
/** The status of a lock that was got, and the type of no lock. */
export const LOCK_SUCCESS = 0;
export const LOCK_NONE = 2;
