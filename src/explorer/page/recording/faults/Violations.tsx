/**
 * Broken rules: what the checker reports, why it matters, and a button that goes there.
 */

import './Violations.css';
import type { Progress } from '../../../../player/index.ts';
import { isRecording, moveTo, progress, settings } from '../state.ts';
import { lines } from '../workspace.ts';
import { FAULTS, WHY } from './faults.ts';

type Found = Progress['violations'][number];
/** Maximum number shown. The first ones are enough to see what went wrong. */
const SHOWN = 50;

/** The panel; absent while no fault is injected and no rule is broken. */
export function Violations() {
  const { injectedFault } = settings.value;
  const found = progress.value?.violations ?? [];
  if (injectedFault === null && found.length === 0) return null;
  return (
    <section class={`violations ${found.length === 0 ? 'quiet' : ''}`} aria-label="Broken rules">
      {injectedFault !== null && (
        <p>
          <strong>Left out: {FAULTS[injectedFault].name}.</strong> {FAULTS[injectedFault].sentence}
        </p>
      )}
      {found.length === 0 ? (
        <p class="muted">
          {isRecording.value ? 'Playing…' : 'No rule is broken: this recording does not depend on it.'}
        </p>
      ) : (
        <ol>
          {found.slice(0, SHOWN).map((one, at) => (
            <Broken
              key={at}
              found={one}
              why={found.findIndex(({ violation }) => violation.rule === one.violation.rule) === at}
            />
          ))}
        </ol>
      )}
      {found.length > SHOWN && <p class="muted">and {found.length - SHOWN} more.</p>}
    </section>
  );
}

interface BrokenProps {
  readonly found: Found;
  /** Whether to explain why the rule matters: only the first time. */
  readonly why: boolean;
}

function Broken({ found: { step, violation }, why }: BrokenProps) {
  const line = lines.value[step];
  const where = line === undefined ? `after step ${step + 1}` : `after line ${line}`;
  return (
    <li>
      <span class="rule">✕ {violation.rule}</span>
      <div>
        <p>{violation.message}</p>
        {why && <p class="muted">{WHY[violation.rule]}</p>}
      </div>
      <button type="button" onClick={() => moveTo({ step: step + 1, event: 0 })}>
        Go there <span class="muted">({where})</span>
      </button>
    </li>
  );
}
