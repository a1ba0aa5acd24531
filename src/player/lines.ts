/**
 * The lines of a text, one after another.
 */

/** Yields each line without its end. No list is made: a text may have a hundred million empty lines. */
export function* linesOf(text: string): Generator<string> {
  for (let from = 0; from <= text.length; ) {
    const end = text.indexOf('\n', from);
    const to = end < 0 ? text.length : end;
    yield text.slice(from, to);
    from = to + 1;
  }
}
