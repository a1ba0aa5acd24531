/**
 * A walk as a drawing: the address in its fields, every table on the way, and the frame or the exception.
 */

import type { TargetedKeyboardEvent, TargetedMouseEvent } from 'preact';
import type { ExplainedStep, ExplainedWalk } from '../../../../inspect/index.ts';
import type { SpaceName, WalkAnswer } from '../../../protocol.ts';
import { group, listbox, optionId } from '../../ui/aria.ts';
import { hex, rawValue } from '../../ui/text.ts';
import { addressFields } from '../common/bits.ts';
import { displayName } from '../spaces/model/labels.ts';
import { BitStrip, FieldMark, STRIP_HEIGHT } from './BitStrip.tsx';
import { reasonOf, wrapped } from './reasons.ts';

/** Heights in pixels: of a step, of one in a single line, of the end, and of a heading. */
const STEP = 52;
const LINE = 28;
const END = 66;
const HEADING = 30;
/** Where the value and the meaning of a step in a single line begin, in pixels. */
const RAW_AT = 236;
const MEANING_AT = 390;

/** What a walk is drawn on. */
export interface Paper {
  readonly width: number;
  /** Whether steps may have a single line, so that the end of a walk is visible in a low window. */
  readonly isLow: boolean;
}

/** A row of the drawing. */
export type WalkRow =
  | { readonly kind: 'heading'; readonly text: string }
  | { readonly kind: 'address'; readonly address: bigint; readonly walked: ReadonlySet<string> }
  | { readonly kind: 'step'; readonly key: string; readonly step: ExplainedStep; readonly address: bigint }
  | { readonly kind: 'end'; readonly walk: ExplainedWalk; readonly what: string };

/** Returns the rows of a walk, or of two. Headings name the address, since a saved picture stands alone. */
export function rowsOf(
  { own, walk, absolute }: WalkAnswer,
  space: SpaceName,
  address: bigint,
  isVirtual: boolean,
): readonly WalkRow[] {
  const rows: WalkRow[] = [];
  if (own) {
    rows.push({ kind: 'heading', text: `Guest virtual ${hex(address)}, by the guest’s own tables` });
    rows.push(...rowsOfOne(own, address, 'own', 'guest absolute address'));
  }
  if (!isVirtual) rows.push({ kind: 'heading', text: `${hex(address)} of ${displayName(space)}` });
  else if (!own) rows.push({ kind: 'heading', text: 'DAT is off in the guest: its addresses are real' });
  if (walk) {
    const next = absolute ?? address;
    if (own) rows.push({ kind: 'heading', text: `Guest absolute ${hex(next)}, by the host’s tables` });
    rows.push(...rowsOfOne(walk, next, 'host', 'absolute address'));
  }
  return rows;
}

function rowsOfOne(walk: ExplainedWalk, address: bigint, name: string, what: string): readonly WalkRow[] {
  const walked = new Set(walk.steps.map(({ level }) => level));
  return [
    { kind: 'address', address, walked },
    ...walk.steps.map((step, i) => ({ kind: 'step', key: `${name} ${i}`, step, address }) as const),
    { kind: 'end', walk, what },
  ];
}

function heightOf(row: WalkRow, paper: Paper): number {
  if (row.kind === 'heading') return HEADING;
  if (row.kind === 'address') return STRIP_HEIGHT + (paper.isLow ? 4 : 10);
  return row.kind === 'end' ? endHeight(paper) : stepHeight(row, paper);
}

/** Whether a step fits on two lines. */
function isWide({ width }: Paper): boolean {
  return width > 620;
}

/** Whether a step fits on a single line. */
function isLine({ step }: WalkRow & { kind: 'step' }, paper: Paper): boolean {
  const characters = step.meaning.length + shortEntry(step).length;
  return paper.isLow && isWide(paper) && MEANING_AT + 6.2 * characters <= paper.width - 12;
}

/** A long description gets another line. */
function stepHeight(row: WalkRow & { kind: 'step' }, paper: Paper): number {
  if (isLine(row, paper)) return LINE;
  return STEP + 16 * (wrapped(row.step.meaning, charactersOf(meaningWidth(paper))).length - 1);
}

