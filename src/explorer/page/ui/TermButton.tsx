/**
 * A term of the glossary in a text: a button that explains it.
 */

import './TermButton.css';
import { useSignal } from '@preact/signals';
import { useEffect, useId, useRef } from 'preact/hooks';
import type { Term } from '../../lessons/glossary.ts';

/** Distance between the term and its explanation, and between that and the edge of the window, in pixels. */
const GAP = 6;

/** The term, as it is written in the text. Escape or a click elsewhere closes the explanation. */
export function TermButton({ term, text }: { readonly term: Term; readonly text: string }) {
  const shown = useSignal(false);
  const button = useRef<HTMLButtonElement>(null);
  const id = useId();
  return (
    <>
      <button
        ref={button}
        type="button"
        class="term"
        aria-expanded={shown.value}
        aria-controls={shown.value ? id : undefined}
        onClick={() => (shown.value = !shown.value)}
      >
        {text}
      </button>
      {shown.value && (
        <Explanation id={id} term={term} button={button.current} closed={() => (shown.value = false)} />
      )}
    </>
  );
}

interface ExplanationProps {
  readonly id: string;
  readonly term: Term;
  readonly button: HTMLElement | null;
  readonly closed: () => void;
}

function Explanation({ id, term, button, closed }: ExplanationProps) {
  const box = useRef<HTMLSpanElement>(null);
  useEffect(() => {
    const element = box.current;
    if (element === null || button === null) return;
    // It is not inside of the boxes that scroll, which would cut it off.
    element.showPopover();
    place(element, button.getBoundingClientRect());
    const away = (event: Event) => {
      const target = event.target as Node;
      if (!element.contains(target) && !button.contains(target)) closed();
    };
    const close = (event: KeyboardEvent) => {
      if (event.key !== 'Escape') return;
      event.preventDefault();
      event.stopPropagation();
      closed();
    };
    const control = new AbortController();
    const { signal } = control;
    addEventListener('pointerdown', away, { signal });
    addEventListener('focusin', away, { signal });
    addEventListener('scroll', closed, { signal, capture: true });
    addEventListener('keydown', close, { signal, capture: true });
    return () => control.abort();
  }, []);
  return (
    <span ref={box} id={id} class="explanation" role="status" popover="manual">
      <strong>{term.name}</strong>
      {term.text}
      {term.elsewhere !== undefined && <small>{term.elsewhere}</small>}
    </span>
  );
}

/** Places a box below a rectangle, or above it if there is more room. */
function place(box: HTMLElement, at: DOMRect): void {
  const { width, height } = box.getBoundingClientRect();
  const below = at.bottom + GAP;
  const top = below + height + GAP <= innerHeight ? below : Math.max(GAP, at.top - GAP - height);
  const left = Math.max(GAP, Math.min(at.left, innerWidth - width - GAP));
  box.style.top = `${top}px`;
  box.style.left = `${left}px`;
}
