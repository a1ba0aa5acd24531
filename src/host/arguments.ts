/**
 * Checks of arguments. Each throws LinuxError EINVAL with a message that names the argument and its value.
 */

import { LinuxError } from './errors.ts';

/** The number of bytes that one operation may read or write (Linux: MAX_RW_COUNT). */
export const MAX_BYTES = 0x7fff_f000;

/** The number of characters of a value that a message shows. */
const SHOWN = 40;

/** Returns a value as messages show it. */
export function show(value: unknown): string {
  switch (typeof value) {
    case 'bigint':
      return shortened(`0x${value.toString(16)}`.replace('0x-', '-0x'));
    case 'string':
      return shortened(JSON.stringify(value.slice(0, SHOWN)));
    case 'object':
      return value === null ? 'null' : 'an object';
    case 'function':
    case 'symbol':
      return `a ${typeof value}`;
    default:
      return String(value);
  }
}

function shortened(text: string): string {
  return text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text;
}

function invalid(name: string, value: unknown, wanted: string): LinuxError {
  return new LinuxError('EINVAL', `${name} ${show(value)} is not ${wanted}`);
}

/** @throws LinuxError EINVAL if the value is not a bigint */
export function demandBigint(name: string, value: bigint): void {
  if (typeof value !== 'bigint') throw invalid(name, value, 'a bigint');
}

/** @throws LinuxError EINVAL if the value is not a bigint from 0 to 2^64 - 1 */
export function demandDoubleword(name: string, value: bigint): void {
  demandBigint(name, value);
  if (value !== BigInt.asUintN(64, value)) throw invalid(name, value, '0 to 2^64 - 1');
}

/** @throws LinuxError EINVAL if the value is not an integer from `least` to `most` */
export function demandInteger(name: string, value: number, least = 0, most = Number.MAX_SAFE_INTEGER): void {
  if (Number.isSafeInteger(value) && value >= least && value <= most) return;
  throw invalid(name, value, `an integer from ${least} to ${most}`);
}

/** @throws LinuxError EINVAL if the value is not a number of bytes that one operation may read */
export function demandLength(value: number): void {
  demandInteger('length', value, 0, MAX_BYTES);
}

/** @throws LinuxError EINVAL if the value is not a Uint8Array, or longer than one operation may write */
export function demandBytes(value: Uint8Array): void {
  if (!(value instanceof Uint8Array)) throw invalid('bytes', value, 'a Uint8Array');
  demandInteger('length', value.length, 0, MAX_BYTES);
}

/** @throws LinuxError EINVAL if the value is neither a boolean nor undefined */
export function demandFlag(name: string, value: boolean | undefined): void {
  if (value !== undefined && typeof value !== 'boolean') throw invalid(name, value, 'a boolean');
}

/** @throws LinuxError EINVAL if the value is not a storage key: 0 to 0xfe, and even */
export function demandKey(value: number): void {
  demandInteger('key', value, 0, 0xfe);
  if (value & 1) throw invalid('key', value, 'even');
}

/** @throws LinuxError EINVAL if the value is not an object */
export function demandObject(name: string, value: object): void {
  if (typeof value !== 'object' || value === null) throw invalid(name, value, 'an object');
}

/** @throws LinuxError EINVAL if the value is not a function */
export function demandFunction(name: string, value: unknown): void {
  if (typeof value !== 'function') throw invalid(name, value, 'a function');
}

/** @throws LinuxError EINVAL if the value is not a string, or has a character that ends strings of Linux */
export function demandText(name: string, value: string): void {
  if (typeof value !== 'string') throw invalid(name, value, 'a string');
  if (value.includes('\0')) throw invalid(name, value, 'a string without null characters');
}

/** @throws LinuxError EINVAL if the value is not an instance of the class */
export function demandInstance(
  name: string,
  value: object,
  type: abstract new (...args: never) => object,
): void {
  if (!(value instanceof type))
    throw invalid(name, value, `${/^[AEIOU]/.test(type.name) ? 'an' : 'a'} ${type.name}`);
}
