/**
 * The tabs of the page.
 */

import { signal } from '@preact/signals';

/** The views, in the order of their tabs; `g` and then `key` selects one. */
export const TABS = [
  { id: 'spaces', name: 'Spaces', key: 's' },
  { id: 'trees', name: 'Tables', key: 't' },
  { id: 'walk', name: 'Walk', key: 'w' },
  { id: 'processors', name: 'Processors', key: 'p' },
  { id: 'console', name: 'Console', key: 'c' },
] as const;

/** The name of a view. */
export type TabId = (typeof TABS)[number]['id'];

/** The selected view. */
export const tab = signal<TabId>('spaces');

/** Returns the tab that a key selects, or null for other keys: arrows wrap around, Home and End go to the ends. */
export function tabByKey(from: TabId, key: string): TabId | null {
  const at = TABS.findIndex(({ id }) => id === from);
  const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: -1 }[key];
  return to === undefined ? null : (TABS.at(to % TABS.length)?.id ?? null);
}
