/**
 * Explains why a walk ends with an exception.
 */

import type { ExplainedWalk } from '../../../../inspect/index.ts';

/** Returns the reason in a sentence. */
export function reasonOf({ exception, steps }: ExplainedWalk): string {
  const last = steps[steps.length - 1];
  if (last && last.level !== 'asce' && last.meaning.startsWith('invalid'))
    return `The entry of the ${last.level} table is ${last.meaning}.`;
  return REASONS[exception?.code ?? 0] ?? 'The walk cannot continue.';
}

/** Wraps a text into at most `lines` lines; the rest stays on the last. */
export function wrapped(text: string, characters: number, lines = 2): readonly string[] {
  const found: string[] = [];
  for (const word of text.split(' ')) {
    const last = found[found.length - 1];
    if (last === undefined) found.push(word);
    else if (found.length < lines && last.length + 1 + word.length > characters) found.push(word);
    else found[found.length - 1] = `${last} ${word}`;
  }
  return found;
}

const REASONS: Readonly<Record<number, string>> = {
  4: 'An entry on the way forbids stores.',
  5: 'An entry designates storage that does not exist.',
  16: 'The segment-table entry is invalid, or beyond the end of its table.',
  17: 'The page-table entry is invalid.',
  18: 'An entry has the format of another level.',
  56: 'The address is beyond the range that the top table translates.',
  57: 'The region-first-table entry is invalid, or beyond the end of its table.',
  58: 'The region-second-table entry is invalid, or beyond the end of its table.',
  59: 'The region-third-table entry is invalid, or beyond the end of its table.',
};
