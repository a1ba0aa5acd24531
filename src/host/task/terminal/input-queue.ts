/** The bytes that were typed on a terminal and not read yet. In canonical mode they are lines, and the last one can be edited. */

/** Bytes that the queue holds. Linux: N_TTY_BUF_SIZE. */
const SIZE = 4096;

/** Marks of bytes. */
const NO_MARK = 0;
/** The last byte of a line. */
const LINE_END = 1;
/** Not a byte: the end of what is read at once. */
const EOF_MARK = 2;

/** A queue of typed bytes. */
export class InputQueue {
  readonly #bytes = new Uint8Array(SIZE);
  readonly #marks = new Uint8Array(SIZE);
  /** Numbers of bytes so far: read, in complete lines, typed. */
  #read = 0;
  #complete = 0;
  #typed = 0;

  /** Number of bytes. */
  get length(): number {
    return this.#typed - this.#read;
  }

  /** Number of bytes of the line that is being edited. */
  get editable(): number {
    return this.#typed - this.#complete;
  }

  /** Whether there is a complete line, or an end of input. */
  get hasLine(): boolean {
    return this.#complete !== this.#read;
  }

  /** Bytes that it takes: one is left for the end of a line. */
  get room(): number {
    return Math.max(0, SIZE - 1 - this.length);
  }

  /** Number of bytes that canonical mode can read. */
  get readable(): number {
    let count = 0;
    for (let at = this.#read; at < this.#complete; at++) {
      if (this.#marks[at % SIZE] !== EOF_MARK) count++;
    }
    return count;
  }

  /** Returns a byte of the line that is being edited. */
  at(index: number): number {
    return this.#bytes[(this.#complete + index) % SIZE]!;
  }

  /** Adds a byte. If the queue is full, it replaces the last one. */
  add(byte: number): void {
    this.#put(byte, NO_MARK);
  }

  #put(byte: number, mark: number): void {
    if (this.length === SIZE) this.#typed--;
    this.#bytes[this.#typed % SIZE] = byte;
    this.#marks[this.#typed % SIZE] = mark;
    this.#typed++;
  }

  /** Ends the line with a byte that belongs to it. */
  endLine(byte: number): void {
    this.#put(byte, LINE_END);
    this.#complete = this.#typed;
  }

  /** Ends the line without a byte: an empty one is the end of input. */
  endInput(): void {
    this.#put(0, EOF_MARK);
    this.#complete = this.#typed;
  }

  /** Shortens the line that is being edited. @param length in bytes, at most `editable` */
  shorten(length: number): void {
    this.#typed = this.#complete + length;
  }

  /** Throws everything away. */
  clear(): void {
    this.#read = this.#typed;
    this.#complete = this.#typed;
  }

  /** Takes bytes, whatever lines they are in. Returns their number. */
  take(into: Uint8Array): number {
    const count = Math.min(into.length, this.length);
    for (let i = 0; i < count; i++) into[i] = this.#bytes[(this.#read + i) % SIZE]!;
    this.#read += count;
    this.#complete = Math.max(this.#complete, this.#read);
    return count;
  }

  /** Takes a line, or its beginning. Returns the number of bytes, 0 for the end of input. Preconditions: there is a line. */
  takeLine(into: Uint8Array): number {
    let count = 0;
    while (count < into.length && this.#read < this.#complete) {
      const at = this.#read++ % SIZE;
      if (this.#marks[at] === EOF_MARK) return count;
      into[count++] = this.#bytes[at]!;
      if (this.#marks[at] === LINE_END) return count;
    }
    // An end of input behind bytes that filled the buffer ends them, and is not read as an empty line.
    if (this.#read < this.#complete && this.#marks[this.#read % SIZE] === EOF_MARK) this.#read++;
    return count;
  }

  /** Canonical mode begins: what was typed is a line. */
  becomeLines(): void {
    this.#unmark();
    if (this.length > 0) this.#marks[(this.#typed - 1) % SIZE] = LINE_END;
    this.#complete = this.#typed;
  }

  /** Canonical mode ends: what was typed can be read. */
  becomeBytes(): void {
    this.#unmark();
    this.#complete = this.#read;
  }

  #unmark(): void {
    for (let at = this.#read; at < this.#typed; at++) this.#marks[at % SIZE] = NO_MARK;
  }
}
