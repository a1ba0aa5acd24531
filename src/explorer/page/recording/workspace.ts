/**
 * The workspace: the open lesson or the user's own recording, the draft in the editor, and the commands that run it.
 */

import { batch, computed, effect, signal } from '@preact/signals';
import type { InjectedFault } from '../../../host/index.ts';
import { type Position, type Settings, type Source, samePosition } from '../../../player/index.ts';
import type { LessonEntry } from '../../lessons/index.ts';
import { LESSON_VIEWS, type Lesson } from '../../lessons/lesson.ts';
import type { LineError, PlayedLesson } from '../../protocol.ts';
import { complain } from '../ui/notice.ts';
import { storedText } from '../ui/stored.ts';
import { lastLineDone, lineOfStep, stepLines, stepsThrough } from './editor/lines.ts';
import { firstPosition } from './first-position.ts';
import { fullName, lessonAfter, numberOf } from './lessons/course.ts';
import { sourceOf } from './lessons/lesson-source.ts';
import { filter, moveTo, open, position, START, selected, settings, source } from './state.ts';
import { tab } from './tabs.ts';

/** The default settings: check everything, inject no fault. */
export const DEFAULT_SETTINGS: Required<Settings> = { injectedFault: null, check: true };

/** The open lesson, or null for the user's own recording. */
export const lesson = signal<Lesson | null>(null);
/** The text in the editor. */
export const draft = signal('');
/** The first syntax error in it, or null if there is none. */
export const draftError = signal<LineError | null>(null);
/** The line of the cursor in the editor, from 1. */
export const cursorLine = signal(1);
/** Whether the open recording is the one that the server offers. */
export const offered = signal(false);

/** The name of the file that the user's own recording came from, or null. */
export const ownName = signal<string | null>(null);

/** The open scenario, or null if something else is open. */
export const openedText = computed(() => (source.value?.kind === 'scenario' ? source.value.text : null));
/** Its lines; empty if something else is open. */
export const openedLines = computed(() => openedText.value?.split('\n') ?? []);
/** The lines of the open scenario that are steps. */
export const lines = computed(() => stepLines(openedText.value ?? ''));
/** The line of the next step, or null while the editor holds a different text. */
export const nextLine = computed(() => (edited.value ? null : lineOfStep(lines.value, position.value.step)));
/** The last line done; 0 at the beginning. */
export const lineDone = computed(() => lastLineDone(lines.value, position.value.step));
/** Whether the editor holds a text other than the open scenario. */
export const edited = computed(() => openedText.value !== null && draft.value !== openedText.value);
/** Whether the editor holds a text other than the lesson's. */
export const lessonChanged = computed(() => lesson.value !== null && draft.value !== lesson.value.scenario);
/** A short title for the open recording. */
export const title = computed(() => {
  const what = source.value;
  if (what === null) return '';
  if (lesson.value !== null) return lesson.value.title;
  return what.kind === 'scenario' ? (ownName.value ?? 'Your scenario') : what.name;
});
/** The title of the document. It names the lesson or the file. */
export const documentTitle = computed(() => {
  const { value } = title;
  const named = lesson.value === null ? value : `Lesson ${numberOf(lesson.value)}: ${value}`;
  return named === '' ? 'Guesthouse explorer' : `${named} – Guesthouse`;
});

/** The stored draft of a lesson: the text that was open, and the text that was typed. */
function draftOf(of: Lesson | null): ReturnType<typeof storedText> {
  return storedText(() => sessionStorage, `guesthouse-draft-${of === null ? 'own' : fullName(of)}`);
}

/**
 * Returns the stored draft, or the text itself if there is none.
 * @param only whether the draft must belong to this very text
 */
function storedDraft(of: Lesson | null, text: string, only: boolean): string {
  try {
    const [opened, typed] = JSON.parse(draftOf(of).read() ?? '[]') as unknown[];
    if (typeof typed === 'string' && (!only || opened === text)) return typed;
  } catch {
    // The value was not written by this page.
  }
  return text;
}

/** Longest draft that the browser keeps, in characters: its storage is small. */
const DRAFT_KEPT = 500_000;

effect(() => {
  const text = draft.value;
  const opened = openedText.value;
  if (opened === null || text.length > DRAFT_KEPT) return;
  const original = lesson.value?.scenario ?? opened;
  draftOf(lesson.value).write(text === original ? null : JSON.stringify([opened, text]));
});

/** Counts the recordings that were opened: each has an entry in the browser's history. */
export const openings = signal(0);

/** Counts what was asked for: a lesson that loads is not opened if the user opens something else in the meantime. */
let asked = 0;

/**
 * Loads a lesson and what it plays, in order to open it. Returns undefined if something else was opened or asked for before it was loaded.
 * @throws Error if the lesson cannot be loaded
 */
export async function loaded(entry: LessonEntry): Promise<PlayedLesson | undefined> {
  const mine = ++asked;
  try {
    const what = await entry.load();
    const played = await sourceOf(what);
    return mine === asked ? { lesson: what, source: played } : undefined;
  } catch {
    if (mine !== asked) return undefined;
    throw new Error(`The lesson “${entry.title}” could not be loaded.`);
  }
}

