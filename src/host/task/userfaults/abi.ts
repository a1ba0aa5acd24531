/** Numbers and structs of userfaultfd. Linux: include/uapi/linux/userfaultfd.h. */

/** The version of the interface. */
export const UFFD_API = 0xaan;

/** A flag of userfaultfd(2): only faults of programs are served, not those of the kernel. */
export const UFFD_USER_MODE_ONLY = 1;

/** The command of /dev/userfaultfd. */
export const USERFAULTFD_IOC_NEW = 0xaa00;

/** The commands of a userfaultfd. */
export const UFFDIO = {
  REGISTER: 0xc020_aa00,
  UNREGISTER: 0x8010_aa01,
  WAKE: 0x8010_aa02,
  COPY: 0xc028_aa03,
  ZEROPAGE: 0xc020_aa04,
  MOVE: 0xc028_aa05,
  WRITEPROTECT: 0xc018_aa06,
  CONTINUE: 0xc020_aa07,
  POISON: 0xc020_aa08,
  API: 0xc018_aa3f,
} as const;

/** Bits of the commands in `uffdio_api.ioctls` and `uffdio_register.ioctls`: their numbers. */
export const IOCTL_BIT = {
  REGISTER: 1n << 0n,
  UNREGISTER: 1n << 1n,
  WAKE: 1n << 2n,
  COPY: 1n << 3n,
  ZEROPAGE: 1n << 4n,
  CONTINUE: 1n << 7n,
  API: 1n << 0x3fn,
} as const;

/** Features. */
export const FEATURE = {
  EVENT_FORK: 1n << 1n,
  MISSING_SHMEM: 1n << 5n,
  SIGBUS: 1n << 7n,
  THREAD_ID: 1n << 8n,
  MINOR_SHMEM: 1n << 10n,
  EXACT_ADDRESS: 1n << 11n,
} as const;

/** What makes the commands tell that the handshake was made. Linux: UFFD_FEATURE_INITIALIZED. */
export const INITIALIZED = 1n << 31n;

/** Bits of `uffdio_register.mode`. */
export const REGISTER_MODE = { MISSING: 1n, WP: 2n, MINOR: 4n } as const;

/** Bits of `mode` of the commands that provide pages. */
export const MODE = { DONTWAKE: 1n, WP: 2n } as const;

/** struct uffdio_api. */
export const API = { API: 0, FEATURES: 8, IOCTLS: 16, SIZE: 24 } as const;
/** struct uffdio_range, which others begin with. */
export const RANGE = { START: 0, LENGTH: 8, SIZE: 16 } as const;
/** struct uffdio_register, uffdio_zeropage and uffdio_continue: a range, a mode, and what the command answers. */
export const RANGE_MODE = { MODE: 16, ANSWER: 24 } as const;
/** struct uffdio_copy. */
export const COPY = { TO: 0, FROM: 8, LENGTH: 16, MODE: 24, ANSWER: 32 } as const;

/** struct uffd_msg of a fault. */
export const MESSAGE = { EVENT: 0, FLAGS: 8, ADDRESS: 16, THREAD: 24, SIZE: 32 } as const;
/** `uffd_msg.event` of a fault. */
export const EVENT_PAGEFAULT = 0x12;
/** Bits of `uffd_msg.arg.pagefault.flags`. */
export const PAGEFAULT_FLAG = { WRITE: 1n, MINOR: 4n } as const;
