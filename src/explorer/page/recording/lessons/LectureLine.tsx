/**
 * The line that was done last, with its answer, for lecture mode, which does not show the scenario.
 */

import { answers, inOneLine } from '../editor/answers.ts';
import { position } from '../state.ts';
import { lines, openedLines } from '../workspace.ts';

/** The line. Inside a step it is the line of this step, which has no answer yet. */
export function LectureLine() {
  const { step, event } = position.value;
  const line = lines.value[event > 0 ? step : step - 1];
  const text = line === undefined ? undefined : openedLines.value[line - 1]?.trim();
  if (line === undefined || text === undefined) return null;
  const answered = event > 0 ? undefined : answers.value.get(line);
  const failed = answered?.answer[0]?.startsWith('error') ?? false;
  return (
    <p class="lecture-line">
      {text}
      {answered && (
        <span class={failed ? 'failed' : 'muted'}>
          {' '}
          {failed ? '✕' : '→'} {inOneLine(answered)}
        </span>
      )}
    </p>
  );
}
