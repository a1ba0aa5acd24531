/** The line discipline of terminals: what typed bytes do, and how they are read. Linux: N_TTY, drivers/tty/n_tty.c. */

import { SIG } from '../abi/signals.ts';
import { CC, FLUSH, IFLAG, LFLAG } from '../abi/terminals.ts';
import { InputQueue } from './input-queue.ts';
import { LineEditor } from './line-editing.ts';
import { type TerminalDriver, TerminalOutput } from './terminal-output.ts';
import { hasLocal, INITIAL_TERMIOS, isControl, type Termios } from './termios.ts';

const BACKSPACE = 8;
const NEWLINE = 10;
const RETURN = 13;
const CARET = 94;
/** Nanoseconds of a unit of TIME. */
const TENTH = 100_000_000;

/** Sends a signal to the processes in the foreground. */
export type SignalSender = (signal: number) => void;

/** How a read in raw mode waits. Times in nanoseconds, or Infinity. */
export interface RawWaiting {
  /** Bytes after which it returns. */
  readonly least: number;
  /** Time until the first byte, and time between two bytes. */
  readonly first: number;
  readonly between: number;
}

/** A line discipline. */
export class LineDiscipline {
  readonly output: TerminalOutput;
  readonly #queue = new InputQueue();
  readonly #editor: LineEditor;
  readonly #signal: SignalSender;
  #modes: Termios;
  /** Whether the next byte is taken literally. */
  #literally = false;

  constructor(driver: TerminalDriver, signal: SignalSender, modes = INITIAL_TERMIOS) {
    this.#signal = signal;
    this.#modes = modes;
    const current = () => this.#modes;
    this.output = new TerminalOutput(driver, current);
    this.#editor = new LineEditor(this.#queue, this.output, current);
  }

  get modes(): Termios {
    return this.#modes;
  }

  get isCanonical(): boolean {
    return this.#local(LFLAG.ICANON);
  }

  #local(bits: number): boolean {
    return hasLocal(this.#modes, bits);
  }

  #input(bit: number): boolean {
    return (this.#modes.iflag & bit) !== 0;
  }

  /** Sets the modes. */
  setModes(modes: Termios): void {
    const old = this.#modes;
    this.#modes = modes;
    if (((old.lflag ^ modes.lflag) & (LFLAG.ICANON | LFLAG.EXTPROC)) !== 0) {
      if (this.isCanonical) this.#queue.becomeLines();
      else this.#queue.becomeBytes();
      this.#editor.reset();
      this.#literally = false;
    }
    if ((old.iflag & IFLAG.IXON) !== 0 && !this.#input(IFLAG.IXON)) this.start();
  }

  /** Number of bytes that `receive` takes now, at least. */
  get room(): number {
    const { room } = this.#queue;
    return room > 0 || !this.#isEditing ? room : 1;
  }

  /** Whether a line is being typed and nobody can read: such a line takes bytes when it is full, which replace the last one. */
  get #isEditing(): boolean {
    return this.isCanonical && !this.#queue.hasLine;
  }

  /** Takes typed bytes, as many as there is room for. Returns their number. */
  receive(bytes: Uint8Array): number {
    let done = 0;
    while (done < bytes.length && this.room > 0) this.#receive(bytes[done++]!);
    this.output.flushEcho();
    return done;
  }

  #receive(typed: number): void {
    let byte = this.#input(IFLAG.ISTRIP) ? typed & 0x7f : typed;
    const isUpper = byte >= 65 && byte <= 90;
    if (isUpper && this.#input(IFLAG.IUCLC) && this.#local(LFLAG.IEXTEN)) byte += 32;
    if (this.#local(LFLAG.EXTPROC)) {
      this.#queue.add(byte);
    } else if (this.#literally) {
      this.#literally = false;
      this.#character(byte);
    } else {
      this.#key(byte);
    }
  }

