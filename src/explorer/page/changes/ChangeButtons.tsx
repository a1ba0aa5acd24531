/**
 * Buttons that go to the step that wrote something.
 */

import './ChangeButtons.css';
import type { ChangeTarget } from '../../protocol.ts';
import { source } from '../recording/state.ts';
import { cancel, goToChange, keyOf, search } from './changes.ts';

interface ChangeButtonsProps {
  readonly target: ChangeTarget;
  /** What it is, after "of": `this entry`. */
  readonly of: string;
}

/** The buttons, and what the latest search for this target has found. Nothing for a trace. */
export function ChangeButtons({ target, of }: ChangeButtonsProps) {
  if (source.value?.kind === 'trace') return null;
  const shown = search.value?.key === keyOf(target) ? search.value : null;
  const part = shown?.part ?? null;
  return (
    <span class="changes">
      <button
        type="button"
        title={`Who wrote this? Go to the step that made the present contents of ${of}; from there, to the change before`}
        aria-label={`Last change of ${of}`}
        onClick={() => void goToChange(target, 'previous')}
      >
        ◀ Last change
      </button>
      <button
        type="button"
        title={`Who writes this next? Go to the next step that changes ${of}`}
        aria-label={`Next change of ${of}`}
        onClick={() => void goToChange(target, 'next')}
      >
        Next change ▶
      </button>
      {part !== null && (
        <button type="button" onClick={cancel}>
          Stop the search ({Math.round(part * 100)} %)
        </button>
      )}
      <span role="status">{shown?.outcome ?? ''}</span>
    </span>
  );
}
