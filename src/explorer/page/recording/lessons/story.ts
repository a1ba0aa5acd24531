/**
 * The notes of the open lesson that belong to the run on the page, and whether the lesson has ended.
 */

import { computed, effect, signal } from '@preact/signals';
import type { InjectedFault } from '../../../../host/index.ts';
import { commonSteps, isAtEnd, notesShown, type ShownRun } from '../../../lessons/story.ts';
import { machine } from '../../client.ts';
import { isRecording, moveBySteps, moveTo, open, position, progress, settings, source } from '../state.ts';
import { draft, lesson, lines, openedText } from '../workspace.ts';

/** How many steps are not affected by the injected fault. */
const unaffected = signal(Infinity);
/** Counts the comparisons: only the latest one matters. */
let compared = 0;

effect(() => {
  const text = openedText.value;
  const mine = ++compared;
  if (settings.value.injectedFault === null || lesson.value === null) {
    unaffected.value = Infinity;
    return;
  }
  // Until the answer arrives, no step counts. Programs are not compared.
  unaffected.value = 0;
  if (text === null || isRecording.value || progress.value === null) return;
  machine.sameSteps(text).then(
    (steps) => {
      if (mine === compared) unaffected.value = steps;
    },
    () => undefined,
  );
});

/** How many steps are done after each event of the lesson's program, as far as it is recorded; the first element, for the beginning, is 0. */
const eventSteps = signal<readonly number[]>([0]);

effect(() => {
  const what = lesson.value;
  const playing = source.value;
  eventSteps.value = [0];
  if (what === null || what.program === null) return;
  // It is looked for again when more has been recorded.
  if (progress.value === null) return;
  machine.stepsAfter(what.steps.map(({ operation }) => operation)).then(
    (steps) => {
      if (source.value === playing) eventSteps.value = [0, ...steps];
    },
    () => undefined,
  );
});

/** How the steps of the run on the page correspond to those of the lesson. */
const common = computed(() => {
  const text = openedText.value;
  if (lesson.value === null) return [];
  return text === null ? eventSteps.value : commonSteps(lesson.value, text);
});

const run = computed<ShownRun>(() => ({
  fault: settings.value.injectedFault,
  step: position.value.step,
  common: common.value,
  unaffected: unaffected.value,
}));

/** The notes shown, in order. */
export const notes = computed(() => (lesson.value === null ? [] : notesShown(lesson.value, run.value)));

/** The notes on the latest step that has any. */
export const latestNotes = computed(() => {
  const step = notes.value.at(-1)?.step;
  return notes.value.filter((note) => note.step === step);
});

/** How many notes of this run follow. */
export const notesToCome = computed(() => {
  if (lesson.value === null) return 0;
  return notesShown(lesson.value, { ...run.value, step: Infinity }).length - notes.value.length;
});

/** Whether the lesson has been played to its end. */
export const hasEnded = computed(() => {
  const what = lesson.value;
  return what !== null && source.value !== null && isAtEnd(what, run.value, lines.value.length);
});

/** Returns after what the note for a step of the lesson appears: a line of the scenario, or a step of the program. */
export function placeOfNote(step: number): string {
  if (step === 0) return 'start';
  const done = common.value[step] ?? 0;
  if (openedText.value === null) return `step ${done.toLocaleString('en')}`;
  return `line ${lines.value[done - 1] ?? 0}`;
}

/** Goes on (1) or back (-1): by a step, or in the lesson of a program, which has thousands of them, to its next or previous event. */
export function moveByNotes(by: 1 | -1): void {
  const { step, event } = position.value;
  const places = lesson.value === null || openedText.value !== null ? [] : common.value;
  const before = event > 0 ? step + 1 : step;
  const to = by > 0 ? places.find((one) => one > step) : places.findLast((one) => one < before);
  if (to === undefined) moveBySteps(by);
  else moveTo({ step: to, event: 0 });
}

/** Plays the lesson with a fault, up to just before the operation where it first matters. */
export function breakIt(fault: InjectedFault): void {
  const what = lesson.value;
  if (what === null) return;
  const first = Math.min(...what.faultOutcomes.filter((one) => one.fault === fault).map(({ step }) => step));
  // A changed scenario may not have the operation any more.
  if (common.value[first] === undefined) draft.value = what.scenario;
  const before = common.value[first - 1] ?? first - 1;
  const how = { injectedFault: fault, check: true };
  void open({ kind: 'scenario', text: draft.value }, how, { step: before, event: 0 });
}

/** Plays the lesson again without the fault, at the same position. */
export function mend(): void {
  const what = source.value;
  if (what !== null) void open(what, { injectedFault: null, check: true }, position.value);
}
