/** Sizes and addresses on the command line, in the form of the scenario language. */

import { InvalidArgumentError } from 'commander';
import { MAX_VCPUS } from '../host/index.ts';
import { MIB } from '../host/internal.ts';
import { parseNumber, ScenarioSyntaxError } from '../scenario/index.ts';
import type { MemoryMap } from '../vmm/index.ts';
import { UsageError } from './output.ts';

/** Maximum size of storage in bytes: a larger one is a typing error. */
const STORAGE_LIMIT = 64n << 30n;

/**
 * Checks a size of storage.
 * @param what the purpose of the storage, for the message
 * @throws UsageError if it is more than 64 GiB
 */
export function checkStorage(what: string, bytes: bigint): void {
  if (bytes > STORAGE_LIMIT)
    throw new UsageError(`${what} of 0x${bytes.toString(16)} bytes is more than 64 GiB`);
}

/**
 * Parses a number such as 64M or 0x1000.
 * @throws InvalidArgumentError, which the command-line parser reports in one line
 */
export function sizeOption(text: string): bigint {
  try {
    return parseNumber(text);
  } catch (error) {
    if (error instanceof ScenarioSyntaxError) throw new InvalidArgumentError(`${error.message}.`);
    throw error;
  }
}

/** Parses a size. A number below 1 MiB without a unit is rejected: `64` is meant to be 64 MiB. */
export function unitOption(text: string): bigint {
  const bytes = sizeOption(text);
  if (bytes === 0n || bytes >= MIB || !/^[0-9]+$/.test(text)) return bytes;
  throw new InvalidArgumentError(`${text} bytes? Did you mean ${text}M?`);
}

/** Parses a size of memory, a multiple of 1 MiB. */
export function memoryOption(text: string): bigint {
  const bytes = unitOption(text);
  if (bytes % MIB === 0n) return bytes;
  throw new InvalidArgumentError(`0x${bytes.toString(16)} is not a multiple of 1 MiB.`);
}

/** Parses FROM:TO:LEN, each a multiple of 1 MiB, and appends it to the previous ones. */
export function mapOption(text: string, before: MemoryMap[] = []): MemoryMap[] {
  const parts = text.split(':');
  if (parts.length !== 3) throw new InvalidArgumentError('It must be FROM:TO:LEN.');
  const [from, to, length] = parts.map(memoryOption) as [bigint, bigint, bigint];
  if (length === 0n) throw new InvalidArgumentError('Its length is 0.');
  return [...before, { from, to, length }];
}

/** Parses a positive integer, which may have the form of a size. */
export function countOption(text: string): number {
  const value = sizeOption(text);
  if (value === 0n || value > BigInt(Number.MAX_SAFE_INTEGER)) {
    throw new InvalidArgumentError('It must be 1 to 2^53 - 1.');
  }
  return Number(value);
}

/** Parses a number of virtual CPUs. */
export function cpusOption(text: string): number {
  const value = sizeOption(text);
  if (value === 0n || value > BigInt(MAX_VCPUS))
    throw new InvalidArgumentError(`It must be 1 to ${MAX_VCPUS}.`);
  return Number(value);
}

/** Parses a TCP port. 0 means any free one. */
export function portOption(text: string): number {
  const port = text === '0' ? 0 : countOption(text);
  if (port > 0xffff) throw new InvalidArgumentError('It must be at most 65535.');
  return port;
}
