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
      const file = event.dataTransfer?.files[0];
      if (file) void openChosen(file);
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
        <strong>Drop the file here</strong>
      </p>
      <p class="muted">a lesson (.md), a scenario, a trace (.jsonl) or a guest’s ELF image</p>
    </div>
  ) : null;
}
