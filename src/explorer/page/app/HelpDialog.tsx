/**
 * The help: what the page is, and its keys.
 */

import './HelpDialog.css';
import { signal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { GlossaryList } from '../ui/GlossaryList.tsx';
import { SHORTCUTS } from './shortcuts.ts';

/** Whether the help is open. */
export const help = signal(false);

/** The dialog. */
export function HelpDialog() {
  const dialog = useRef<HTMLDialogElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    if (!help.value) {
      dialog.current?.close();
      return;
    }
    dialog.current?.showModal();
    button.current?.focus();
  }, [help.value]);
  return (
    <dialog class="help" ref={dialog} aria-labelledby="help-title" onClose={() => (help.value = false)}>
      <h2 id="help-title">Guesthouse explorer</h2>
      <p>
        A complete z/Architecture machine and its host run in this page. The address spaces of guests share
        page tables with the process behind them. Step through a recording, forward and back, and watch every
        entry. No data leaves this page.
      </p>
      <p>
        The guest address spaces (gmap) are those with which they came into Linux in 2011 (version 3.1), with
        what later versions added for dirty logs, storage keys, watched pages and 1 MiB frames. Rest the
        pointer on an event to see which functions of the kernel do the same.
      </p>
      <dl>
        {SHORTCUTS.map(({ keys, effect }) => (
          <>
            <dt>
              {keys.map((key) => (
                <>
                  <kbd>{key}</kbd>{' '}
                </>
              ))}
            </dt>
            <dd>{effect}</dd>
          </>
        ))}
      </dl>
      <details>
        <summary>Glossary</summary>
        <GlossaryList />
      </details>
      <p class="muted">
        Drop a scenario, a trace, a Linux program or a guest’s ELF image anywhere to open it.
      </p>
      <button ref={button} type="button" class="primary" onClick={() => (help.value = false)}>
        Close
      </button>
    </dialog>
  );
}
