/**
 * The console of the guest or the program, or a sentence if the recording has none.
 */

import { progress, source } from '../../recording/state.ts';
import { Screen } from './Screen.tsx';

/** The view. */
export function ConsoleView() {
  const what = source.value;
  const output = progress.value?.output ?? [];
  if (what !== null && (what.kind === 'trace' || what.kind === 'scenario') && output.length === 0) {
    return (
      <p class="placeholder">
        This recording has no console: {what.kind === 'trace' ? 'a trace' : 'a scenario'} has no guest code
        that could write.
        <br />
        Open a Linux program or a guest’s ELF image to see one.
      </p>
    );
  }
  return <Screen />;
}
