/**
 * Announces the position to screen readers.
 */

import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { answers, inOneLine } from '../recording/editor/answers.ts';
import { position, source } from '../recording/state.ts';
import { lines, openedLines, title } from '../recording/workspace.ts';
import { playing } from '../timeline/play.ts';

/** A position is announced after this many milliseconds, if it is still shown. */
const AFTER = 350;

/** Returns a sentence on the position. */
function sentence(): string {
  const { step, event } = position.value;
  if (source.value === null) return '';
  if (step === 0 && event === 0) return `${title.value}: beginning.`;
  if (event > 0) return `In step ${step + 1}, after event ${event}.`;
  const line = lines.value[step - 1];
  const text = line === undefined ? undefined : openedLines.value[line - 1];
  const answered = line === undefined ? undefined : answers.value.get(line);
  if (text === undefined) return `After step ${step}.`;
  return `After line ${line}, ${text.trim()}${answered ? `: ${inOneLine(answered)}` : ''}.`;
}

/** The region. It is silent while the recording plays. */
export function LiveRegion() {
  const announced = useSignal('');
  const now = playing.value ? null : sentence();
  useEffect(() => {
    if (now === null) return;
    const timer = setTimeout(() => {
      announced.value = now;
    }, AFTER);
    return () => clearTimeout(timer);
  }, [now]);
  return (
    <p class="hidden" role="status" aria-live="polite">
      {announced.value}
    </p>
  );
}
