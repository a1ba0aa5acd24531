/**
 * The browser's history: one entry for each lesson or file that was opened. Back and Forward go from one to the next;
 * steps only change the address of the current entry.
 */

import { effect } from '@preact/signals';
import type { Position, Settings, Source } from '../../../../player/index.ts';
import type { Lesson } from '../../../lessons/index.ts';
import { type Course, course } from '../lessons/course.ts';
import { openLink } from '../opening/start.ts';
import { position, selected, settings, source } from '../state.ts';
import { type TabId, tab } from '../tabs.ts';
import { lesson, offered, openings, openOwn, ownName } from '../workspace.ts';
import { fragment } from './link.ts';

/** Minimum number of milliseconds between two updates of the address: browsers forbid more. */
const EVERY = 300;
/** Maximum number of entries kept in memory: they may hold large files. For older ones there is the link. */
const ENTRIES_KEPT = 8;

/** What was open, and how it was shown. */
interface Entry {
  readonly source: Source;
  readonly settings: Required<Settings>;
  readonly position: Position;
  readonly lesson: Lesson | null;
  readonly course: Course;
  readonly name: string | null;
  readonly isOffered: boolean;
  readonly tab: TabId;
  readonly selected: typeof selected.value;
}

const entries = new Map<number, Entry>();
/** The number of the current entry. The browser keeps it with the entry. */
let current = 0;
/** The recordings that have an entry. */
let opened = 0;
/** Whether the recording being opened belongs to the current entry: Back or Forward has led there. */
let isReturning = false;
let written = '';
let timer = 0;

/** Updates the address and the history from now on. */
export function keepAddress(): void {
  current = numberIn(history.state);
  history.replaceState({ entry: current }, '');
  opened = openings.value;
  written = location.hash.slice(1);
  effect(() => {
    const what = source.value;
    const entry = captured(what);
    clearTimeout(timer);
    if (what === null || entry === null) return;
    if (openings.value !== opened && !isReturning) {
      write('pushState', ++current);
    } else {
      timer = setTimeout(() => write('replaceState', current), EVERY);
    }
    // While a lesson loads, nothing is open yet where Back or Forward has led.
    if (openings.value !== opened) isReturning = false;
    opened = openings.value;
    keep(current, entry);
  });
  addEventListener('popstate', ({ state }) => go(state));
  addEventListener('hashchange', () => go(history.state));
}

function numberIn(state: unknown): number {
  const number = (state as { readonly entry?: unknown } | null)?.entry;
  return typeof number === 'number' && Number.isSafeInteger(number) && number >= 0 ? number : 0;
}

function captured(what: Source | null): Entry | null {
  const rest = {
    settings: settings.value,
    position: position.value,
    lesson: lesson.value,
    course: course.value,
    name: ownName.value,
    isOffered: offered.value,
    tab: tab.value,
    selected: selected.value,
  };
  return what === null ? null : { source: what, ...rest };
}

function keep(number: number, entry: Entry): void {
  entries.delete(number);
  entries.set(number, entry);
  for (const [oldest] of entries) {
    if (entries.size <= ENTRIES_KEPT) break;
    entries.delete(oldest);
  }
}

function write(how: 'pushState' | 'replaceState', number: number): void {
  const now = fragment() ?? '';
  if (how === 'replaceState' && now === written && numberIn(history.state) === number) return;
  written = now;
  const path = location.pathname + location.search;
  history[how]({ entry: number }, '', now === '' ? path : `#${now}`);
}

/** Opens what belongs to the entry that the browser has gone to, or the link that the user has entered. */
function go(state: unknown): void {
  const hash = location.hash.slice(1);
  if (hash === written && numberIn(state) === current) return;
  clearTimeout(timer);
  written = hash;
  const [number, before] = [numberIn(state), current];
  const entry = state === null ? undefined : entries.get(number);
  current = number;
  if (state === null) {
    // The user has entered a link, and the browser has made an entry for it.
    current = before + 1;
    history.replaceState({ entry: current }, '');
  }
  isReturning = true;
  if (entry !== undefined) show(entry);
  else void openLink().then((isOpen) => (isReturning = isReturning && isOpen));
}

function show(entry: Entry): void {
  course.value = entry.course;
  const { settings: how, position: at, lesson: of, name, isOffered } = entry;
  void openOwn(entry.source, { how, at, lesson: of, name, isOffered });
  tab.value = entry.tab;
  selected.value = entry.selected;
}
