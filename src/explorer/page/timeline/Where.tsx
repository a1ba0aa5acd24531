/**
 * The position in numbers, and the field to go to a step.
 */

import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { isWaiting } from '../client.ts';
import { isRecording, moveTo, position, progress } from '../recording/state.ts';

/** The position. A click on it opens the field. */
export function Where() {
  const isOpen = useSignal(false);
  const known = progress.value;
  if (known === null) return <span class="where">{isRecording.value ? 'recording…' : ''}</span>;
  if (isOpen.value) return <GoToStep steps={known.steps} close={() => (isOpen.value = false)} />;
  const { step, event } = position.value;
  return (
    <span class="where">
      <button type="button" class="plain" title="Go to a step…" onClick={() => (isOpen.value = true)}>
        {event > 0 ? 'in step ' : 'step '}
        <b>{(event > 0 ? step + 1 : step).toLocaleString('en')}</b> of {known.steps.toLocaleString('en')}
        {event > 0 && `, after event ${event}`}
        {isRecording.value &&
          (known.live === null ? ', recording…' : known.live.waits ? ', waiting' : ', running…')}
        {isWaiting.value && <span class="waiting">, playing…</span>}
      </button>
      <span class="muted"> · {known.events.toLocaleString('en')} events</span>
    </span>
  );
}

interface GoToStepProps {
  readonly steps: number;
  readonly close: () => void;
}

/** The field. Enter goes to the step; Escape, or leaving the field, does not. */
function GoToStep({ steps, close }: GoToStepProps) {
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => input.current?.select(), []);
  return (
    <form
      class="where"
      onSubmit={(event) => {
        event.preventDefault();
        const step = input.current?.valueAsNumber ?? Number.NaN;
        if (Number.isInteger(step)) moveTo({ step, event: 0 });
        close();
      }}
    >
      <label>
        step{' '}
        <input
          ref={input}
          type="number"
          min={0}
          max={steps}
          defaultValue={position.peek().step}
          onKeyDown={(event) => {
            if (event.key === 'Escape') close();
          }}
          onBlur={close}
        />{' '}
        of {steps.toLocaleString('en')}
      </label>
    </form>
  );
}
