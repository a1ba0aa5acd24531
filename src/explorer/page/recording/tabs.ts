/**
 * The views of the page, and which one is shown.
 */

import { signal } from '@preact/signals';

/** The views, in the order of their tabs; `key` after `g` goes there. */
export const TABS = [
  { id: 'spaces', name: 'Spaces', key: 's' },
  { id: 'trees', name: 'Tables', key: 't' },
  { id: 'walk', name: 'Walk', key: 'w' },
  { id: 'processors', name: 'Processors', key: 'p' },
  { id: 'console', name: 'Console', key: 'c' },
] as const;

/** The name of a view. */
export type TabId = (typeof TABS)[number]['id'];

/** The view that is shown. */
export const tab = signal<TabId>('spaces');

/** The tab that a key goes to from one: arrows go round, Home and End to the ends; null for other keys. */
export function tabByKey(from: TabId, key: string): TabId | null {
  const at = TABS.findIndex(({ id }) => id === from);
  const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: -1 }[key];
  return to === undefined ? null : (TABS.at(to % TABS.length)?.id ?? null);
}
