/**
 * The page in a frame of another page (`?embed`): the picture, the current note, and the buttons for steps.
 */

import '../app/App.css';
import './Embed.css';
import { Banner } from '../app/Banner.tsx';
import { LiveRegion } from '../app/LiveRegion.tsx';
import { Stage } from '../app/Stage.tsx';
import { latestNotes, moveByNotes } from '../recording/lessons/story.ts';
import { fragment } from '../recording/share/link.ts';
import { atEnd, position, progress } from '../recording/state.ts';
import { lesson, lineDone, openedLines, title } from '../recording/workspace.ts';
import { Blocks } from '../ui/Prose.tsx';

/** Whether the address asks for this page. */
export function isEmbedded(): boolean {
  return new URLSearchParams(location.search).has('embed');
}

/** The page. */
export function Embed() {
  return (
    <div class="embed">
      <main class="stage">
        <h1 class="hidden">Guesthouse</h1>
        <h2 class="hidden">{title.value}</h2>
        <Banner />
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a panel that scrolls must be reached by keyboard */}
        <section id="panel" class="panel" tabIndex={0} aria-label={title.value}>
          <Stage />
        </section>
      </main>
      <Notes />
      <Steps />
      <LiveRegion />
    </div>
  );
}

function Notes() {
  const line = openedLines.value[lineDone.value - 1]?.trim();
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard
    <section class="note" tabIndex={0} aria-label="Note">
      {line && (
        <p>
          <code>{line}</code>
        </p>
      )}
      {latestNotes.value.map((note) => (
        <div key={`${lesson.value?.id} ${note.step} ${note.fault}`} class="text">
          <Blocks blocks={note.blocks} />
        </div>
      ))}
    </section>
  );
}

function Steps() {
  const { step, event } = position.value;
  const page = `${location.pathname}#${fragment() ?? ''}`;
  return (
    <footer>
      <button type="button" disabled={step === 0 && event === 0} onClick={() => moveByNotes(-1)}>
        Back
      </button>
      <button type="button" class="primary" disabled={atEnd.value} onClick={() => moveByNotes(1)}>
        Next
      </button>
      <span class="where muted">
        step <b>{step}</b> of {progress.value?.steps ?? '…'}
      </span>
      <span class="spacer" />
      <a href={page} target="_blank" rel="noopener">
        Open in Guesthouse
      </a>
    </footer>
  );
}
