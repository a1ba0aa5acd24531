/**
 * What was typed on a guest's console and the guest has not read. One stream of bytes: the guest reads it as bytes
 * on its ASCII console, or as lines of UTF-8 text on its line-mode console.
 */

import { Utf8Decoder } from './utf8.ts';

/** End of file: control-D. On the line-mode console it is a line of its own, as Linux understands it there. */
const END_OF_FILE = 0x04;
const END_OF_FILE_LINE = '^d';
const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;

/** A bounded queue of console input. */
export class ConsoleInput {
  readonly #bytes: Uint8Array;
  /** Index of the oldest byte that waits, and how many wait; the bytes are a ring. */
  #first = 0;
  #count = 0;
  /** Lines, or parts of long lines, among the bytes that wait: a line feed or carriage return ends one. */
  #lines = 0;
  #ended = false;
  /** Whether the last line taken ended with a carriage return: a line feed behind it belongs to it. */
  #afterReturn = false;
  /** Whether the end has come and has not been read. */
  #endWaits = false;
  /** Decodes the line that is being taken; a character may be cut where a long line is. */
  readonly #decoder = new Utf8Decoder();
  #arrived = 0;

  /** @param room bytes that may wait */
  constructor(room: number) {
    this.#bytes = new Uint8Array(room);
  }

  /** Bytes that have come in all, and one more for the end. */
  get arrived(): number {
    return this.#arrived;
  }

  /** Bytes that can be added. */
  get room(): number {
    return this.#ended ? 0 : this.#bytes.length - this.#count;
  }

  /** Adds bytes, as many as there is room for; returns how many. After the end there is room for none. */
  add(bytes: Uint8Array): number {
    const count = Math.min(bytes.length, this.room);
    for (let i = 0; i < count; i++) {
      const byte = bytes[i] as number;
      this.#bytes[(this.#first + this.#count + i) % this.#bytes.length] = byte;
      if (endsLine(byte)) this.#lines++;
    }
    this.#count += count;
    this.#arrived += count;
    return count;
  }

  /** No more bytes will come. */
  end(): void {
    if (this.#ended) return;
    this.#arrived++;
    this.#ended = true;
    this.#endWaits = true;
  }

  /** Whether `takeBytes` would return any. */
  get hasBytes(): boolean {
    return this.#count > 0 || this.#endWaits;
  }

  /** Whether `takeLine` would return one: a whole line waits, or a part too long to wait longer, or the end. */
  get hasLine(): boolean {
    this.#skipLineFeed();
    return this.#lines > 0 || this.#count === this.#bytes.length || this.#endWaits;
  }

  /** Takes up to `limit` bytes; behind the last one the end of file. */
  takeBytes(limit: number): Uint8Array {
    const taken: number[] = [];
    while (taken.length < limit && this.#count > 0) taken.push(this.#take());
    if (taken.length < limit && this.#endWaits) {
      this.#endWaits = false;
      taken.push(END_OF_FILE);
    }
    return Uint8Array.from(taken);
  }

  /**
   * Takes the next line without its end, or the first part of a long one. Null when none waits.
   * @param limit UTF-16 code units that it may have; at least 4
   */
  takeLine(limit: number): string | null {
    if (!this.hasLine) return null;
    let text = '';
    // A byte completes two code units at most, and the end of the line one more.
    while (this.#count > 0 && text.length + 3 <= limit) {
      const byte = this.#take();
      if (endsLine(byte)) {
        this.#afterReturn = byte === CARRIAGE_RETURN;
        return text + this.#decoder.finish();
      }
      text += this.#decoder.decode(Uint8Array.of(byte));
    }
    if (this.#count === 0) text += this.#decoder.finish();
    if (text !== '') {
      this.#skipLineEnd();
      return text;
    }
    this.#endWaits = false;
    return END_OF_FILE_LINE;
  }

  /** A line that was cut exactly at its end has no rest. */
  #skipLineEnd(): void {
    if (this.#count === 0 || !endsLine(this.#bytes[this.#first] as number)) return;
    this.#afterReturn = this.#take() === CARRIAGE_RETURN;
  }

  /** Drops the line feed of a line that ended with carriage return and line feed. */
  #skipLineFeed(): void {
    if (!this.#afterReturn || this.#count === 0) return;
    if (this.#bytes[this.#first] === LINE_FEED) this.#take();
    this.#afterReturn = false;
  }

  #take(): number {
    const byte = this.#bytes[this.#first] as number;
    this.#first = (this.#first + 1) % this.#bytes.length;
    this.#count--;
    if (endsLine(byte)) this.#lines--;
    return byte;
  }
}

function endsLine(byte: number): boolean {
  return byte === LINE_FEED || byte === CARRIAGE_RETURN;
}
