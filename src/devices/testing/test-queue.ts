/** What the drivers of split and packed rings have in common. */

import type { TestOwner } from './test-owner.ts';

/** A buffer that the device has returned. */
export interface Completed {
  readonly id: number;
  readonly written: number;
  /** The bytes that were written. */
  readonly bytes: Uint8Array;
}

/** Where the ring is. */
export interface TestRingAddresses {
  readonly descriptors: number;
  readonly driver: number;
  readonly device: number;
}

/** A driver's side of a ring. */
export interface TestQueue {
  readonly at: TestRingAddresses;
  /** Makes a buffer available. Returns its ID. */
  add(readable: readonly Uint8Array[], writable: readonly number[], indirect?: boolean): number;
  /** Notifies the device, if it asked for it. Returns whether it did. */
  kick(): boolean;
  /** Returns the buffers that the device has returned since the last call. */
  completed(): Completed[];
  /** Whether the device may store these bytes: they are its part of the ring, or of a buffer that it has not returned. */
  allowsStore(address: number, length: number): boolean;
  /** Asks the device to interrupt, or not to. */
  wantInterruption(wanted: boolean): void;
}

/** Gives memory to a driver. */
export interface TestHeap {
  readonly owner: TestOwner;
  allocate(length: number, alignment?: number): number;
}

/** A segment in memory, with the flag of a descriptor that is written. */
export interface TestSegment {
  readonly address: number;
  readonly length: number;
  readonly writable: boolean;
}

/** Puts the segments of a buffer into memory. */
export function layOut(
  heap: TestHeap,
  readable: readonly Uint8Array[],
  writable: readonly number[],
): TestSegment[] {
  const { bytes } = heap.owner.memory;
  const out = readable.map((content) => {
    const address = heap.allocate(content.length);
    bytes.set(content, address);
    return { address, length: content.length, writable: false };
  });
  const into = writable.map((length) => ({ address: heap.allocate(length), length, writable: true }));
  return [...out, ...into];
}

/** Whether a range lies within another one. */
export function within(address: number, length: number, start: number, size: number): boolean {
  return address >= start && address + length <= start + size;
}

/** Whether a range lies within memory that the device may write. */
export function inWritable(
  buffers: Iterable<{ readonly segments: readonly TestSegment[] }>,
  address: number,
  length: number,
): boolean {
  for (const { segments } of buffers) {
    for (const one of segments)
      if (one.writable && within(address, length, one.address, one.length)) return true;
  }
  return false;
}

/** Returns the first `length` bytes of what the device may have written. */
export function collect(heap: TestHeap, segments: readonly TestSegment[], length: number): Uint8Array {
  const { bytes } = heap.owner.memory;
  const parts = segments.filter(({ writable }) => writable);
  const all = parts.flatMap((one) => [...bytes.subarray(one.address, one.address + one.length)]);
  return Uint8Array.from(all.slice(0, length));
}
