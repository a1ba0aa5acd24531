/**
 * Closing what is open beside its button.
 */

import type { Signal } from '@preact/signals';
import type { RefObject } from 'preact';
import { useEffect } from 'preact/hooks';

/** Sets a signal to false when the pointer is pressed outside of an element. */
export function useAway(shown: Signal<boolean>, root: RefObject<HTMLElement | null>): void {
  useEffect(() => {
    if (!shown.value) return;
    const away = (event: Event) => {
      if (!root.current?.contains(event.target as Node)) shown.value = false;
    };
    addEventListener('pointerdown', away);
    return () => removeEventListener('pointerdown', away);
  }, [shown.value]);
}
