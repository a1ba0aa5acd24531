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

/** Heights in pixels: of a step, of the end, and of a heading. */
const STEP = 52;
const END = 66;
const HEADING = 30;

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

function heightOf(row: WalkRow, width: number): number {
  if (row.kind === 'heading') return HEADING;
  if (row.kind === 'address') return STRIP_HEIGHT + 10;
  return row.kind === 'end' ? endHeight(width) : stepHeight(row.step, width);
}

/** Whether a step fits on two lines. */
function isWide(width: number): boolean {
  return width > 620;
}

/** A long description gets another line. */
function stepHeight({ meaning }: ExplainedStep, width: number): number {
  return STEP + 16 * (wrapped(meaning, charactersOf(meaningWidth(width))).length - 1);
}

function meaningWidth(width: number): number {
  return isWide(width) ? width - 330 : width - 90;
}

function charactersOf(width: number): number {
  return Math.floor(width / 6.6);
}

function endHeight(width: number): number {
  return isWide(width) ? END - 14 : END;
}

/** The drawing. */
export function WalkDrawing({
  rows,
  width,
  chosen,
  choose,
}: {
  rows: readonly WalkRow[];
  width: number;
  /** Key of the open step, or null. */
  chosen: string | null;
  choose: (key: string) => void;
}) {
  const steps = rows.flatMap((row) => (row.kind === 'step' ? [row.key] : []));
  const height = rows.reduce((sum, row) => sum + heightOf(row, width), 8);
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
          y += heightOf(row, width);
          return (
            <g key={keyOf(row, top)} transform={`translate(0 ${top})`}>
              <Row row={row} width={width} chosen={chosen} choose={choose} />
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
  readonly width: number;
  readonly chosen: string | null;
  readonly choose: (key: string) => void;
}

function Row({ row, width, chosen, choose }: RowProps) {
  if (row.kind === 'heading')
    return (
      <text class="walk-heading" y="20">
        {row.text}
      </text>
    );
  if (row.kind === 'address') return <BitStrip address={row.address} width={width} walked={row.walked} />;
  if (row.kind === 'end') return <End walk={row.walk} what={row.what} width={width} />;
  return <Step row={row} width={width} chosen={chosen} choose={choose} />;
}

function Step({ row, width, chosen, choose }: RowProps & { row: WalkRow & { kind: 'step' } }) {
  const { step, key, address } = row;
  const field = addressFields(address).find(({ level }) => level === step.level);
  const where =
    step.at === null
      ? 'address-space-control element (ASCE)'
      : `${step.level} table at ${hex(step.at - BigInt(step.index * 8))}`;
  const entry = step.at === null ? '' : `entry ${step.index} (${field?.name}) at ${hex(step.at)}`;
  const wide = isWide(width);
  const option = {
    id: optionId('walk-steps', key),
    role: 'option',
    'aria-selected': key === chosen,
    'aria-label': `${where}, ${entry}: ${rawValue(step.value)}, ${step.meaning}`,
    onClick: (_: TargetedMouseEvent<SVGGElement>) => choose(key),
  } as const;
  return (
    <g class={key === chosen ? 'step chosen' : 'step'} {...option}>
      <path class="chain" d={`M14,-3V5M10,1L14,6L18,1`} />
      <rect class="step-box" x="1" y="5" width={width - 2} height={stepHeight(step, width) - 8} rx="5" />
      <text class="step-where" x="12" y="20">
        {where}
      </text>
      {wide && (
        <text class="step-entry" x={width - 12} y="20">
          {entry}
        </text>
      )}
      {field && wide && <FieldMark field={field} x={width - 140} y={28} width={128} />}
      <text class="step-raw" x="12" y="39">
        {wide ? rawValue(step.value) : field ? `${field.name} ${step.index}` : 'ASCE'}
      </text>
      <Lines
        className="step-meaning"
        x={wide ? 176 : 78}
        y={39}
        text={step.meaning}
        width={meaningWidth(width)}
      />
    </g>
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

function End({ walk, what, width }: { walk: ExplainedWalk; what: string; width: number }) {
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
      <rect class="end-box" x="1" y="5" width={width - 2} height={endHeight(width) - 10} rx="5" />
      <text class="end-sign" x="22" y="32">
        {isError ? '✕' : '■'}
      </text>
      <text class="end-first" x="42" y="23">
        {first}
      </text>
      <Lines className="end-second" x={42} y={40} text={second} width={width - 54} />
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
