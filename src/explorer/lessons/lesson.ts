/**
 * A lesson: a scenario to play, and notes that appear as it is played.
 */

import type { InjectedFault } from '../../host/index.ts';

/** A note beside a scenario. */
export interface Note {
  /** The line of the scenario, from 1, after which the note appears; 0 for the beginning. */
  readonly line: number;
  readonly text: string;
}

/** A question for the reader, with its answer. */
export interface Question {
  readonly text: string;
  readonly answer: string;
}

/** A view of the page that a lesson can open with. */
export type LessonView = 'spaces' | 'trees' | 'walk' | 'processors';

/** A lesson. Backquotes in its texts mark `code`; there is no other markup. */
export interface Lesson {
  /** A short name that never changes: links refer to it. */
  readonly id: string;
  readonly title: string;
  /** One sentence. */
  readonly summary: string;
  readonly scenario: string;
  readonly notes: readonly Note[];
  readonly questions: readonly Question[];
  /** The view that is shown first. The default is the address spaces. */
  readonly view?: LessonView;
  /** The faults worth injecting in this lesson. */
  readonly faults?: readonly InjectedFault[];
  /** The consequence of these faults. */
  readonly faultNote?: string;
}
