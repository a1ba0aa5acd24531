/** Numbers of Linux's interface for descriptors of events. Linux: include/uapi/linux/{eventpoll,eventfd,timerfd,signalfd,memfd,pidfd}.h. */

/** Operations of epoll_ctl, and events besides those of `POLL`. */
export const EPOLL = {
  ADD: 1,
  DEL: 2,
  MOD: 3,
  EXCLUSIVE: 0x1000_0000,
  WAKEUP: 0x2000_0000,
  ONESHOT: 0x4000_0000,
  ET: 0x8000_0000,
} as const;

/** Flags of eventfd besides those of `O`. */
export const EFD_SEMAPHORE = 1;

/** Flags of timerfd_settime. */
export const TFD = { TIMER_ABSTIME: 1, TIMER_CANCEL_ON_SET: 2 } as const;

/** Flags of memfd_create. */
export const MFD = { CLOEXEC: 1, ALLOW_SEALING: 2, HUGETLB: 4, NOEXEC_SEAL: 8, EXEC: 0x10 } as const;

/** Seals of a file in memory, and the commands of fcntl for them. */
export const SEAL = { SEAL: 1, SHRINK: 2, GROW: 4, WRITE: 8, FUTURE_WRITE: 0x10, EXEC: 0x20 } as const;
export const F_ADD_SEALS = 1033;
export const F_GET_SEALS = 1034;

/** Clocks. Linux: include/uapi/linux/time.h. */
export const CLOCK = {
  REALTIME: 0,
  MONOTONIC: 1,
  PROCESS_CPUTIME: 2,
  THREAD_CPUTIME: 3,
  MONOTONIC_RAW: 4,
  REALTIME_COARSE: 5,
  MONOTONIC_COARSE: 6,
  BOOTTIME: 7,
  REALTIME_ALARM: 8,
  BOOTTIME_ALARM: 9,
  TAI: 11,
} as const;
