/** What a terminal shows: the output of programs and the echo of what is typed. Linux: drivers/tty/n_tty.c, "OPOST". */

import { IFLAG, LFLAG, OFLAG } from '../abi/terminals.ts';
import { hasLocal, type Termios } from './termios.ts';

/** What a terminal's bytes go to. */
export interface TerminalDriver {
  /** Number of bytes that it takes now. */
  readonly room: number;
  /** Takes bytes, which it may keep. Preconditions: there is room. */
  put(bytes: Uint8Array): void;
  /** Throws away what it has not passed on. */
  flush(): void;
}

/** The most that one byte becomes: a tab as blanks. */
const EXPANDED_MAX = 8;
/** Bytes of echo that wait until there is room for them. */
const ECHO_MAX = 4096;
const NEWLINE = 10;
const RETURN = 13;
const TAB = 9;
const BACKSPACE = 8;
const BLANK = 32;

/** Whether a byte is a control character. */
export function isControlByte(byte: number): boolean {
  return byte < BLANK || byte === 127;
}

/** Whether a byte continues a character of UTF-8, if the terminal's characters are such. */
export function isContinuation({ iflag }: Termios, byte: number): boolean {
  return (iflag & IFLAG.IUTF8) !== 0 && (byte & 0xc0) === 0x80;
}

/** The output of a terminal. */
export class TerminalOutput {
  readonly #driver: TerminalDriver;
  readonly #modes: () => Termios;
  /** The column of the cursor, and that where the line that is being typed began. */
  #column = 0;
  #lineColumn = 0;
  /** What is to be shown, and waits until the driver has room. */
  #echo: number[] = [];
  /** Whether output is held, as by ^S. */
  stopped = false;

  /** @param modes returns the modes of the terminal */
  constructor(driver: TerminalDriver, modes: () => Termios) {
    this.#driver = driver;
    this.#modes = modes;
  }

  /** Bytes that `write` takes now, at least. */
  get room(): number {
    return this.stopped || this.#echo.length > 0 ? 0 : this.#driver.room;
  }

  /** Shows bytes of a program, as many as there is room for. Returns their number. */
  write(bytes: Uint8Array): number {
    this.flushEcho();
    const { room } = this;
    if (room <= 0) return 0;
    if ((this.#modes().oflag & OFLAG.OPOST) === 0) {
      const part = bytes.length <= room ? bytes : bytes.subarray(0, room);
      if (part.length > 0) this.#driver.put(part);
      return part.length;
    }
    const shown: number[] = [];
    let done = 0;
    for (; done < bytes.length && shown.length + EXPANDED_MAX <= room; done++) {
      this.#process(bytes[done]!, shown);
    }
    if (shown.length > 0) this.#driver.put(Uint8Array.from(shown));
    return done;
  }

  /** Shows a typed byte, a control character as ^ and a letter if ECHOCTL is set. */
  echo(byte: number): void {
    if (hasLocal(this.#modes(), LFLAG.ECHOCTL) && isControlByte(byte) && byte !== TAB) {
      this.#later([94, byte ^ 0o100]);
      this.#column += 2;
    } else {
      this.echoAsIs(byte);
    }
  }

  /** Shows a byte as a program's output. */
  echoAsIs(byte: number): void {
    if ((this.#modes().oflag & OFLAG.OPOST) === 0) {
      this.#later([byte]);
      return;
    }
    const shown: number[] = [];
    this.#process(byte, shown);
    this.#later(shown);
  }

  /** The line that is being typed begins here. */
  markLine(): void {
    this.#lineColumn = this.#column;
  }

  /**
   * Goes back over a tab.
   * @param columns the columns that are taken since the tab before it, or since the beginning of the line
   * @param afterTab whether there is a tab before it
   */
  eraseTab(columns: number, afterTab: boolean): void {
    const taken = afterTab ? columns : columns + this.#lineColumn;
    for (let count = 8 - (taken & 7); count > 0; count--) {
      this.#later([BACKSPACE]);
      if (this.#column > 0) this.#column--;
    }
  }

  #later(bytes: readonly number[]): void {
    if (this.#echo.length + bytes.length <= ECHO_MAX) this.#echo.push(...bytes);
  }

  /** Shows the echo, as far as there is room. */
  flushEcho(): void {
    if (this.stopped || this.#echo.length === 0) return;
    const count = Math.min(this.#driver.room, this.#echo.length);
    if (count > 0) this.#driver.put(Uint8Array.from(this.#echo.splice(0, count)));
  }

  /** Throws away what is not shown yet. */
  flush(): void {
    this.#echo = [];
    this.#driver.flush();
  }

  /** Processes a byte as OPOST says, and appends what is shown. Linux: do_output_char. */
  #process(byte: number, shown: number[]): void {
    switch (byte) {
      case NEWLINE:
        this.#newline(shown);
        return;
      case RETURN:
        this.#return(shown);
        return;
      case TAB:
        this.#tab(shown);
        return;
      case BACKSPACE:
        if (this.#column > 0) this.#column--;
        shown.push(byte);
        return;
      default:
        this.#character(byte, shown);
    }
  }

  #newline(shown: number[]): void {
    const { oflag } = this.#modes();
    if ((oflag & OFLAG.ONLRET) !== 0) this.#column = 0;
    if ((oflag & OFLAG.ONLCR) !== 0) {
      this.#column = 0;
      shown.push(RETURN);
    }
    this.#lineColumn = this.#column;
    shown.push(NEWLINE);
  }

  #return(shown: number[]): void {
    const { oflag } = this.#modes();
    if ((oflag & OFLAG.ONOCR) !== 0 && this.#column === 0) return;
    const becomesNewline = (oflag & OFLAG.OCRNL) !== 0;
    if (!becomesNewline || (oflag & OFLAG.ONLRET) !== 0) {
      this.#column = 0;
      this.#lineColumn = 0;
    }
    shown.push(becomesNewline ? NEWLINE : RETURN);
  }

  #tab(shown: number[]): void {
    const blanks = 8 - (this.#column & 7);
    this.#column += blanks;
    if ((this.#modes().oflag & OFLAG.TABDLY) !== OFLAG.XTABS) shown.push(TAB);
    else for (let i = 0; i < blanks; i++) shown.push(BLANK);
  }

  #character(byte: number, shown: number[]): void {
    const modes = this.#modes();
    if (isControlByte(byte)) {
      shown.push(byte);
      return;
    }
    const isLower = byte >= 97 && byte <= 122;
    shown.push((modes.oflag & OFLAG.OLCUC) !== 0 && isLower ? byte - BLANK : byte);
    if (!isContinuation(modes, byte)) this.#column++;
  }
}
