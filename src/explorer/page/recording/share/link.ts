/**
 * The link to the current position.
 */

import { LESSON_VIEWS } from '../../../lessons/lesson.ts';
import { course } from '../lessons/course.ts';
import { position, selected, settings, source } from '../state.ts';
import { tab } from '../tabs.ts';
import { lesson, offered, openedText } from '../workspace.ts';
import { pack, type SharedSource } from './codec.ts';
import { writeReadable } from './readable.ts';

/** Returns the source that a link would name, or null if a link cannot hold it. */
function sharedSource(): SharedSource | null {
  const text = openedText.value;
  const of = lesson.value;
  if (text === null && of !== null) return course.value.isLinkable ? { kind: 'lesson', id: of.id } : null;
  if (text === null) return offered.value ? { kind: 'offered' } : null;
  // Lessons of a file that the user opened cannot be named.
  if (of === null || !course.value.isLinkable) return { kind: 'scenario', text };
  return of.scenario === text ? { kind: 'lesson', id: of.id } : { kind: 'scenario', text, lesson: of.id };
}

/** Returns the fragment for the current state, without `#`, or null if a link cannot hold it. */
export function fragment(): string | null {
  const what = source.value === null ? null : sharedSource();
  if (what === null) return null;
  const { injectedFault, check } = settings.value;
  const rest = { source: what, injectedFault, check, position: position.value, selected: selected.value };
  const view = lesson.value === null ? null : LESSON_VIEWS[lesson.value.view];
  const readable = writeReadable({ ...rest, tab: tab.value === view ? null : tab.value });
  return readable ?? pack({ ...rest, tab: tab.value });
}
