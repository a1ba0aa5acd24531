/** Standard input, output and error of a program, as somebody outside of the system passes bytes in and takes them. */

import { demandBytes } from '../arguments.ts';
import { LinuxError } from '../errors.ts';
import type { InputPipe, OutputPipe } from './files/index.ts';

/** Bytes that come from outside, as through a pipe. `Linux.makeInput` makes one. It may be used at any time, also while a program runs. */
export class InputStream {
  /** @internal */
  readonly pipe: InputPipe;

  /** @internal */
  constructor(pipe: InputPipe) {
    this.pipe = pipe;
  }

  /** How many bytes a pipe would take now, 0 to 65,536. `pass` takes more. */
  get room(): number {
    return this.pipe.room;
  }

  /** Whether a program has looked for bytes when there were none, since bytes came last. */
  get isWanted(): boolean {
    return this.pipe.isWanted;
  }

  /** Passes bytes in, which are copied. @throws LinuxError EINVAL if they are no Uint8Array; EPIPE after the end */
  pass(bytes: Uint8Array): void {
    demandBytes(bytes);
    if (this.pipe.ended) throw new LinuxError('EPIPE', 'the input has ended');
    // `slice` of a Buffer of Node would not copy.
    this.pipe.pass(new Uint8Array(bytes));
  }

  /** No more bytes come: programs read the end of the file. */
  end(): void {
    this.pipe.end();
  }
}

/** Bytes that go out, as through a pipe. `Linux.makeOutput` makes one. It may be used at any time, also while a program runs. */
export class OutputStream {
  /** @internal */
  readonly pipe: OutputPipe;

  /** @internal */
  constructor(pipe: OutputPipe) {
    this.pipe = pipe;
  }

  /** Takes no more bytes for now: programs that write wait until `resume`. */
  pause(): void {
    this.pipe.pause();
  }

  /** Takes bytes again. */
  resume(): void {
    this.pipe.resume();
  }

  /** Takes no more bytes: programs that write get SIGPIPE, and EPIPE. */
  close(): void {
    this.pipe.close();
  }
}
