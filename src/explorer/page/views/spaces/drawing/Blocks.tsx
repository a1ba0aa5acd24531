/**
 * Blocks of the tracks: guest segments, mappings and page tables.
 */

import type { GuestExtent, MappingExtent, TableExtent } from '../../../../../inspect/index.ts';
import { addressOf, hex, number } from '../../../ui/text.ts';
import type { Item, Track } from '../model/items.ts';
import { isStray, mainKind, protectionLetters, segmentsOf, sharesOf } from '../model/labels.ts';

/** Width of a character in a block, in pixels. */
const CHARACTER = 6.4;

/** Returns the longest text that fits in a block, or null. */
export function fitting(width: number, texts: readonly string[]): string | null {
  return texts.find((text) => text.length * CHARACTER + 10 <= width) ?? null;
}

/** A guest extent. */
export function GuestBlock({ item, track }: { item: Item<GuestExtent>; track: Track }) {
  const { left, right, of } = item;
  const { top, height } = track;
  const width = right - left;
  if (!of.exact && width > 5) return <Mixed item={item} track={track} />;
  const kind = mainKind(of);
  const classes = isStray(of) ? 'linked stray' : kind;
  return (
    <>
      <rect
        class={`block ${classes}`}
        x={left}
        y={top}
        width={width}
        height={height}
        rx={width > 8 ? 3 : 0}
      />
      {(kind === 'shared' || of.shared > 0) && width > 10 && (
        <rect class="inner" x={left + 3} y={top + 3} width={width - 6} height={height - 6} rx="1.5" />
      )}
      {kind === 'unbacked' && width > 14 && (
        <path
          class="crossed"
          d={`M${left},${top}L${right},${top + height}M${right},${top}L${left},${top + height}`}
        />
      )}
      <Label left={left} right={right} y={top + height / 2} texts={guestTexts(of, left >= 0)} />
    </>
  );
}

/** Segments in several states: a band for each state, as high as its share. */
function Mixed({ item, track }: { item: Item<GuestExtent>; track: Track }) {
  const { left, right, of } = item;
  let y = track.top;
  return (
    <>
      {sharesOf(of).map(({ kind, share }) => {
        const height = share * track.height;
        const band = (
          <rect key={kind} class={`block ${kind}`} x={left} y={y} width={right - left} height={height} />
        );
        y += height;
        return band;
      })}
      <Label
        left={left}
        right={right}
        y={track.top + track.height / 2}
        texts={[`${number(segmentsOf(of))} segments`]}
      />
    </>
  );
}

/** Texts for a guest block. The address is shown only at its beginning. */
function guestTexts(extent: GuestExtent, begins: boolean): readonly string[] {
  if (isStray(extent)) return ['linked · not a page table', 'linked · ✕', '✕'];
  const kind = mainKind(extent);
  const word = {
    unlinked: 'not linked',
    unbacked: 'no memory',
    linked: 'linked',
    shared: 'shared',
    large: '1 MiB frame',
  }[kind];
  return begins ? [`${word} · ${hex(addressOf(extent.processFirst))}`, word] : [word];
}

/** An extent of mappings. */
export function ProcessBlock({ item, track }: { item: Item<MappingExtent>; track: Track }) {
  const { left, right, of } = item;
  const { top, height } = track;
  const width = right - left;
  const none = of.protection === 0 ? ' none' : '';
  return (
    <>
      <rect
        class={`block mapping${none}`}
        x={left}
        y={top}
        width={width}
        height={height}
        rx={width > 8 ? 3 : 0}
      />
      {of.sharedMemory && <rect class="dotted" x={left} y={top} width={width} height={height} />}
      {of.file && width > 14 && (
        <path class="corner" d={`M${right - 9},${top}L${right},${top + 9}H${right - 9}Z`} />
      )}
      <Label left={left} right={right} y={top + height / 2} texts={processTexts(of)} />
    </>
  );
}

function processTexts(extent: MappingExtent): readonly string[] {
  if (extent.protection === null) return [`${number(extent.mappings)} mappings`];
  const letters = protectionLetters(extent.protection);
  const kinds = [
    extent.sharedMemory && 'shared',
    extent.file && 'file',
    extent.largeMemory && 'for 1 MiB frames',
  ];
  const words = kinds.filter(Boolean).join(' ') || 'private';
  return [`${letters} ${words}`, letters];
}

/** Page tables or 1 MiB frames, with the number of guest segments linked to them. */
export function TableBlock({ item, track }: { item: Item<TableExtent>; track: Track }) {
  const { left, right, of } = item;
  const { top, height } = track;
  const width = right - left;
  const kind =
    of.large > 0 && of.tables === 0 ? 'large' : of.links > 1 && of.tables === 1 ? 'shared' : 'table';
  return (
    <>
      <rect class={`block ${kind}`} x={left} y={top} width={width} height={height} rx={width > 8 ? 3 : 0} />
      {kind === 'shared' && width > 10 && (
        <rect class="inner" x={left + 2.5} y={top + 2.5} width={width - 5} height={height - 5} rx="1.5" />
      )}
      <Label left={left} right={right} y={top + height / 2} texts={tableTexts(of)} />
    </>
  );
}

function tableTexts(extent: TableExtent): readonly string[] {
  const links = extent.links === 0 ? '' : `×${number(extent.links)}`;
  if (extent.tables + extent.large > 1)
    return [`${number(extent.tables + extent.large)} tables ${links}`, links];
  if (extent.links === 0) return [`page table · ${extent.present} of 256 pages · not linked`, 'page table'];
  const what = extent.large ? '1 MiB frame' : 'page table';
  const pages = `${extent.present} of 256 pages`;
  return [`${what} · ${pages} · linked ${links}`, `${what} ${links}`, links];
}

function Label({
  left,
  right,
  y,
  texts,
}: {
  left: number;
  right: number;
  y: number;
  texts: readonly string[];
}) {
  // The text of a partly visible block is at its visible end.
  const from = Math.max(left, 0);
  const text = fitting(Math.min(right, from + 2000) - from, texts);
  return text === null ? null : (
    <text class="label" x={from + 5} y={y}>
      {text}
    </text>
  );
}
