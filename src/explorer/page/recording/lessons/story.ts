/**
 * The notes of the open lesson that belong to the run on the page, and whether the lesson has ended.
 */

import { computed, effect, signal } from '@preact/signals';
import type { InjectedFault } from '../../../../host/index.ts';
import { commonSteps, isAtEnd, notesShown, type ShownRun } from '../../../lessons/story.ts';
import { machine } from '../../client.ts';
import { isRecording, open, position, progress, settings, source } from '../state.ts';
import { draft, lesson, lines, openedText } from '../workspace.ts';

/** How many steps are not affected by the injected fault. */
const unaffected = signal(Infinity);
/** Counts the comparisons: only the latest one matters. */
let compared = 0;

effect(() => {
  const text = openedText.value;
  const mine = ++compared;
  if (settings.value.injectedFault === null || lesson.value === null || text === null) {
    unaffected.value = Infinity;
    return;
  }
  // Until the answer arrives, no step counts.
  unaffected.value = 0;
  if (isRecording.value || progress.value === null) return;
  machine.sameSteps(text).then(
    (steps) => {
      if (mine === compared) unaffected.value = steps;
    },
    () => undefined,
  );
});

/** How the steps of the open scenario correspond to those of the lesson. */
const common = computed(() => {
  const text = openedText.value;
  return lesson.value === null || text === null ? [] : commonSteps(lesson.value, text);
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

/** Returns the line of the scenario, from 1, after which the note for a step of the lesson appears; 0 for the beginning. */
export function lineOfNote(step: number): number {
  const done = common.value[step] ?? 0;
  return done === 0 ? 0 : (lines.value[done - 1] ?? 0);
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
