/**
 * Wheel, drag and pinch gestures on the picture, by d3-zoom. A gesture controls the line on which it begins.
 */

import { select } from 'd3-selection';
import { type D3ZoomEvent, type ZoomTransform, zoom, zoomIdentity } from 'd3-zoom';
import type { RefObject } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import type { Line } from '../model/layout.ts';
import { PAD } from '../model/layout.ts';
import { goTo } from '../model/store.ts';
import { panned, zoomed } from '../model/view.ts';

/** Makes the lines of a picture zoom and pan. */
export function useGestures(picture: RefObject<SVGSVGElement | null>, lines: readonly Line[]): void {
  const latest = useRef(lines);
  latest.current = lines;
  const hasLines = lines.length > 0;
  useEffect(() => {
    const svg = picture.current;
    if (!svg || !hasLines) return;
    return listen(svg, () => latest.current);
  }, [picture, hasLines]);
}

function listen(svg: SVGSVGElement, lines: () => readonly Line[]): () => void {
  let name: string | null = null;
  let last: ZoomTransform = zoomIdentity;
  const current = () => lines().find(({ outline }) => outline.name === name);
  const behaviour = zoom<SVGSVGElement, unknown>()
    // A horizontal wheel pans. The secondary button belongs to the browser.
    .filter((event: MouseEvent | WheelEvent) => !event.button && !isSideways(event))
    .on('start', ({ sourceEvent }: D3ZoomEvent<SVGSVGElement, unknown>) => {
      name = lineAt(svg, lines(), sourceEvent)?.outline.name ?? null;
    })
    .on('zoom', ({ transform }: D3ZoomEvent<SVGSVGElement, unknown>) => {
      const line = current();
      if (line) follow(line, last, transform);
      last = transform;
    })
    .on('end', () => {
      // Reset after each gesture, so that the coordinates of d3 never grow.
      last = zoomIdentity;
      (svg as SVGSVGElement & { __zoom?: ZoomTransform }).__zoom = zoomIdentity;
    });
  const selection = select(svg).call(behaviour).on('dblclick.zoom', null);
  const sideways = (event: WheelEvent) => {
    const line = isSideways(event) ? lineAt(svg, lines(), event) : undefined;
    if (!line) return;
    event.preventDefault();
    const by = event.deltaX || event.deltaY;
    goTo(line.outline.name, line.placement.axis, panned(line.placement.axis, line.placement.view, -by));
  };
  svg.addEventListener('wheel', sideways, { passive: false });
  return () => {
    selection.on('.zoom', null);
    svg.removeEventListener('wheel', sideways);
  };
}

function isSideways(event: MouseEvent | WheelEvent): boolean {
  if (event.type !== 'wheel') return false;
  const { deltaX, deltaY, shiftKey } = event as WheelEvent;
  return shiftKey || Math.abs(deltaX) > Math.abs(deltaY);
}

/** Applies the difference between two transforms: a pan, or a zoom around a fixed pixel. */
function follow({ outline, placement }: Line, last: ZoomTransform, now: ZoomTransform): void {
  const { axis, view } = placement;
  const times = now.k / last.k;
  const way = now.x - times * last.x;
  if (Math.abs(times - 1) < 1e-6) goTo(outline.name, axis, panned(axis, view, way));
  else goTo(outline.name, axis, zoomed(axis, view, way / (1 - times) - PAD, times));
}

/** Returns the place of a pointer in a drawing, in units of the drawing: the page may be zoomed. */
export function pointIn(
  svg: SVGSVGElement,
  { clientX, clientY }: Readonly<Record<'clientX' | 'clientY', number>>,
) {
  return new DOMPoint(clientX, clientY).matrixTransform(svg.getScreenCTM()?.inverse());
}

/** Returns the line at an event. A curve belongs to the line whose middle is nearest. */
export function lineAt(svg: SVGSVGElement, lines: readonly Line[], event: Event | null): Line | undefined {
  const point = pointOf(event);
  if (!point) return lines[0];
  const { y } = pointIn(svg, point);
  const away = ({ top, height }: Line) => Math.max(top - y, y - top - height, 0);
  return lines.reduce<Line | undefined>(
    (best, line) => (best && away(best) <= away(line) ? best : line),
    undefined,
  );
}

function pointOf(event: Event | null): { clientX: number; clientY: number } | undefined {
  if (event && 'touches' in event) return (event as TouchEvent).touches[0];
  return event && 'clientY' in event ? (event as MouseEvent) : undefined;
}
