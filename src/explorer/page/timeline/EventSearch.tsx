/**
 * The search among events: by address, kind, guest, process or virtual CPU.
 */

import { useSignal } from '@preact/signals';
import { machine } from '../client.ts';
import { filter } from '../recording/state.ts';
import { setText } from './Filters.tsx';

/** The field. A text that is not understood is not applied, and says why. */
export function EventSearch() {
  const error = useSignal<string | null>(null);
  const search = async (field: HTMLInputElement) => {
    const text = field.value;
    const wrong = text.trim() === '' ? null : await machine.lintFilter(text).catch(() => null);
    if (field.value !== text) return;
    error.value = wrong;
    if (wrong === null) setText(text);
  };
  return (
    <label class="event-search">
      <span class="hidden">Search events</span>
      <input
        type="search"
        spellcheck={false}
        placeholder="0x10000000 or link gmap 0"
        title="Events with an address (or a range 0x1000-0x1fff), a kind, a guest (gmap 0), a process or a vcpu"
        value={filter.value.text ?? ''}
        aria-invalid={error.value !== null}
        onInput={(event) => void search(event.currentTarget)}
      />
      {error.value !== null && <small role="alert">{error.value}</small>}
    </label>
  );
}
