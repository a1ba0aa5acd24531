/**
 * The keys of the page, and what they do.
 */

import { moveByEvents, moveBySteps, moveTo, progress, START } from '../recording/state.ts';
import { TABS, tab } from '../recording/tabs.ts';
import { openNeighbour } from '../recording/workspace.ts';
import { togglePlay } from '../timeline/play.ts';

/** A line of the help: keys in a row, and what they do. */
export interface Shortcut {
  readonly keys: readonly string[];
  readonly says: string;
}

/** For the help. */
export const SHORTCUTS: readonly Shortcut[] = [
  { keys: ['space'], says: 'play or pause' },
  { keys: ['[', ']'], says: 'a step back, forward' },
  { keys: [',', '.'], says: 'an event back, forward' },
  { keys: ['{', '}'], says: 'to the start, to the end' },
  { keys: ['g', 's/t/w/p/c'], says: 'go to Spaces, Tables, Walk, Processors, Console' },
  { keys: ['<', '>'], says: 'previous, next lesson' },
  { keys: ['?'], says: 'this help' },
  { keys: ['Ctrl-Enter'], says: 'in the editor: run what is written to its end (⌘-Enter on a Mac)' },
  { keys: ['Shift-Enter'], says: 'in the editor: run until the cursor’s line is done' },
  { keys: ['Alt-Enter'], says: 'in the editor: go to where the cursor’s line is next' },
  { keys: ['Esc', 'Tab'], says: 'in the editor: leave it' },
];

const ACTIONS: Readonly<Record<string, () => void>> = {
  ' ': togglePlay,
  '[': () => moveBySteps(-1),
  ']': () => moveBySteps(1),
  ',': () => void moveByEvents(-1),
  '.': () => void moveByEvents(1),
  '{': () => moveTo(START),
  '}': () => moveTo({ step: progress.value?.steps ?? 0, event: 0 }),
  '<': () => openNeighbour(-1),
  '>': () => openNeighbour(1),
};

/** How long after `g` the second key may come, in milliseconds. */
const SECOND_KEY = 1500;
/** Where keys are for the element itself. */
const FIELDS = 'input, textarea, select, [contenteditable=true], .xterm, [role=menu], dialog';
/** Where the space bar already does something. */
const PRESSED = 'button, summary, a[href], [role=button], [role=checkbox], [role=option]';

let since = -Infinity;

/** Listens for keys. @param showHelp what `?` does */
export function listenForKeys(showHelp: () => void): void {
  addEventListener('keydown', (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    const target = event.target instanceof Element ? event.target : null;
    // A choice takes letters and the space bar: the other keys go through the recording even when it was used last.
    const isChoice = target instanceof HTMLSelectElement && /^[^\w ]$/.test(event.key);
    if (target?.closest(FIELDS) && !isChoice) return;
    if (event.key === ' ' && target?.closest(PRESSED)) return;
    if (act(event.key, showHelp)) event.preventDefault();
  });
}

function act(key: string, showHelp: () => void): boolean {
  const second = performance.now() - since < SECOND_KEY;
  since = -Infinity;
  if (second) {
    const to = TABS.find((one) => one.key === key);
    if (to) tab.value = to.id;
    return to !== undefined;
  }
  if (key === 'g') {
    since = performance.now();
    return true;
  }
  if (key === '?') showHelp();
  else if (Object.hasOwn(ACTIONS, key)) ACTIONS[key]?.();
  else return false;
  return true;
}