function meaningWidth(paper: Paper): number {
  return isWide(paper) ? paper.width - 330 : paper.width - 90;
}

function charactersOf(width: number): number {
  return Math.floor(width / 6.6);
}

function endHeight(paper: Paper): number {
  return isWide(paper) ? END - 14 : END;
}

/** Returns the index of the entry that a step uses, with the name of the part of the address that it comes from. */
function shortEntry({ level, index }: ExplainedStep): string {
  const field = addressFields(0n).find((one) => one.level === level);
  return field === undefined ? '' : `${field.name} ${index}`;
}

/** The drawing. */
export function WalkDrawing({
  rows,
  paper,
  chosen,
  choose,
}: {
  rows: readonly WalkRow[];
  paper: Paper;
  /** Key of the open step, or null. */
  chosen: string | null;
  choose: (key: string) => void;
}) {
  const { width } = paper;
  const steps = rows.flatMap((row) => (row.kind === 'step' ? [row.key] : []));
  const height = rows.reduce((sum, row) => sum + heightOf(row, paper), 8);
  const on = {
    onKeyDown: (event: TargetedKeyboardEvent<SVGGElement>) => {
      const by = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
      const next = by ? steps[Math.max(0, steps.indexOf(chosen ?? '') + by)] : undefined;
      if (next === undefined) return;
      event.preventDefault();
      choose(next);
    },
  };
  let y = 0;
  return (
    // biome-ignore lint/a11y/noSvgWithoutTitle: it is named by a label; a title would be a second tooltip
    <svg
      class="walk-drawing"
      data-export="walk"
      {...group('The translation, level by level')}
      width={width}
      height={height}
      viewBox={`0 0 ${width} ${height}`}
    >
      <rect class="paper" width={width} height={height} />
      <g
        {...listbox('walk-steps', 'Steps of the walk: the up and down arrows select one', true, chosen)}
        {...on}
      >
        {rows.map((row) => {
          const top = y;
          y += heightOf(row, paper);
          return (
            <g key={keyOf(row, top)} transform={`translate(0 ${top})`}>
              <Row row={row} paper={paper} chosen={chosen} choose={choose} />
            </g>
          );
        })}
      </g>
    </svg>
  );
}

function keyOf(row: WalkRow, top: number): string {
  return row.kind === 'step' ? row.key : `${row.kind} ${top}`;
}

interface RowProps {
  readonly row: WalkRow;
  readonly paper: Paper;
  readonly chosen: string | null;
  readonly choose: (key: string) => void;
}

function Row({ row, paper, chosen, choose }: RowProps) {
  if (row.kind === 'heading')
    return (
      <text class="walk-heading" y="20">
        {row.text}
      </text>
    );
  if (row.kind === 'address')
    return <BitStrip address={row.address} width={paper.width} walked={row.walked} />;
  if (row.kind === 'end') return <End walk={row.walk} what={row.what} paper={paper} />;
  return <Step row={row} paper={paper} chosen={chosen} choose={choose} />;
}

function Step({ row, paper, chosen, choose }: RowProps & { row: WalkRow & { kind: 'step' } }) {
  const { step, key } = row;
  const where =
    step.at === null
      ? 'address-space-control element (ASCE)'
      : `${step.level} table at ${hex(step.at - BigInt(step.index * 8))}`;
  const field = addressFields(0n).find(({ level }) => level === step.level);
  const entry = step.at === null ? '' : `entry ${step.index} (${field?.name}) at ${hex(step.at)}`;
  const option = {
    id: optionId('walk-steps', key),
    role: 'option',
    'aria-selected': key === chosen,
    'aria-label': `${where}, ${entry}: ${rawValue(step.value)}, ${step.meaning}`,
    onClick: (_: TargetedMouseEvent<SVGGElement>) => choose(key),
  } as const;
  const height = stepHeight(row, paper) - (isLine(row, paper) ? 6 : 8);
  return (
    <g class={key === chosen ? 'step chosen' : 'step'} {...option}>
      <path class="chain" d={`M14,-3V5M10,1L14,6L18,1`} />
      <rect class="step-box" x="1" y="5" width={paper.width - 2} height={height} rx="5" />
      <text class="step-where" x="12" y="20">
        {isLine(row, paper) && step.at === null ? 'ASCE' : where}
      </text>
      {isLine(row, paper) ? (
        <OneLine step={step} width={paper.width} />
      ) : (
        <TwoLines row={row} entry={entry} paper={paper} />
      )}
    </g>
  );
}

