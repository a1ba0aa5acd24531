/**
 * Opens the first recording when the page starts: the one that the link names, or else the saved state that the address names
 * (`?state=path`), or else the recording that the server offers, or else the first lesson.
 */

import type { Source } from '../../../../player/index.ts';
import type { Lesson, LessonEntry } from '../../../lessons/index.ts';
import { LESSON_VIEWS } from '../../../lessons/lesson.ts';
import { complain, notice } from '../../ui/notice.ts';
import { course, OUR_COURSE } from '../lessons/course.ts';
import { LinkError, unpack } from '../share/codec.ts';
import { isReadable, type Readable, readReadable } from '../share/readable.ts';
import { START, selected } from '../state.ts';
import { type TabId, tab } from '../tabs.ts';
import { DEFAULT_SETTINGS, loaded, type Opening, openLesson, openOwn } from '../workspace.ts';
import { fetchOffer, type Offer } from './offer.ts';

/** The recording that the server offers; null before it was fetched, or if there is none. */
let offer: Offer | null = null;

/** Opens the first recording. */
export async function start(): Promise<void> {
  offer = await fetchOffer();
  if (offer?.kind === 'lessons') course.value = offer.course;
  if (await openLink()) return;
  const state = new URLSearchParams(location.search).get('state');
  if (state !== null && (await openStateAt(state))) return;
  if (offer?.kind === 'recording') return openOffered({});
  const [first] = course.value.lessons;
  if (first) await openLesson(first);
}

/** Opens the saved state at an address. Returns whether that was possible. */
async function openStateAt(path: string): Promise<boolean> {
  try {
    const { openState } = await import('./fetched-state.ts');
    await openState(path);
    return true;
  } catch (error) {
    complain(error);
    return false;
  }
}

/** Opens the recording that the fragment of the address names. Returns whether there is one. */
export async function openLink(): Promise<boolean> {
  const fragment = location.hash.slice(1);
  if (fragment === '') return false;
  try {
    await restore(isReadable(fragment) ? readReadable(fragment) : unpack(fragment));
    return true;
  } catch (error) {
    complain(error);
    return false;
  }
}

async function restore(shared: Readable): Promise<void> {
  const { source } = shared;
  notice.value = null;
  if (source.kind === 'offered') return restoreOffered(shared);
  const id = source.kind === 'lesson' ? source.id : source.lesson;
  const entry = id === undefined ? null : lessonNamed(id);
  if (source.kind === 'lesson' && entry === null) {
    throw new LinkError(`There is no lesson “${source.id.slice(0, 40)}”.`);
  }
  const named = entry === null ? null : await loaded(entry);
  // The user has opened something else in the meantime.
  if (named === undefined) return;
  if (source.kind === 'lesson' && named !== null) return openShared(shared, named.source, named.lesson);
  const text = source.kind === 'scenario' ? source.text : '';
  // A lesson that plays a program has no scenario that could have been changed.
  const of = named?.lesson.program === null ? named.lesson : null;
  return openShared(shared, { kind: 'scenario', text }, of);
}

function restoreOffered(shared: Readable): Promise<void> {
  if (offer?.kind !== 'recording') {
    throw new LinkError('The link names no lesson, and the recording that it may mean is not offered here.');
  }
  const { position } = shared;
  const opened = openOffered(
    position === null ? settingsOf(shared) : { ...settingsOf(shared), at: position },
  );
  show(shared, tab.value);
  return opened;
}

/** Opens what a link names. @param of the lesson that it is, or that it was changed from */
function openShared(shared: Readable, source: Source, of: Lesson | null): Promise<void> {
  const opened = openOwn(source, { ...settingsOf(shared), at: shared.position ?? START, lesson: of });
  show(shared, of === null ? 'spaces' : LESSON_VIEWS[of.view]);
  return opened;
}

function settingsOf({ injectedFault, check }: Readable): Opening {
  return { how: { ...DEFAULT_SETTINGS, injectedFault, check } };
}

/** Shows the view and the selection of a link. Later, the user may have opened something else. */
function show(shared: Readable, usual: TabId): void {
  tab.value = shared.tab ?? usual;
  selected.value = shared.selected;
}

/** Returns a lesson of the course in the menu or else of our own, which then becomes that course. */
function lessonNamed(id: string): LessonEntry | null {
  for (const one of [course.value, OUR_COURSE]) {
    const named = one.lessons.find((lesson) => lesson.id === id);
    if (named === undefined) continue;
    course.value = one;
    return named;
  }
  return null;
}

function openOffered(opening: Opening): Promise<void> {
  if (offer?.kind !== 'recording') return Promise.resolve();
  const { source, name } = offer;
  if (source.kind === 'guest') tab.value = 'console';
  if (source.kind === 'program') tab.value = 'processors';
  return openOwn(source, { ...opening, name, isOffered: source.kind !== 'scenario' });
}
