/**
 * Whether a rule is broken, in a word.
 */

import './CheckStatus.css';
import { isRecording, progress, source } from '../state.ts';

/** The word. */
export function CheckStatus() {
  const known = progress.value;
  if (source.value?.kind === 'trace') return null;
  // Its place is kept, so that nothing moves when it comes.
  if (known === null) return <span class="status waiting">✓ no rule broken</span>;
  const count = known.violations.length;
  if (count > 0) {
    return (
      <span class="status bad">
        <span aria-hidden="true">✕</span> {count === 1 ? '1 rule broken' : `${count} times a rule broken`}
      </span>
    );
  }
  return (
    <span class="status good">
      <span aria-hidden="true">✓</span> {isRecording.value ? 'no rule broken yet' : 'no rule broken'}
    </span>
  );
}
