/**
 * Selects the lines to show, if there are many.
 */

import type { SpaceOutline } from '../../../../protocol.ts';
import { group } from '../../../ui/aria.ts';
import { displayName } from '../model/labels.ts';
import { SHOWN } from '../model/layout.ts';
import { choose, chosen } from '../model/store.ts';

/** A toggle button for each line; absent if there are few. */
export function ShownLines({ spaces }: { spaces: readonly SpaceOutline[] }) {
  if (spaces.length <= SHOWN) return null;
  return (
    <div class="shown-lines" {...group('Lines shown')}>
      {spaces.map(({ name }, index) => {
        const shown = chosen.value.get(name) ?? index < SHOWN;
        return (
          <button key={name} type="button" aria-pressed={shown} onClick={() => choose(name, !shown)}>
            <span aria-hidden="true">{shown ? '▾' : '▸'}</span> {displayName(name)}
          </button>
        );
      })}
    </div>
  );
}
