/**
 * The state of the picture: the view of each line, the lines shown, and the latest results.
 */

import { batch, effect, signal } from '@preact/signals';
import type { Extent, Pages, Row } from '../../../../../inspect/index.ts';
import type { SpaceName } from '../../../../protocol.ts';
import { source } from '../../../recording/state.ts';
import { lesson } from '../../../recording/workspace.ts';
import { type Axis, layOut, type Placement, place, type View } from './axis.ts';
import { clampView, isWhole, wholeView } from './view.ts';

/** The latest result of a line. */
export interface LineAnswer {
  readonly rows: readonly (Row | null)[];
  readonly pages: readonly (Pages | null)[];
  /** Keys of extents that have changed since the last position. */
  readonly changed: ReadonlySet<string>;
  /** Extents that were unmapped since the last position. */
  readonly vanished: readonly Extent[];
}

/** The views of lines that are not shown as a whole. */
export const views = signal<ReadonlyMap<SpaceName, View>>(new Map());

/** Lines that the user has shown (true) or hidden (false). */
export const chosen = signal<ReadonlyMap<SpaceName, boolean>>(new Map());

/** The latest results of the lines shown. */
export const answers = signal<ReadonlyMap<SpaceName, LineAnswer>>(new Map());

// Another recording has other spaces. The same one, edited or with a fault, keeps its views.
let lastRecording = '';
effect(() => {
  const what = source.value;
  const name = lesson.value?.id ?? (what === null || what.kind === 'scenario' ? '' : what.name);
  const recording = `${what?.kind} ${name}`;
  if (recording === lastRecording) return;
  lastRecording = recording;
  batch(() => {
    views.value = new Map();
    chosen.value = new Map();
    answers.value = new Map();
  });
});

/** Sets the view of a line. */
export function goTo(name: SpaceName, axis: Axis, view: View): void {
  const next = new Map(views.value);
  if (isWhole(axis, view)) next.delete(name);
  else next.set(name, view);
  views.value = next;
}

/** Shows or hides a line. */
export function choose(name: SpaceName, shown: boolean): void {
  chosen.value = new Map(chosen.value).set(name, shown);
}

/** Stores the latest result of a line; null removes it. */
export function storeAnswer(name: SpaceName, answer: LineAnswer | null): void {
  const next = new Map(answers.value);
  if (answer === null) next.delete(name);
  else next.set(name, answer);
  answers.value = next;
}

const axes = new Map<SpaceName, { key: string; axis: Axis }>();
const placements = new Map<SpaceName, Placement>();

/** Returns the axis of a space: the same object as long as the extents are the same. */
export function axisOf(name: SpaceName, extents: readonly Extent[], limit: number, width: number): Axis {
  const key = `${width} ${limit} ${extents.map(({ first, end }) => `${first}-${end}`).join()}`;
  const cached = axes.get(name);
  if (cached?.key === key) return cached.axis;
  const axis = layOut(extents, limit, width);
  axes.set(name, { key, axis });
  return axis;
}

/** Returns the placement of a line: the same object as long as axis and view are the same. */
export function placementOf(name: SpaceName, axis: Axis): Placement {
  const view = views.value.get(name);
  const cached = placements.get(name);
  if (cached && cached.axis === axis && sourceOf.get(cached) === view) return cached;
  const placement = place(axis, view ? clampView(axis, view) : wholeView(axis));
  sourceOf.set(placement, view);
  placements.set(name, placement);
  return placement;
}

/** The view that a placement was computed from, before it was clamped to the axis. */
const sourceOf = new WeakMap<Placement, View | undefined>();
