/**
 * Short texts out of long ones.
 */

/**
 * The first `length` characters of a text, as a string of its own. What `slice` returns keeps the whole text in memory
 * for as long as the short one is kept.
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

const CHUNK = 1024;
