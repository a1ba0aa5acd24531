/**
 * The button that folds a pane to its title.
 */

import { type Foldable, folded, toggleFolded } from './panes.ts';

/** The button. @param name the name of the pane, for the reader */
export function FoldButton({ pane, name }: { readonly pane: Foldable; readonly name: string }) {
  const isFolded = folded.value.has(pane);
  const label = `${isFolded ? 'Unfold' : 'Fold'} ${name}`;
  return (
    <button
      type="button"
      class="icon plain fold"
      aria-label={label}
      title={label}
      aria-expanded={!isFolded}
      onClick={() => toggleFolded(pane)}
    >
      <svg width="12" height="12" viewBox="0 0 12 12" aria-hidden="true">
        <path
          d={isFolded ? 'M4 2l4 4-4 4' : 'M2 4l4 4 4-4'}
          fill="none"
          stroke="currentColor"
          stroke-width="2"
        />
      </svg>
    </button>
  );
}
