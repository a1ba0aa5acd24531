/**
 * COMPRESSION CALL. Principles of Operation, chapter 7; *Data Compression* (SA22-7208).
 *
 * Compression replaces strings of characters by symbols of 9 to 13 bits, expansion does the opposite. An execution processes a
 * limited number of symbols, then condition code 3 asks the program to execute the instruction again. Registers are updated
 * after each symbol, so after an exception they show the symbols that are complete.
 */

import type { Processor } from '../cpu/processor.ts';
import { PGM } from '../interruption.ts';
import {
  CharacterEntry,
  DICTIONARY,
  expandSymbol,
  fetchDictionary,
  invalid,
  MOST_CHARACTERS,
  SiblingDescriptor,
  SYMBOL,
} from './compression-dictionary.ts';
import type { InstructionLine } from './line.ts';
import { advance, advanceRegister, pair, reduceLength, setEffective } from './operands.ts';
import { remaining } from './text.ts';

/** Maximum number of symbols that one execution processes. */
const UNIT = 256;

/** Bits of register 0. */
const GR0 = {
  /** Symbol-translation option. */
  TRANSLATE: 0x1_0000,
  /** Compressed-data symbol size: bits of a symbol minus 8, 1 to 5. */
  SIZE: 0xf000,
  /** Format-1 sibling descriptors. */
  FORMAT_1: 0x200,
  /** Expansion. */
  EXPAND: 0x100,
} as const;

/** The instruction under way. */
const CALL = { r1: 0, r2: 0, bits: 0, translate: false, translation: 0 };

/** The compressed-data bit number in register 1: the first bit of the next symbol in its byte. */
const bitNumber = (c: Processor) => (c.gr32[2] as number) & 7;

/** Advances the compressed operand in register `r` by one symbol. */
function advanceSymbol(c: Processor, r: number): void {
  const bit = bitNumber(c) + CALL.bits;
  advanceOperand(c, r, bit >>> 3);
  c.gr32[2] = ((c.gr32[2] as number) & ~7) | (bit & 7);
}

function advanceOperand(c: Processor, r: number, bytes: number): void {
  advanceRegister(c, r, bytes);
  reduceLength(c, r + 1, bytes);
}

/** Whether the compressed operand in register `r` has room for, or contains, another symbol. */
function anotherSymbol(c: Processor, r: number): boolean {
  return remaining(c, r + 1) * 8 - bitNumber(c) >= CALL.bits;
}

const PACKED = new Uint8Array(3);

/** Stores a symbol. The bits that follow it in its last byte become zeros. */
function putSymbol(c: Processor, symbol: number): void {
  const { r1, bits } = CALL;
  const bit = bitNumber(c);
  c.effectiveRegister(r1);
  const before = bit === 0 ? 0 : c.load8(c.eaHi, c.eaLo) & (0xff00 >>> bit);
  const packed = (before << 16) | (symbol << (24 - bit - bits));
  PACKED[0] = packed >>> 16;
  PACKED[1] = packed >>> 8;
  PACKED[2] = packed;
  c.storeBytes(c.eaHi, c.eaLo, (bit + bits + 7) >>> 3, PACKED);
}

/** Fetches a symbol. */
function getSymbol(c: Processor): number {
  const { r2, bits } = CALL;
  const bit = bitNumber(c);
  c.effectiveRegister(r2);
  PACKED[2] = 0;
  c.fetchBytes(c.eaHi, c.eaLo, (bit + bits + 7) >>> 3, PACKED);
  const packed = ((PACKED[0] as number) << 16) | ((PACKED[1] as number) << 8) | (PACKED[2] as number);
  return (packed >>> (24 - bit - bits)) & ((1 << bits) - 1);
}

/** Expands symbols. Condition code 0: no whole symbol is left; 1: the next symbol does not fit. */
function expand(c: Processor): number {
  const { r1, r2 } = CALL;
  for (let n = 0; n < UNIT; n++) {
    if (!anotherSymbol(c, r2)) return 0;
    const room = remaining(c, r1 + 1);
    if (room === 0) return 1;
    const length = expandSymbol(c, getSymbol(c), room);
    if (length === 0) return 1;
    c.effectiveRegister(r1);
    c.storeBytes(c.eaHi, c.eaLo, length, SYMBOL);
    advanceOperand(c, r1, length);
    advanceSymbol(c, r2);
    c.events.unitCompleted();
  }
  return 3;
}

/** The longest symbol that was found: its index, and its number of characters. */
const FOUND = { symbol: 0, length: 0 };
/** The entries of the symbol found and of the child that is examined. They change places. */
let parent = new CharacterEntry();
let child = new CharacterEntry();
const SIBLINGS = new SiblingDescriptor();

/** Returns the character `i` characters after the next one of the source. */
function character(c: Processor, i: number): number {
  c.effectiveRegister(CALL.r2);
  advance(c, i);
  return c.load8(c.eaHi, c.eaLo);
}

/** Extends the symbol found by `characters`, to a child without an entry. */
function extend(symbol: number, characters: number): void {
  FOUND.symbol = symbol;
  FOUND.length += characters;
}

