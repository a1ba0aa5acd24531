/**
 * The registers of a processor and its program-status word.
 * Principles of Operation, chapter 4, "Program-Status Word" and "Control Registers".
 */

import { BLOCK, FLOATING_SCRATCH, type ProcessorBlock, SCRATCH_OPERANDS } from '../processor-block.ts';

/** Address spaces that PSW bits 16 and 17 select. */
export const SPACE = { PRIMARY: 0, ACCESS_REGISTER: 1, SECONDARY: 2, HOME: 3 } as const;

/** Addressing modes, as PSW bits 31 (extended) and 32 (basic) encode them. */
export const ADDRESSING = { BITS_24: 0, BITS_31: 1, BITS_64: 3 } as const;

/** Bits of the PSW's first word. */
const PSW_WORD = {
  PER: 0x4000_0000,
  DAT: 0x0400_0000,
  IO: 0x0200_0000,
  EXTERNAL: 0x0100_0000,
  MACHINE_CHECK: 0x0004_0000,
  WAIT: 0x0002_0000,
  PROBLEM: 0x0001_0000,
} as const;

const bit = (word: number) => BigInt(word) << 32n;

/** Bits of the PSW mask, bits 0 to 63 of the PSW. */
export const PSW = {
  /** PER mask, bit 1. */
  PER: bit(PSW_WORD.PER),
  /** DAT mode, bit 5. */
  DAT: bit(PSW_WORD.DAT),
  /** I/O mask, bit 6. */
  IO: bit(PSW_WORD.IO),
  /** External mask, bit 7. */
  EXTERNAL: bit(PSW_WORD.EXTERNAL),
  /** Machine-check mask, bit 13. */
  MACHINE_CHECK: bit(PSW_WORD.MACHINE_CHECK),
  /** Wait state, bit 14. */
  WAIT: bit(PSW_WORD.WAIT),
  /** Problem state, bit 15. */
  PROBLEM: bit(PSW_WORD.PROBLEM),
  /** Extended addressing, bit 31. */
  EXTENDED_ADDRESSING: 1n << 32n,
  /** Basic addressing, bit 32. */
  BASIC_ADDRESSING: 1n << 31n,
  /** Extended and basic addressing: the 64-bit mode. */
  ADDRESSING_64: 3n << 31n,
} as const;

/** PSW bits that must be zero, in the first word: bits 0, 2-4, 12 (must be zero in z/Architecture), 24-30. */
const MUST_BE_ZERO_HI = 0xb808_00fe;
/** Bits of the second word that must be zero: all but the basic-addressing bit. */
const MUST_BE_ZERO_LO = 0x7fff_ffff;

/**
 * The registers of a processor and its PSW. General registers are one buffer, seen as sixteen 64-bit values (`gr`) and as
 * halves (`gr32`: register r's low half at 2r, its high half at 2r + 1).
 */
export class CpuState {
  /** General registers, 64 bits each. */
  readonly gr: BigUint64Array;
  /** General registers, signed view of the same bits. */
  readonly grs: BigInt64Array;
  /** Halves of the general registers, unsigned: low half of r at 2r, high half at 2r + 1. */
  readonly gr32: Uint32Array;
  /** Halves of the general registers, signed: as `gr32`. */
  readonly gr32s: Int32Array;
  /**
   * The general registers and, after them, scratch operands (16 and up). An operand from storage or from the instruction
   * is copied there, so that one function implements an operation for all forms of an instruction.
   */
  readonly op: BigUint64Array;
  readonly ops: BigInt64Array;
  /** Halves of `op`, as `gr32` and `gr32s`. */
  readonly op32: Uint32Array;
  readonly op32s: Int32Array;
  /** Control registers, 64 bits each. Change them by `Cpu.setControl`, which makes the run loop notice. */
  readonly cr: BigUint64Array;
  /** Halves of the control registers, as `gr32`. */
  readonly cr32: Uint32Array;
  /** Access registers. */
  readonly ar: Uint32Array;
  /** Floating-point registers. */
  readonly fr: BigUint64Array;
  /** Halves of the floating-point registers, as `gr32`. */
  readonly fr32: Uint32Array;
  /** The floating-point registers and, behind them, a scratch operand, as `op`. */
  readonly fop: BigUint64Array;
  /** Halves of `fop`, as `gr32`. */
  readonly fop32: Uint32Array;
  /** `fop` as numbers of the long BFP format. */
  readonly fopLong: Float64Array;
  /** Halves of `fop` as numbers of the short BFP format: that of register r at 2r + 1. */
  readonly fopShort: Float32Array;
  /** The floating-point-control register. */
  fpc = 0;
  /** The prefix: absolute address of the 8 KiB that real addresses 0 to 8191 designate. A multiple of 8 KiB. */
  prefix = 0;
  /** The TOD programmable field. */
  todProgrammable = 0;
  /** The guarded-storage registers: designation, section mask, and address of the event parameter list. */
  readonly guarded = new BigUint64Array(3);

