/**
 * Shows where both trees meet, if they do not fit.
 */

import type { RefObject } from 'preact';
import { useLayoutEffect } from 'preact/hooks';

/** Scrolls horizontally to bring a pixel to the middle, whenever it changes; null leaves the position. */
export function useMiddle(element: RefObject<HTMLElement | null>, x: number | null): void {
  useLayoutEffect(() => {
    const box = element.current;
    if (box && x !== null) box.scrollLeft = x - box.clientWidth / 2;
  }, [element, x]);
}
