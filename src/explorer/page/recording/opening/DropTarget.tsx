/**
 * Opens files that are dropped on the page.
 */

import './DropTarget.css';
import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { openChosen } from './chosen-file.ts';

/** Listens for files, and shows a message while one is held over the page. */
export function DropTarget() {
  const over = useSignal(false);
  useEffect(() => {
    const control = new AbortController();
    const { signal } = control;
    const holdsFiles = (event: DragEvent) => event.dataTransfer?.types.includes('Files') ?? false;
    const hold = (event: DragEvent) => {
      if (!holdsFiles(event)) return;
      event.preventDefault();
      over.value = true;
    };
    const drop = (event: DragEvent) => {
      if (!holdsFiles(event)) return;
      event.preventDefault();
      event.stopPropagation();
      over.value = false;
      void openChosen([...(event.dataTransfer?.files ?? [])]);
    };
    const leave = (event: DragEvent) => {
      if (event.relatedTarget === null) over.value = false;
    };
    // Capture them before the editor does: it would insert the text of the file.
    addEventListener('dragover', hold, { signal, capture: true });
    addEventListener('drop', drop, { signal, capture: true });
    addEventListener('dragleave', leave, { signal });
    return () => control.abort();
  }, []);
  return over.value ? (
    <div class="drop-target">
      <p>
        <strong>Drop the files here</strong>
      </p>
      <p class="muted">
        a lesson (.md), a scenario, a trace (.jsonl), a Linux program, a guest’s ELF image, a Linux kernel
        with its initrd, or a saved state
      </p>
    </div>
  ) : null;
}