  // The program-status word, field by field.
  /** PER mask, bit 1. */
  per = false;
  /** DAT mode, bit 5. */
  dat = false;
  /** I/O mask, bit 6. */
  ioMask = false;
  /** External mask, bit 7. */
  externalMask = false;
  /** PSW key, bits 8-11: 0 to 15. */
  key = 0;
  /** Machine-check mask, bit 13. */
  machineCheckMask = false;
  /** Wait state, bit 14. */
  wait = false;
  /** Problem state, bit 15. */
  problem = false;
  /** Address-space control, bits 16-17, see `SPACE`. */
  space = 0;
  /** Condition code, bits 18-19: 0 to 3. */
  cc = 0;
  /** Program mask, bits 20-23: fixed-point overflow 8, decimal overflow 4, exponent underflow 2, significance 1. */
  programMask = 0;
  /** Addressing mode, bits 31 and 32, see `ADDRESSING`. */
  addressing = 0;
  /** Bits that must be zero and are not, of an invalid PSW, in its first two words: an old PSW shows them. */
  reservedHi = 0;
  reservedLo = 0;
  /** Instruction address, high and low half. */
  iaHi = 0;
  iaLo = 0;

  /** @param block where the registers are kept; they are cleared */
  constructor({ buffer, offset }: ProcessorBlock) {
    const general = offset + BLOCK.GENERAL;
    const operands = 16 + SCRATCH_OPERANDS;
    this.gr = new BigUint64Array(buffer, general, 16);
    this.grs = new BigInt64Array(buffer, general, 16);
    this.gr32 = new Uint32Array(buffer, general, 32);
    this.gr32s = new Int32Array(buffer, general, 32);
    this.op = new BigUint64Array(buffer, general, operands);
    this.ops = new BigInt64Array(buffer, general, operands);
    this.op32 = new Uint32Array(buffer, general, operands * 2);
    this.op32s = new Int32Array(buffer, general, operands * 2);
    const floating = offset + BLOCK.FLOATING;
    const floats = 16 + FLOATING_SCRATCH;
    this.fr = new BigUint64Array(buffer, floating, 16);
    this.fr32 = new Uint32Array(buffer, floating, 32);
    this.fop = new BigUint64Array(buffer, floating, floats);
    this.fop32 = new Uint32Array(buffer, floating, floats * 2);
    this.fopLong = new Float64Array(buffer, floating, floats);
    this.fopShort = new Float32Array(buffer, floating, floats * 2);
    this.op.fill(0n);
    this.fop.fill(0n);
    this.ar = new Uint32Array(buffer, offset + BLOCK.ACCESS, 16);
    this.ar.fill(0);
    this.cr = new BigUint64Array(16);
    this.cr32 = new Uint32Array(this.cr.buffer);
  }

  /** Returns the low half of general register `r`, unsigned. */
  low(r: number): number {
    return this.gr32[r * 2] as number;
  }

  /** Returns the high half of general register `r`, unsigned. */
  high(r: number): number {
    return this.gr32[r * 2 + 1] as number;
  }

  /** Returns the low half of general register `r`, signed. */
  signedLow(r: number): number {
    return this.gr32s[r * 2] as number;
  }

  /** The low half of control register 0, see `CR0`. */
  get cr0(): number {
    return this.cr32[0] as number;
  }

