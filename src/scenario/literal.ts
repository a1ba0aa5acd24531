/**
 * Text in lines of the scenario language, such as `"hello\n"`: its bytes in UTF-8.
 *
 * A backslash and one character stand for one byte: `\n`, `\r`, `\t` and `\0` for line feed, carriage return, tab and zero,
 * `\"` and `\\` for the character itself, and `\x` with two hexadecimal digits for any byte.
 */

import { appendUtf8, decodeUtf8 } from './utf8.ts';

const ESCAPES: Readonly<Record<string, number>> = { n: 10, r: 13, t: 9, '0': 0, '"': 34, '\\': 92 };
const LETTERS = new Map(Object.entries(ESCAPES).map(([letter, byte]) => [byte, letter]));

/** Maximum number of characters of a text. Longer data is written in hexadecimal. */
const LENGTH_MAX = 1 << 16;

/**
 * Splits a line into words at white space, at most `most` of them. A word that begins with a quotation mark extends to the
 * next one that no backslash precedes.
 */
export function splitWords(line: string, most: number): string[] {
  if (!line.includes('"')) return line.split(/\s+/, most);
  const words: string[] = [];
  for (let at = wordAfter(line, 0); at < line.length && words.length < most; ) {
    const end = endOfWord(line, at);
    words.push(line.slice(at, end));
    at = wordAfter(line, end);
  }
  return words;
}

/** Returns where the next word begins. */
function wordAfter(line: string, from: number): number {
  let at = from;
  while (at < line.length && /\s/.test(line[at] as string)) at++;
  return at;
}

function endOfWord(line: string, from: number): number {
  let at = from;
  if (line[from] === '"') {
    at = closingMark(line, from);
    if (at < 0) return line.length;
  }
  while (at < line.length && !/\s/.test(line[at] as string)) at++;
  return at;
}

/** Returns where the quotation mark is that ends a text which begins at `from`, or -1 if there is none. */
function closingMark(line: string, from: number): number {
  for (let at = from + 1; at < line.length; at++) {
    if (line[at] === '"') return at;
    if (line[at] === '\\') at++;
  }
  return -1;
}

/**
 * Returns the bytes of a text in quotation marks.
 * @throws Error with the reason if the text is too long, does not end, an escape is unknown, or something follows the text
 */
export function parseText(word: string): Uint8Array {
  if (word.length > LENGTH_MAX) throw new Error(`is longer than ${LENGTH_MAX} characters`);
  const end = closingMark(word, 0);
  if (end < 0) throw new Error('has no closing quotation mark');
  if (end !== word.length - 1) throw new Error('must be followed by a blank');
  const bytes: number[] = [];
  for (let at = 1; at < end; ) {
    const backslash = word.indexOf('\\', at);
    const to = backslash < 0 ? end : backslash;
    appendUtf8(word.slice(at, to), bytes);
    if (to === end) break;
    const [byte, next] = escapedByte(word, to + 1);
    bytes.push(byte);
    at = next;
  }
  return Uint8Array.from(bytes);
}

/** Returns the byte of the escape whose letter is at `at`, and where the escape ends. */
function escapedByte(word: string, at: number): [byte: number, end: number] {
  const letter = word[at] as string;
  if (Object.hasOwn(ESCAPES, letter)) return [ESCAPES[letter] as number, at + 1];
  if (letter !== 'x') throw new Error(`has an unknown escape, \\${/[ -~]/.test(letter) ? letter : '?'}`);
  const digits = word.slice(at + 1, at + 3);
  if (!/^[0-9a-fA-F]{2}$/.test(digits)) throw new Error('needs two hexadecimal digits after \\x');
  return [Number.parseInt(digits, 16), at + 3];
}

/** Maximum number of bytes that are shown as text. */
const TEXT_MAX = 1024;
/** Characters that no text contains: controls, also those of C1, and those that reorder or hide text. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cn}\p{Co}\p{Cs}\p{Zl}\p{Zp}]/u;

/**
 * Returns bytes as text in quotation marks, which `parseText` turns into the same bytes, or null if they do not look like text: if
 * they are not UTF-8, hold a character that cannot be seen (other than `\n`, `\r`, `\t` and zeros), only such characters, or
 * more than 1024 bytes.
 */
export function formatText(bytes: Uint8Array): string | null {
  if (bytes.length === 0 || bytes.length > TEXT_MAX) return null;
  const text = decodeUtf8(bytes);
  if (text === null) return null;
  let seen = false;
  let escaped = '';
  for (const character of text) {
    const letter = LETTERS.get(character.codePointAt(0) as number);
    if (letter === undefined && UNSEEN.test(character)) return null;
    if (letter === undefined && character !== ' ') seen = true;
    escaped += letter === undefined ? character : `\\${letter}`;
  }
  return seen ? `"${escaped}"` : null;
}
