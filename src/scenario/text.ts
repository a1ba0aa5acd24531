/**
 * Functions for texts that may be very long. They copy only the parts that they return.
 */

const CHUNK = 1024;

/**
 * Returns the first `length` characters of a text, as a string of its own. `slice` would keep the whole text in memory
 * for as long as the result is kept.
 */
export function cut(text: string, length: number): string {
  if (text.length <= length) return text;
  let copy = '';
  for (let at = 0; at < length; at += CHUNK) {
    const codes = Array.from({ length: Math.min(CHUNK, length - at) }, (_, i) => text.charCodeAt(at + i));
    copy += String.fromCharCode(...codes);
  }
  return copy;
}

/** Yields the lines of a text, without their ends. No array of all lines is built: there may be a hundred million. */
export function* linesOf(text: string): Generator<string> {
  for (let from = 0; from <= text.length; ) {
    const end = text.indexOf('\n', from);
    const to = end < 0 ? text.length : end;
    yield text.slice(from, to);
    from = to + 1;
  }
}
