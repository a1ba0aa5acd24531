/** Numbers of Linux's interface for files. Linux: include/uapi/asm-generic/fcntl.h and poll.h, include/uapi/linux/stat.h. */

/** Flags of open. */
export const O = {
  ACCMODE: 0o3,
  RDONLY: 0o0,
  WRONLY: 0o1,
  RDWR: 0o2,
  CREAT: 0o100,
  EXCL: 0o200,
  NOCTTY: 0o400,
  TRUNC: 0o1000,
  APPEND: 0o2000,
  NONBLOCK: 0o4000,
  DSYNC: 0o1_0000,
  ASYNC: 0o2_0000,
  DIRECT: 0o4_0000,
  LARGEFILE: 0o10_0000,
  DIRECTORY: 0o20_0000,
  NOFOLLOW: 0o40_0000,
  NOATIME: 0o100_0000,
  CLOEXEC: 0o200_0000,
  SYNC: 0o401_0000,
  PATH: 0o1000_0000,
  TMPFILE: 0o2020_0000,
} as const;

/** Bits of a mode: the type of a file, and its permissions. */
export const S = {
  IFMT: 0o170000,
  IFSOCK: 0o140000,
  IFLNK: 0o120000,
  IFREG: 0o100000,
  IFBLK: 0o060000,
  IFDIR: 0o040000,
  IFCHR: 0o020000,
  IFIFO: 0o010000,
  ISUID: 0o4000,
  ISGID: 0o2000,
  ISVTX: 0o1000,
} as const;

/** Events that poll reports. */
export const POLL = {
  IN: 0x1,
  PRI: 0x2,
  OUT: 0x4,
  ERR: 0x8,
  HUP: 0x10,
  NVAL: 0x20,
  RDNORM: 0x40,
  RDBAND: 0x80,
  WRNORM: 0x100,
  WRBAND: 0x200,
  RDHUP: 0x2000,
} as const;

/** Values of `whence` of lseek. */
export const SEEK = { SET: 0, CUR: 1, END: 2, DATA: 3, HOLE: 4 } as const;

/** What access asks for, and what permissions consist of. */
export const ACCESS = { EXECUTE: 1, WRITE: 2, READ: 4 } as const;

/** Flags of renameat2. */
export const RENAME = { NOREPLACE: 1, EXCHANGE: 2, WHITEOUT: 4 } as const;

/** Maximum length of a name, and of a path with its final zero. */
export const NAME_MAX = 255;
export const PATH_MAX = 4096;

/** Returns the number of a device as stat shows it. Linux: include/linux/kdev_t.h, new_encode_dev. */
export function makeDevice(major: number, minor: number): number {
  return ((minor & 0xff) | ((major & 0xfff) << 8) | ((minor & 0xfff00) << 12)) >>> 0;
}

export function majorOf(device: number): number {
  return (device >>> 8) & 0xfff;
}

export function minorOf(device: number): number {
  return (device & 0xff) | ((device >>> 12) & 0xfff00);
}
