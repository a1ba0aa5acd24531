/**
 * How host operations say no.
 */

/** The error codes of Linux that operations here can end with. */
export type Errno = 'EBADF' | 'EBUSY' | 'EEXIST' | 'EFAULT' | 'EINVAL' | 'ENOENT' | 'ENOMEM' | 'ESRCH';

/**
 * A host operation that the caller got wrong, or that cannot be done now. The operation has changed nothing.
 * The message names the offending value.
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

/** A value as messages show it: hexadecimal, with 0x. */
export function hex(value: number | bigint): string {
  return `0x${value.toString(16)}`;
}
