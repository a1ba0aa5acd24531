/**
 * Where both trees do not fit, their meeting point is in sight first.
 */

import type { RefObject } from 'preact';
import { useLayoutEffect } from 'preact/hooks';

/** Scrolls sideways, whenever it moves, so that this pixel is in the middle; null for none. */
export function useMiddle(element: RefObject<HTMLElement | null>, x: number | null): void {
  useLayoutEffect(() => {
    const box = element.current;
    if (box && x !== null) box.scrollLeft = x - box.clientWidth / 2;
  }, [element, x]);
}
