/**
 * How operations of the host fail.
 */

import type { ErrnoName } from './errno.ts';

/**
 * The error codes of Linux. Operations on address spaces, guests and virtual machines throw E2BIG, EBADF, EBUSY, EEXIST, EFAULT,
 * EINVAL, ENOENT, ENOMEM, ENXIO and ESRCH; system calls of processes throw all.
 */
export type Errno = ErrnoName;

/**
 * An operation of the host was called wrongly, or cannot be performed now. It has changed nothing. The message names the
 * offending value.
 */
export class LinuxError extends Error {
  /** The code, as Linux names it. */
  readonly code: Errno;

  constructor(code: Errno, message: string) {
    super(message);
    this.name = 'LinuxError';
    this.code = code;
  }
}

/** Returns a number as messages show it: hexadecimal, with 0x. */
export function hex(value: number | bigint): string {
  return `0x${value.toString(16)}`;
}
