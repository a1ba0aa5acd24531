/**
 * What went wrong with opening or asking, in one line each.
 */

import { lookError } from '../machine.ts';
import { goOn, openError, progress, recording } from '../state.ts';
import { notice } from './notice.ts';

/** The lines there are to show. */
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
      {openError.value !== null && (
        <div class="banner" role="alert">
          <p>This could not be opened: {openError.value}</p>
        </div>
      )}
      {lookError.value !== null && openError.value === null && (
        <div class="banner" role="alert">
          <p>This moment cannot be shown: {lookError.value}</p>
        </div>
      )}
      {end?.stuck && (
        <div class="banner" role="status">
          <p>{end.sentence}</p>
          <button type="button" disabled={recording.value} onClick={() => void goOn()}>
            Go on
          </button>
        </div>
      )}
    </>
  );
}
