/**
 * The recording as people see it: a lesson or a text of their own, what they have typed, and how it goes with positions.
 */

import { batch, computed, effect, signal } from '@preact/signals';
import type { InjectedFault } from '../../../host/index.ts';
import type { Position, Settings, Source } from '../../../player/index.ts';
import { type Lesson, lessons } from '../../lessons/index.ts';
import { storedText } from '../ui/stored.ts';
import { lastLineDone, lineOfStep, stepLines, stepsThrough } from './editor/lines.ts';
import { moveTo, open, position, progress, START, selected, settings, source } from './state.ts';
import { tab } from './tabs.ts';

/** Everything is checked, and nothing left out. */
export const WHOLE: Required<Settings> = { injectedFault: null, check: true };

/** The lesson that is open; null for a recording of somebody's own. */
export const lesson = signal<Lesson | null>(null);
/** What is in the editor. */
export const draft = signal('');
/** The line of the cursor in the editor, from 1. */
export const cursorLine = signal(1);
/** Whether what is open is what the server of this page offered. */
export const offered = signal(false);

/** What the file is called that a recording of somebody's own came from; null for none. */
export const ownName = signal<string | null>(null);

/** The scenario that is open; null when something else is. */
export const openedText = computed(() => (source.value?.kind === 'scenario' ? source.value.text : null));
/** Its lines; none when something else is open. */
export const openedLines = computed(() => openedText.value?.split('\n') ?? []);
/** The lines of the open scenario that are steps. */
export const lines = computed(() => stepLines(openedText.value ?? ''));
/** The line that the next step performs, while the editor shows the text that is open; else null. */
export const nextLine = computed(() => (edited.value ? null : lineOfStep(lines.value, position.value.step)));
/** The last line that is done; 0 at the beginning. */
export const lineDone = computed(() => lastLineDone(lines.value, position.value.step));
/** Whether the editor holds something else than what is open. */
export const edited = computed(() => openedText.value !== null && draft.value !== openedText.value);
/** Whether the editor holds something else than the lesson. */
export const lessonChanged = computed(() => lesson.value !== null && draft.value !== lesson.value.scenario);
/** What is open, in a few words. */
export const title = computed(() => {
  const what = source.value;
  if (what === null) return '';
  return what.kind === 'scenario' ? (lesson.value?.title ?? ownName.value ?? 'Your scenario') : what.name;
});

/** What is kept in this tab of what was typed: by lesson, the text that was open and the one that was typed. */
function draftOf(id: string | undefined): ReturnType<typeof storedText> {
  return storedText(() => sessionStorage, `guesthouse-draft-${id ?? 'own'}`);
}

/**
 * What was typed when a text was open, as far as that is kept; the text itself where nothing is.
 * @param of the lesson
 * @param only whether another text must not have been open
 */
function keptDraft(of: Lesson | null, text: string, only: boolean): string {
  try {
    const [opened, typed] = JSON.parse(draftOf(of?.id).read() ?? '[]') as unknown[];
    if (typeof typed === 'string' && (!only || opened === text)) return typed;
  } catch {
    // Not ours, then.
  }
  return text;
}

effect(() => {
  const text = draft.value;
  const opened = openedText.value;
  if (opened === null) return;
  const original = lesson.value?.scenario ?? opened;
  draftOf(lesson.value?.id).write(text === original ? null : JSON.stringify([opened, text]));
});

/** Opens a lesson at its beginning, with what was typed into it before. */
export function openLesson(what: Lesson): Promise<void> {
  batch(() => {
    lesson.value = what;
    offered.value = false;
    selected.value = null;
    draft.value = keptDraft(what, what.scenario, false);
    selected.value = null;
    tab.value = what.view ?? 'spaces';
  });
  return open({ kind: 'scenario', text: what.scenario }, WHOLE);
}

/** Opens the lesson behind (1) or before (-1) this one. */
export function openNeighbour(by: 1 | -1): void {
  const next = neighbour(by);
  if (next) void openLesson(next);
}

/** The lesson behind (1) or before (-1) this one, if there is one. */
export function neighbour(by: 1 | -1): Lesson | undefined {
  const at = lesson.value === null ? -1 : lessons.indexOf(lesson.value);
  return at < 0 ? undefined : lessons[at + by];
}

/**
 * Opens something of somebody's own, or a lesson as somebody changed it. A guest is shown at its end unless a position is
 * named: what it has said is seen there.
 * @param of the lesson that a changed text is of
 */
export async function openOwn(
  what: Source,
  how: Required<Settings> = WHOLE,
  at: Position | null = null,
  of: Lesson | null = null,
): Promise<void> {
  batch(() => {
    lesson.value = of;
    offered.value = false;
    selected.value = null;
    ownName.value = null;
    selected.value = null;
    draft.value = what.kind === 'scenario' ? keptDraft(of, what.text, true) : '';
  });
  await open(what, how, at ?? START);
  const { step, event } = position.value;
  if (what.kind === 'guest' && at === null && source.value === what && step === 0 && event === 0) {
    moveTo({ step: progress.value?.steps ?? 0, event: 0 });
  }
}

/** Opens what was typed, at a position of it; only goes there when that is open already. */
async function openDraft(at: Position): Promise<void> {
  if (edited.value) await open({ kind: 'scenario', text: draft.value }, settings.value, at);
  else moveTo(at);
}

/** Plays what was typed to its end. */
export function run(): Promise<void> {
  return openDraft({ step: stepLines(draft.value).length, event: 0 });
}

/** Plays what was typed until a line is done. */
export function runThrough(line: number): Promise<void> {
  return openDraft({ step: stepsThrough(stepLines(draft.value), line), event: 0 });
}

/** Plays what was typed to where a line is next. */
export function stepFrom(line: number): Promise<void> {
  return openDraft({ step: stepsThrough(stepLines(draft.value), line - 1), event: 0 });
}

/** Puts the lesson back as it was. */
export function reset(): void {
  const what = lesson.value;
  if (what === null) return;
  draft.value = what.scenario;
  if (edited.value) void open({ kind: 'scenario', text: what.scenario }, settings.value);
}

/** Plays the recording again with something left out, or with nothing; at the same position. */
export function injectFault(what: InjectedFault | null): void {
  const recording = source.value;
  if (recording !== null) void open(recording, { injectedFault: what, check: true }, position.value);
}
