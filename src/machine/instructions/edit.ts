/**
 * EDIT and EDIT AND MARK: write packed digits into a pattern of characters. Principles of Operation, chapter 8.
 *
 * The pattern is processed from left to right. A character that selects a digit is replaced by the digit or, while it is
 * not significant, by the fill byte; other characters stay or are replaced by the fill byte likewise. The source may
 * hold several numbers, one for each field of the pattern; the condition code is that of the last one.
 */

import { STORE } from '../cpu/access.ts';
import type { Processor } from '../cpu/processor.ts';
import type { InstructionLine } from './line.ts';
import { foundAt } from './move.ts';
import { advance, load8 } from './operands.ts';
import { invalidDecimal, isMinus, validSign } from './packed.ts';
import { FIRST } from './span.ts';

/** Pattern characters with a meaning. */
const DIGIT_SELECTOR = 0x20;
const SIGNIFICANCE_STARTER = 0x21;
const FIELD_SEPARATOR = 0x22;
/** The zone of a digit in the result. */
const ZONE = 0xf0;

/** What EDIT writes into the pattern. */
const RESULT = new Uint8Array(256);

/** The source: its next digit, and what editing has found in the current field. */
class Editing {
  /** The right half of the source byte that was fetched last, if it is a digit that was not used yet; otherwise -1. */
  rest = -1;
  /** The significance indicator. */
  significant = false;
  /** Whether the field has a digit other than zero. */
  nonzero = false;
  /** The position in the pattern of the first digit that made a number significant, in the last such number; -1 if there is none. */
  mark = -1;

  reset(): void {
    this.rest = -1;
    this.mark = -1;
    this.separate();
  }

  /** Begins a field. */
  separate(): void {
    this.significant = false;
    this.nonzero = false;
  }

  /**
   * Takes the next digit, and returns what replaces the pattern character at position `i`. The effective address is that
   * of the next source byte. A plus sign next to the digit ends significance.
   */
  select(c: Processor, i: number, starter: boolean, fill: number): number {
    let digit = this.rest;
    let sign = 0;
    this.rest = -1;
    if (digit < 0) {
      const byte = load8(c);
      advance(c, 1);
      digit = byte >>> 4;
      sign = byte & 15;
      if (digit > 9) invalidDecimal(c);
      if (!validSign(sign)) this.rest = sign;
    }
    const result = this.significant || digit !== 0 ? ZONE | digit : fill;
    if (digit !== 0) {
      this.nonzero = true;
      if (!this.significant) this.mark = i;
    }
    this.significant ||= starter || digit !== 0;
    if (validSign(sign) && !isMinus(sign)) this.significant = false;
    return result;
  }
}

const EDITING = new Editing();

/** Edits the source at the second address into RESULT. Preconditions: FIRST is set to the pattern. */
function editInto(c: Processor, l: number): void {
  const { bytes } = c.storage;
  c.exchangeOperands();
  EDITING.reset();
  const fill = bytes[FIRST.at] as number;
  for (let i = 0; i <= l; i++) {
    const character = bytes[FIRST.address(i)] as number;
    if (character === DIGIT_SELECTOR || character === SIGNIFICANCE_STARTER) {
      RESULT[i] = EDITING.select(c, i, character === SIGNIFICANCE_STARTER, fill);
    } else if (character === FIELD_SEPARATOR) {
      RESULT[i] = fill;
      EDITING.separate();
    } else {
      RESULT[i] = EDITING.significant ? character : fill;
    }
  }
}

/** EDIT; with `marking` EDIT AND MARK, which loads the address of the first significant digit into register 1. */
function edit(marking: boolean) {
  return (c: Processor, l: number): void => {
    const { eaHi, eaLo } = c;
    const { bytes } = c.storage;
    FIRST.atEffective(c, l + 1, STORE);
    editInto(c, l);
    for (let i = 0; i <= l; i++) bytes[FIRST.address(i)] = RESULT[i] as number;
    if (marking && EDITING.mark >= 0) foundAt(c, eaHi, eaLo + EDITING.mark);
    c.cc = !EDITING.nonzero ? 0 : EDITING.significant ? 1 : 2;
  };
}

// biome-ignore format: a line each
export const EDIT: readonly InstructionLine[] = [
  ['ED', 'SSa', 0xde, 'base', edit(false)],
  ['EDMK', 'SSa', 0xdf, 'base', edit(true)],
];
