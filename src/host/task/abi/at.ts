/** Numbers of the system calls that follow paths from a directory. Linux: include/uapi/linux/fcntl.h. */

/** The descriptor that stands for the working directory, and flags. */
export const AT = {
  FDCWD: -100,
  SYMLINK_NOFOLLOW: 0x100,
  EACCESS: 0x200,
  REMOVEDIR: 0x200,
  SYMLINK_FOLLOW: 0x400,
  NO_AUTOMOUNT: 0x800,
  EMPTY_PATH: 0x1000,
} as const;
