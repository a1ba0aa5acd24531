/**
 * What the events of an open trace show to be wrong.
 */

import { effect, signal } from '@preact/signals';
import type { EventCheck } from '../../../protocol.ts';
import { machine } from '../../client.ts';
import { isRecording, progress, source } from '../state.ts';

/** The result for the open trace; null until it is known, for any other recording, and for a trace of which nothing can be checked. */
export const traceCheck = signal<EventCheck | null>(null);

effect(() => {
  const what = source.value;
  traceCheck.value = null;
  if (what?.kind !== 'trace' || isRecording.value || progress.value === null) return;
  machine.checkEvents().then(
    (found) => {
      if (source.peek() === what && found.checked > 0) traceCheck.value = found;
    },
    () => undefined,
  );
});
