/**
 * A button that opens a panel with a form. Escape or a click elsewhere closes it.
 */

import './Popover.css';
import { useSignal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { useId, useLayoutEffect, useRef } from 'preact/hooks';
import { useAway } from './useAway.ts';

interface PopoverProps {
  /** The contents of the button. */
  readonly label: ComponentChildren;
  /** The accessible name of the button and of the panel. */
  readonly name: string;
  /** Shown when the pointer rests on the button. */
  readonly title: string;
  readonly children: ComponentChildren;
}

/** The button, and its panel above it. */
export function Popover({ label, name, title, children }: PopoverProps) {
  const shown = useSignal(false);
  const root = useRef<HTMLDivElement>(null);
  const id = useId();
  // Before the next key arrives.
  useLayoutEffect(() => {
    if (shown.value) root.current?.querySelector<HTMLElement>('textarea, input')?.focus();
  }, [shown.value]);
  useAway(shown, root);
  return (
    <div class="popover" ref={root}>
      <button
        type="button"
        class="icon"
        aria-haspopup="dialog"
        aria-expanded={shown.value}
        aria-controls={shown.value ? id : undefined}
        aria-label={name}
        title={title}
        onClick={() => (shown.value = !shown.value)}
      >
        {label}
      </button>
      {shown.value && (
        <div
          id={id}
          class="popover-panel"
          role="dialog"
          aria-label={name}
          tabIndex={-1}
          onKeyDown={(event) => {
            if (event.key !== 'Escape') return;
            event.stopPropagation();
            shown.value = false;
            root.current?.querySelector('button')?.focus();
          }}
        >
          {children}
        </div>
      )}
    </div>
  );
}
