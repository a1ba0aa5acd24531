/**
 * The instruction under way: where it is, the addresses of its operands, and branching. Principles of Operation,
 * chapter 5, "Address Generation" and "Branching".
 */

import { CpuAccess, INSTRUCTION_SPACE } from './access.ts';
import { ADDRESSING, SPACE } from './state.ts';

/** Access to storage, with the addresses of the instruction under way. Addresses are in halves. */
export class CpuAddressing extends CpuAccess {
  /** Address of the instruction; of the target while an EXECUTE executes one. */
  insHi = 0;
  insLo = 0;
  /** Address of the instruction; of the EXECUTE while it executes a target. */
  startHi = 0;
  startLo = 0;
  /** Length of the instruction in bytes; of the EXECUTE while it executes a target. */
  length = 0;
  /** Effective address of the storage operand, and of the second one. */
  eaHi = 0;
  eaLo = 0;
  ea2Hi = 0;
  ea2Lo = 0;
  /** The access register of the second operand; that of the first one is `operandRegister`. */
  ea2Register = 0;

  /** Whether the instruction branched. Program-event recording resets and tests this. */
  branched = false;

  /** Breaking-event address: of the last instruction that branched or loaded a PSW. */
  breakingHi = 0;
  breakingLo = 1;

  /** Sets the instruction address, wrapped by the addressing mode. `lo` may be below 0 or above 2^32 - 1. */
  setInstructionAddress(hi: number, lo: number): void {
    if (this.addressing === ADDRESSING.BITS_64) {
      this.iaHi = lo > 0xffff_ffff ? (hi + 1) >>> 0 : lo < 0 ? (hi - 1) >>> 0 : hi;
      this.iaLo = lo >>> 0;
    } else {
      this.iaHi = 0;
      this.iaLo = lo & this.addressMask;
    }
  }

  /** Records a breaking event. An instruction calls this when it branches or loads a PSW. */
  breakingEvent(): void {
    this.breakingHi = this.startHi;
    this.breakingLo = this.startLo;
  }

  /** Branches to an address in halves. */
  branchTo(hi: number, lo: number): void {
    this.branched = true;
    this.breakingEvent();
    this.setInstructionAddress(hi, lo);
  }

  /** Branches to the address of general register `r`. */
  branchRegister(r: number): void {
    this.branchTo(this.high(r), this.low(r));
  }

  /** Branches to the effective address. */
  branchEffective(): void {
    this.branched = true;
    this.breakingEvent();
    this.iaHi = this.eaHi;
    this.iaLo = this.eaLo;
  }

  /** Branches `halfwords` (signed, up to 32 bits) from the instruction. */
  branchRelative(halfwords: number): void {
    const sum = this.insLo + halfwords * 2;
    const carry = Math.floor(sum / 0x1_0000_0000);
    this.branchTo((this.insHi + carry) >>> 0, sum >>> 0);
  }

  /** Sets the effective address to `halfwords` (signed, up to 32 bits) from the instruction. It is in the space of the instruction. */
  addressRelative(halfwords: number): void {
    // Instructions of the primary-space mode that access two spaces do not set their registers.
    if (this.space !== SPACE.PRIMARY) this.operandRegister = INSTRUCTION_SPACE;
    const sum = this.insLo + halfwords * 2;
    this.#setEffective((this.insHi + Math.floor(sum / 0x1_0000_0000)) >>> 0, sum >>> 0);
  }

  /** Sets the effective address from base register `b` (0: none) and displacement `d` (signed, 20 bits). */
  effective(b: number, d: number): void {
    let hi = 0;
    let lo = d;
    if (b !== 0) {
      hi = this.high(b);
      lo += this.low(b);
    }
    if (lo < 0) hi = (hi - 1) >>> 0;
    else if (lo > 0xffff_ffff) hi = (hi + 1) >>> 0;
    this.#setEffective(hi, lo >>> 0);
  }

  /** As `effective`, with index register `x` (0: none) added. */
  effectiveIndexed(x: number, b: number, d: number): void {
    if (x === 0) {
      this.effective(b, d);
      return;
    }
    let hi = this.high(x);
    let lo = d + this.low(x);
    if (b !== 0) {
      hi += this.high(b);
      lo += this.low(b);
    }
    hi += Math.floor(lo / 0x1_0000_0000);
    this.#setEffective(hi >>> 0, lo >>> 0);
  }

  /** As `effective`, for the second address of an instruction with two. */
  effective2(b: number, d: number): void {
    const { eaHi, eaLo } = this;
    this.effective(b, d);
    this.ea2Hi = this.eaHi;
    this.ea2Lo = this.eaLo;
    this.eaHi = eaHi;
    this.eaLo = eaLo;
  }

  /** Sets the effective address to the contents of general register `r`, wrapped by the addressing mode. */
  effectiveRegister(r: number): void {
    this.operandRegister = r;
    this.#setEffective(this.high(r), this.low(r));
  }

  /** As `effectiveRegister`, for the second address of an instruction with two. */
  effectiveRegister2(r: number): void {
    const { eaHi, eaLo, operandRegister } = this;
    this.effectiveRegister(r);
    this.exchangeOperands();
    this.eaHi = eaHi;
    this.eaLo = eaLo;
    this.operandRegister = operandRegister;
  }

  /**
   * Sets the access registers of the operands from the base registers of an instruction. Only the access-register mode needs
   * them, so the other modes do not call this.
   */
  setOperandRegisters(w: number, x: number): void {
    this.operandRegister = (w >>> 12) & 15;
    this.ea2Register = x >>> 12;
  }

  /** Exchanges the effective address and the second one, each with its access register. */
  exchangeOperands(): void {
    const { eaHi, eaLo, operandRegister } = this;
    this.eaHi = this.ea2Hi;
    this.eaLo = this.ea2Lo;
    this.operandRegister = this.ea2Register;
    this.ea2Hi = eaHi;
    this.ea2Lo = eaLo;
    this.ea2Register = operandRegister;
  }

  #setEffective(hi: number, lo: number): void {
    if (this.addressing === ADDRESSING.BITS_64) {
      this.eaHi = hi;
      this.eaLo = lo;
    } else {
      this.eaHi = 0;
      this.eaLo = lo & this.addressMask;
    }
  }

  /**
   * Sets the instruction address back to the instruction: for nullification, and for an interruptible instruction that
   * has completed a unit of operation and is executed again unless an interruption comes first. Chapter 5,
   * "Interruptible Instructions".
   */
  repeat(): void {
    this.iaHi = this.startHi;
    this.iaLo = this.startLo;
  }
}
