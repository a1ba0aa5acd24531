/**
 * Suggestions for mistyped words.
 */

/** Maximum length of a word for which a suggestion is looked for: the time grows with its length. */
const LENGTH_MAX = 32;

/**
 * Returns the word that was probably meant, or null if none resembles the given one. A third of the letters may differ: each was
 * left out, added, replaced, or exchanged with its neighbour.
 */
export function suggestion(word: string, words: Iterable<string>): string | null {
  if (word.length > LENGTH_MAX) return null;
  const given = word.toLowerCase();
  let best: string | null = null;
  let least = Math.max(1, Math.floor(word.length / 3)) + 1;
  for (const one of words) {
    const distance = one.length === 1 ? 2 : editDistance(given, one.toLowerCase());
    if (distance >= least) continue;
    least = distance;
    best = one;
  }
  return best;
}

/** Returns ` (did you mean …?)` for the word that was probably meant, or nothing. */
export function didYouMean(word: string, words: Iterable<string>): string {
  const meant = suggestion(word, words);
  return meant === null ? '' : ` (did you mean \`${meant}\`?)`;
}

/** Returns how many letters must be inserted, deleted, replaced or exchanged with their neighbour to turn one word into another. */
function editDistance(from: string, to: string): number {
  let before: number[] = [];
  let last: number[] = [];
  let row = Array.from({ length: to.length + 1 }, (_, j) => j);
  for (let i = 1; i <= from.length; i++) {
    before = last;
    last = row;
    row = [i];
    for (let j = 1; j <= to.length; j++) {
      const same = from[i - 1] === to[j - 1] ? 0 : 1;
      let least = Math.min(last[j - 1]! + same, last[j]! + 1, row[j - 1]! + 1);
      const exchanged = i > 1 && j > 1 && from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1];
      if (exchanged) least = Math.min(least, before[j - 2]! + 1);
      row.push(least);
    }
  }
  return row[to.length] as number;
}
