/**
 * The button that opens a file.
 */

import { useRef } from 'preact/hooks';
import { openChosen } from './chosen-file.ts';

/** The button. */
export function OpenButton() {
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <button
        type="button"
        title="Open a lesson, a scenario, a trace or a guest’s ELF image"
        onClick={() => input.current?.click()}
      >
        Open…
      </button>
      <input
        ref={input}
        type="file"
        class="hidden"
        tabIndex={-1}
        aria-label="A lesson, a scenario, a trace or a guest’s ELF image"
        onChange={(event) => {
          const file = event.currentTarget.files?.[0];
          event.currentTarget.value = '';
          if (file) void openChosen(file);
        }}
      />
    </>
  );
}