  /** The first word of the PSW: bits 0 to 31. */
  get pswHi(): number {
    return (
      ((this.per ? PSW_WORD.PER : 0) |
        (this.dat ? PSW_WORD.DAT : 0) |
        (this.ioMask ? PSW_WORD.IO : 0) |
        (this.externalMask ? PSW_WORD.EXTERNAL : 0) |
        (this.key << 20) |
        (this.machineCheckMask ? PSW_WORD.MACHINE_CHECK : 0) |
        (this.wait ? PSW_WORD.WAIT : 0) |
        (this.problem ? PSW_WORD.PROBLEM : 0) |
        (this.space << 14) |
        (this.cc << 12) |
        (this.programMask << 8) |
        (this.addressing >>> 1) |
        this.reservedHi) >>>
      0
    );
  }

  /** The second word of the PSW: bits 32 to 63. */
  get pswLo(): number {
    return ((this.addressing & 1 ? 0x8000_0000 : 0) | this.reservedLo) >>> 0;
  }

  /** Bits 0 to 63 of the PSW. */
  get pswMask(): bigint {
    return (BigInt(this.pswHi) << 32n) | BigInt(this.pswLo);
  }

  /** The instruction address, bits 64 to 127 of the PSW. */
  get pswAddress(): bigint {
    return (BigInt(this.iaHi) << 32n) | BigInt(this.iaLo);
  }

  /** The bits of an address's low half that the addressing mode keeps. */
  get addressMask(): number {
    const { addressing } = this;
    if (addressing === ADDRESSING.BITS_64) return 0xffff_ffff;
    return addressing === ADDRESSING.BITS_31 ? 0x7fff_ffff : 0x00ff_ffff;
  }

  /** Number of pages in the address space that the addressing mode reaches. */
  get pageLimit(): number {
    const { addressing } = this;
    if (addressing === ADDRESSING.BITS_64) return 2 ** 52;
    return addressing === ADDRESSING.BITS_31 ? 0x8_0000 : 0x1000;
  }

  /** The system mask: PSW bits 0 to 7. */
  get systemMask(): number {
    return this.pswHi >>> 24;
  }

  set systemMask(mask: number) {
    this.per = (mask & 0x40) !== 0;
    this.dat = (mask & 0x04) !== 0;
    this.ioMask = (mask & 0x02) !== 0;
    this.externalMask = (mask & 0x01) !== 0;
  }

  /** Loads a PSW, 128 bits in four words, valid or not: see `isValidPsw`. */
  loadPsw(hi: number, lo: number, iaHi: number, iaLo: number): void {
    this.systemMask = hi >>> 24;
    this.key = (hi >>> 20) & 15;
    this.machineCheckMask = (hi & PSW_WORD.MACHINE_CHECK) !== 0;
    this.wait = (hi & PSW_WORD.WAIT) !== 0;
    this.problem = (hi & PSW_WORD.PROBLEM) !== 0;
    this.space = (hi >>> 14) & 3;
    this.cc = (hi >>> 12) & 3;
    this.programMask = (hi >>> 8) & 15;
    this.addressing = ((hi & 1) << 1) | (lo >>> 31);
    this.reservedHi = hi & MUST_BE_ZERO_HI;
    this.reservedLo = lo & MUST_BE_ZERO_LO;
    this.iaHi = iaHi >>> 0;
    this.iaLo = iaLo >>> 0;
  }

  /** Loads a PSW from its two 64-bit halves. */
  setPsw(mask: bigint, address: bigint): void {
    this.loadPsw(
      Number(mask >> 32n) >>> 0,
      Number(mask & 0xffff_ffffn),
      Number(address >> 32n) >>> 0,
      Number(address & 0xffff_ffffn),
    );
  }
}

/** Whether a PSW of these four words is valid: chapter 6, "Early Exception Recognition". */
export function isValidPsw(hi: number, lo: number, iaHi: number, iaLo: number): boolean {
  if (hi & MUST_BE_ZERO_HI || lo & MUST_BE_ZERO_LO) return false;
  const addressing = ((hi & 1) << 1) | (lo >>> 31);
  switch (addressing) {
    case ADDRESSING.BITS_64:
      return true;
    case ADDRESSING.BITS_31:
      return iaHi === 0 && iaLo <= 0x7fff_ffff;
    case ADDRESSING.BITS_24:
      return iaHi === 0 && iaLo <= 0x00ff_ffff;
    default:
      return false;
  }
}
