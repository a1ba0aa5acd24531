/** Standard input, output and error of a program that `run` executes. */

import type { InputStream, Linux, OutputStream, SpawnOptions, SystemTerminal } from '../host/task/index.ts';
import { passClosedOutput } from './output.ts';
import { ProgramOutputs } from './program-output.ts';
import { ProgramTerminal, type TerminalEvents } from './program-terminal.ts';

/**
 * Connects a program with the outside: with the terminal, as far as standard input, output and error are it, otherwise with streams. Standard
 * input is read when the program wants to read it, and output is taken as fast as its reader reads it.
 */
export class ProgramFiles {
  readonly #terminal: ProgramTerminal | null;
  readonly #input: InputStream | null;
  readonly #events: TerminalEvents;
  readonly #linux: Linux;
  readonly #outputs = new ProgramOutputs(() => this.#arrived());
  #reading = false;
  #arrived: () => void = () => {};

  /** @param end called when ^A x is typed */
  constructor(linux: Linux, end: () => void) {
    this.#linux = linux;
    this.#events = { changed: () => this.#arrived(), end };
    const isTerminal = process.stdin.isTTY === true;
    this.#terminal = isTerminal ? new ProgramTerminal(linux, this.#outputs, this.#events) : null;
    this.#input = isTerminal ? null : linux.makeInput();
    passClosedOutput();
    // That standard error is closed is the program's matter too.
    process.stderr.removeAllListeners('error');
    process.stderr.on('error', () => {});
  }

  /** Opens what the program is started with. */
  open(): Pick<SpawnOptions, 'stdin' | 'stdout' | 'stderr' | 'terminal'> {
    const stdout = this.#outputFile(process.stdout);
    const stderr = this.#outputFile(process.stderr);
    if (this.#terminal === null) return { stdin: this.#input as InputStream, stdout, stderr };
    return { terminal: this.#terminal.terminal, stdout, stderr };
  }

  #outputFile(stream: NodeJS.WriteStream): SystemTerminal | OutputStream {
    const terminal: SystemTerminal | undefined = this.#terminal?.terminal;
    return stream.isTTY && terminal !== undefined ? terminal : this.#output(stream);
  }

  #output(stream: NodeJS.WriteStream): OutputStream {
    const output = this.#linux.makeOutput((bytes) => take(bytes));
    const take = this.#outputs.taker(stream, output);
    stream.on('error', () => {
      output.close();
      this.#events.changed();
    });
    return output;
  }

  /** Begins. Call when the program has been started. */
  begin(): void {
    if (this.#terminal !== null) {
      this.#terminal.begin();
      return;
    }
    const { stdin } = process;
    stdin.on('data', (part: Buffer) => {
      stdin.pause();
      this.#reading = false;
      this.#input?.pass(part);
      this.#events.changed();
    });
    stdin.on('end', () => this.#endInput());
    // A folder, for example: there is no input.
    stdin.on('error', () => this.#endInput());
    stdin.pause();
  }

  #endInput(): void {
    this.#input?.end();
    this.#events.changed();
  }

  /** Writes output, reads standard input if the program wants it, and passes on what was typed. */
  service(): void {
    this.#outputs.flush();
    this.#terminal?.service();
    if (this.#reading || this.#input === null || !this.#input.isWanted) return;
    this.#reading = true;
    process.stdin.resume();
  }

  /** Whether standard input is a terminal. */
  get hasTerminal(): boolean {
    return this.#terminal !== null;
  }

  /** Whether it was a terminal whose connection is lost. */
  get isHungUp(): boolean {
    return this.#terminal !== null && !this.#terminal.terminal.isConnected;
  }

  /** The terminal is lost, as SIGHUP tells. */
  hangUp(): void {
    this.#terminal?.hangUp();
  }

  /** Something else has changed, such as a signal that was passed: the program may go on. */
  wake(): void {
    this.#arrived();
  }

  /** Resolved when something outside has changed: input has come, or output can go on. */
  async changed(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#arrived = resolve;
    });
  }

  /** Writes lines about the program on standard error, which may be the terminal in raw mode. */
  report(text: string): void {
    this.#outputs.flush();
    process.stderr.write(
      this.#terminal?.isRaw && process.stderr.isTTY ? text.replaceAll('\n', '\r\n') : text,
    );
  }

  /** Restores the terminal, and reads no more. */
  close(): void {
    this.#outputs.flush();
    this.#terminal?.close();
    process.stdin.removeAllListeners();
    process.stdin.on('error', () => {});
    process.stdin.destroy();
  }
}
