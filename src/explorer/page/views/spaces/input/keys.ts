/**
 * Keyboard control of a line: arrows select items, plus and minus zoom.
 */

import { selected } from '../../../recording/state.ts';
import { subject } from '../../../recording/subject.ts';
import { addressOf, pageOf } from '../../../ui/text.ts';
import { zoomCentre } from '../model/ends.ts';
import { filledTracks, type Item, type Tracks } from '../model/items.ts';
import type { Line } from '../model/layout.ts';
import { goTo } from '../model/store.ts';
import { panned, revealing, wholeView, zoomed } from '../model/view.ts';

/** A line, and its active item. */
export interface KeyLine {
  readonly line: Line;
  readonly tracks: Tracks;
  /** The key of the active item, or null. */
  readonly active: string | null;
  readonly activate: (item: Item<unknown> | null) => void;
}

/** Handles a key. Returns whether it has a meaning here. */
export function pressed(event: KeyboardEvent, on: KeyLine): boolean {
  if (event.ctrlKey || event.altKey || event.metaKey) return false;
  const { axis, view } = on.line.placement;
  const { name } = on.line.outline;
  const item = activeItem(on);
  const place = item ? (Math.max(0, item.left) + Math.min(axis.width, item.right)) / 2 : axis.width / 2;
  const shown = subject.value;
  const middle = zoomCentre(on.line, shown?.space === name ? pageOf(shown.address) : null, place);
  const sideways = event.key === 'ArrowLeft' ? -1 : event.key === 'ArrowRight' ? 1 : 0;
  if (event.key === '+' || event.key === '=') goTo(name, axis, zoomed(axis, view, middle, 2));
  else if (event.key === '-' || event.key === '_') goTo(name, axis, zoomed(axis, view, middle, 0.5));
  else if (event.key === 'Home') goTo(name, axis, wholeView(axis));
  else if (event.key === 'Escape') on.activate(null);
  else if (sideways && event.shiftKey) goTo(name, axis, panned(axis, view, -sideways * axis.width * 0.25));
  else if (sideways) moveAlong(on, sideways);
  else if (event.key === 'ArrowUp') moveAcross(on, -1);
  else if (event.key === 'ArrowDown') moveAcross(on, 1);
  else if ((event.key === 'Enter' || event.key === ' ') && item)
    selected.value = { space: name, address: addressOf(item.first) };
  else return false;
  return true;
}

function activeItem({ tracks, active }: KeyLine): Item<unknown> | null {
  for (const { items } of filledTracks(tracks)) {
    const found = items.find(({ key }) => key === active);
    if (found) return found;
  }
  return null;
}

/** Activates the next or previous item of the track. Pans the line at the end of the visible part. */
function moveAlong(on: KeyLine, by: 1 | -1): void {
  const tracks = filledTracks(on.tracks);
  const track = tracks.find(({ items }) => items.some(({ key }) => key === on.active)) ?? tracks[0];
  const { axis, view } = on.line.placement;
  if (!track) return;
  const at = track.items.findIndex(({ key }) => key === on.active);
  const next = at < 0 ? track.items[0] : track.items[at + by];
  if (next) {
    on.activate(next);
    goTo(on.line.outline.name, axis, revealing(axis, view, next.first, next.end));
  } else goTo(on.line.outline.name, axis, panned(axis, view, -by * axis.width * 0.5));
}

/** Activates an item of the track above or below. */
function moveAcross(on: KeyLine, by: 1 | -1): void {
  const tracks = filledTracks(on.tracks);
  const at = tracks.findIndex(({ items }) => items.some(({ key }) => key === on.active));
  const track = at < 0 ? tracks[0] : tracks[at + by];
  const item = activeItem(on);
  if (!track) return;
  const x = item ? Math.max(0, item.left) : 0;
  const near = track.items.find(({ right }) => right > x) ?? track.items[track.items.length - 1];
  if (near) on.activate(near);
}