/** What came of a child whose first character is the next one of the source. */
const CHILD = { NONE: 0, LEAF: 1, PARENT: 2 } as const;

/**
 * Tries a child: extends the symbol found if the source continues with the child's characters.
 * @param left number of characters of the source after the symbol found
 */
function tryChild(c: Processor, symbol: number, examine: boolean, left: number): number {
  if (symbol >= DICTIONARY.symbols) invalid(c);
  if (!examine) {
    extend(symbol, 1);
    return CHILD.LEAF;
  }
  const { additional } = child.fetch(c, symbol);
  if (left <= additional) return CHILD.NONE;
  for (let i = 0; i < additional; i++) {
    if (character(c, FOUND.length + 1 + i) !== child.extension(i)) return CHILD.NONE;
  }
  extend(symbol, 1 + additional);
  [parent, child] = [child, parent];
  return CHILD.PARENT;
}

/** Looks for the next character among the children of the entry of the symbol found. */
function nextChild(c: Processor, left: number): number {
  const next = character(c, FOUND.length);
  // Several children may begin with the same character, if they are the first ones.
  let same = true;
  for (let n = 0; n < parent.children; n++) {
    if (parent.child(n) !== next) {
      same = false;
      continue;
    }
    const tried = tryChild(c, parent.pointer + n, parent.examines(n), left);
    if (tried !== CHILD.NONE || !same || n === parent.children - 1) return tried;
  }
  return parent.more ? nextSibling(c, next, left) : CHILD.NONE;
}

/** As `nextChild`, among the siblings of the children in the entry. */
function nextSibling(c: Processor, next: number, left: number): number {
  let at = parent.pointer + parent.children;
  let first: CharacterEntry | null = parent;
  for (let count = parent.children; count <= MOST_CHARACTERS; count += SIBLINGS.children) {
    SIBLINGS.fetch(c, at, first);
    for (let n = 0; n < SIBLINGS.children; n++) {
      if (SIBLINGS.child(n) === next) return tryChild(c, at + n + 1, SIBLINGS.examines(n), left);
    }
    if (!SIBLINGS.more) return CHILD.NONE;
    at += SIBLINGS.children + 1;
    first = null;
  }
  return invalid(c);
}

/** Finds the longest symbol that the source begins with. @param left number of characters of the source, at least 1 */
function find(c: Processor, left: number): void {
  FOUND.symbol = character(c, 0);
  FOUND.length = 1;
  parent.fetch(c, FOUND.symbol);
  let found: number = CHILD.PARENT;
  while (found === CHILD.PARENT && parent.children > 0 && left > FOUND.length) {
    found = nextChild(c, left - FOUND.length);
    if (FOUND.length > MOST_CHARACTERS) invalid(c);
  }
}

const TRANSLATED = new Uint8Array(2);

/** Returns the interchange symbol of a symbol, if symbols are translated, else the symbol. */
function translated(c: Processor, symbol: number): number {
  if (!CALL.translate) return symbol;
  fetchDictionary(c, CALL.translation + symbol * 2, 2, TRANSLATED);
  return (((TRANSLATED[0] as number) << 8) | (TRANSLATED[1] as number)) & ((1 << CALL.bits) - 1);
}

/** Compresses characters. Condition code 0: no character is left; 1: no symbol fits. */
function compress(c: Processor): number {
  const { r1, r2 } = CALL;
  for (let n = 0; n < UNIT; n++) {
    const left = remaining(c, r2 + 1);
    if (left === 0) return 0;
    if (!anotherSymbol(c, r1)) return 1;
    find(c, left);
    putSymbol(c, translated(c, FOUND.symbol));
    advanceSymbol(c, r1);
    advanceOperand(c, r2, FOUND.length);
    c.events.unitCompleted();
  }
  return 3;
}

function cmpsc(c: Processor, r1: number, r2: number): void {
  pair(c, r1);
  pair(c, r2);
  const control = c.low(0);
  const size = (control & GR0.SIZE) >>> 12;
  if (size < 1 || size > 5) c.program(PGM.SPECIFICATION);
  Object.assign(CALL, { r1, r2, bits: size + 8, translate: (control & GR0.TRANSLATE) !== 0 });
  // Register 1: the dictionary, the offset of the symbol-translation table in it in units of 128 bytes, and the bit number.
  CALL.translation = (c.low(1) & 0xff8) << 4;
  setEffective(c, c.high(1), (c.low(1) & ~0xfff) >>> 0);
  Object.assign(DICTIONARY, { hi: c.eaHi, lo: c.eaLo, register: r2 });
  Object.assign(DICTIONARY, { symbols: 1 << CALL.bits, format1: (control & GR0.FORMAT_1) !== 0 });
  c.cc = control & GR0.EXPAND ? expand(c) : compress(c);
  advanceRegister(c, r1, 0);
  advanceRegister(c, r2, 0);
}

// biome-ignore format: a line each
export const COMPRESSION: readonly InstructionLine[] = [
  ['CMPSC', 'RRE', 0xb263, 'base', cmpsc, { units: true }],
];
