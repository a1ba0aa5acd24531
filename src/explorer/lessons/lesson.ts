/**
 * What a lesson is: a scenario to play, and words that appear as it goes on.
 */

import type { InjectedFault } from '../../host/index.ts';

/** Words beside a scenario. */
export interface Note {
  /** The scenario's line, from 1, after which they are shown; 0 for the beginning. */
  readonly line: number;
  readonly text: string;
}

/** Something to find out, and what there is to find. */
export interface Question {
  readonly text: string;
  readonly answer: string;
}

/** A view of the page that a lesson can begin with. */
export type LessonView = 'spaces' | 'trees' | 'walk' | 'processors';

/** A scenario with words beside it. In texts, `code` is set apart by backquotes; nothing else is marked. */
export interface Lesson {
  /** Short and stable: links name it. */
  readonly id: string;
  readonly title: string;
  /** One sentence. */
  readonly summary: string;
  readonly scenario: string;
  readonly notes: readonly Note[];
  readonly questions: readonly Question[];
  /** What is shown first; the spaces when absent. */
  readonly view?: LessonView;
  /** What is worth leaving out here, and what there is to see then. */
  readonly breaks?: readonly InjectedFault[];
  readonly breakNote?: string;
}
