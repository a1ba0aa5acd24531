/**
 * The status of the checker: whether a rule is broken.
 */

import './CheckStatus.css';
import { isLive, isRecording, progress, source } from '../state.ts';
import { traceCheck } from './trace-check.ts';

/** The status in the header. */
export function CheckStatus() {
  const known = progress.value;
  const isTrace = source.value?.kind === 'trace';
  const check = traceCheck.value;
  // A live guest is not checked: it would run for hours.
  if ((isTrace && check === null) || isLive.value) return null;
  // Rendered at once, so that the header does not change when the first result arrives.
  if (known === null) return <span class="status waiting">✓ all checks pass</span>;
  const count = check?.broken ?? known.violations.length;
  if (count > 0) {
    return (
      <span class="status bad">
        <span aria-hidden="true">✕</span> {count === 1 ? '1 violation' : `${count} violations`}
      </span>
    );
  }
  if (check?.isWhole === false) return <span class="status">checked in part</span>;
  return (
    <span class="status good">
      <span aria-hidden="true">✓</span> {isRecording.value ? 'all checks pass so far' : 'all checks pass'}
    </span>
  );
}
