/**
 * The tracks of a line, drawn: guest segments, mappings, page tables.
 */

import type { GuestPart, ProcessPart, TablePart } from '../../../inspect/index.ts';
import { addressOf, hex, number } from '../text.ts';
import type { Item, Track } from './items.ts';
import { isStray, mainKind, protectionLetters, segmentsOf, sharesOf } from './parts.ts';

/** Pixels of a character in a block. */
const CHARACTER = 6.4;

/** What stands in a block, when there is room for it: the longest that fits. */
export function fitting(width: number, texts: readonly string[]): string | null {
  return texts.find((text) => text.length * CHARACTER + 10 <= width) ?? null;
}

/** A guest segment, or as many as there are in less than a few pixels. */
export function GuestBlock({ item, track }: { item: Item<GuestPart>; track: Track }) {
  const { left, right, of } = item;
  const { top, height } = track;
  const width = right - left;
  if (!of.exact && width > 5) return <Mixed item={item} track={track} />;
  const kind = mainKind(of);
  const look = isStray(of) ? 'linked stray' : kind;
  return (
    <>
      <rect class={`block ${look}`} x={left} y={top} width={width} height={height} rx={width > 8 ? 3 : 0} />
      {(kind === 'shared' || of.shared > 0) && width > 10 && (
        <rect class="inner" x={left + 3} y={top + 3} width={width - 6} height={height - 6} rx="1.5" />
      )}
      {kind === 'gone' && width > 14 && (
        <path
          class="crossed"
          d={`M${left},${top}L${right},${top + height}M${right},${top}L${left},${top + height}`}
        />
      )}
      <Label left={left} right={right} y={top + height / 2} texts={guestTexts(of, left >= 0)} />
    </>
  );
}

/** Several states in one block: bands, as high as there is of each. */
function Mixed({ item, track }: { item: Item<GuestPart>; track: Track }) {
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

/** What a guest block says; the address only where it begins. */
function guestTexts(part: GuestPart, begins: boolean): readonly string[] {
  if (isStray(part)) return ['linked · to no page table', 'linked · ✕', '✕'];
  const kind = mainKind(part);
  const word = {
    promise: 'promise',
    gone: 'no memory',
    linked: 'linked',
    shared: 'shared',
    large: '1 MiB frame',
  }[kind];
  return begins ? [`${word} · ${hex(addressOf(part.processFirst))}`, word] : [word];
}

/** A mapping of a process, or as many as there are in less than a few pixels. */
export function ProcessBlock({ item, track }: { item: Item<ProcessPart>; track: Track }) {
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

function processTexts(part: ProcessPart): readonly string[] {
  if (part.protection === null) return [`${number(part.mappings)} mappings`];
  const letters = protectionLetters(part.protection);
  const kinds = [part.sharedMemory && 'shared', part.file && 'file', part.largeMemory && 'for 1 MiB frames'];
  const words = kinds.filter(Boolean).join(' ') || 'private';
  return [`${letters} ${words}`, letters];
}

/** A page table, or a frame of 1 MiB, with the number of guest segments that are linked to it. */
export function TableBlock({ item, track }: { item: Item<TablePart>; track: Track }) {
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

function tableTexts(part: TablePart): readonly string[] {
  const links = part.links === 0 ? '' : `×${number(part.links)}`;
  if (part.tables + part.large > 1) return [`${number(part.tables + part.large)} tables ${links}`, links];
  if (part.links === 0) return [`page table · ${part.present} of 256 pages · not linked`, 'page table'];
  const what = part.large ? '1 MiB frame' : 'page table';
  const pages = `${part.present} of 256 pages`;
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
  // Of a block that is partly out of sight, the text stands in what can be seen; the far left is enough to know.
  const from = Math.max(left, 0);
  const text = fitting(Math.min(right, from + 2000) - from, texts);
  return text === null ? null : (
    <text class="label" x={from + 5} y={y}>
      {text}
    </text>
  );
}
