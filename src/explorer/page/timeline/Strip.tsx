/**
 * The strip: all events of the recording in lanes, and the position as a playhead that can be dragged.
 */

import { type ReadonlySignal, useSignal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import type { Density } from '../../protocol.ts';
import { machine } from '../client.ts';
import {
  filter,
  moveByEvents,
  moveBySteps,
  moveTo,
  position,
  progress,
  START,
  source,
} from '../recording/state.ts';
import { lines, openedText } from '../recording/workspace.ts';
import { useAnswer } from '../ui/useAnswer.ts';
import { useMedia } from '../ui/useMedia.ts';
import { LANES, type Lane } from './kinds.ts';
import { axisTicks, barHeight, bucketCount, countBefore, countedByBuckets, stepEnds } from './scale.ts';
import { allEvents, goToOffset, offset, stripLength } from './strip-offset.ts';

/** Pixels: height of a lane and of the axis, and width of the names. */
const LANE = 15;
const AXIS = 14;
const NAMES = 104;
/** Steps narrower than this are not separated, in pixels. */
const LEAST_STEP = 8;
/** On a low window, the lanes lie on top of each other. */
const LOW_WINDOW = '(max-height: 879px)';

/** The height of the lanes, without the axis. */
function lanesHeight(low: boolean): number {
  return (low ? LANE : LANES.length * LANE) + 4;
}

/** The strip. */
export function Strip() {
  const low = useMedia(LOW_WINDOW);
  const place = useRef<HTMLDivElement>(null);
  const width = useSignal(800);
  const density = useDensity(width);
  useEffect(() => {
    if (place.current === null) return;
    const observer = new ResizeObserver(([entry]) => {
      if (entry) width.value = Math.max(60, Math.floor(entry.contentRect.width) - NAMES - 12);
    });
    observer.observe(place.current);
    return () => observer.disconnect();
  }, []);
  return (
    <div class="strip" ref={place} style={{ height: `${lanesHeight(low) + AXIS + 2}px` }}>
      <Names low={low} />
      <Playhead width={width.value} height={lanesHeight(low)}>
        <StepEnds width={width.value} height={lanesHeight(low)} />
        {LANES.map((lane, at) => (
          <Bars
            key={lane.id}
            lane={lane}
            top={(low ? 0 : at * LANE) + 2}
            width={width.value}
            density={density.value}
          />
        ))}
        <Axis width={width.value} top={lanesHeight(low)} />
      </Playhead>
    </div>
  );
}

/** The names of the lanes, each with the sign of its events, and that of the axis. */
function Names({ low }: { readonly low: boolean }) {
  const height = lanesHeight(low);
  return (
    <svg width={NAMES} height={height + AXIS} aria-hidden="true">
      {low ? (
        <text class="muted" x={NAMES - 8} y={12} text-anchor="end">
          events
        </text>
      ) : (
        LANES.map((lane, at) => (
          <text key={lane.id} class={`lane-${lane.id}`} x={NAMES - 8} y={at * LANE + 12} text-anchor="end">
            {lane.name} {lane.glyph}
          </text>
        ))
      )}
      <text class="muted" x={NAMES - 8} y={height + 10} text-anchor="end">
        step
      </text>
    </svg>
  );
}

/** The axis: the numbers of steps. */
function Axis({ width, top }: { readonly width: number; readonly top: number }) {
  const steps = progress.value?.steps ?? 0;
  const events = allEvents.value;
  const offsetOf = (step: number) => step + (events === null ? 0 : countBefore(events, { step, event: 0 }));
  return (
    <g class="axis">
      {axisTicks(steps, width, offsetOf).map(({ offset: at, label }) => {
        const x = (at / stripLength.value) * width;
        return (
          <text
            key={label}
            x={x}
            y={top + 11}
            text-anchor={x > width - 20 ? 'end' : x < 8 ? 'start' : 'middle'}
          >
            {label}
          </text>
        );
      })}
    </g>
  );
}

/** Returns the density of events, queried again whenever it may have changed. */
function useDensity(width: ReadonlySignal<number>): ReadonlySignal<Density | null> {
  return useAnswer<Density | null>(() => {
    const buckets = bucketCount(width.value, stripLength.value);
    const which = filter.value;
    if (source.value === null || progress.value === null) return null;
    const events = allEvents.value;
    if (events === null) return machine.density(which, buckets);
    return { buckets: countedByBuckets(events, which, buckets, stripLength.value) };
  }, null);
}

/** The ends of the steps, as faint lines, if they are wide enough. */
function StepEnds({ width, height }: { readonly width: number; readonly height: number }) {
  const events = allEvents.value;
  const steps = progress.value?.steps ?? 0;
  if (events === null || steps * LEAST_STEP > width) return null;
  const path = stepEnds(steps, events).map(
    (end) => `M${((end / stripLength.value) * width).toFixed(1)} 0v${height}`,
  );
  return <path class="step-ends" d={path.join('')} />;
}

interface BarsProps {
  readonly lane: Lane;
  readonly top: number;
  readonly width: number;
  readonly density: Density | null;
}

/** Buckets are at least this wide if their events are drawn as signs, in pixels. */
const SIGN_FROM = 9;

/** The events of a lane: the sign of the lane for each bucket that has one, or bars if the buckets are narrow. */
function Bars({ lane, top, width, density }: BarsProps) {
  const counts =
    density?.buckets.map((bucket) => lane.types.reduce((sum, type) => sum + (bucket[type] ?? 0), 0)) ?? [];
  const bucket = width / Math.max(counts.length, 1);
  return (
    <g class={`lane-${lane.id}`}>
      <line class="ground" x1="0" x2={width} y1={top + LANE - 2.5} y2={top + LANE - 2.5} />
      {bucket >= SIGN_FROM ? (
        counts.map((count, at) =>
          count === 0 ? null : (
            <text key={at} class="event-sign" x={(at + 0.5) * bucket} y={top + LANE - 4} text-anchor="middle">
              {lane.glyph}
            </text>
          ),
        )
      ) : (
        <path d={barsOf(counts, bucket, top)} />
      )}
    </g>
  );
}

function barsOf(counts: readonly number[], bucket: number, top: number): string {
  const highest = counts.reduce((a, b) => Math.max(a, b), 1);
  const wide = Math.min(Math.max(bucket - 1, 1.5), 10);
  return counts
    .map((count, at) => {
      if (count === 0) return '';
      const high = barHeight(count, highest) * (LANE - 3);
      const x = (at + 0.5) * bucket - wide / 2;
      return `M${x.toFixed(1)} ${(top + LANE - 3).toFixed(1)}h${wide.toFixed(1)}v${(-high).toFixed(1)}h${(-wide).toFixed(1)}z`;
    })
    .join('');
}

function valueText(): string {
  const { step, event } = position.value;
  const line = lines.value[step - 1];
  const place =
    line === undefined || openedText.value === null ? `step ${step}` : `step ${step}, line ${line}`;
  return event > 0 ? `${place}, then event ${event}` : place;
}

const KEYS: Readonly<Record<string, () => unknown>> = {
  ArrowRight: () => moveByEvents(1),
  ArrowLeft: () => moveByEvents(-1),
  ArrowUp: () => moveBySteps(1),
  ArrowDown: () => moveBySteps(-1),
  PageUp: () => goToOffset(offset.value + Math.ceil(stripLength.value / 20)),
  PageDown: () => goToOffset(offset.value - Math.ceil(stripLength.value / 20)),
  Home: () => moveTo(START),
  End: () => moveTo({ step: progress.value?.steps ?? 0, event: 0 }),
};

interface PlayheadProps {
  readonly width: number;
  /** Of the lanes. */
  readonly height: number;
  readonly children: ComponentChildren;
}

/** The lanes and the playhead: a slider. */
function Playhead({ width, height, children }: PlayheadProps) {
  const dragging = useRef(false);
  const x = (offset.value / stripLength.value) * width;
  const go = (event: PointerEvent) => {
    const box = (event.currentTarget as Element).getBoundingClientRect();
    void goToOffset(Math.round(((event.clientX - box.left) / width) * stripLength.value));
  };
  return (
    <div
      class="lanes"
      role="slider"
      tabIndex={0}
      aria-label="Position"
      aria-valuemin={0}
      aria-valuemax={stripLength.value}
      aria-valuenow={Math.min(offset.value, stripLength.value)}
      aria-valuetext={valueText()}
      onPointerDown={(event) => {
        dragging.current = true;
        event.currentTarget.setPointerCapture(event.pointerId);
        go(event);
      }}
      onPointerMove={(event) => {
        if (dragging.current) go(event);
      }}
      onPointerUp={() => (dragging.current = false)}
      onPointerCancel={() => (dragging.current = false)}
      onKeyDown={(event) => {
        const act = KEYS[event.key];
        if (act === undefined) return;
        event.preventDefault();
        void act();
      }}
    >
      <svg width={width} height={height + AXIS} aria-hidden="true">
        {children}
        <g class="playhead">
          <line x1={x} x2={x} y1="0" y2={height} />
          <path d={`M${x - 5} 0h10l-5 7z`} />
        </g>
      </svg>
    </div>
  );
}
