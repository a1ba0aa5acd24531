/**
 * The ways through a story.
 */

import { atEnd, moment, moveByEvents, moveBySteps, moveTo, progress, recording, START } from '../state.ts';
import { SPEEDS } from './axis.ts';
import { Filters } from './Filters.tsx';
import { playing, speed, togglePlay } from './play.ts';

interface ControlProps {
  readonly name: string;
  readonly keys: string;
  readonly glyph: string;
  readonly off: boolean;
  readonly act: () => unknown;
}

function Control({ name, keys, glyph, off, act }: ControlProps) {
  return (
    <button
      type="button"
      class="icon"
      aria-label={name}
      title={`${name} (${keys})`}
      disabled={off}
      onClick={() => void act()}
    >
      <span aria-hidden="true">{glyph}</span>
    </button>
  );
}

/** The controls. */
export function Controls() {
  const known = progress.value;
  const start = known === null || (moment.value.step === 0 && moment.value.event === 0);
  const end = atEnd.value;
  return (
    <fieldset class="controls" aria-label="Go through the story">
      <Control name="To the start" keys="{" glyph="⏮︎" off={start} act={() => moveTo(START)} />
      <Control name="Step back" keys="[" glyph="«" off={start} act={() => moveBySteps(-1)} />
      <Control name="Event back" keys="," glyph="‹" off={start} act={() => moveByEvents(-1)} />
      <button
        type="button"
        class="primary play"
        title={`${playing.value ? 'Pause' : 'Play'} (space)`}
        disabled={known === null}
        onClick={togglePlay}
      >
        {playing.value ? '❚❚ Pause' : '▶︎ Play'}
      </button>
      <Control name="Event forward" keys="." glyph="›" off={end} act={() => moveByEvents(1)} />
      <Control name="Step forward" keys="]" glyph="»" off={end} act={() => moveBySteps(1)} />
      <Control
        name="To the end"
        keys="}"
        glyph="⏭︎"
        off={end}
        act={() => moveTo({ step: known?.steps ?? 0, event: 0 })}
      />
      <label>
        <span class="hidden">Speed</span>
        <select
          title="How many things happen in a second"
          value={speed.value}
          onChange={(event) => (speed.value = Number(event.currentTarget.value))}
        >
          {SPEEDS.map(({ name }, at) => (
            <option key={name} value={at}>
              {name}
            </option>
          ))}
        </select>
      </label>
      <Where />
      <span class="spacer" />
      <Filters />
    </fieldset>
  );
}

/** Where one is, in numbers. */
function Where() {
  const known = progress.value;
  if (known === null) return <span class="where">{recording.value ? 'playing…' : ''}</span>;
  const { step, event } = moment.value;
  return (
    <span class="where">
      step <b>{step.toLocaleString('en')}</b> of {known.steps.toLocaleString('en')}
      {event > 0 && (
        <>
          , event <b>{event}</b> of the next
        </>
      )}
      {recording.value && ', playing…'}
      <span class="muted"> · {known.events.toLocaleString('en')} events</span>
    </span>
  );
}
