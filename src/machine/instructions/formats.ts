/**
 * Instruction formats: the fields of an instruction, and the operands that they make. Principles of Operation, chapter 5,
 * "Instruction Formats".
 *
 * An instruction is given as `w`, its first 32 bits (unsigned; only the high half belongs to a 2-byte instruction), and `x`,
 * bits 32 to 47 of a 6-byte instruction. Register and mask fields are passed to `run` as numbers from 0 to 15, immediates as
 * signed numbers. The address of a storage operand is set in the processor: `eaHi`/`eaLo`, or `ea2Hi`/`ea2Lo` for the second.
 */

import type { Processor } from '../cpu/processor.ts';

/** The operation of an instruction, given its operands as its format passes them. */
export type Operation = (c: Processor, a: number, b: number, d: number, e: number, f: number) => void;

/** Executes one encoded instruction. */
export type Execute = (c: Processor, w: number, x: number) => void;

/** The position of the opcode: the first byte; the first two bytes; the first byte and a nibble; the first and the last byte. */
export type OpcodeShape = 'byte' | 'halfword' | 'nibble' | 'ends';

/** An instruction format. */
export interface Format {
  readonly shape: OpcodeShape;
  /** Length of the instruction in bytes. */
  readonly length: 2 | 4 | 6;
  /** Binds an operation to the fields of this format. */
  readonly bind: (run: Operation) => Execute;
}

// Fields of an instruction. The interpreter's loop uses them, too, with `w` as a signed number.

/** The length in bytes, which the first two bits of an instruction say: 2, 4, 4 or 6. */
export const lengthOf = (w: number) => ((((w >>> 30) + 1) & 6) + 2) as 2 | 4 | 6;

/** The base register that is in the low half of `w`. */
export const base = (w: number) => (w >>> 12) & 15;
/** The displacement of 12 bits below it. */
export const disp = (w: number) => w & 0xfff;
/** Signed displacement of 20 bits: DL in `w`, DH in the high byte of `x`. */
export const longDisp = (w: number, x: number) => (((x << 16) >> 24) << 12) | (w & 0xfff);
/** The two register or mask fields of the second byte. */
export const r1 = (w: number) => (w >>> 20) & 15;
export const r2 = (w: number) => (w >>> 16) & 15;
/** The low bits of a number as a signed number. */
export const signed16 = (n: number) => (n << 16) >> 16;
export const signed8 = (n: number) => (n << 24) >> 24;
const signed12 = (n: number) => (n << 20) >> 20;
const signed24 = (n: number) => (n << 8) >> 8;
/** Immediate of 32 bits: low half of `w`, then `x`; signed. */
export const immediate32 = (w: number, x: number) => (w << 16) | x;

