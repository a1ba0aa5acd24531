/**
 * Messages about what went wrong, one line each.
 */

import { queryError, workerFailed } from '../client.ts';
import { isRecording, openError, progress, resume, source } from '../recording/state.ts';
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
          <p>The machine has crashed. Reload the page.</p>
        </div>
      )}
      {openError.value !== null && (
        <div class="banner" role="alert">
          <p>Cannot open this: {openError.value}</p>
        </div>
      )}
      {queryError.value !== null && openError.value === null && (
        <div class="banner" role="alert">
          <p>Cannot show this position: {queryError.value}</p>
        </div>
      )}
      {end?.stuck && (
        <div class="banner" role="status">
          <p>
            Stopped{end.sentence.startsWith('line ') ? ' at' : ':'} {end.sentence}
          </p>
        </div>
      )}
      <Paused />
    </>
  );
}

/** A guest or a program is paused after a number of steps, until the user continues it. */
function Paused() {
  const known = progress.value;
  const kind = source.value?.kind;
  if (kind !== 'guest' && kind !== 'program') return null;
  if (known?.end !== null || known.live !== null || isRecording.value) return null;
  return (
    <div class="banner quiet" role="status">
      <p>
        Paused after {known.steps.toLocaleString('en')} steps. The {kind} has not ended.
      </p>
      <button type="button" onClick={() => void resume().catch(complain)}>
        Continue
      </button>
    </div>
  );
}