  /** A byte that may have a meaning. Linux: n_tty_receive_char_special. */
  #key(byte: number): void {
    if (this.#input(IFLAG.IXON) && this.#flowKey(byte)) return;
    const signal = this.#local(LFLAG.ISIG) ? this.#signalOf(byte) : 0;
    if (signal !== 0) {
      this.#signalKey(signal, byte);
      return;
    }
    if (this.#input(IFLAG.IXON) && this.#input(IFLAG.IXANY)) this.start();
    const key = this.#translated(byte);
    if (key === null) return;
    if (this.isCanonical && this.#editingKey(key)) return;
    this.#character(key, byte === RETURN && key === NEWLINE);
  }

  #flowKey(byte: number): boolean {
    if (isControl(this.#modes, CC.START, byte)) this.start();
    else if (isControl(this.#modes, CC.STOP, byte)) this.stop();
    else return false;
    return true;
  }

  #signalOf(byte: number): number {
    if (isControl(this.#modes, CC.INTR, byte)) return SIG.INT;
    if (isControl(this.#modes, CC.QUIT, byte)) return SIG.QUIT;
    return isControl(this.#modes, CC.SUSP, byte) ? SIG.TSTP : 0;
  }

  #signalKey(signal: number, byte: number): void {
    if (!this.#local(LFLAG.NOFLSH)) {
      this.flush(FLUSH.INPUT);
      this.output.flush();
    }
    this.#signal(signal);
    if (this.#input(IFLAG.IXON)) this.start();
    if (this.#local(LFLAG.ECHO)) this.output.echo(byte);
  }

  /** Returns what RETURN and NEWLINE become, or null for nothing. */
  #translated(byte: number): number | null {
    if (byte === RETURN) {
      if (this.#input(IFLAG.IGNCR)) return null;
      return this.#input(IFLAG.ICRNL) ? NEWLINE : byte;
    }
    return byte === NEWLINE && this.#input(IFLAG.INLCR) ? RETURN : byte;
  }

  /** Returns whether a byte edits or ends the line. */
  #editingKey(byte: number): boolean {
    const is = (index: (typeof CC)[keyof typeof CC]) => isControl(this.#modes, index, byte);
    const extended = this.#local(LFLAG.IEXTEN);
    if (is(CC.ERASE)) this.#editor.erase('character');
    else if (is(CC.KILL)) this.#editor.erase('line');
    else if (extended && is(CC.WERASE)) this.#editor.erase('word');
    else if (extended && is(CC.LNEXT)) this.#beginLiteral();
    else if (extended && this.#local(LFLAG.ECHO) && is(CC.REPRINT)) this.#reprint(byte);
    else if (byte === NEWLINE) this.#newline();
    else if (is(CC.EOF)) this.#queue.endInput();
    else if (is(CC.EOL) || (extended && is(CC.EOL2))) this.#endOfLine(byte);
    else return false;
    return true;
  }

  #beginLiteral(): void {
    this.#literally = true;
    if (!this.#local(LFLAG.ECHO)) return;
    this.#editor.finish();
    if (!this.#local(LFLAG.ECHOCTL)) return;
    this.output.echoAsIs(CARET);
    this.output.echoAsIs(BACKSPACE);
  }

  #reprint(byte: number): void {
    this.#editor.finish();
    this.output.echo(byte);
    this.output.echoAsIs(NEWLINE);
    for (let i = 0; i < this.#queue.editable; i++) this.output.echo(this.#queue.at(i));
  }

  #newline(): void {
    if (this.#local(LFLAG.ECHO) || this.#local(LFLAG.ECHONL)) this.output.echoAsIs(NEWLINE);
    this.#queue.endLine(NEWLINE);
  }

  #endOfLine(byte: number): void {
    if (this.#local(LFLAG.ECHO)) {
      if (this.#queue.editable === 0) this.output.markLine();
      this.output.echo(byte);
    }
    this.#queue.endLine(byte);
  }

  /** A byte without a meaning. @param movesCursor whether it is shown by what it does, even if ECHOCTL is set: RETURN as NEWLINE */
  #character(byte: number, movesCursor = false): void {
    if (this.#local(LFLAG.ECHO)) {
      this.#editor.finish();
      if (this.#queue.editable === 0) this.output.markLine();
      if (movesCursor) this.output.echoAsIs(byte);
      else this.output.echo(byte);
    }
    this.#queue.add(byte);
  }

  /** Output goes on. */
  start(): void {
    this.output.stopped = false;
    this.output.flushEcho();
  }

  /** Output is held. */
  stop(): void {
    this.output.stopped = true;
  }

  /** Whether a read need not wait. @param forPoll whether poll asks: it waits for MIN bytes if TIME is 0 */
  isReadable(forPoll = false): boolean {
    if (this.isCanonical) return this.#queue.hasLine;
    const { cc } = this.#modes;
    const least = forPoll && cc[CC.TIME] === 0 ? Math.max(1, cc[CC.MIN]!) : 1;
    return this.#queue.length >= least;
  }

  /** Number of bytes that can be read: FIONREAD. */
  get available(): number {
    return this.isCanonical ? this.#queue.readable : this.#queue.length;
  }

  /** Takes a line, or bytes in raw mode. Returns their number, 0 for the end of input, or null if there is nothing. */
  read(into: Uint8Array): number | null {
    if (!this.isReadable()) return null;
    return this.isCanonical ? this.#queue.takeLine(into) : this.#queue.take(into);
  }

  /** How a read waits now. In canonical mode it waits for a line. */
  get waiting(): RawWaiting {
    if (this.isCanonical) return { least: 0, first: Infinity, between: Infinity };
    const least = this.#modes.cc[CC.MIN]!;
    const time = this.#modes.cc[CC.TIME]! * TENTH;
    if (least === 0) return { least: 1, first: time, between: time };
    return { least, first: Infinity, between: time === 0 ? Infinity : time };
  }

  /** Throws away input, output or both. @param what one of `FLUSH` */
  flush(what: number): void {
    if (what !== FLUSH.OUTPUT) {
      this.#queue.clear();
      this.#editor.reset();
      this.#literally = false;
    }
    if (what !== FLUSH.INPUT) this.output.flush();
  }
}
