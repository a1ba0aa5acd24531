/**
 * Broken rules: what the checker reports, why it matters, and a button that goes there.
 */

import './Violations.css';
import type { Rule } from '../../../../check/index.ts';
import type { Progress } from '../../../../player/index.ts';
import { isRecording, moveTo, progress, settings } from '../state.ts';
import { lines } from '../workspace.ts';
import { FAULTS, WHY } from './faults.ts';

type Found = Progress['violations'][number];

/** The violations of one rule, in order. */
interface Broken {
  readonly rule: Rule;
  readonly found: readonly Found[];
}

function byRule(found: readonly Found[]): readonly Broken[] {
  const rules = new Map<Rule, Found[]>();
  for (const one of found) {
    const list = rules.get(one.violation.rule);
    if (list) list.push(one);
    else rules.set(one.violation.rule, [one]);
  }
  return [...rules].map(([rule, list]) => ({ rule, found: list }));
}

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
          {byRule(found).map((broken) => (
            <BrokenRule key={broken.rule} broken={broken} />
          ))}
        </ol>
      )}
    </section>
  );
}

/** A rule, what is wrong first, and the lines or steps after which the rule was broken. */
function BrokenRule({ broken: { rule, found } }: { readonly broken: Broken }) {
  const messages = [...new Set(found.map(({ violation }) => shown(violation.message)))];
  const steps = [...new Set(found.map(({ step }) => step))];
  return (
    <li>
      <span class="rule">✕ {rule}</span>
      <div>
        <p>{sentence(messages[0] ?? '')}</p>
        <p class="muted">{WHY[rule]}</p>
        {messages.length > 1 && (
          <details>
            <summary>{messages.length - 1} more</summary>
            {messages.slice(1).map((message) => (
              <p key={message}>{sentence(message)}</p>
            ))}
          </details>
        )}
      </div>
      <span class="places">
        {steps.map((step) => (
          <button
            key={step}
            type="button"
            aria-label={`Go to ${placeOf(step)}`}
            onClick={() => moveTo({ step: step + 1, event: 0 })}
          >
            {placeOf(step)}
          </button>
        ))}
      </span>
    </li>
  );
}

function placeOf(step: number): string {
  const line = lines.value[step];
  return line === undefined ? `step ${step + 1}` : `line ${line}`;
}

/** The page calls a gmap a guest. */
function shown(message: string): string {
  return message.replaceAll(/\bgmap (\d+)/g, 'guest $1');
}

function sentence(message: string): string {
  return `${message.charAt(0).toUpperCase()}${message.slice(1)}.`;
}
