/**
 * A button that opens a sheet of choices. Arrow keys move in it; Escape or a click elsewhere closes it.
 */

import './Menu.css';
import { useSignal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { useEffect, useId, useRef } from 'preact/hooks';
import { useAway } from './useAway.ts';

interface MenuProps {
  /** The contents of the button. */
  readonly label: ComponentChildren;
  /** The accessible name of the button, if its contents are not enough. */
  readonly name?: string;
  readonly align?: 'left' | 'right';
  readonly up?: boolean;
  /** Whether a choice closes the sheet. */
  readonly closes?: boolean;
  readonly children: ComponentChildren;
}

/** The button and its sheet. Preconditions: the children are buttons with a menu item role. */
export function Menu({ label, name, align = 'left', up = false, closes = true, children }: MenuProps) {
  const shown = useSignal(false);
  const root = useRef<HTMLDivElement>(null);
  const id = useId();
  const items = () => [...(root.current?.querySelectorAll<HTMLElement>('[role^=menuitem]') ?? [])];
  const close = () => {
    shown.value = false;
    root.current?.querySelector('button')?.focus();
  };
  useEffect(() => {
    if (!shown.value) return;
    (items().find((item) => item.ariaChecked === 'true') ?? items()[0])?.focus();
  }, [shown.value]);
  useAway(shown, root);
  const key = (event: KeyboardEvent) => {
    const all = items();
    const at = all.indexOf(document.activeElement as HTMLElement);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: -1 }[event.key];
    if (event.key === 'Escape') close();
    else if (event.key === 'Tab') shown.value = false;
    else if (to !== undefined) all.at(to % all.length)?.focus();
    if (event.key === 'Escape' || to !== undefined) {
      event.preventDefault();
      event.stopPropagation();
    }
  };
  return (
    <div class="menu" ref={root}>
      <button
        type="button"
        aria-haspopup="menu"
        aria-expanded={shown.value}
        aria-controls={shown.value ? id : undefined}
        aria-label={name}
        title={name}
        onClick={() => (shown.value = !shown.value)}
      >
        {label}
      </button>
      {shown.value && (
        <div
          id={id}
          class={`sheet ${align} ${up ? 'up' : ''}`}
          role="menu"
          aria-label={name}
          tabIndex={0}
          onKeyDown={key}
          onClick={(event) => {
            if (closes && (event.target as Element).closest('[role^=menuitem]')) close();
          }}
        >
          {children}
        </div>
      )}
    </div>
  );
}
