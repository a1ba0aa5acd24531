/**
 * What to know of the open guest, and the form that starts it again.
 */

import type { Source } from '../../../../player/index.ts';
import { saveState } from '../save-state.ts';
import { isLive, progress } from '../state.ts';
import { GuestForm } from './GuestForm.tsx';

/** The panel. */
export function GuestPanel({ guest }: { readonly guest: Source & { readonly kind: 'guest' } }) {
  return (
    <>
      {isLive.value ? (
        <LiveSummary />
      ) : (
        <p class="summary">
          A guest. Loading its image is the first step; every other step is an instruction or an interruption.
        </p>
      )}
      <GuestForm key={guest.name} guest={guest} />
    </>
  );
}

/** What to know of a guest that is played live. */
function LiveSummary() {
  const known = progress.value;
  const { checkpoints = [], eventsFrom = 0 } = known?.live ?? {};
  return (
    <>
      <p class="summary">
        A live guest: type in its terminal, pause it, go back. Every step is an instruction or an
        interruption.
      </p>
      <p class="live-actions">
        <button
          type="button"
          disabled={known === null || known.end !== null}
          onClick={() => void saveState()}
        >
          Save state…
        </button>
      </p>
      <p class="muted kept">
        {checkpoints.length === 0
          ? 'Going back plays from the start.'
          : `Going back plays from one of ${checkpoints.length} checkpoints.`}
        {eventsFrom > 0 && ` Events from step ${eventsFrom.toLocaleString('en')} on are kept.`}
      </p>
    </>
  );
}
