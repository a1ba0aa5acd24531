/** The modes of a terminal (Linux: struct ktermios), and their form in memory. */

import { type CC, CFLAG, FAST_SPEEDS, IFLAG, LFLAG, NCCS, OFLAG, SPEEDS } from '../abi/terminals.ts';

/** The modes of a terminal. */
export interface Termios {
  /** Bits of `IFLAG`, `OFLAG`, `CFLAG` and `LFLAG`. Bits without a name here are kept, and mean nothing. */
  readonly iflag: number;
  readonly oflag: number;
  readonly cflag: number;
  readonly lflag: number;
  /** The line discipline. */
  readonly line: number;
  /** Control characters, by `CC`. */
  readonly cc: Uint8Array;
  /** Bits per second. They mean nothing. */
  readonly inputSpeed: number;
  readonly outputSpeed: number;
}

/** Sizes of struct termios and struct termios2 in bytes. */
export const TERMIOS_SIZE = 36;
export const TERMIOS2_SIZE = 44;
const CC_AT = 17;
const SPEED_AT = 36;

/** The modes of a new terminal. Linux: tty_std_termios. */
export const INITIAL_TERMIOS: Termios = {
  iflag: IFLAG.ICRNL | IFLAG.IXON,
  oflag: OFLAG.OPOST | OFLAG.ONLCR,
  cflag: CFLAG.B38400 | CFLAG.CS8 | CFLAG.CREAD,
  lflag:
    LFLAG.ISIG |
    LFLAG.ICANON |
    LFLAG.ECHO |
    LFLAG.ECHOE |
    LFLAG.ECHOK |
    LFLAG.ECHOCTL |
    LFLAG.ECHOKE |
    LFLAG.IEXTEN,
  line: 0,
  // ^C ^\ DEL ^U ^D, TIME 0, MIN 1, ^Q ^S ^Z, EOL off, ^R ^O ^W ^V, EOL2 off.
  cc: Uint8Array.of(3, 28, 127, 21, 4, 0, 1, 0, 17, 19, 26, 0, 18, 15, 23, 22, 0, 0, 0),
  inputSpeed: 38_400,
  outputSpeed: 38_400,
};

/** Whether bits are set in the local modes. */
export function hasLocal({ lflag }: Termios, bits: number): boolean {
  return (lflag & bits) === bits;
}

/** Returns the bytes of a struct termios, or of a struct termios2. */
export function encodeTermios(modes: Termios, size: number): Uint8Array {
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  for (const [i, flags] of [modes.iflag, modes.oflag, modes.cflag, modes.lflag].entries()) {
    view.setUint32(i * 4, flags);
  }
  bytes[16] = modes.line;
  bytes.set(modes.cc, CC_AT);
  if (size < TERMIOS2_SIZE) return bytes;
  view.setUint32(SPEED_AT, modes.inputSpeed);
  view.setUint32(SPEED_AT + 4, modes.outputSpeed);
  return bytes;
}

/** Reads a struct termios, or a struct termios2. Every terminal has 8 bits, and receives, as pseudo-terminals do. */
export function decodeTermios(view: DataView): Termios {
  const cflag = (view.getUint32(8) & ~(CFLAG.CSIZE | CFLAG.PARENB)) | CFLAG.CS8 | CFLAG.CREAD;
  const hasSpeeds = view.byteLength >= TERMIOS2_SIZE;
  const given = (at: number) => (hasSpeeds ? view.getUint32(at) : 0);
  return {
    iflag: view.getUint32(0),
    oflag: view.getUint32(4),
    cflag: cflag >>> 0,
    lflag: view.getUint32(12),
    line: view.getUint8(16),
    cc: Uint8Array.from({ length: NCCS }, (_, i) => view.getUint8(CC_AT + i)),
    inputSpeed: speedOf(cflag, given(SPEED_AT)),
    outputSpeed: speedOf(cflag, given(SPEED_AT + 4)),
  };
}

function speedOf(cflag: number, given: number): number {
  const code = cflag & CFLAG.CBAUD;
  if (code === CFLAG.BOTHER) return given;
  return SPEEDS[code] ?? FAST_SPEEDS[code - CFLAG.BOTHER - 1] ?? 0;
}

/** Whether a byte is the control character of an index. One that is switched off is no byte. */
export function isControl({ cc }: Termios, index: (typeof CC)[keyof typeof CC], byte: number): boolean {
  return byte !== 0 && cc[index] === byte;
}
