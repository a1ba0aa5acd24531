/** The driver's side of a packed ring, for tests. */

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
const AVAILABLE = 0x80;
const USED = 0x8000;
const WRAP = 0x8000;

/** A packed ring of a driver that accepted indirect descriptors. */
export class TestPackedQueue implements TestQueue {
  readonly at: TestRingAddresses;
  readonly size: number;
  readonly #heap: TestHeap;
  readonly #eventIndex: boolean;
  readonly #notify: () => void;
  readonly #buffers = new Map<number, { descriptors: number; segments: TestSegment[] }>();
  #nextId = 0;
  #available = 0;
  #availableWrap = true;
  #used = 0;
  #usedWrap = true;
  #free: number;
  #added = 0;
  #wanted = true;

  constructor(heap: TestHeap, size: number, eventIndex: boolean, notify: () => void) {
    this.#eventIndex = eventIndex;
    this.#heap = heap;
    this.size = size;
    this.#free = size;
    this.#notify = notify;
    const descriptors = heap.allocate(size * 16);
    this.at = { descriptors, driver: heap.allocate(4), device: heap.allocate(4) };
    this.#setEvent();
  }

  get #view(): DataView {
    return this.#heap.owner.memory.view;
  }

  add(readable: readonly Uint8Array[], writable: readonly number[], indirect = false): number {
    const segments = layOut(this.#heap, readable, writable);
    const descriptors = indirect ? 1 : segments.length;
    if (descriptors > this.#free) throw new TestDriverError('the queue is full');
    this.#free -= descriptors;
    const id = this.#nextId++ & 0xffff;
    this.#buffers.set(id, { descriptors, segments });
    if (indirect) {
      const table = this.#heap.allocate(segments.length * 16);
      segments.forEach(({ address, length, writable: write }, n) => {
        this.#store(table + n * 16, address, length, id, write ? WRITE : 0);
      });
      this.#append(table, segments.length * 16, id, INDIRECT);
    } else {
      segments.forEach(({ address, length, writable: write }, n) => {
        const flags = (n + 1 < segments.length ? NEXT : 0) | (write ? WRITE : 0);
        this.#append(address, length, id, flags);
      });
    }
    this.#added += descriptors;
    return id;
  }

  #append(address: number, length: number, id: number, flags: number): void {
    const at = this.at.descriptors + this.#available * 16;
    this.#store(at, address, length, id, flags | (this.#availableWrap ? AVAILABLE : USED));
    if (++this.#available === this.size) {
      this.#available = 0;
      this.#availableWrap = !this.#availableWrap;
    }
  }

  #store(at: number, address: number, length: number, id: number, flags: number): void {
    this.#view.setBigUint64(at, BigInt(address), true);
    this.#view.setUint32(at + 8, length, true);
    this.#view.setUint16(at + 12, id, true);
    this.#view.setUint16(at + 14, flags, true);
  }

  kick(): boolean {
    const flags = this.#view.getUint16(this.at.device + 2, true);
    const event = this.#view.getUint16(this.at.device, true);
    const sameRound = ((event & WRAP) !== 0) === this.#availableWrap;
    const behind = this.#available - (event & ~WRAP) + (sameRound ? 0 : this.size);
    const wanted = flags === 0 || (flags === 2 && behind > 0 && behind <= this.#added);
    this.#added = 0;
    if (wanted) this.#notify();
    return wanted;
  }

  completed(): Completed[] {
    const found: Completed[] = [];
    for (;;) {
      const at = this.at.descriptors + this.#used * 16;
      const flags = this.#view.getUint16(at + 14, true);
      const [available, used] = [(flags & AVAILABLE) !== 0, (flags & USED) !== 0];
      if (available !== used || used !== this.#usedWrap) break;
      const id = this.#view.getUint16(at + 12, true);
      const written = this.#view.getUint32(at + 8, true);
      const buffer = this.#buffers.get(id);
      if (!buffer) throw new WrongDeviceError(`the device returned buffer ${id}, which it does not have`);
      this.#buffers.delete(id);
      this.#free += buffer.descriptors;
      found.push({ id, written, bytes: collect(this.#heap, buffer.segments, written) });
      this.#used += buffer.descriptors;
      if (this.#used >= this.size) {
        this.#used -= this.size;
        this.#usedWrap = !this.#usedWrap;
      }
    }
    this.#setEvent();
    return found;
  }

  allowsStore(address: number, length: number): boolean {
    const ring = within(address, length, this.at.descriptors, this.size * 16);
    const event = within(address, length, this.at.device, 4);
    return ring || event || inWritable(this.#buffers.values(), address, length);
  }

  wantInterruption(wanted: boolean): void {
    this.#wanted = wanted;
    this.#setEvent();
  }

  #setEvent(): void {
    this.#view.setUint16(this.at.driver, this.#used | (this.#usedWrap ? WRAP : 0), true);
    this.#view.setUint16(this.at.driver + 2, this.#wanted ? (this.#eventIndex ? 2 : 0) : 1, true);
  }
}
