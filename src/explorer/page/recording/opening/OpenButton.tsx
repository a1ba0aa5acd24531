/**
 * The button that opens files.
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
        title="Open a lesson, a scenario, a trace, a Linux program, a guest’s ELF image, a Linux kernel and its initrd, or a saved state"
        onClick={() => input.current?.click()}
      >
        Open…
      </button>
      <input
        ref={input}
        type="file"
        class="hidden"
        tabIndex={-1}
        multiple
        aria-label="A lesson, a scenario, a trace, a Linux program, a guest’s ELF image, a Linux kernel and its initrd, or a saved state"
        onChange={(event) => {
          const files = [...(event.currentTarget.files ?? [])];
          event.currentTarget.value = '';
          void openChosen(files);
        }}
      />
    </>
  );
}
