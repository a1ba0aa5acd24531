/**
 * The command line and the memory of the open guest, and the button that starts it again with them.
 */

import { useSignal } from '@preact/signals';
import type { Source } from '../../../../player/index.ts';
import { source } from '../state.ts';
import { openOwn, ownName } from '../workspace.ts';
import { MIB, memoryOf } from './memory.ts';

type Guest = Source & { readonly kind: 'guest' };
const USUAL = 64n * MIB;

/** The form. */
export function GuestForm({ guest }: { readonly guest: Guest }) {
  const line = useSignal(guest.arguments ?? '');
  const size = useSignal(`${(guest.memory ?? USUAL) / MIB}M`);
  const error = useSignal<string | null>(null);
  const restart = () => {
    const read = memoryOf(size.value);
    error.value = 'error' in read ? read.error : null;
    if ('error' in read || source.value === null) return;
    const name = ownName.value;
    void openOwn({ ...guest, arguments: line.value, memory: read.memory });
    ownName.value = name;
  };
  return (
    <form
      class="guest-form"
      onSubmit={(event) => {
        event.preventDefault();
        restart();
      }}
    >
      <label>
        Arguments
        <input
          type="text"
          spellcheck={false}
          value={line.value}
          onInput={(event) => (line.value = event.currentTarget.value)}
        />
      </label>
      <label>
        Memory
        <input
          type="text"
          spellcheck={false}
          value={size.value}
          aria-invalid={error.value !== null}
          onInput={(event) => (size.value = event.currentTarget.value)}
        />
      </label>
      <button type="submit">Start again</button>
      {error.value !== null && <p role="alert">{error.value}</p>}
    </form>
  );
}