/** Opens a lesson of the course at its beginning, with the stored draft. Shows why if it cannot be loaded. */
export async function openLesson(entry: LessonEntry): Promise<void> {
  const what = await loaded(entry).catch(complain);
  if (what) await openLoaded(what);
}

function openLoaded({ lesson: what, source: played }: PlayedLesson): Promise<void> {
  const opening = batch(() => {
    forget();
    lesson.value = what;
    tab.value = LESSON_VIEWS[what.view];
    return begin(drafted(played, false));
  });
  // The reader is likely to go on to the next lesson.
  neighbour(1)
    ?.load()
    .catch(() => undefined);
  return opening;
}

/**
 * Puts a scenario into the editor, or the stored draft of it. Returns what is to be played: the draft, or anything else as it is.
 * @param only whether the draft must belong to this very text
 */
function drafted(what: Source, only: boolean): Source {
  draft.value = what.kind === 'scenario' ? storedDraft(lesson.value, what.text, only) : '';
  return what.kind === 'scenario' ? { ...what, text: draft.value } : what;
}

/** Clears what belongs to the recording that was open. */
function forget(): void {
  asked++;
  lesson.value = null;
  offered.value = false;
  ownName.value = null;
  selected.value = null;
  filter.value = {};
}

function begin(what: Source, how = DEFAULT_SETTINGS, at: Position = START): Promise<void> {
  const opening = open(what, how, at);
  openings.value++;
  return opening;
}

/** Opens the next (1) or previous (-1) lesson. */
export function openNeighbour(by: 1 | -1): void {
  const next = neighbour(by);
  if (next) void openLesson(next);
}

/** Returns the next (1) or previous (-1) lesson, or undefined if there is none. */
export function neighbour(by: 1 | -1): LessonEntry | undefined {
  return lesson.value === null ? undefined : lessonAfter(lesson.value, by);
}

/** How to open a recording. */
export interface Opening {
  readonly how?: Required<Settings>;
  /** The position. The default is `firstPosition`. */
  readonly at?: Position;
  /** The lesson that it is, or that it was changed from. */
  readonly lesson?: Lesson | null;
  /** The name of the file that it came from. */
  readonly name?: string | null;
  /** Whether the server offers it. */
  readonly isOffered?: boolean;
}

/** Opens the user's own recording, or a lesson that may be changed. */
export async function openOwn(what: Source, opening: Opening = {}): Promise<void> {
  let playing = what;
  await batch(() => {
    forget();
    lesson.value = opening.lesson ?? null;
    ownName.value = opening.name ?? null;
    offered.value = opening.isOffered ?? false;
    playing = drafted(what, true);
    return begin(playing, opening.how, opening.at);
  });
  const isHere = () => source.value === playing && samePosition(position.value, START);
  if (opening.at !== undefined || !isHere()) return;
  const at = await firstPosition(playing).catch(() => START);
  // The user may have moved on in the meantime.
  if (isHere()) moveTo(at);
}

/** Takes over what was typed since the editor was read last; null if nothing was. */
let pendingTyping: (() => void) | null = null;

/** Sets the function that takes over what was typed, so that commands run the text that the user sees. */
export function setPendingTyping(read: (() => void) | null): void {
  pendingTyping = read;
}

/** Opens the changed draft at a line: the same one that was done before. Infinity for the end. */
export async function renewThrough(line: number): Promise<void> {
  const step = stepsThrough(stepLines(draft.value), line);
  await open({ kind: 'scenario', text: draft.value }, settings.value, { step, event: 0 }, true);
}

/** Opens the draft at a position, or moves there if the draft is open already. */
async function openDraft(at: Position): Promise<void> {
  if (edited.value) await open({ kind: 'scenario', text: draft.value }, settings.value, at);
  else moveTo(at);
}

/** Plays the draft to its end. */
export function run(): Promise<void> {
  pendingTyping?.();
  return openDraft({ step: stepLines(draft.value).length, event: 0 });
}

/** Plays the draft until a line is done. */
export function runThrough(line: number): Promise<void> {
  pendingTyping?.();
  return openDraft({ step: stepsThrough(stepLines(draft.value), line), event: 0 });
}

/** Plays the draft up to a line. */
export function stepFrom(line: number): Promise<void> {
  pendingTyping?.();
  return openDraft({ step: stepsThrough(stepLines(draft.value), line - 1), event: 0 });
}

/** Restores the text of the lesson. */
export function reset(): void {
  const what = lesson.value;
  if (what === null) return;
  draft.value = what.scenario;
  if (edited.value) void open({ kind: 'scenario', text: what.scenario }, settings.value);
}

/** Plays the recording again with another fault, or none, at the same position. */
export function injectFault(what: InjectedFault | null): void {
  const recording = source.value;
  if (recording !== null) void open(recording, { injectedFault: what, check: true }, position.value);
}
