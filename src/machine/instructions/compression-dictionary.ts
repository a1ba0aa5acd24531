/**
 * Dictionaries of COMPRESSION CALL: the formats of their entries. *Data Compression* (SA22-7208), and Principles of Operation,
 * chapter 7, "Compression Call".
 *
 * A dictionary has one entry of eight bytes for each symbol. The entries of the 256 one-byte symbols are the first. In a
 * compression dictionary an entry lists the characters that may follow its symbol: its children. Sibling descriptors continue
 * the list. The second half of a sibling descriptor of format 1 is in the expansion dictionary, which follows.
 */

import type { Processor } from '../cpu/processor.ts';
import { advance, setEffective } from './operands.ts';

/** Bytes of an entry. */
const ENTRY = 8;
/** Maximum number of characters of a symbol, and of children of a symbol. */
export const MOST_CHARACTERS = 260;
/** Maximum number of expansion entries that make a symbol. */
const MOST_ENTRIES = 127;

/** Ends the instruction with a data exception: the dictionary is invalid. */
export const invalid = (c: Processor) => c.dataException(0);

/** The dictionary of the instruction under way. */
export const DICTIONARY = {
  /** Its address, in halves, and the register whose access register designates its address space. */
  hi: 0,
  lo: 0,
  register: 0,
  /** Number of symbols. */
  symbols: 0,
  /** Whether sibling descriptors have format 1. */
  format1: false,
};

/** Fetches `length` bytes at an offset of the dictionary. */
export function fetchDictionary(c: Processor, offset: number, length: number, into: Uint8Array): void {
  setEffective(c, DICTIONARY.hi, DICTIONARY.lo);
  advance(c, offset);
  c.operandRegister = DICTIONARY.register;
  c.fetchBytes(c.eaHi, c.eaLo, length, into);
}

/** Fetches the entry of a symbol. A symbol that the dictionary does not have is a data exception. */
function fetchEntry(c: Processor, symbol: number, into: Uint8Array): void {
  if (symbol >= DICTIONARY.symbols) invalid(c);
  fetchDictionary(c, symbol * ENTRY, ENTRY, into);
}

const byte = (bytes: Uint8Array, i: number) => bytes[i] as number;

/** An entry of a compression dictionary: a character entry. */
export class CharacterEntry {
  readonly #bytes = new Uint8Array(ENTRY);
  /** Number of children in this entry. */
  children = 0;
  /** Whether a sibling descriptor has more children. */
  more = false;
  /** Number of additional extension characters: they follow the first character of the symbol's extension. */
  additional = 0;
  /** Symbol of the first child. */
  pointer = 0;
  /** The examine-child bits of children in this entry, and of the last two of the first sibling descriptor: from 0x8000 down. */
  #examine = 0;
  siblingExamine = 0;

  /** Fetches the entry of a symbol. An invalid entry is a data exception. */
  fetch(c: Processor, symbol: number): this {
    const bytes = this.#bytes;
    fetchEntry(c, symbol, bytes);
    const first = byte(bytes, 0);
    const second = byte(bytes, 1);
    const count = first >>> 5;
    this.pointer = ((second & 0x1f) << 8) | byte(bytes, 2);
    this.#examine = (first & 0x1f) << 11;
    this.siblingExamine = second >>> 6;
    const single = count <= 1;
    this.additional = single ? second >>> 5 : (second >>> 5) & 1;
    const most = single ? 1 : 5 - this.additional;
    this.more = count > most;
    this.children = this.more ? most : count;
    if (this.additional > 4 || count > most + 1) invalid(c);
    return this;
  }

  /** Returns additional extension character `i`. */
  extension(i: number): number {
    return byte(this.#bytes, 3 + i);
  }

  /** Returns the first character of child `i`. */
  child(i: number): number {
    return byte(this.#bytes, 3 + this.additional + i);
  }

  /** Whether child `i` has an entry to examine. Otherwise it has no children and one character. */
  examines(i: number): boolean {
    return (this.#examine & (0x8000 >>> i)) !== 0;
  }
}

/** A sibling descriptor: further children of a character entry. */
export class SiblingDescriptor {
  readonly #bytes = new Uint8Array(ENTRY * 2);
  readonly #second = this.#bytes.subarray(ENTRY);
  /** Number of children. */
  children = 0;
  /** Whether another descriptor follows. */
  more = false;
  #examine = 0;

  /**
   * Fetches the descriptor at a symbol.
   * @param parent the character entry, if it is its first descriptor, else null: then its last two children are always examined
   */
  fetch(c: Processor, symbol: number, parent: CharacterEntry | null): this {
    const bytes = this.#bytes;
    const { format1 } = DICTIONARY;
    fetchEntry(c, symbol, bytes);
    const first = byte(bytes, 0);
    const most = format1 ? 14 : 7;
    const count = format1 ? first >>> 4 : first >>> 5;
    this.more = count === 0 || count >= (format1 ? 15 : 7);
    this.children = this.more ? most : count;
    const own = format1 ? ((first & 15) << 12) | (byte(bytes, 1) << 4) : (first & 0x1f) << 11;
    this.#examine = own | ((parent === null ? 3 : parent.siblingExamine) << (format1 ? 2 : 9));
    if (format1 && this.children > 6) {
      fetchDictionary(c, (DICTIONARY.symbols + symbol) * ENTRY, ENTRY, this.#second);
    }
    return this;
  }

  /** Returns the first character of child `i`. */
  child(i: number): number {
    return byte(this.#bytes, i + (DICTIONARY.format1 ? 2 : 1));
  }

  /** Whether child `i` has an entry to examine. */
  examines(i: number): boolean {
    return (this.#examine & (0x8000 >>> i)) !== 0;
  }
}

/** The characters of an expanded symbol. */
export const SYMBOL = new Uint8Array(MOST_CHARACTERS);
const EXPANSION = new Uint8Array(ENTRY);

/**
 * Expands a symbol into `SYMBOL`. Returns its length, or 0 if it is greater than `room`. An invalid entry is a data exception; so
 * are entries whose characters do not join.
 */
export function expandSymbol(c: Processor, symbol: number, room: number): number {
  if (symbol < 256) {
    SYMBOL[0] = symbol;
    return 1;
  }
  let length = 0;
  // The offset in the symbol at which the characters of the next entry end.
  let end = 0;
  for (let index = symbol, entries = 1; ; entries++) {
    fetchEntry(c, index, EXPANSION);
    const first = byte(EXPANSION, 0);
    const preceded = first >>> 5;
    const count = preceded === 0 ? first & 7 : preceded;
    const offset = preceded === 0 ? 0 : byte(EXPANSION, 7);
    if (count === 0 || preceded > 5) invalid(c);
    if (length === 0) length = end = offset + count;
    if (length > room) return 0;
    if (offset + count !== end || entries > MOST_ENTRIES) invalid(c);
    const from = preceded === 0 ? 1 : 2;
    for (let i = 0; i < count; i++) SYMBOL[offset + i] = byte(EXPANSION, from + i);
    if (preceded === 0) return length;
    end = offset;
    index = ((first & 0x1f) << 8) | byte(EXPANSION, 1);
  }
}
