/** The data of a command, as its device reads and writes it: the areas of one CCW and of those that are chained to its data. */

import { CCW_FLAG, type Ccw } from './ccw.ts';
import type { DataArea } from './data-area.ts';

/** Fetches the CCW to which the data of the last one is chained. Throws a ChannelCheck if there is none that is valid. */
export type NextArea = () => DataArea;

/** The data of a command. All methods throw a ChannelCheck, which the device must let pass, if a CCW or an address is wrong. */
export class ChannelData {
  readonly #areas: DataArea[];
  readonly #next: NextArea;
  /** The area and the offset within it at which the next byte is transferred. */
  #index = 0;
  #offset = 0;
  /** The last byte transferred so far, before any `rewind`. */
  #lastIndex = 0;
  #lastOffset = 0;
  #touched = false;
  #refused = false;

  constructor(first: DataArea, next: NextArea) {
    this.#areas = [first];
    this.#next = next;
  }

  /** Fetches up to `length` bytes. Returns fewer if the CCWs designate no more. */
  read(length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    let done = 0;
    while (done < length) {
      const room = this.#room();
      if (room === 0) break;
      const part = Math.min(room, length - done);
      bytes.set(this.#area.fetch(this.#offset, part), done);
      this.#advance(part);
      done += part;
    }
    return bytes.subarray(0, done);
  }

  /**
   * Stores bytes. If the CCWs designate less, the rest is lost, which is an incorrect length.
   * @param partial whether the program may ask for a part of the bytes, so that less is a correct length
   */
  write(bytes: Uint8Array, partial = false): void {
    let done = 0;
    while (done < bytes.length) {
      const room = this.#room();
      if (room === 0) break;
      const part = bytes.subarray(done, done + room);
      this.#area.store(this.#offset, part);
      this.#advance(part.length);
      done += part.length;
    }
    if (done < bytes.length && !partial) this.#refused = true;
  }

  /** Returns to the first byte: some commands of virtio-ccw read a part of what they then store. */
  rewind(): void {
    this.#index = 0;
    this.#offset = 0;
  }

  /** Whether the device asked for data. */
  get touched(): boolean {
    return this.#touched;
  }

  /** The last CCW of which data was transferred. */
  get ccw(): Ccw {
    return (this.#areas[this.#lastIndex] as DataArea).ccw;
  }

  /** Number of bytes of this CCW that were not transferred. */
  get residual(): number {
    return this.ccw.count - this.#lastOffset;
  }

  /** Whether the device had more or less data than the CCWs designate. */
  get incorrect(): boolean {
    return this.#refused || this.residual > 0 || (this.ccw.flags & CCW_FLAG.CHAIN_DATA) !== 0;
  }

  get #area(): DataArea {
    return this.#areas[this.#index] as DataArea;
  }

  /** Returns the number of bytes left of the current area, or of the next one. */
  #room(): number {
    this.#touched = true;
    const { ccw } = this.#area;
    if (this.#offset < ccw.count) return ccw.count - this.#offset;
    if (!(ccw.flags & CCW_FLAG.CHAIN_DATA)) return 0;
    if (this.#index + 1 === this.#areas.length) this.#areas.push(this.#next());
    this.#index++;
    this.#offset = 0;
    return this.#area.ccw.count;
  }

  #advance(bytes: number): void {
    this.#offset += bytes;
    if (
      this.#index > this.#lastIndex ||
      (this.#index === this.#lastIndex && this.#offset > this.#lastOffset)
    ) {
      this.#lastIndex = this.#index;
      this.#lastOffset = this.#offset;
    }
  }
}