/** The formats of the table. The comment lists the operands that `run` gets. */
export const FORMATS = {
  /** None. */
  E: { shape: 'halfword', length: 2, bind: (run) => (c) => run(c, 0, 0, 0, 0, 0) },
  /** Immediate of 8 bits, unsigned. */
  I: { shape: 'byte', length: 2, bind: (run) => (c, w) => run(c, (w >>> 16) & 0xff, 0, 0, 0, 0) },
  /** r1 (or mask), r2. */
  RR: { shape: 'byte', length: 2, bind: (run) => (c, w) => run(c, r1(w), r2(w), 0, 0, 0) },
  /** r1, r2. */
  RRE: {
    shape: 'halfword',
    length: 4,
    bind: (run) => (c, w) => run(c, (w >>> 4) & 15, w & 15, 0, 0, 0),
  },
  /** r1, r2, r3 or m3 (bits 16-19), m4 (bits 20-23). */
  RRF: {
    shape: 'halfword',
    length: 4,
    bind: (run) => (c, w) => run(c, (w >>> 4) & 15, w & 15, (w >>> 12) & 15, (w >>> 8) & 15, 0),
  },
  /** r1 (bits 16-19), r3, r2. */
  RRD: {
    shape: 'halfword',
    length: 4,
    bind: (run) => (c, w) => run(c, (w >>> 12) & 15, (w >>> 4) & 15, w & 15, 0, 0),
  },
  /** i1, i2 (4 bits each, unsigned). */
  IE: {
    shape: 'halfword',
    length: 4,
    bind: (run) => (c, w) => run(c, (w >>> 4) & 15, w & 15, 0, 0, 0),
  },
  /** m1, relative halfwords of 12 bits, relative halfwords of 24 bits. */
  MII: {
    shape: 'byte',
    length: 6,
    bind: (run) => (c, w, x) => run(c, r1(w), signed12(w >>> 8), signed24((w << 16) | x), 0, 0),
  },
  /** m1, relative halfwords of 16 bits; address D3(B3). */
  SMI: {
    shape: 'byte',
    length: 6,
    bind: (run) => (c, w, x) => {
      c.effective(base(w), disp(w));
      run(c, r1(w), signed16(x), 0, 0, 0);
    },
  },
  /** r1 (or mask), the number of the base register; address D2(X2,B2). */
  RX: {
    shape: 'byte',
    length: 4,
    bind: (run) => (c, w) => {
      c.effectiveIndexed(r2(w), base(w), disp(w));
      run(c, r1(w), base(w), 0, 0, 0);
    },
  },
  /** r1 (or mask), the number of the base register; address D2(X2,B2) with a signed displacement of 20 bits. */
  RXY: {
    shape: 'ends',
    length: 6,
    bind: (run) => (c, w, x) => {
      c.effectiveIndexed(r2(w), base(w), longDisp(w, x));
      run(c, r1(w), base(w), 0, 0, 0);
    },
  },
  /** r1, m3 (bits 32-35); address D2(X2,B2). */
  RXE: {
    shape: 'ends',
    length: 6,
    bind: (run) => (c, w, x) => {
      c.effectiveIndexed(r2(w), base(w), disp(w));
      run(c, r1(w), x >>> 12, 0, 0, 0);
    },
  },
  /** r1 (bits 32-35), r3; address D2(X2,B2). */
  RXF: {
    shape: 'ends',
    length: 6,
    bind: (run) => (c, w, x) => {
      c.effectiveIndexed(r2(w), base(w), disp(w));
      run(c, x >>> 12, r1(w), 0, 0, 0);
    },
  },
  /** r1, r3; address D2(B2). */
  RS: {
    shape: 'byte',
    length: 4,
    bind: (run) => (c, w) => {
      c.effective(base(w), disp(w));
      run(c, r1(w), r2(w), 0, 0, 0);
    },
  },
  /** r1, r3; address D2(B2) with a signed displacement of 20 bits. */
  RSY: {
    shape: 'ends',
    length: 6,
    bind: (run) => (c, w, x) => {
      c.effective(base(w), longDisp(w, x));
      run(c, r1(w), r2(w), 0, 0, 0);
    },
  },
  /** Length code of 4 bits (0: one byte); address D1(B1). */
  RSL: {
    shape: 'ends',
    length: 6,
    bind: (run) => (c, w) => {
      c.effective(base(w), disp(w));
      run(c, r1(w), 0, 0, 0, 0);
    },
  },
  /** r1, r3, relative halfwords of 16 bits. */
  RSI: {
    shape: 'byte',
    length: 4,
    bind: (run) => (c, w) => run(c, r1(w), r2(w), signed16(w), 0, 0),
  },
  /** r1 (or mask), immediate of 16 bits. */
  RI: { shape: 'nibble', length: 4, bind: (run) => (c, w) => run(c, r1(w), signed16(w), 0, 0, 0) },
  /** r1 (or mask), immediate of 32 bits. */
  RIL: {
    shape: 'nibble',
    length: 6,
    bind: (run) => (c, w, x) => run(c, r1(w), immediate32(w, x), 0, 0, 0),
  },
  /** r1, m3, immediate of 16 bits: compare immediate and trap. */
  RIEa: {
    shape: 'ends',
    length: 6,
    bind: (run) => (c, w, x) => run(c, r1(w), x >>> 12, signed16(w), 0, 0),
  },
  /** r1, r2, m3, relative halfwords: compare and branch. */
  RIEb: {
    shape: 'ends',
    length: 6,
    bind: (run) => (c, w, x) => run(c, r1(w), r2(w), x >>> 12, signed16(w), 0),
  },
  /** r1, immediate of 8 bits, m3, relative halfwords: compare immediate and branch. */
  RIEc: {
    shape: 'ends',
    length: 6,
    bind: (run) => (c, w, x) => run(c, r1(w), signed8(x >>> 8), r2(w), signed16(w), 0),
  },
  /** r1, r3, immediate of 16 bits. */
  RIEd: {
    shape: 'ends',
    length: 6,
    bind: (run) => (c, w) => run(c, r1(w), r2(w), signed16(w), 0, 0),
  },
  /** r1, r3, relative halfwords: branch on index. */
  RIEe: {
    shape: 'ends',
    length: 6,
    bind: (run) => (c, w) => run(c, r1(w), r2(w), signed16(w), 0, 0),
  },
  /** r1, r2, i3, i4, i5 (8 bits each, unsigned): rotate then select. */
  RIEf: {
    shape: 'ends',
    length: 6,
    bind: (run) => (c, w, x) => run(c, r1(w), r2(w), (w >>> 8) & 0xff, w & 0xff, x >>> 8),
  },
  /** r1, m3, immediate of 16 bits: load immediate on condition. */
  RIEg: {
    shape: 'ends',
    length: 6,
    bind: (run) => (c, w) => run(c, r1(w), r2(w), signed16(w), 0, 0),
  },
  /** r1, r2, m3; address D4(B4): compare and branch. */
  RRS: {
    shape: 'ends',
    length: 6,
    bind: (run) => (c, w, x) => {
      c.effective(base(w), disp(w));
      run(c, r1(w), r2(w), x >>> 12, 0, 0);
    },
  },
  /** r1, immediate of 8 bits, m3; address D4(B4): compare immediate and branch. */
  RIS: {
    shape: 'ends',
    length: 6,
    bind: (run) => (c, w, x) => {
      c.effective(base(w), disp(w));
      run(c, r1(w), signed8(x >>> 8), r2(w), 0, 0);
    },
  },
  /** The number of the base register; address D2(B2). */
  S: {
    shape: 'halfword',
    length: 4,
    bind: (run) => (c, w) => {
      c.effective(base(w), disp(w));
      run(c, base(w), 0, 0, 0, 0);
    },
  },
  /** Immediate of 8 bits, unsigned; address D1(B1). */
  SI: {
    shape: 'byte',
    length: 4,
    bind: (run) => (c, w) => {
      c.effective(base(w), disp(w));
      run(c, (w >>> 16) & 0xff, 0, 0, 0, 0);
    },
  },
  /** Immediate of 8 bits, unsigned; address D1(B1) with a signed displacement of 20 bits. */
  SIY: {
    shape: 'ends',
    length: 6,
    bind: (run) => (c, w, x) => {
      c.effective(base(w), longDisp(w, x));
      run(c, (w >>> 16) & 0xff, 0, 0, 0, 0);
    },
  },
  /** Immediate of 16 bits; address D1(B1). */
  SIL: {
    shape: 'halfword',
    length: 6,
    bind: (run) => (c, w, x) => {
      c.effective(base(w), disp(w));
      run(c, signed16(x), 0, 0, 0, 0);
    },
  },
  /** Length code of 8 bits (0: one byte); addresses D1(B1) and D2(B2). */
  SSa: {
    shape: 'byte',
    length: 6,
    bind: (run) => (c, w, x) => {
      c.effective(base(w), disp(w));
      c.effective2(x >>> 12, x & 0xfff);
      run(c, (w >>> 16) & 0xff, 0, 0, 0, 0);
    },
  },
  /** Two length codes of 4 bits (0: one byte), or r1 and r3; addresses D1(B1) and D2(B2). */
  SSb: {
    shape: 'byte',
    length: 6,
    bind: (run) => (c, w, x) => {
      c.effective(base(w), disp(w));
      c.effective2(x >>> 12, x & 0xfff);
      run(c, r1(w), r2(w), 0, 0, 0);
    },
  },
  /** Addresses D1(B1) and D2(B2). */
  SSE: {
    shape: 'halfword',
    length: 6,
    bind: (run) => (c, w, x) => {
      c.effective(base(w), disp(w));
      c.effective2(x >>> 12, x & 0xfff);
      run(c, 0, 0, 0, 0, 0);
    },
  },
  /** r3, the numbers of the base registers; addresses D1(B1) and D2(B2). */
  SSF: {
    shape: 'nibble',
    length: 6,
    bind: (run) => (c, w, x) => {
      c.effective(base(w), disp(w));
      c.effective2(x >>> 12, x & 0xfff);
      run(c, r1(w), base(w), x >>> 12, 0, 0);
    },
  },
} as const satisfies Record<string, Format>;

/** The name of a format. */
export type FormatName = keyof typeof FORMATS;
