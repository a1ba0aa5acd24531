/**
 * Single pages, and bars that show how full memory is.
 */

import { PAGE_FLAG, PAGES_PER_SEGMENT } from '../../../../../inspect/index.ts';
import { DECORATION } from '../../../ui/aria.ts';
import type { Item, Track, Tracks } from '../model/items.ts';
import type { PageExtent } from '../model/pages.ts';

/** Minimum width of a page with signs, in pixels. */
const SIGNS_FROM = 14;

/** Pages with the same flags, or a single page with its signs. */
export function PageBlock({ item, track }: { item: Item<PageExtent>; track: Track }) {
  const { left, right } = item;
  const { flags, first, end } = item.of;
  const { top, height } = track;
  const gap = right - left > 8 ? 1 : 0;
  const width = right - left - gap;
  const has = (flag: number) => (flags & flag) !== 0;
  return (
    <>
      <rect
        class={has(PAGE_FLAG.PRESENT) ? 'page present' : 'page absent'}
        x={left}
        y={top}
        width={width}
        height={height}
      />
      {has(PAGE_FLAG.PROTECTED) && has(PAGE_FLAG.PRESENT) && (
        <rect class="page-protected" x={left} y={top} width={width} height={height} />
      )}
      {has(PAGE_FLAG.WATCHED) && <rect class="page-watched" x={left} y={top - 3} width={width} height={3} />}
      {has(PAGE_FLAG.LOGGED) && (
        <rect class="page-logged" x={left} y={top + height - 4} width={width} height={4} />
      )}
      {end - first === 1 && width >= SIGNS_FROM - 1 && (
        <Signs left={left} width={width} top={top} flags={flags} />
      )}
    </>
  );
}

/** The signs of a page: a dot if it was changed, an eye if it is watched, two squares if its frame is shared. */
function Signs({ left, width, top, flags }: { left: number; width: number; top: number; flags: number }) {
  const signs: preact.JSX.Element[] = [];
  const y = top + 8;
  const most = Math.floor((width - 2) / 11);
  const at = () => left + 8 + signs.length * 11;
  if (flags & PAGE_FLAG.CHANGED) signs.push(<circle class="sign dirty" cx={at()} cy={y} r="3.2" />);
  if (flags & PAGE_FLAG.WATCHED) {
    const x = at();
    signs.push(
      <path
        class="sign watched"
        d={`M${x - 5},${y}Q${x},${y - 6} ${x + 5},${y}Q${x},${y + 6} ${x - 5},${y}ZM${x},${y - 1}v2`}
      />,
    );
  }
  if (flags & PAGE_FLAG.SHARED) {
    const x = at();
    signs.push(<path class="sign shared" d={`M${x - 4},${y - 4}h5v5h-5zM${x - 1},${y - 1}h5v5h-5z`} />);
  }
  return <g>{signs.slice(0, Math.max(1, most))}</g>;
}

/** The share of pages present, while pages are too small to be drawn. */
export function Fullness({ tracks }: { tracks: Tracks }) {
  const { top, height } = tracks.pages;
  const bars = tracks.guest
    ? tracks.guest.items.map(({ key, left, right, of }) => ({
        key,
        left,
        right,
        full: of.present / Math.max(1, PAGES_PER_SEGMENT * (of.linked + of.large)),
      }))
    : (tracks.tables?.items ?? []).map(({ key, left, right, of }) => ({
        key,
        left,
        right,
        full: of.present / Math.max(1, PAGES_PER_SEGMENT * (of.tables + of.large)),
      }));
  return (
    <g class="fullness" {...DECORATION}>
      {bars.map(({ key, left, right, full }) =>
        full === 0 ? null : (
          <rect
            key={key}
            class="page present"
            x={left}
            y={top + height - Math.max(2, full * height)}
            width={right - left}
            height={Math.max(2, full * height)}
          />
        ),
      )}
    </g>
  );
}
