/**
 * The output of a program on its way to standard output, standard error or the terminal. It is collected while the program runs, since programs
 * often write a few bytes at a time, and written when the program waits or its slice of time ends.
 */

/** Bytes that are written at once. */
const FLUSH_AT = 1 << 16;

/** Who writes: it must not write more until `resume` is called. */
export interface Writer {
  pause(): void;
  resume(): void;
}

/** One of the outputs. */
interface Output {
  readonly stream: NodeJS.WritableStream;
  readonly writer: Writer;
}

/** The outputs of a program. What it writes to several of them keeps its order, since they may lead to the same place. */
export class ProgramOutputs {
  #parts: Uint8Array[] = [];
  #length = 0;
  /** Where the collected bytes go. */
  #to: Output | null = null;
  readonly #changed: () => void;

  /** @param changed called when a writer has been resumed */
  constructor(changed: () => void) {
    this.#changed = changed;
  }

  /** Returns what takes bytes for a stream. The bytes may change after a call. */
  taker(stream: NodeJS.WritableStream, writer: Writer): (bytes: Uint8Array) => void {
    const output = { stream, writer };
    stream.on('drain', () => {
      writer.resume();
      this.#changed();
    });
    return (bytes) => this.#take(output, bytes);
  }

  #take(output: Output, bytes: Uint8Array): void {
    if (this.#to !== output) this.flush();
    this.#to = output;
    this.#parts.push(new Uint8Array(bytes));
    this.#length += bytes.length;
    if (this.#length >= FLUSH_AT) this.flush();
  }

  /** Writes what was collected. If the reader is slow, the writer pauses until it has read it. */
  flush(): void {
    const output = this.#to;
    if (output === null || this.#length === 0) return;
    const bytes = Buffer.concat(this.#parts);
    this.#parts = [];
    this.#length = 0;
    if (!output.stream.write(bytes)) output.writer.pause();
  }
}
