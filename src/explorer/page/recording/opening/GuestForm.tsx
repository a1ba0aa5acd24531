/**
 * The command line and the memory of the open guest, and of a Linux kernel its CPUs; and the button that starts it again with them.
 */

import { useSignal } from '@preact/signals';
import type { Source } from '../../../../player/index.ts';
import { source } from '../state.ts';
import { openOwn, ownName } from '../workspace.ts';
import { isKernel, isState } from './kernel-files.ts';
import { MIB, memoryOf } from './memory.ts';

type Guest = Source & { readonly kind: 'guest' };
/** The default size of memory: of a bare-metal image, and of a Linux kernel. */
const USUAL = 64n * MIB;
const LINUX_USUAL = 256n * MIB;
const CPUS_MAX = 16;

/** The form. A guest that goes on from a saved state has none: it was made before. */
export function GuestForm({ guest }: { readonly guest: Guest }) {
  const linux = isKernel(guest.image);
  const line = useSignal(guest.arguments ?? '');
  const size = useSignal(`${(guest.memory ?? (linux ? LINUX_USUAL : USUAL)) / MIB}M`);
  const cpus = useSignal(guest.cpus ?? 1);
  const error = useSignal<string | null>(null);
  if (isState(guest.image)) return null;
  const restart = () => {
    const read = memoryOf(size.value);
    error.value = 'error' in read ? read.error : null;
    if ('error' in read || source.value === null) return;
    const name = ownName.value;
    const own = { arguments: line.value, memory: read.memory, ...(linux ? { cpus: cpus.value } : {}) };
    void openOwn({ ...guest, ...own }, { name });
  };
  return (
    <form
      class="guest-form"
      onSubmit={(event) => {
        event.preventDefault();
        restart();
      }}
    >
      {linux && <Initrd guest={guest} />}
      <label class={linux ? 'wide' : ''}>
        {linux ? 'Command line' : 'Arguments'}
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
      {linux && (
        <label>
          CPUs
          <input
            type="number"
            min={1}
            max={CPUS_MAX}
            required
            value={cpus.value}
            onInput={(event) => (cpus.value = event.currentTarget.valueAsNumber)}
          />
        </label>
      )}
      <button type="submit">{linux ? 'Boot again' : 'Start again'}</button>
      {error.value !== null && <p role="alert">{error.value}</p>}
    </form>
  );
}

function Initrd({ guest }: { readonly guest: Guest }) {
  return (
    <p class="initrd">
      {guest.initrd === undefined
        ? 'No initial RAM disk. Drop one here to boot with it.'
        : `Initial RAM disk: ${(guest.initrd.length / 2 ** 20).toFixed(1)} MiB.`}
    </p>
  );
}
