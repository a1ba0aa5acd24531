/**
 * The panes of the page: their sizes, which of them are folded, and lecture mode. The browser keeps sizes and folding.
 */

import { signal } from '@preact/signals';
import { storedText } from './stored.ts';

/** A size that a splitter changes, in percent of the page or of the left column. */
export interface PaneSize {
  readonly label: string;
  /** Whether the splitter moves left and right, or up and down. */
  readonly axis: 'x' | 'y';
  /** Whether the size is measured from the end of the container: from its bottom. */
  readonly fromEnd: boolean;
  readonly least: number;
  readonly most: number;
}

/** The sizes that splitters change. */
export const PANE_SIZES = {
  sidebar: { label: 'Width of lesson and scenario', axis: 'x', fromEnd: false, least: 18, most: 60 },
  lesson: { label: 'Height of the lesson', axis: 'y', fromEnd: false, least: 15, most: 85 },
  time: { label: 'Height of the timeline', axis: 'y', fromEnd: true, least: 12, most: 60 },
} as const satisfies Readonly<Record<string, PaneSize>>;

/** The name of a size. */
export type PaneSizeId = keyof typeof PANE_SIZES;

/** A pane that can be folded to its title. */
export type Foldable = 'lesson' | 'scenario' | 'time';
const FOLDABLE: readonly Foldable[] = ['lesson', 'scenario', 'time'];

/** What the browser keeps. */
interface Kept {
  readonly sizes: Readonly<Partial<Record<PaneSizeId, number>>>;
  readonly folded: readonly Foldable[];
}

const stored = storedText(() => localStorage, 'guesthouse-panes');

function kept(): Kept {
  try {
    const { sizes, folded } = JSON.parse(stored.read() ?? '{}') as { sizes?: unknown; folded?: unknown };
    return {
      sizes: readSizes(sizes),
      folded: FOLDABLE.filter((one) => Array.isArray(folded) && folded.includes(one)),
    };
  } catch {
    // The value was not written by this page.
    return { sizes: {}, folded: [] };
  }
}

function readSizes(value: unknown): Kept['sizes'] {
  const sizes: Partial<Record<PaneSizeId, number>> = {};
  for (const id of Object.keys(PANE_SIZES) as PaneSizeId[]) {
    const size = (value as Record<string, unknown> | null | undefined)?.[id];
    if (typeof size === 'number' && Number.isFinite(size)) sizes[id] = bounded(id, size);
  }
  return sizes;
}

function bounded(id: PaneSizeId, percent: number): number {
  const { least, most } = PANE_SIZES[id];
  return Math.round(Math.min(most, Math.max(least, percent)) * 10) / 10;
}

const start = kept();

/** The sizes that the user has chosen, in percent. The style sheet has the others. */
export const paneSizes = signal(start.sizes);
/** The panes that are folded. */
export const folded = signal<ReadonlySet<Foldable>>(new Set(start.folded));
/** Whether the page shows only picture, note and steps, in large type. */
export const lecture = signal(false);

function keep(): void {
  stored.write(JSON.stringify({ sizes: paneSizes.value, folded: [...folded.value] } satisfies Kept));
}

/** Sets a size in percent, within its bounds; null restores the usual one. */
export function setPaneSize(id: PaneSizeId, percent: number | null): void {
  const { [id]: _, ...others } = paneSizes.value;
  paneSizes.value = percent === null ? others : { ...others, [id]: bounded(id, percent) };
  keep();
}

/** Folds a pane, or unfolds it. */
export function toggleFolded(pane: Foldable): void {
  const next = new Set(folded.value);
  if (!next.delete(pane)) next.add(pane);
  folded.value = next;
  keep();
}
