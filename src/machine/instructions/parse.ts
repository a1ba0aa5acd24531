/**
 * TRANSLATE AND TEST EXTENDED and REVERSE EXTENDED: search characters for one to which a table assigns a function code.
 * Principles of Operation, chapter 7. One execution processes at most `UNIT` characters; condition code 3 asks the program
 * to execute the instruction again.
 */

import type { Processor } from '../cpu/processor.ts';
import { PGM } from '../interruption.ts';
import type { InstructionLine } from './line.ts';
import { advance, advanceRegister, load8, load16, pair, reduceLength, setAddress } from './operands.ts';
import { remaining, setTable, tableEntry } from './text.ts';

/** Maximum number of characters that one execution processes. */
const UNIT = 256;

/** Bits of m3: two bytes a character; two bytes a function code; characters above 255 have the code zero. */
const WIDE_CHARACTERS = 8;
const WIDE_CODES = 4;
const LIMITED = 2;

/**
 * Returns the function code of the character at the effective address.
 * Preconditions: the translation table is set.
 */
function codeOf(c: Processor, m3: number): number {
  const width = m3 & WIDE_CODES ? 2 : 1;
  if (!(m3 & WIDE_CHARACTERS)) return tableEntry(c, load8(c) * width, width);
  const character = load16(c);
  return m3 & LIMITED && character > 0xff ? 0 : tableEntry(c, character * width, width);
}

/**
 * Searches to the right (step 1) or to the left (step -1). Condition code 0: no character has a function code, and r2 is set to
 * zero; 1: r2 is set to the function code of the first that has one.
 */
function search(step: 1 | -1) {
  return (c: Processor, r1: number, r2: number, m3: number): void => {
    pair(c, r1);
    const width = m3 & WIDE_CHARACTERS ? 2 : 1;
    const length = remaining(c, r1 + 1);
    if (width === 2 && length & 1) c.program(PGM.SPECIFICATION);
    setTable(c, 1);
    c.effectiveRegister(r1);
    const count = Math.min(length / width, UNIT);
    let n = 0;
    let code = 0;
    for (; n < count; n++) {
      code = codeOf(c, m3);
      if (code !== 0) break;
      advance(c, width * step);
    }
    advanceRegister(c, r1, n * width * step);
    reduceLength(c, r1 + 1, n * width);
    c.cc = code !== 0 ? 1 : length / width > count ? 3 : 0;
    if (c.cc !== 3) setAddress(c, r2, 0, code);
  };
}

// biome-ignore format: a line each
export const PARSE: readonly InstructionLine[] = [
  ['TRTRE', 'RRF', 0xb9bd, 'parsing', search(-1)],
  ['TRTE', 'RRF', 0xb9bf, 'parsing', search(1)],
];
