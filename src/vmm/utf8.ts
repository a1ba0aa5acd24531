/**
 * UTF-8 for a console: bytes arrive in pieces that may end in the middle of a character.
 *
 * Written out here because this module runs where neither `TextDecoder` nor Node's decoder is promised. It
 * follows the Unicode Standard, section 3.9: what is not well-formed becomes U+FFFD, one for each maximal part of a
 * character.
 */

const REPLACEMENT = '\ufffd';

/** Turns bytes into text piece by piece. */
export class Utf8Decoder {
  /** Continuation bytes that the character begun still needs; 0 when none is begun. */
  #missing = 0;
  #codePoint = 0;
  /** The range in which the next continuation byte must be: it keeps out overlong forms and surrogates. */
  #low = 0x80;
  #high = 0xbf;

  /** The text that `bytes` completes. A character whose end has not come yet is kept for the next call. */
  decode(bytes: Uint8Array): string {
    const pieces: string[] = [];
    for (const byte of bytes) {
      if (this.#missing > 0) {
        if (byte >= this.#low && byte <= this.#high) {
          this.#low = 0x80;
          this.#high = 0xbf;
          this.#codePoint = (this.#codePoint << 6) | (byte & 0x3f);
          if (--this.#missing === 0) pieces.push(String.fromCodePoint(this.#codePoint));
          continue;
        }
        // The character breaks off here, and this byte begins another.
        pieces.push(this.finish());
      }
      pieces.push(this.#begin(byte));
    }
    return pieces.join('');
  }

  /** Ends the text: U+FFFD if a character was begun and not completed, otherwise nothing. */
  finish(): string {
    const broken = this.#missing > 0;
    this.#missing = 0;
    this.#low = 0x80;
    this.#high = 0xbf;
    return broken ? REPLACEMENT : '';
  }

  #begin(byte: number): string {
    if (byte < 0x80) return String.fromCharCode(byte);
    if (byte < 0xc2 || byte > 0xf4) return REPLACEMENT;
    if (byte < 0xe0) {
      this.#missing = 1;
      this.#codePoint = byte & 0x1f;
    } else if (byte < 0xf0) {
      this.#missing = 2;
      this.#codePoint = byte & 0x0f;
      if (byte === 0xe0) this.#low = 0xa0;
      if (byte === 0xed) this.#high = 0x9f;
    } else {
      this.#missing = 3;
      this.#codePoint = byte & 0x07;
      if (byte === 0xf0) this.#low = 0x90;
      if (byte === 0xf4) this.#high = 0x8f;
    }
    return '';
  }
}

/** The UTF-8 bytes of a text; a surrogate without its partner becomes U+FFFD. */
export function toUtf8(text: string): Uint8Array {
  const bytes: number[] = [];
  for (const character of text) {
    let code = character.codePointAt(0)!;
    if (code >= 0xd800 && code <= 0xdfff) code = 0xfffd;
    if (code < 0x80) bytes.push(code);
    else if (code < 0x800) bytes.push(0xc0 | (code >> 6), 0x80 | (code & 0x3f));
    else if (code < 0x10000) {
      bytes.push(0xe0 | (code >> 12), 0x80 | ((code >> 6) & 0x3f), 0x80 | (code & 0x3f));
    } else {
      bytes.push(
        0xf0 | (code >> 18),
        0x80 | ((code >> 12) & 0x3f),
        0x80 | ((code >> 6) & 0x3f),
        0x80 | (code & 0x3f),
      );
    }
  }
  return Uint8Array.from(bytes);
}
