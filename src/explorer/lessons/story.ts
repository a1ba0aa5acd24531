/**
 * Which notes of a lesson belong to the run on the page. The user may have changed a scenario, and a fault may be
 * injected: a note is shown only as long as the run is the one that the note was written for.
 */

import type { InjectedFault } from '../../host/index.ts';
import type { Lesson, Note } from './lesson.ts';
import { sameOperation } from './parse.ts';

/** Operations that only ask: additional ones change nothing. */
const ASKING = /^(dump|stats)\b/;

/**
 * Compares a scenario with that of a lesson, from the beginning on. Returns, for each step of the lesson up to the first
 * difference, how many steps of the scenario are done after it; the first element, for the beginning, is 0. The
 * scenario may have additional `dump` and `stats` lines.
 */
export function commonSteps(lesson: Lesson, scenario: string): readonly number[] {
  const common = [0];
  let step = 0;
  for (const line of scenario.split('\n')) {
    const operation = line.trim();
    if (operation === '' || operation.startsWith('#')) continue;
    const expected = lesson.steps[common.length - 1];
    if (expected === undefined) break;
    step++;
    if (sameOperation(operation, expected.operation)) common.push(step);
    else if (!ASKING.test(operation)) break;
  }
  return common;
}

/** The run on the page. */
export interface ShownRun {
  readonly fault: InjectedFault | null;
  /** Steps done. */
  readonly step: number;
  /** For each step of the lesson, how many steps of the run are done after it, as far as they correspond: see `commonSteps`. */
  readonly common: readonly number[];
  /** How many steps, from the first on, have the same answers and events as without the fault. */
  readonly unaffected: number;
}

/** Returns the notes that are shown, in order. */
export function notesShown(
  { notes }: Lesson,
  { fault, step, common, unaffected }: ShownRun,
): readonly Note[] {
  return notes.filter((note) => {
    const done = common[note.step];
    if (done === undefined || done > step) return false;
    return note.fault === null ? done <= unaffected : note.fault === fault;
  });
}

/** Whether the run on the page has come to the end of the lesson, or can never do so because the scenario was changed. */
export function isAtEnd(lesson: Lesson, { step, common }: ShownRun, steps: number): boolean {
  const last = common[lesson.steps.length];
  return last === undefined ? steps > 0 && step >= steps : step >= last;
}
