/**
 * Keeps the address of the page up to date.
 */

import { effect } from '@preact/signals';
import { openLink } from '../opening/start.ts';
import { position, selected, settings, source } from '../state.ts';
import { tab } from '../tabs.ts';
import { lesson, offered, openedText } from '../workspace.ts';
import { pack, type SharedSource } from './codec.ts';

/** Minimum number of milliseconds between two updates: browsers forbid more. */
const EVERY = 300;

/** Returns the source that a link would name, or null if a link cannot hold it. */
function sharedSource(): SharedSource | null {
  const text = openedText.value;
  if (text === null) return offered.value ? { kind: 'offered' } : null;
  const of = lesson.value;
  if (of === null) return { kind: 'scenario', text };
  return of.scenario === text ? { kind: 'lesson', id: of.id } : { kind: 'scenario', text, lesson: of.id };
}

/** Returns the fragment for the current state, without `#`, or null if a link cannot hold it. */
export function fragment(): string | null {
  const what = source.value === null ? null : sharedSource();
  if (what === null) return null;
  const { injectedFault, check } = settings.value;
  return pack({
    source: what,
    injectedFault,
    check,
    position: position.value,
    tab: tab.value,
    selected: selected.value,
  });
}

/** Updates the address from now on. */
export function keepAddress(): void {
  let timer = 0;
  let written = location.hash.slice(1);
  const write = () => {
    const now = fragment();
    if (source.value === null || now === written) return;
    written = now ?? '';
    history.replaceState(null, '', now === null ? location.pathname + location.search : `#${now}`);
  };
  effect(() => {
    source.value;
    position.value;
    settings.value;
    selected.value;
    tab.value;
    clearTimeout(timer);
    timer = setTimeout(write, EVERY);
  });
  addEventListener('hashchange', () => {
    if (location.hash.slice(1) !== written) void openLink();
  });
}
