/** The driver's side of a split ring, for tests. */

import { TestDriverError, WrongDeviceError } from './errors.ts';
import {
  type Completed,
  collect,
  inWritable,
  layOut,
  type TestHeap,
  type TestQueue,
  type TestRingAddresses,
  type TestSegment,
  within,
} from './test-queue.ts';

const NEXT = 1;
const WRITE = 2;
const INDIRECT = 4;
const PAGE = 4096;

/** A split ring of a driver that accepted indirect descriptors. */
export class TestSplitQueue implements TestQueue {
  readonly at: TestRingAddresses;
  readonly size: number;
  readonly #heap: TestHeap;
  readonly #littleEndian: boolean;
  readonly #eventIndex: boolean;
  readonly #notify: () => void;
  readonly #free: number[];
  readonly #chains = new Map<number, { descriptors: number[]; segments: TestSegment[] }>();
  #available = 0;
  #used = 0;
  #kicked = 0;
  #wanted = true;

  constructor(
    heap: TestHeap,
    size: number,
    how: { littleEndian: boolean; eventIndex: boolean },
    notify: () => void,
  ) {
    this.#heap = heap;
    this.size = size;
    this.#littleEndian = how.littleEndian;
    this.#eventIndex = how.eventIndex;
    this.#notify = notify;
    this.#free = Array.from({ length: size }, (_, n) => n);
    // The layout of the legacy interface is as good for the others.
    const descriptors = heap.allocate(0, PAGE);
    const driver = descriptors + size * 16;
    const device = Math.ceil((driver + size * 2 + 6) / PAGE) * PAGE;
    heap.allocate(device + size * 8 + 6 - descriptors, 1);
    this.at = { descriptors, driver, device };
  }

  get #view(): DataView {
    return this.#heap.owner.memory.view;
  }

  add(readable: readonly Uint8Array[], writable: readonly number[], indirect = false): number {
    const segments = layOut(this.#heap, readable, writable);
    const table = indirect ? this.#heap.allocate(segments.length * 16) : this.at.descriptors;
    const places = indirect ? segments.map((_, n) => n) : this.#take(segments.length);
    segments.forEach((segment, n) => {
      this.#describe(table, places, n, segment);
    });
    const used = indirect ? this.#take(1) : places;
    const [head] = used as [number];
    if (indirect) this.#store(this.at.descriptors, head, table, segments.length * 16, INDIRECT, 0);
    this.#chains.set(head, { descriptors: used, segments });
    this.makeAvailable(head);
    return head;
  }

  /** Makes a chain available, whatever it is. */
  makeAvailable(head: number): void {
    this.#view.setUint16(this.at.driver + 4 + (this.#available % this.size) * 2, head, this.#littleEndian);
    this.#available = (this.#available + 1) & 0xffff;
    this.#view.setUint16(this.at.driver + 2, this.#available, this.#littleEndian);
  }

  #take(count: number): number[] {
    if (this.#free.length < count) throw new TestDriverError('the queue is full');
    return this.#free.splice(0, count);
  }

  #describe(table: number, places: readonly number[], n: number, segment: TestSegment): void {
    const next = places[n + 1];
    const flags = (next === undefined ? 0 : NEXT) | (segment.writable ? WRITE : 0);
    this.#store(table, places[n] as number, segment.address, segment.length, flags, next ?? 0);
  }

  #store(table: number, index: number, address: number, length: number, flags: number, next: number): void {
    const at = table + index * 16;
    this.#view.setBigUint64(at, BigInt(address), this.#littleEndian);
    this.#view.setUint32(at + 8, length, this.#littleEndian);
    this.#view.setUint16(at + 12, flags, this.#littleEndian);
    this.#view.setUint16(at + 14, next, this.#littleEndian);
  }

  kick(): boolean {
    const event = this.#view.getUint16(this.at.device + 4 + this.size * 8, this.#littleEndian);
    const inRange = ((this.#available - event - 1) & 0xffff) < ((this.#available - this.#kicked) & 0xffff);
    this.#kicked = this.#available;
    const wanted = this.#eventIndex
      ? inRange
      : this.#view.getUint16(this.at.device, this.#littleEndian) === 0;
    if (wanted) this.#notify();
    return wanted;
  }

  completed(): Completed[] {
    const found: Completed[] = [];
    while (this.#used !== this.#view.getUint16(this.at.device + 2, this.#littleEndian)) {
      const at = this.at.device + 4 + (this.#used % this.size) * 8;
      const id = this.#view.getUint32(at, this.#littleEndian);
      const written = this.#view.getUint32(at + 4, this.#littleEndian);
      const chain = this.#chains.get(id);
      if (!chain) throw new WrongDeviceError(`the device returned buffer ${id}, which it does not have`);
      this.#chains.delete(id);
      this.#free.push(...chain.descriptors);
      found.push({ id, written, bytes: collect(this.#heap, chain.segments, written) });
      this.#used = (this.#used + 1) & 0xffff;
    }
    this.#setEvent();
    return found;
  }

  allowsStore(address: number, length: number): boolean {
    const ring = within(address, length, this.at.device, this.size * 8 + 6);
    return ring || inWritable(this.#chains.values(), address, length);
  }

  wantInterruption(wanted: boolean): void {
    this.#wanted = wanted;
    this.#setEvent();
  }

  #setEvent(): void {
    if (!this.#eventIndex) this.#view.setUint16(this.at.driver, this.#wanted ? 0 : 1, this.#littleEndian);
    const event = this.#wanted ? this.#used : (this.#used + 0x8000) & 0xffff;
    this.#view.setUint16(this.at.driver + 4 + this.size * 2, event, this.#littleEndian);
  }
}
