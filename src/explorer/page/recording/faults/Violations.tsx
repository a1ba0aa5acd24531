/**
 * Broken rules: what the checker reports, why it matters, and a button that goes there.
 */

import './Violations.css';
import { type FindingPlace, TRACE_RULES, type TraceRule } from '../../../../analysis/index.ts';
import type { Rule } from '../../../../check/index.ts';
import { isRecording, moveTo, progress, selected, settings, source } from '../state.ts';
import { lines } from '../workspace.ts';
import { FAULTS, WHY } from './faults.ts';
import { traceCheck } from './trace-check.ts';

/** Something that is wrong: what, the step after which it is, and where, if that is known. */
interface Found {
  readonly rule: string;
  readonly message: string;
  readonly step: number;
  readonly about: FindingPlace | null;
}

/** The violations of one rule, in order. */
interface Broken {
  readonly rule: string;
  readonly found: readonly Found[];
}

/** Maximum number of places that have a button. */
const PLACES = 12;

/** Returns what the checker has found, or what the events of a trace show. */
function foundNow(): readonly Found[] {
  const check = traceCheck.value;
  if (check !== null) {
    return check.findings.map(({ rule, n, message, because, about }) => ({
      rule,
      message: because === null ? message : `${message} since event ${because}`,
      step: n,
      about,
    }));
  }
  return (progress.value?.violations ?? []).map(({ violation: { rule, message }, step }) => ({
    rule,
    message,
    step,
    about: null,
  }));
}

/** Says why a rule matters; of a trace, what it states. */
function reasonFor(rule: string): string {
  return rule in WHY ? WHY[rule as Rule] : TRACE_RULES[rule as TraceRule];
}

function byRule(found: readonly Found[]): readonly Broken[] {
  const rules = new Map<string, Found[]>();
  for (const one of found) {
    const list = rules.get(one.rule);
    if (list) list.push(one);
    else rules.set(one.rule, [one]);
  }
  return [...rules].map(([rule, list]) => ({ rule, found: list }));
}

/** The panel; absent while no fault is injected and no rule is broken. */
export function Violations() {
  const { injectedFault } = settings.value;
  const found = foundNow();
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
  const messages = [...new Set(found.map(({ message }) => shown(message)))];
  const steps = [...new Set(found.map(({ step }) => step))];
  return (
    <li>
      <span class="rule">✕ {rule}</span>
      <div>
        <p>{sentence(messages[0] ?? '')}</p>
        <p class="muted">{reasonFor(rule)}</p>
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
        {steps.slice(0, PLACES).map((step) => (
          <button
            key={step}
            type="button"
            aria-label={`Go to ${placeOf(step)}`}
            onClick={() => goTo(found.find((one) => one.step === step))}
          >
            {placeOf(step)}
          </button>
        ))}
        {steps.length > PLACES && <span class="muted">and {steps.length - PLACES} more</span>}
      </span>
    </li>
  );
}

/** Goes to where something is wrong, and selects the guest or the process that it is about. */
function goTo(found: Found | undefined): void {
  if (found === undefined) return;
  moveTo({ step: found.step + 1, event: 0 });
  if (found.about !== null) selected.value = found.about;
}

function placeOf(step: number): string {
  if (source.value?.kind === 'trace') return `event ${step}`;
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
