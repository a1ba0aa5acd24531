/**
 * The words of a line of the scenario language, and their values.
 */

import { parseText, splitWords } from './literal.ts';
import { CPUS, FILE_NAMES, GMAP_NAMES, PROCESS_NAMES } from './operation.ts';
import { didYouMean } from './suggest.ts';
import { cut } from './text.ts';

/** A syntax error in a line. The message names the offending word. */
export class ScenarioSyntaxError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'ScenarioSyntaxError';
  }
}

const SUFFIXES: Readonly<Record<string, bigint>> = {
  '': 0n,
  K: 10n,
  M: 20n,
  G: 30n,
  T: 40n,
  P: 50n,
};

const NUMBER = /^(0[xX][0-9a-fA-F]+|[0-9]+)([KMGTP]?)$/;
/** Maximum length of a number: enough for any 64-bit number with some leading zeros. */
const NUMBER_LENGTH = 64;

/**
 * Parses a number of the language: decimal, or hexadecimal after 0x, with an optional suffix K, M, G, T or P for powers
 * of 1024.
 * @throws ScenarioSyntaxError for anything else, and for a number of more than 64 bits
 */
export function parseNumber(text: string): bigint {
  const match = text.length <= NUMBER_LENGTH ? NUMBER.exec(text) : null;
  if (!match) throw new ScenarioSyntaxError(`${quoted(text)} is not a number`);
  const value = BigInt(match[1] as string) << (SUFFIXES[match[2] as string] as bigint);
  if (value >= 1n << 64n) throw new ScenarioSyntaxError(`${quoted(text)} is more than 64 bits`);
  return value;
}

/** Letters of protections and their PROT bits, in the order in which they are written. */
export const PROTECTION_LETTERS = [
  ['r', 1],
  ['w', 2],
  ['x', 4],
] as const;

/** Returns the PROT bits of a word such as `rw`, `x` or `none`, or undefined for any other word. */
export function protectionOf(word: string): number | undefined {
  if (word === 'none') return 0;
  if (!/^r?w?x?$/.test(word) || word === '') return undefined;
  return PROTECTION_LETTERS.reduce((bits, [letter, bit]) => bits | (word.includes(letter) ? bit : 0), 0);
}

/** Maximum number of words read of a line. No operation has that many, so a longer line is a syntax error. */
const WORDS_MAX = 32;

/** The words of a line, read one by one. */
export class Words {
  readonly #words: readonly string[];
  #at = 0;
  /** The words that may come next instead of the end of the line. */
  #possible: string[] = [];

  constructor(line: string) {
    this.#words = splitWords(line.trim(), WORDS_MAX);
  }

  /** Returns the next word. @throws ScenarioSyntaxError if there is none */
  word(what: string): string {
    const word = this.#words[this.#at++];
    if (word === undefined) throw new ScenarioSyntaxError(`${what} is missing`);
    this.#possible = [];
    return word;
  }

  /** Skips the next word if it is `word`. Returns whether it was. */
  skip(word: string): boolean {
    const found = this.#words[this.#at] === word;
    if (found) this.word(word);
    else this.#possible.push(word);
    return found;
  }

  /** Reads the next word if `read` accepts it. Returns its value, or undefined. */
  option<T>(read: (word: string) => T | undefined): T | undefined {
    const word = this.#words[this.#at];
    const value = word === undefined ? undefined : read(word);
    if (value !== undefined) this.#at++;
    return value;
  }

  /** Reads the process at the beginning of a line, such as `2:`. Returns undefined if there is none. */
  process(): number | undefined {
    return this.option((word) =>
      word.endsWith(':') ? name('process', parseNumber(word.slice(0, -1)), PROCESS_NAMES) : undefined,
    );
  }

  number(what: string): bigint {
    return parseNumber(this.word(what));
  }

  gmap(): number {
    return name('gmap', this.number('the gmap'), GMAP_NAMES);
  }

  /** Reads the name of another process. */
  child(): number {
    return name('process', this.number('the process'), PROCESS_NAMES);
  }

  /** Reads a storage key, 0 to 255. */
  storageKey(): number {
    return name('key', this.number('the key'), 256);
  }

  file(): number {
    return name('file', this.number('the file'), FILE_NAMES);
  }

  /** Reads the optional `on CPU` at the end of an access. */
  cpu(): { cpu?: number } {
    return this.skip('on') ? { cpu: name('processor', this.number('the processor'), CPUS) } : {};
  }

  protection(): number {
    const word = this.word('the protection');
    const bits = protectionOf(word);
    if (bits === undefined) throw new ScenarioSyntaxError(`${quoted(word)} is not a protection`);
    return bits;
  }

  bytes(): Uint8Array {
    const hex = this.word('the data');
    if (hex.startsWith('"')) return textBytes(hex);
    if (hex.length % 2 !== 0 || /[^0-9a-fA-F]/.test(hex)) {
      throw new ScenarioSyntaxError(`${quoted(hex)} is not a sequence of bytes in hexadecimal`);
    }
    const bytes = new Uint8Array(hex.length / 2);
    for (let i = 0; i < bytes.length; i++) {
      bytes[i] = (digit(hex.charCodeAt(i * 2)) << 4) | digit(hex.charCodeAt(i * 2 + 1));
    }
    return bytes;
  }

  /** @throws ScenarioSyntaxError if there is another word */
  end(): void {
    const extra = this.#words[this.#at];
    if (extra !== undefined)
      throw new ScenarioSyntaxError(`${quoted(extra)} is unexpected${didYouMean(extra, this.#possible)}`);
  }
}

/** Returns the bytes of a text in quotation marks. */
function textBytes(word: string): Uint8Array {
  try {
    return parseText(word);
  } catch (error) {
    throw new ScenarioSyntaxError(`the text ${quoted(word.slice(1))} ${(error as Error).message}`);
  }
}

/** Returns the value of a hexadecimal digit, given its character code. */
function digit(code: number): number {
  return code <= 0x39 ? code - 0x30 : (code | 0x20) - 0x61 + 10;
}

function name(what: string, number: bigint, names: number): number {
  if (number < BigInt(names)) return Number(number);
  throw new ScenarioSyntaxError(`${what} ${number} is not 0 to ${names - 1}`);
}

/** Quotes a word for a message: shortened, and without control characters. */
export function quoted(word: string): string {
  const shown = word.length > 40 ? `${cut(word, 40)}…` : word;
  return `"${shown.replace(/[^\x20-\x7e…]/g, '?')}"`;
}
