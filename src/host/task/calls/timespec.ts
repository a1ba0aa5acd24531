/** Times in the memory of programs: struct timespec and struct timeval. */

import { LinuxError } from '../../errors.ts';
import type { UserMemory } from '../memory/user-memory.ts';

const SECOND = 1_000_000_000;
/** Longer waits end never: 2^52 nanoseconds are 52 days. */
const LONG = 2 ** 52;

/** Reads a timespec as nanoseconds: at most 2^52. @throws LinuxError EINVAL, EFAULT */
export function readTimespec(memory: UserMemory, address: number): number {
  const [seconds, nanoseconds] = [memory.s64(address), memory.s64(address + 8)];
  if (seconds < 0 || nanoseconds < 0 || nanoseconds >= SECOND) {
    throw new LinuxError('EINVAL', `a time of ${seconds} s and ${nanoseconds} ns`);
  }
  return Math.min(seconds * SECOND + nanoseconds, LONG);
}

/** As `readTimespec`, of an absolute time of CLOCK_REALTIME. */
export function readBigTimespec(memory: UserMemory, address: number): bigint {
  const [seconds, nanoseconds] = [memory.s64(address), memory.s64(address + 8)];
  if (seconds < 0 || nanoseconds < 0 || nanoseconds >= SECOND) {
    throw new LinuxError('EINVAL', `a time of ${seconds} s and ${nanoseconds} ns`);
  }
  return BigInt(seconds) * BigInt(SECOND) + BigInt(nanoseconds);
}

/** Stores nanoseconds as a timespec. */
export function writeTimespec(memory: UserMemory, address: number, time: bigint | number): void {
  memory.write(address, timespec(time));
}

/** Returns nanoseconds as a timespec. */
export function timespec(time: bigint | number): Uint8Array {
  const view = new DataView(new ArrayBuffer(16));
  const whole = BigInt(time);
  view.setBigInt64(0, whole / BigInt(SECOND));
  view.setBigInt64(8, whole % BigInt(SECOND));
  return new Uint8Array(view.buffer);
}

/** Reads a timeval as nanoseconds. @throws as `readTimespec` */
export function readTimeval(memory: UserMemory, address: number): number {
  const [seconds, microseconds] = [memory.s64(address), memory.s64(address + 8)];
  if (seconds < 0 || microseconds < 0 || microseconds >= 1_000_000) {
    throw new LinuxError('EINVAL', `a time of ${seconds} s and ${microseconds} us`);
  }
  return Math.min(seconds * SECOND + microseconds * 1000, LONG);
}

/** Returns nanoseconds as a timeval. */
export function timeval(time: bigint | number): Uint8Array {
  const view = new DataView(new ArrayBuffer(16));
  const microseconds = BigInt(time) / 1000n;
  view.setBigInt64(0, microseconds / 1_000_000n);
  view.setBigInt64(8, microseconds % 1_000_000n);
  return new Uint8Array(view.buffer);
}
