/**
 * The curves of a guest, from its segments up to the process memory behind them.
 */

import type { GuestExtent } from '../../../../../inspect/index.ts';
import { DECORATION } from '../../../ui/aria.ts';
import { xOf } from '../model/axis.ts';
import type { Item, Track } from '../model/items.ts';
import { isStray, mainKind } from '../model/labels.ts';
import type { Line } from '../model/layout.ts';
import { bandPath, curvePath, inSight, middleOf, type Side } from '../model/ribbon-paths.ts';

/** The curves of a guest line. */
export function Ribbons({
  line,
  track,
  chosen,
}: {
  line: Line;
  track: Track<GuestExtent>;
  /** The selected page of the guest, or null. */
  chosen: number | null;
}) {
  const { process } = line;
  if (process === null) return null;
  const strong = (item: Item<GuestExtent>) => chosen !== null && item.first <= chosen && chosen < item.end;
  // The selected one is drawn last, above the others.
  const items = [...track.items.filter((item) => !strong(item)), ...track.items.filter(strong)];
  return (
    <g class="ribbons" {...DECORATION}>
      {items.map((item) => (
        <Ribbon key={item.key} item={item} line={line} process={process} strong={strong(item)} />
      ))}
    </g>
  );
}

function Ribbon({
  item,
  line,
  process,
  strong,
}: {
  item: Item<GuestExtent>;
  line: Line;
  process: Line;
  strong: boolean;
}) {
  const { placement } = process;
  const width = placement.axis.width;
  const bottom: Side = { left: item.left, right: item.right };
  const stray = isStray(item.of);
  const top: Side = stray
    ? bottom
    : { left: xOf(placement, item.of.processFirst), right: xOf(placement, item.of.processEnd) };
  if (!inSight(top, bottom, width)) return null;
  const [yTop, yBottom] = [process.top + process.height + 2, line.top - 2];
  const kind = mainKind(item.of);
  const classes = `${kind}${stray ? ' stray' : ''}${strong ? ' strong' : ''}${item.changed ? ' changed' : ''}${item.of.exact ? '' : ' rough'}`;
  const thin = Math.max(top.right - top.left, bottom.right - bottom.left) < 3;
  // A curve with nothing behind it ends below the process, in a cross.
  const broken = kind === 'unbacked' || stray;
  const upper = broken ? yTop + 12 : yTop;
  const x = middleOf(top, width);
  const ends = { top, bottom, yTop: upper, yBottom, width };
  return (
    <g class={`ribbon ${classes}`}>
      {thin || broken ? <path class="curve" d={curvePath(ends)} /> : <path class="band" d={bandPath(ends)} />}
      {broken && <path class="end" d={`M${x - 5},${yTop + 1}l10,10M${x + 5},${yTop + 1}l-10,10`} />}
    </g>
  );
}
