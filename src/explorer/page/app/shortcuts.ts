/**
 * The keys of the page, and their effects.
 */

import { goToHit } from '../breakpoints/breakpoints.ts';
import { moveByNotes } from '../recording/lessons/story.ts';
import { stepForward } from '../recording/live.ts';
import { moveByEvents, moveBySteps, moveTo, progress, START } from '../recording/state.ts';
import { TABS, tab } from '../recording/tabs.ts';
import { openNeighbour } from '../recording/workspace.ts';
import { togglePlay } from '../timeline/play.ts';
import { lecture } from '../ui/panes.ts';

/** A line of the help: keys, and their effect. */
export interface Shortcut {
  readonly keys: readonly string[];
  readonly effect: string;
}

/** The lines of the help. */
export const SHORTCUTS: readonly Shortcut[] = [
  { keys: ['space'], effect: 'play or pause' },
  { keys: ['[', ']'], effect: 'step back, forward' },
  { keys: [',', '.'], effect: 'previous, next event' },
  { keys: ['{', '}'], effect: 'go to the start, to the end' },
  { keys: ['g', 's/t/w/p/c'], effect: 'go to Spaces, Tables, Walk, Processors, Console' },
  { keys: ['<', '>'], effect: 'previous, next lesson' },
  { keys: ['b', 'B'], effect: 'next, previous hit of a breakpoint' },
  { keys: ['l'], effect: 'lecture mode: picture, note and steps in large type; Esc ends it' },
  { keys: ['→', '←', 'PageDown', 'PageUp'], effect: 'in lecture mode: step forward, back (as clickers do)' },
  { keys: ['?'], effect: 'this help' },
  { keys: ['Ctrl-Enter'], effect: 'in the editor: run the scenario to its end (⌘-Enter on a Mac)' },
  { keys: ['Shift-Enter'], effect: 'in the editor: run up to and including the cursor’s line' },
  { keys: ['Alt-Enter'], effect: 'in the editor: run up to the cursor’s line' },
  { keys: ['Esc', 'Tab'], effect: 'in the editor: leave it' },
];

const ACTIONS: Readonly<Record<string, () => void>> = {
  ' ': togglePlay,
  '[': () => moveBySteps(-1),
  ']': stepForward,
  ',': () => void moveByEvents(-1),
  '.': () => void moveByEvents(1),
  '{': () => moveTo(START),
  '}': () => moveTo({ step: progress.value?.steps ?? 0, event: 0 }),
  '<': () => openNeighbour(-1),
  '>': () => openNeighbour(1),
  b: () => void goToHit('next'),
  B: () => void goToHit('previous'),
  l: () => (lecture.value = !lecture.value),
};

/** What the keys of clickers, and the arrow keys, do in lecture mode. */
const LECTURE_ACTIONS: Readonly<Record<string, () => void>> = {
  ArrowRight: () => moveByNotes(1),
  PageDown: () => moveByNotes(1),
  ArrowLeft: () => moveByNotes(-1),
  PageUp: () => moveByNotes(-1),
  Escape: () => (lecture.value = false),
};

/** Maximum number of milliseconds between `g` and the second key. */
const SECOND_KEY = 1500;
/** Elements that use keys themselves. */
const FIELDS = 'input, textarea, select, [contenteditable=true], .xterm, [role=menu], dialog';
/** Elements that use the space bar. */
const PRESSED = 'button, summary, a[href], [role=button], [role=checkbox], [role=option]';

let since = -Infinity;

/** Listens for keys. @param showHelp called for `?` */
export function listenForKeys(showHelp: () => void): void {
  addEventListener('keydown', (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    const target = event.target instanceof Element ? event.target : null;
    // A select element uses letters and the space bar. The other keys work even while it has the focus.
    const isChoice = target instanceof HTMLSelectElement && /^[^\w ]$/.test(event.key);
    if (target?.closest(FIELDS) && !isChoice) return;
    if (lecture.value && Object.hasOwn(LECTURE_ACTIONS, event.key)) {
      LECTURE_ACTIONS[event.key]?.();
      event.preventDefault();
      return;
    }
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
