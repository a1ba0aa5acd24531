/**
 * Formats operations as lines: the inverse of `parseLine`.
 */

import type { MmapWords, Operation, OperationOf } from './operation.ts';
import { PROTECTION_LETTERS } from './words.ts';

/** Returns the line of an operation, without a line end. `parseLine` turns it into the same operation. */
export function formatOperation(operation: Operation): string {
  const process = 'process' in operation && operation.process ? `${operation.process}: ` : '';
  return process + words(operation).join(' ');
}

function words(operation: Operation): (string | number)[] {
  switch (operation.verb) {
    case 'mmap':
      return ['mmap', ...range(operation), ...mmapWords(operation)];
    case 'munmap':
    case 'dontneed':
      return [operation.verb, ...range(operation)];
    case 'mprotect':
      return ['mprotect', ...range(operation), formatProtection(operation.protection)];
    case 'mremap': {
      const { address, oldLength, newLength, mayMove, to } = operation;
      const where = to === undefined ? (mayMove ? ['maymove'] : []) : ['to', formatNumber(to)];
      return ['mremap', ...[address, oldLength, newLength].map(formatNumber), ...where];
    }
    case 'fault':
      return ['fault', formatNumber(operation.address), ...(operation.write ? ['write'] : [])];
    case 'fork':
      return ['fork', operation.child];
    case 'file':
      return ['file', operation.file, formatNumber(operation.length)];
    case 'file read':
      return ['file', operation.file, 'read', ...[operation.offset, operation.length].map(formatNumber)];
    case 'file write':
      return ['file', operation.file, 'write', formatNumber(operation.offset), formatBytes(operation.bytes)];
    case 'file close':
      return ['file', operation.file, 'close'];
    case 'new':
    case 'exit':
    case 'stats':
      return [operation.verb];
    case 'gmap_alloc':
    case 'gmap_free':
    case 'dump':
    case 'watched':
      return [operation.verb, operation.gmap];
    case 'gmap_map_segment': {
      const { gmap, from, to, length } = operation;
      return [operation.verb, gmap, formatNumber(from), formatNumber(to), formatNumber(length)];
    }
    case 'gmap_unmap_segment':
      return [operation.verb, operation.gmap, formatNumber(operation.to), formatNumber(operation.length)];
    case 'gmap_fault':
      return [operation.verb, operation.gmap, formatNumber(operation.address)];
    case 'gmap_discard':
      return [operation.verb, operation.gmap, formatNumber(operation.from), formatNumber(operation.to)];
    case 'slot': {
      const { gmap, slot, from, to, length, log } = operation;
      return ['slot', gmap, ...[slot, from, to, length].map(formatNumber), ...(log ? ['log'] : [])];
    }
    case 'dirty':
      return ['dirty', operation.gmap, formatNumber(operation.slot)];
    case 'key':
      return ['key', operation.gmap, formatNumber(operation.address)];
    case 'set_key':
      return ['set_key', operation.gmap, formatNumber(operation.address), `0x${operation.key.toString(16)}`];
    case 'watch':
      return ['watch', operation.gmap, ...range(operation)];
    case 'fail':
      return ['fail', formatNumber(operation.count)];
    default:
      return access(operation);
  }
}

type Access = OperationOf<`${'process' | 'kernel' | 'guest'} ${'read' | 'write'}`>;

function access(operation: Access): (string | number)[] {
  const [side, verb] = operation.verb.split(' ') as [string, string];
  const gmap = 'gmap' in operation ? [operation.gmap] : [];
  const what = 'bytes' in operation ? formatBytes(operation.bytes) : formatNumber(operation.length);
  const cpu = 'cpu' in operation && operation.cpu !== undefined ? ['on', operation.cpu] : [];
  return [side, ...gmap, verb, formatNumber(operation.address), what, ...cpu];
}

function range({ address, length }: { readonly address: bigint; readonly length: bigint }): string[] {
  return [formatNumber(address), formatNumber(length)];
}

function mmapWords({ protection, fixed, shared, large, high, file, offset = 0n }: MmapWords): string[] {
  return [
    ...(protection === undefined ? [] : [formatProtection(protection)]),
    ...(shared ? ['shared'] : []),
    ...(large ? ['large'] : []),
    ...(fixed ? ['fixed'] : []),
    ...(high ? ['high'] : []),
    ...(file === undefined ? [] : ['file', `${file}`, formatNumber(offset)]),
  ];
}

/** Formats a number: in decimal if it is small, with a suffix if that is exact, or else in hexadecimal. */
export function formatNumber(value: bigint): string {
  if (value < 4096n) return value.toString();
  for (const [suffix, shift] of [
    ['T', 40n],
    ['G', 30n],
    ['M', 20n],
    ['K', 10n],
  ] as const) {
    const unit = 1n << shift;
    if (value % unit === 0n && value / unit < 4096n) return `${value / unit}${suffix}`;
  }
  return `0x${value.toString(16)}`;
}

/** Formats PROT bits as a word. */
export function formatProtection(bits: number): string {
  const letters = PROTECTION_LETTERS.map(([letter, bit]) => (bits & bit ? letter : ''));
  return letters.join('') || 'none';
}

/** Formats bytes in hexadecimal, two digits each. */
export function formatBytes(bytes: Uint8Array): string {
  const chunks: string[] = [];
  const codes: number[] = [];
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i] as number;
    codes.push(DIGITS.charCodeAt(byte >>> 4), DIGITS.charCodeAt(byte & 15));
    if (codes.length < CHUNK) continue;
    // A string built by appending single characters would use 32 bytes of memory for each.
    chunks.push(String.fromCharCode(...codes));
    codes.length = 0;
  }
  return chunks.join('') + String.fromCharCode(...codes);
}

const DIGITS = '0123456789abcdef';
const CHUNK = 8192;
