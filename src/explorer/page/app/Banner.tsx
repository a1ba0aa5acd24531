/**
 * Messages about what went wrong, one line each.
 */

import { queryError, workerFailed } from '../client.ts';
import { goOn, isRecording, openError, progress, source } from '../recording/state.ts';
import { complain, notice } from '../ui/notice.ts';

/** All messages. */
export function Banner() {
  const end = progress.value?.end;
  return (
    <>
      {notice.value !== null && (
        <div class="banner" role="alert">
          <p>{notice.value}</p>
          <button type="button" onClick={() => (notice.value = null)}>
            Dismiss
          </button>
        </div>
      )}
      {workerFailed.value && (
        <div class="banner" role="alert">
          <p>The machine has failed: nothing is answered any more. Load the page again.</p>
        </div>
      )}
      {openError.value !== null && (
        <div class="banner" role="alert">
          <p>This could not be opened: {openError.value}</p>
        </div>
      )}
      {queryError.value !== null && openError.value === null && (
        <div class="banner" role="alert">
          <p>This position cannot be shown: {queryError.value}</p>
        </div>
      )}
      {end?.stuck && (
        <div class="banner" role="status">
          <p>It does not go on: {end.sentence}</p>
        </div>
      )}
      <Paused />
    </>
  );
}

/** A guest that runs for a long time is stopped until the user continues it. */
function Paused() {
  const known = progress.value;
  if (source.value?.kind !== 'guest' || known === null || known.end !== null || isRecording.value)
    return null;
  return (
    <div class="banner quiet" role="status">
      <p>Stopped after {known.steps.toLocaleString('en')} steps: the guest has not ended.</p>
      <button type="button" onClick={() => void goOn().catch(complain)}>
        Go on
      </button>
    </div>
  );
}
