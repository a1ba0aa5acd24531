/** Addresses of processes. */

import { demandBigint } from '../arguments.ts';
import { hex, LinuxError } from '../errors.ts';
import { PAGE_BYTES } from '../units.ts';

/** The first process address that no guest can be given: 4 TiB. */
export const PROCESS_LIMIT = 1n << 42n;

/** The first address that no process can have: 8 PiB, the reach of four levels of tables. */
export const GROWN_LIMIT = 1n << 53n;
/** The first page that no process can have. */
export const GROWN_PAGES = Number(GROWN_LIMIT / PAGE_BYTES);

/** Returns the byte address of a page. */
export function addressOf(page: number): bigint {
  return BigInt(page) << 12n;
}

/** Returns the error of an access to an address that is not mapped. */
export function noMapping(address: bigint): LinuxError {
  return new LinuxError('EFAULT', `nothing is mapped at ${hex(address)}`);
}

/**
 * Checks a byte range of a process and turns it into pages.
 * @throws LinuxError EINVAL if one is not a bigint or not a multiple of 4 KiB, the length is 0, or the end is beyond 8 PiB
 */
export function checkedRange(address: bigint, length: bigint): { start: number; count: number } {
  demandBigint('address', address);
  demandBigint('length', length);
  if (address < 0n || address % PAGE_BYTES !== 0n) {
    throw new LinuxError('EINVAL', `address ${hex(address)} is not a multiple of 4 KiB`);
  }
  if (length <= 0n || length % PAGE_BYTES !== 0n) {
    throw new LinuxError('EINVAL', `length ${hex(length)} is not a positive multiple of 4 KiB`);
  }
  if (address + length > GROWN_LIMIT) {
    throw new LinuxError('EINVAL', `${hex(address)} + ${hex(length)} is beyond 8 PiB`);
  }
  return { start: Number(address >> 12n), count: Number(length >> 12n) };
}
