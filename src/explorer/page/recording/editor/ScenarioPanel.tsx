/**
 * The scenario with its answers, and the buttons that run it. The editor is loaded after the page; until then the plain
 * text is shown.
 */

import './ScenarioPanel.css';
import { FoldButton } from '../../ui/FoldButton.tsx';
import { lazy } from '../../ui/lazy.tsx';
import {
  cursorLine,
  draft,
  draftError,
  edited,
  lessonChanged,
  openedText,
  run,
  runThrough,
} from '../workspace.ts';

const Editor = lazy(() => import('./Editor.tsx').then((m) => m.Editor), PlainText);

/** The panel. */
export function ScenarioPanel() {
  const scenario = openedText.value !== null;
  const error = edited.value ? draftError.value : null;
  return (
    <section class="scenario" aria-label="Scenario">
      <div class="bar">
        <FoldButton pane="scenario" name="the scenario" />
        <h2>Scenario</h2>
        <small>{edited.value ? 'edited' : lessonChanged.value ? 'changed' : ''}</small>
        <span class="spacer" />
        <button
          type="button"
          disabled={!scenario}
          title="Run up to and including the cursor’s line (Shift-Enter)"
          onClick={() => void runThrough(cursorLine.value)}
        >
          Run to line
        </button>
        <button
          type="button"
          class="primary"
          disabled={!scenario}
          title="Run the scenario to its end (Ctrl-Enter or ⌘-Enter)"
          onClick={() => void run()}
        >
          Run all
        </button>
      </div>
      {error && (
        <p class="not-applied" role="status">
          Line {error.line} has a syntax error. The picture still shows the scenario before this edit.
        </p>
      )}
      <Editor />
    </section>
  );
}

function PlainText() {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard
    <pre class="plain-text" tabIndex={0}>
      {draft.value}
    </pre>
  );
}