/** A step in a single line. */
function OneLine({ step, width }: { readonly step: ExplainedStep; readonly width: number }) {
  return (
    <>
      <text class="step-raw" x={RAW_AT} y="20">
        {rawValue(step.value)}
      </text>
      <text class="step-meaning" x={MEANING_AT} y="20">
        {step.meaning}
      </text>
      <text class="step-entry" x={width - 12} y="20">
        {shortEntry(step)}
      </text>
    </>
  );
}

interface TwoLinesProps {
  readonly row: WalkRow & { kind: 'step' };
  readonly entry: string;
  readonly paper: Paper;
}

/** A step in two lines or more. */
function TwoLines({ row: { step, address }, entry, paper }: TwoLinesProps) {
  const field = addressFields(address).find(({ level }) => level === step.level);
  const wide = isWide(paper);
  return (
    <>
      {wide && (
        <text class="step-entry" x={paper.width - 12} y="20">
          {entry}
        </text>
      )}
      {field && wide && <FieldMark field={field} x={paper.width - 140} y={28} width={128} />}
      <text class="step-raw" x="12" y="39">
        {wide ? rawValue(step.value) : field ? `${field.name} ${step.index}` : 'ASCE'}
      </text>
      <Lines
        className="step-meaning"
        x={wide ? 176 : 78}
        y={39}
        text={step.meaning}
        width={meaningWidth(paper)}
      />
    </>
  );
}

function capitalized(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
}

/** Returns the result of a walk in one sentence. */
export function resultOf({ own, walk }: WalkAnswer): string {
  const last = walk ?? own;
  if (last === null) return '';
  const { exception, absolute } = last;
  if (exception !== null)
    return `${capitalized(exception.name)} exception (code ${hex(BigInt(exception.code))}). ${reasonOf(last)}`;
  return `Absolute address ${hex(absolute ?? 0n)}, in the frame at ${hex((absolute ?? 0n) & ~0xfffn)}; stores are ${last.protected ? 'forbidden' : 'allowed'}.`;
}

function End({ walk, what, paper }: { walk: ExplainedWalk; what: string; paper: Paper }) {
  const { exception, absolute } = walk;
  const isError = exception !== null;
  const first = isError
    ? `${exception.name} exception, code ${hex(BigInt(exception.code))}`
    : `${what} ${hex(absolute ?? 0n)}`;
  const second = isError
    ? reasonOf(walk)
    : `in the frame at ${hex((absolute ?? 0n) & ~0xfffn)}; stores are ${walk.protected ? 'forbidden' : 'allowed'}`;
  return (
    <g class={isError ? 'walk-end failed' : 'walk-end'}>
      <path class="chain" d="M14,-3V5M10,1L14,6L18,1" />
      <rect class="end-box" x="1" y="5" width={paper.width - 2} height={endHeight(paper) - 10} rx="5" />
      <text class="end-sign" x="22" y="32">
        {isError ? '✕' : '■'}
      </text>
      <text class="end-first" x="42" y="23">
        {first}
      </text>
      <Lines className="end-second" x={42} y={40} text={second} width={paper.width - 54} />
    </g>
  );
}

function Lines({
  className,
  x,
  y,
  text,
  width,
}: {
  className: string;
  x: number;
  y: number;
  text: string;
  width: number;
}) {
  return (
    <text class={className} y={y}>
      {wrapped(text, charactersOf(width)).map((line, i) => (
        <tspan key={line} x={x} dy={i === 0 ? 0 : 16}>
          {line}
        </tspan>
      ))}
    </text>
  );
}
