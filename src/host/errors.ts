/**
 * How operations of the host fail.
 */

/** The error codes of Linux that operations of the host throw. */
export type Errno = 'EBADF' | 'EBUSY' | 'EEXIST' | 'EFAULT' | 'EINVAL' | 'ENOENT' | 'ENOMEM' | 'ESRCH';

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
