/**
 * Spans: the absolute storage of an operand of up to 4096 bytes. An operand that crosses a page boundary lies in two frames.
 * Setting a span recognizes all access exceptions of the operand, before the instruction changes anything.
 */

import { logicalPage } from '../addresses.ts';
import type { Access } from '../cpu/access.ts';
import type { Processor } from '../cpu/processor.ts';
import { SPACE } from '../cpu/state.ts';

/** Number of pages of 64-bit addresses. */
const PAGES = 2 ** 52;

/** The span of one operand. */
export class Span {
  /** Absolute address of the first byte. */
  at = 0;
  /** Number of bytes from there to the end of the frame. */
  first = 0;
  /** Absolute address of the byte after them, if the operand has one. */
  next = 0;

  /** Sets the span to the operand of `length` bytes, at least 1, at the effective address. Unwinds on access exceptions. */
  atEffective(c: Processor, length: number, access: Access): this {
    return this.#set(c, c.eaHi, c.eaLo, length, access);
  }

  /** As `atEffective`, for the second operand. */
  atSecond(c: Processor, length: number, access: Access): this {
    const { operandRegister } = c;
    c.operandRegister = c.ea2Register;
    this.#set(c, c.ea2Hi, c.ea2Lo, length, access);
    c.operandRegister = operandRegister;
    return this;
  }

  /**
   * Sets the span to a part of the home space that the machine itself uses, at an address of 64 bits in any addressing mode.
   * @param key the access key; 0, as for the linkage stack: no key protects it
   */
  atHome(c: Processor, address: bigint, length: number, access: Access, key = 0): this {
    const { space, key: own } = c;
    const page = Number(address >> 12n);
    const offset = Number(address & 0xfffn);
    const first = 0x1000 - offset;
    this.first = first;
    try {
      c.space = SPACE.HOME;
      c.key = key;
      this.at = c.frame(logicalPage(page), offset, access, Math.min(length, first)) + offset;
      if (length > first) this.next = c.frame(logicalPage((page + 1) % PAGES), 0, access, length - first);
    } finally {
      c.space = space;
      c.key = own;
    }
    return this;
  }

  #set(c: Processor, hi: number, lo: number, length: number, access: Access): this {
    const offset = lo & 0xfff;
    const page = logicalPage(hi * 0x10_0000 + (lo >>> 12));
    const first = 0x1000 - offset;
    this.at = c.frame(page, offset, access, Math.min(length, first)) + offset;
    this.first = first;
    if (length > first) this.next = c.frame(c.pageAfter(page), 0, access, length - first);
    return this;
  }

  /** Returns the absolute address of byte `i`. */
  address(i: number): number {
    return i < this.first ? this.at + i : this.next + (i - this.first);
  }
}

/** The spans of the first and the second operand. All instructions share them: no instruction executes inside another. */
export const FIRST = new Span();
export const SECOND = new Span();
