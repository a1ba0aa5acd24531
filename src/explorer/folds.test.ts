/** The rows into which repeated events are folded. */

import { describe, expect, it } from 'vitest';
import { Folds } from './folds.ts';

/** Returns the rows of a list in which each letter is a kind of event: `a`, `ax4` for four times `a`, `abx3` for three times `ab`. */
function rowsOf(list: string, unfolded: readonly number[] = []): string[] {
  const folds = new Folds();
  folds.add([...list].map((letter) => letter.charCodeAt(0)));
  return shown(folds, list, unfolded);
}

function shown(folds: Folds, list: string, unfolded: readonly number[] = []): string[] {
  return folds.rows(0, folds.count(unfolded), unfolded).map(({ first, length, period }) => {
    const events = list.slice(first, first + period);
    return length === 1 ? events : `${events}x${length / period}`;
  });
}

describe('repeated events', () => {
  it.each([
    ['', ''],
    ['abc', 'a b c'],
    ['aaa', 'a a a'],
    ['aaaa', 'ax4'],
    ['baaaaab', 'b ax5 b'],
    ['abab', 'a b a b'],
    ['ababab', 'abx3'],
    ['abababa', 'abx3 a'],
    ['xabababax', 'x abx3 a x'],
    ['aaaababab', 'ax4 b a b a b'],
    ['aaaabababab', 'ax4 bax3 b'],
    ['aabababc', 'a abx3 c'],
    ['abcabcabcabc', 'a b c a b c a b c a b c'],
  ])('%s', (list, rows) => {
    expect(rowsOf(list).join(' ')).toBe(rows);
  });

  it('are the same when they arrive one by one', () => {
    const list = 'xaaaaabababcabbbbbabababababacxxxxyxyxyxyz';
    const folds = new Folds();
    for (let i = 0; i < list.length; i++) {
      folds.add([list.charCodeAt(i)]);
      expect(shown(folds, list)).toEqual(rowsOf(list.slice(0, i + 1)));
    }
  });
});

describe('unfolded rows', () => {
  const list = 'xaaaaaybcbcbcz';

  it('show their events', () => {
    expect(rowsOf(list).join(' ')).toBe('x ax5 y bcx3 z');
    expect(rowsOf(list, [1]).join(' ')).toBe('x a a a a a y bcx3 z');
    expect(rowsOf(list, [7, 1, 7]).join(' ')).toBe('x a a a a a y b c b c b c z');
    // No row that repeats begins there.
    expect(rowsOf(list, [0, 2, 99, -1]).join(' ')).toBe('x ax5 y bcx3 z');
  });

  it('are found from every event, and name their first one', () => {
    const folds = new Folds();
    folds.add([...list].map((letter) => letter.charCodeAt(0)));
    for (const unfolded of [[], [1], [7], [1, 7]]) {
      const rows = folds.rows(0, 100, unfolded);
      for (let event = 0; event < list.length; event++) {
        const row = rows[folds.rowOf(event, unfolded)];
        expect(row?.first).toBeLessThanOrEqual(event);
        expect((row?.first ?? 0) + (row?.length ?? 0)).toBeGreaterThan(event);
      }
      expect(rows.filter((row) => row.unfolded !== null).map((row) => row.unfolded)).toEqual(
        unfolded.flatMap((first) => Array.from({ length: first === 1 ? 5 : 6 }, () => first)),
      );
      expect(folds.rowOf(-1, unfolded)).toBe(-1);
      expect(folds.rows(3, 5, unfolded)).toEqual(rows.slice(3, 5));
    }
  });
});
