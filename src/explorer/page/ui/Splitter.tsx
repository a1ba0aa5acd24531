/**
 * The border between two panes, which can be dragged.
 */

import './Splitter.css';
import { useSignal } from '@preact/signals';
import { useRef } from 'preact/hooks';
import { PANE_SIZES, type PaneSize, type PaneSizeId, paneSizes, setPaneSize } from './panes.ts';

/** Percent that an arrow key moves a splitter by. */
const KEY_STEP = 2;

/** Returns the place of a pointer in the box that is divided, in percent of the pane's size. */
function percentAt({ axis, fromEnd }: PaneSize, { clientX, clientY }: PointerEvent, box: DOMRect): number {
  const part = axis === 'x' ? (clientX - box.left) / box.width : (clientY - box.top) / box.height;
  return 100 * (fromEnd ? 1 - part : part);
}

interface SplitterProps {
  readonly id: PaneSizeId;
  /** Selector of the box that is divided. */
  readonly divides: string;
}

/** A splitter: it can be dragged, and moved by the arrow keys. Enter or a double click restores the usual size. */
export function Splitter({ id, divides }: SplitterProps) {
  const pane: PaneSize = PANE_SIZES[id];
  const element = useRef<HTMLDivElement>(null);
  const dragging = useSignal(false);
  const drag = (event: PointerEvent) => {
    const box = element.current?.closest(divides)?.getBoundingClientRect();
    if (box && dragging.value) setPaneSize(id, percentAt(pane, event, box));
  };
  const current = () => paneSizes.value[id] ?? usualSize(element.current, pane, divides);
  const key = (event: KeyboardEvent) => {
    const by = { ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1, ArrowDown: 1 }[event.key];
    if (by !== undefined) setPaneSize(id, current() + by * KEY_STEP * (pane.fromEnd ? -1 : 1));
    else if (event.key === 'Home') setPaneSize(id, pane.least);
    else if (event.key === 'End') setPaneSize(id, pane.most);
    else if (event.key === 'Enter') setPaneSize(id, null);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    // biome-ignore lint/a11y/useSemanticElements: hr is a separator that cannot be moved
    <div
      ref={element}
      class={`splitter ${pane.axis} ${dragging.value ? 'dragging' : ''}`}
      role="separator"
      tabIndex={0}
      aria-label={pane.label}
      aria-orientation={pane.axis === 'x' ? 'vertical' : 'horizontal'}
      aria-valuemin={pane.least}
      aria-valuemax={pane.most}
      aria-valuenow={Math.round(current())}
      title={`${pane.label}: drag, or use the arrow keys; double-click for the usual size`}
      onPointerDown={(event) => {
        dragging.value = true;
        event.currentTarget.setPointerCapture(event.pointerId);
        event.preventDefault();
      }}
      onPointerMove={drag}
      onPointerUp={() => (dragging.value = false)}
      onPointerCancel={() => (dragging.value = false)}
      onDblClick={() => setPaneSize(id, null)}
      onKeyDown={key}
    />
  );
}

/** Returns the size of a pane that the style sheet determines: that of the splitter's parent. */
function usualSize(splitter: HTMLElement | null, { axis, least, most }: PaneSize, divides: string): number {
  const box = splitter?.closest(divides)?.getBoundingClientRect();
  const own = splitter?.parentElement?.getBoundingClientRect();
  if (!box || !own) return (least + most) / 2;
  return axis === 'x' ? (100 * own.width) / box.width : (100 * own.height) / box.height;
}
