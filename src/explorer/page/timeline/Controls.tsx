/**
 * The buttons that move through a recording.
 */

import { Breakpoints } from '../breakpoints/Breakpoints.tsx';
import { stepForward } from '../recording/live.ts';
import {
  atEnd,
  isLive,
  isRecording,
  moveByEvents,
  moveBySteps,
  moveTo,
  position,
  progress,
  START,
} from '../recording/state.ts';
import { FoldButton } from '../ui/FoldButton.tsx';
import { lecture } from '../ui/panes.ts';
import { Filters } from './Filters.tsx';
import { playing, speed, togglePlay } from './play.ts';
import { SPEEDS } from './scale.ts';
import { Where } from './Where.tsx';

interface ControlProps {
  readonly name: string;
  readonly keys: string;
  /** An SVG path, on a grid of 16 by 16. */
  readonly icon: string;
  readonly off: boolean;
  /** Whether it goes to an end of the recording. */
  readonly toEnd?: boolean;
  readonly act: () => unknown;
}

function Control({ name, keys, icon, off, toEnd = false, act }: ControlProps) {
  return (
    <button
      type="button"
      class={toEnd ? 'icon ends' : 'icon'}
      aria-label={name}
      title={`${name} (${keys})`}
      disabled={off}
      onClick={() => void act()}
    >
      <Icon path={icon} />
    </button>
  );
}

function Icon({ path }: { readonly path: string }) {
  return (
    <svg class="glyph-icon" width="16" height="16" viewBox="0 0 16 16" aria-hidden="true">
      <path d={path} />
    </svg>
  );
}

/** The button of lecture mode. */
function LectureButton() {
  const name = lecture.value ? 'End lecture mode' : 'Lecture mode';
  return (
    <button
      type="button"
      class="icon lecture-button"
      aria-label={name}
      aria-pressed={lecture.value}
      title={`${name} (l): picture, note and steps in large type`}
      onClick={() => (lecture.value = !lecture.value)}
    >
      <svg
        width="16"
        height="16"
        viewBox="0 0 16 16"
        fill="none"
        stroke="currentColor"
        stroke-width="1.5"
        aria-hidden="true"
      >
        <path d="M1 2.5h14M2.5 2.5v8h11v-8M8 10.5v2M5 14.5l3-2 3 2" />
      </svg>
    </button>
  );
}

/** Plays the recording, or stops. A live guest runs, or is paused. */
function PlayButton() {
  const known = progress.value;
  const runs = isLive.value ? isRecording.value : playing.value;
  const name = runs ? 'Pause' : isLive.value ? 'Run' : 'Play';
  return (
    <button
      type="button"
      class="primary play"
      title={`${name} (space)`}
      disabled={known === null || (known.live !== null && known.end !== null)}
      onClick={togglePlay}
    >
      <Icon path={runs ? 'M4 3h3v10H4zM9 3h3v10H9z' : 'M4 2l9 6-9 6z'} /> {name}
    </button>
  );
}

function Speed() {
  return (
    <label>
      <span class="hidden">Speed</span>
      <select
        class="speed"
        title="Speed: steps per second, or as fast as possible"
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
  );
}

/** The controls. */
export function Controls() {
  const known = progress.value;
  const start = known === null || (position.value.step === 0 && position.value.event === 0);
  const end = atEnd.value;
  const canStepOn = isLive.value && !isRecording.value && known?.end === null;
  return (
    <fieldset class="controls" aria-label="Move through the recording">
      <Control
        name="To the start"
        keys="{"
        icon="M3 3v10M13 3L6 8l7 5z"
        off={start}
        toEnd
        act={() => moveTo(START)}
      />
      <Control
        name="Step back"
        keys="["
        icon="M8 3L2 8l6 5zM14 3L8 8l6 5z"
        off={start}
        act={() => moveBySteps(-1)}
      />
      <Control name="Event back" keys="," icon="M11 3L5 8l6 5z" off={start} act={() => moveByEvents(-1)} />
      <PlayButton />
      <Control name="Event forward" keys="." icon="M5 3l6 5-6 5z" off={end} act={() => moveByEvents(1)} />
      <Control
        name="Step forward"
        keys="]"
        icon="M2 3l6 5-6 5zM8 3l6 5-6 5z"
        off={end && !canStepOn}
        act={stepForward}
      />
      <Control
        name="To the end"
        keys="}"
        icon="M13 3v10M3 3l7 5-7 5z"
        off={end}
        toEnd
        act={() => moveTo({ step: known?.steps ?? 0, event: 0 })}
      />
      {!isLive.value && <Speed />}
      <Where />
      <span class="spacer" />
      <Filters />
      <Breakpoints />
      <LectureButton />
      <FoldButton pane="time" name="the timeline" />
    </fieldset>
  );
}
