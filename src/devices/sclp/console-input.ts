/**
 * Console input that the guest has not read: one stream of bytes. The guest reads it as bytes from its ASCII console, or as
 * lines of UTF-8 text from its line-mode console.
 */

import { SavedFields } from '../saved-state.ts';
import { Utf8Decoder } from './utf8.ts';

/** End of file: control-D. On the line-mode console it is a line of its own, as Linux expects it there. */
const END_OF_FILE = 0x04;
const END_OF_FILE_LINE = '^d';
const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;

/** A bounded queue of console input. */
export class ConsoleInput {
  readonly #bytes: Uint8Array;
  /** Index of the oldest byte in the ring, and number of bytes. */
  #first = 0;
  #count = 0;
  /** Number of complete lines in the ring. A line feed or carriage return ends a line. */
  #lines = 0;
  #ended = false;
  /** Whether the last line taken ended with a carriage return: a line feed after it belongs to it. */
  #afterReturn = false;
  /** Whether the input has ended and the guest has not read the end. */
  #endWaits = false;
  /** Decodes the line that is being taken. A long line may be cut inside a character. */
  readonly #decoder = new Utf8Decoder();
  #arrived = 0;

  /** @param capacity maximum number of unread bytes */
  constructor(capacity: number) {
    this.#bytes = new Uint8Array(capacity);
  }

  /** Total number of bytes added, plus one for the end. */
  get arrived(): number {
    return this.#arrived;
  }

  /** Number of bytes that can be added. */
  get space(): number {
    return this.#ended ? 0 : this.#bytes.length - this.#count;
  }

  /** Adds as many of the bytes as fit, none after the end. Returns their number. */
  add(bytes: Uint8Array): number {
    const count = Math.min(bytes.length, this.space);
    for (let i = 0; i < count; i++) {
      const byte = bytes[i] as number;
      this.#bytes[(this.#first + this.#count + i) % this.#bytes.length] = byte;
      if (endsLine(byte)) this.#lines++;
    }
    this.#count += count;
    this.#arrived += count;
    return count;
  }

  /** Ends the input. */
  end(): void {
    if (this.#ended) return;
    this.#arrived++;
    this.#ended = true;
    this.#endWaits = true;
  }

  /** Whether `takeBytes` would return bytes. */
  get hasBytes(): boolean {
    return this.#count > 0 || this.#endWaits;
  }

  /** Whether `takeLine` would return a line: a complete one, a part of one that fills the buffer, or the end. */
  get hasLine(): boolean {
    this.#skipLineFeed();
    return this.#lines > 0 || this.#count === this.#bytes.length || this.#endWaits;
  }

  /** Takes up to `limit` bytes. The end of file follows the last one. */
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
   * Takes the next line without its end, or the first part of a long one. Returns null if there is none.
   * @param limit maximum length in UTF-16 code units; at least 4
   */
  takeLine(limit: number): string | null {
    if (!this.hasLine) return null;
    let text = '';
    // A byte completes at most two code units, and the end of the line one more.
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

  /** Returns the state: what the guest has not read. That the input has ended is not part of it. */
  save(): unknown {
    const bytes = Uint8Array.from({ length: this.#count }, (_, i) => this.#at(i));
    return { bytes, afterReturn: this.#afterReturn, endWaits: this.#endWaits, decoder: this.#decoder.save() };
  }

  /** Checks a state that `save` returned. Returns a function that restores it. @throws StateError if it is not such a state */
  prepareRestore(state: unknown): () => void {
    const saved = new SavedFields('console input', state);
    const bytes = saved.bytes('bytes', this.#bytes.length, false);
    const [afterReturn, endWaits] = [saved.flag('afterReturn'), saved.flag('endWaits')];
    const restoreDecoder = this.#decoder.prepareRestore(saved.any('decoder'));
    return () => {
      this.#first = this.#count = this.#lines = this.#arrived = 0;
      this.add(bytes);
      this.#afterReturn = afterReturn;
      this.#endWaits = endWaits;
      restoreDecoder();
    };
  }

  #at(index: number): number {
    return this.#bytes[(this.#first + index) % this.#bytes.length] as number;
  }

  /** Drops the end of a line that was cut exactly there. */
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
