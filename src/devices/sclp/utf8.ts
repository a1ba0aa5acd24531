/**
 * UTF-8 for a console, where bytes arrive in chunks that may end inside a character.
 *
 * It uses neither `TextDecoder` nor Node's decoder, since the core of the library uses only the language. It follows the
 * Unicode Standard, section 3.9: each maximal part of an ill-formed character becomes U+FFFD.
 */

import { SavedFields } from '../saved-state.ts';

const REPLACEMENT = '\ufffd';

/** Decodes bytes chunk by chunk. */
export class Utf8Decoder {
  /** Number of continuation bytes that the current character still needs; 0 if there is none. */
  #missing = 0;
  #codePoint = 0;
  /** The valid range of the next continuation byte, which excludes overlong forms and surrogates. */
  #low = 0x80;
  #high = 0xbf;

  /** Returns the text that `bytes` completes. An incomplete character is kept for the next call. */
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
        // The character is incomplete, and this byte starts another one.
        pieces.push(this.finish());
      }
      pieces.push(this.#begin(byte));
    }
    return pieces.join('');
  }

  /** Returns the state: the incomplete character. */
  save(): unknown {
    return { missing: this.#missing, codePoint: this.#codePoint, low: this.#low, high: this.#high };
  }

  /** Checks a state that `save` returned. Returns a function that restores it. @throws StateError if it is not such a state */
  prepareRestore(state: unknown): () => void {
    const saved = new SavedFields('decoder', state);
    const [missing, codePoint] = [saved.integer('missing', 3), saved.integer('codePoint', 0xffff)];
    const [low, high] = [saved.integer('low', 0xff), saved.integer('high', 0xff)];
    return () => {
      this.#missing = missing;
      // Each missing byte adds six bits, and a character has 21.
      this.#codePoint = codePoint & (0x1f_ffff >> (6 * missing));
      this.#low = low;
      this.#high = high;
    };
  }

  /** Ends the text. Returns U+FFFD if a character is incomplete, otherwise nothing. */
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

/** Returns the UTF-8 bytes of a text. A surrogate without its partner becomes U+FFFD. */
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
