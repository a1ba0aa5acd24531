/** Modes of terminals. Linux: include/uapi/asm-generic/termbits.h and termbits-common.h. */

/** Modes of input: c_iflag. */
export const IFLAG = {
  ISTRIP: 0x20,
  INLCR: 0x40,
  IGNCR: 0x80,
  ICRNL: 0x100,
  IUCLC: 0x200,
  IXON: 0x400,
  IXANY: 0x800,
  IUTF8: 0x4000,
} as const;

/** Modes of output: c_oflag. */
export const OFLAG = {
  OPOST: 0x1,
  OLCUC: 0x2,
  ONLCR: 0x4,
  OCRNL: 0x8,
  ONOCR: 0x10,
  ONLRET: 0x20,
  TABDLY: 0x1800,
  XTABS: 0x1800,
} as const;

/** Modes of the line: c_cflag. */
export const CFLAG = {
  CBAUD: 0x100f,
  B38400: 0xf,
  CSIZE: 0x30,
  CS8: 0x30,
  CREAD: 0x80,
  PARENB: 0x100,
  HUPCL: 0x400,
  BOTHER: 0x1000,
} as const;

/** Local modes: c_lflag. */
export const LFLAG = {
  ISIG: 0x1,
  ICANON: 0x2,
  ECHO: 0x8,
  ECHOE: 0x10,
  ECHOK: 0x20,
  ECHONL: 0x40,
  NOFLSH: 0x80,
  TOSTOP: 0x100,
  ECHOCTL: 0x200,
  ECHOPRT: 0x400,
  ECHOKE: 0x800,
  IEXTEN: 0x8000,
  EXTPROC: 0x1_0000,
} as const;

/** Indexes of control characters in c_cc. */
export const CC = {
  INTR: 0,
  QUIT: 1,
  ERASE: 2,
  KILL: 3,
  EOF: 4,
  TIME: 5,
  MIN: 6,
  START: 8,
  STOP: 9,
  SUSP: 10,
  EOL: 11,
  REPRINT: 12,
  WERASE: 14,
  LNEXT: 15,
  EOL2: 16,
} as const;

/** Number of control characters. */
export const NCCS = 19;

/** The value of a control character that is switched off. */
export const DISABLED = 0;

/** Bits per second of the values of CBAUD, from 0 on, and of those with CBAUDEX, from 0x1001 on. */
export const SPEEDS = [
  0, 50, 75, 110, 134, 150, 200, 300, 600, 1200, 1800, 2400, 4800, 9600, 19_200, 38_400,
] as const;
export const FAST_SPEEDS = [
  57_600, 115_200, 230_400, 460_800, 500_000, 576_000, 921_600, 1_000_000, 1_152_000, 1_500_000, 2_000_000,
  2_500_000, 3_000_000, 3_500_000, 4_000_000,
] as const;

/** What TCFLSH throws away, and what TCXONC does. */
export const FLUSH = { INPUT: 0, OUTPUT: 1, BOTH: 2 } as const;
export const FLOW = { OUTPUT_OFF: 0, OUTPUT_ON: 1, INPUT_OFF: 2, INPUT_ON: 3 } as const;
