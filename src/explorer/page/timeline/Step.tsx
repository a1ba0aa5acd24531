/**
 * The step panel: the line, its answer, its events, and the counters.
 */

import { useRef } from 'preact/hooks';
import { isEarlier, type Position, type RecordedEvent, samePosition } from '../../../player/index.ts';
import { folded, outcomeOf, type RepeatedEvent } from '../../outcome.ts';
import type { QueryResult } from '../../protocol.ts';
import { machine, useQuery } from '../client.ts';
import { answers } from '../recording/editor/answers.ts';
import { moveTo, position, progress, source } from '../recording/state.ts';
import { lines, openedLines, openedText } from '../recording/workspace.ts';
import { useAnswer } from '../ui/useAnswer.ts';
import { asceNames } from './asce-names.ts';
import { inLinux } from './kernel.ts';
import { laneOf } from './kinds.ts';
import { sentenceOf } from './sentences.ts';

const NO_EVENTS: readonly RecordedEvent[] = [];
/** Maximum number of events shown for one step. */
const EVENTS_SHOWN = 40;

/** Returns the number of the step in progress, or of the last one done; -1 at the beginning. */
function shownStep(): number {
  const { step, event } = position.value;
  return event > 0 ? step : step - 1;
}

/** The panel. */
export function Step() {
  const step = shownStep();
  const nameOf = asceNames(useQuery({ outline: true })?.outline ?? []);
  const events = useAnswer<readonly RecordedEvent[]>(() => {
    const shown = shownStep();
    return source.value === null || progress.value === null || shown < 0 ? null : eventsOf(shown);
  }, NO_EVENTS);
  return (
    <section class="step" aria-label="This step">
      <h2>{heading(step)}</h2>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard */}
      <section class="body" tabIndex={0} aria-label="Effects of this step">
        {step >= 0 ? (
          <Outcome step={step} />
        ) : (
          <p class="muted">
            Press <kbd>]</kbd> to run the first {openedText.value === null ? 'step' : 'line'}, or{' '}
            <kbd>space</kbd> to play.
          </p>
        )}
        <ol>
          {folded(events.value).map((item) => (
            <StepEvent
              key={item.first.n}
              item={item}
              sentence={sentenceOf(item.first.event, {
                nameOf,
                outcome: outcomeOf(events.value, item.index),
              })}
            />
          ))}
        </ol>
        {events.value.length === EVENTS_SHOWN && <p class="muted">… and more, in the list of events.</p>}
        <Counts />
      </section>
    </section>
  );
}

async function eventsOf(step: number): Promise<readonly RecordedEvent[]> {
  const before = await machine.countUpTo({}, { step, event: 0 });
  const { events } = await machine.events({}, before, EVENTS_SHOWN);
  return events.filter((one) => one.position.step === step);
}

function heading(step: number): string {
  if (step < 0) return 'No step has run';
  const line = lines.value[step];
  const under = position.value.event > 0 ? ', in progress' : '';
  return openedText.value === null || line === undefined
    ? `Step ${(step + 1).toLocaleString('en')}${under}`
    : `Line ${line}${under}`;
}

function Outcome({ step }: { readonly step: number }) {
  const line = lines.value[step];
  const text = line === undefined ? undefined : openedLines.value[line - 1];
  if (line === undefined || text === undefined) return null;
  const answered = position.value.event > 0 ? undefined : answers.value.get(line);
  const failed = answered?.answer[0]?.startsWith('error') ?? false;
  return (
    <>
      <p class="line">
        <code>{text.trim()}</code>
      </p>
      {answered && (
        <p class={`answer ${failed ? 'failed' : ''}`}>
          <span aria-hidden="true">{failed ? '✕' : '→'} </span>
          {answered.answer.slice(0, 8).join('\n')}
          {answered.explanation && `: ${answered.explanation}`}
        </p>
      )}
    </>
  );
}

interface StepEventProps {
  readonly item: RepeatedEvent;
  readonly sentence: string;
}

function StepEvent({ item: { first, count }, sentence }: StepEventProps) {
  const { position: at, event } = first;
  const lane = laneOf(event.type);
  const { step, event: number } = position.value;
  const later = number > 0 && at.step === step && at.event > number;
  return (
    <li class={later ? 'later' : ''}>
      <button
        type="button"
        class="plain"
        title={['Go to the position after this event', inLinux(event.type)].filter(Boolean).join('. ')}
        onClick={() => moveTo(at)}
      >
        <span class={`glyph lane-${lane.id}`} aria-hidden="true">
          {lane.glyph}
        </span>{' '}
        {sentence}
        {count > 1 && <b> ×{count}</b>}
      </button>
    </li>
  );
}

/** Whether a position follows another within one step. */
function isOneStep(from: Position, to: Position): boolean {
  return isEarlier(from, to) && to.step - from.step <= (to.event === 0 ? 1 : 0);
}

const COUNTS = [
  ['rmaps', 'linked segments'],
  ['tables', 'guest tables'],
  ['pagetables', 'page tables'],
  ['purges', 'purges by gmaps'],
] as const;

/** The counters, each with its change in this step; without it after a jump. */
function Counts() {
  const result = useQuery({});
  const shown = useRef<{ readonly now: QueryResult | null; readonly before: QueryResult | null }>({
    now: null,
    before: null,
  });
  // The former result is of another recording.
  if (result === null) shown.current = { now: null, before: null };
  else if (result !== shown.current.now) {
    const { now } = shown.current;
    const moved = now === null || !samePosition(now.position, result.position);
    shown.current = { now: result, before: moved ? now : shown.current.before };
  }
  const now = result?.stats ?? null;
  if (result === null || now === null) return null;
  const former = shown.current.before;
  const before = former !== null && isOneStep(former.position, result.position) ? former.stats : null;
  return (
    <dl class="counts">
      {COUNTS.map(([key, name]) => {
        const by = before === null ? 0 : now[key] - before[key];
        return (
          <div key={key} class={by === 0 ? '' : 'changed'}>
            <dt>{name}</dt>
            <dd>
              {now[key]}
              {by !== 0 && <small> {by > 0 ? `+${by}` : `−${-by}`}</small>}
            </dd>
          </div>
        );
      })}
    </dl>
  );
}
