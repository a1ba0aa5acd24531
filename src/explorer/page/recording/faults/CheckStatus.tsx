/**
 * The status of the checker: whether a rule is broken.
 */

import './CheckStatus.css';
import { isRecording, progress, source } from '../state.ts';

/** The status in the header. */
export function CheckStatus() {
  const known = progress.value;
  if (source.value?.kind === 'trace') return null;
  // Rendered at once, so that the header does not change when the first result arrives.
  if (known === null) return <span class="status waiting">✓ all checks pass</span>;
  const count = known.violations.length;
  if (count > 0) {
    return (
      <span class="status bad">
        <span aria-hidden="true">✕</span> {count === 1 ? '1 violation' : `${count} violations`}
      </span>
    );
  }
  return (
    <span class="status good">
      <span aria-hidden="true">✓</span> {isRecording.value ? 'all checks pass so far' : 'all checks pass'}
    </span>
  );
}
