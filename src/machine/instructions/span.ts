/**
 * A storage operand of up to 4096 bytes as its bytes in absolute storage: in one frame, or in two when it crosses
 * a page boundary. Every access exception of an operand comes when its span is made, before anything is changed.
 */

import { logicalPage } from '../addresses.ts';
import type { Access } from '../cpu/access.ts';
import type { Processor } from '../cpu/processor.ts';

/** One operand. */
export class Span {
  /** Absolute address of the first byte. */
  at = 0;
  /** How many bytes are in the first frame. */
  first = 0;
  /** Absolute address of the byte after those, when there is one. */
  next = 0;

  /** Finds the operand of `length` bytes, at least 1, at a logical address. Unwinds on access exceptions. */
  set(c: Processor, hi: number, lo: number, length: number, access: Access): this {
    const offset = lo & 0xfff;
    const page = logicalPage(hi * 0x10_0000 + (lo >>> 12));
    const first = 0x1000 - offset;
    this.at = c.frame(page, offset, access, Math.min(length, first)) + offset;
    this.first = first;
    if (length > first) this.next = c.frame(c.pageAfter(page), 0, access, length - first);
    return this;
  }

  /** Absolute address of byte `i`. */
  address(i: number): number {
    return i < this.first ? this.at + i : this.next + (i - this.first);
  }
}

/** The spans of an instruction's operands: one of each is enough, as no instruction runs inside another. */
export const FIRST = new Span();
export const SECOND = new Span();
