/**
 * The panel of breakpoints.
 */

import './Breakpoints.css';
import { source } from '../recording/state.ts';
import { Popover } from '../ui/Popover.tsx';
import { breakpoints, cancel, errors, goToHit, outcome, searching, text } from './breakpoints.ts';

/** Forms that the panel shows as examples. */
const EXAMPLES: readonly { readonly form: string; readonly meaning: string }[] = [
  { form: 'main', meaning: 'before the instruction at a symbol or an address' },
  { form: 'write:0x8000,8', meaning: 'after a store to 8 bytes at 0x8000; read: and access: are alike' },
  { form: 'event:link', meaning: 'after an event' },
  { form: 'exit:HLT', meaning: 'after an exit to user space' },
  { form: 'interruption:program:0x10', meaning: 'after an interruption' },
  { form: '0x1200 if r3 == 0x10', meaning: 'only if a register has a value' },
];

/** The button, and the panel that it opens. */
export function Breakpoints() {
  const count = breakpoints.value.length;
  return (
    <Popover
      name="Breakpoints"
      title="Breakpoints: go to the next (b) or the previous (B) hit"
      label={
        <span class={count > 0 ? 'breakpoints-on' : ''}>
          <span aria-hidden="true">⬤</span> {count > 0 && count}
        </span>
      }
    >
      <Panel />
    </Popover>
  );
}

function Panel() {
  const none = source.value === null || breakpoints.value.length === 0;
  const wrong = errors.value.flatMap((error, at) => (error === null ? [] : [{ at, error }]));
  return (
    <div class="breakpoints">
      <label>
        <b>Breakpoints</b>, one a line
        <textarea
          rows={4}
          spellcheck={false}
          value={text.value}
          onInput={(event) => (text.value = event.currentTarget.value)}
        />
      </label>
      {wrong.map(({ at, error }) => (
        <p key={at} class="breakpoint-error" role="alert">
          {breakpoints.value[at]}: {error}
        </p>
      ))}
      <p class="breakpoint-buttons">
        <button type="button" disabled={none} onClick={() => void goToHit('previous')}>
          ◀ Previous hit
        </button>
        <button type="button" class="primary" disabled={none} onClick={() => void goToHit('next')}>
          Next hit ▶
        </button>
        {searching.value !== null && (
          <button type="button" onClick={cancel}>
            Stop the search ({Math.round(searching.value * 100)} %)
          </button>
        )}
      </p>
      <p role="status">{outcome.value}</p>
      <dl>
        {EXAMPLES.map(({ form, meaning }) => (
          <>
            <dt>
              <code>{form}</code>
            </dt>
            <dd>{meaning}</dd>
          </>
        ))}
      </dl>
    </div>
  );
}
