/**
 * The terminal of a guest that is played live, beside the list of events.
 */

import { following, isRecording, moveTo, progress } from '../recording/state.ts';
import { Screen } from '../views/console/Screen.tsx';

/** The panel. */
export function LivePanel() {
  return (
    <section class="live-panel" aria-label="Terminal">
      <div class="live-head">
        <h2>Terminal</h2>
        <span class="muted">{stateOf()}</span>
        {!following.value && (
          <button
            type="button"
            class="plain"
            onClick={() => moveTo({ step: progress.value?.steps ?? 0, event: 0 })}
          >
            Go to the end to type
          </button>
        )}
      </div>
      <Screen />
    </section>
  );
}

function stateOf(): string {
  const known = progress.value;
  if (known === null) return '';
  if (known.end !== null) return known.end.sentence;
  if (!following.value) return 'an earlier position';
  if (!isRecording.value) return 'paused';
  return known.live?.waits ? 'the guest waits for you' : 'the guest runs';
}
