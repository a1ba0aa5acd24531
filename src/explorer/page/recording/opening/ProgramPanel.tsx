/**
 * What to know of the open Linux program, and the form that starts it again.
 */

import { useSignal } from '@preact/signals';
import type { Source } from '../../../../player/index.ts';
import { filter } from '../state.ts';
import { openOwn, ownName } from '../workspace.ts';

type Program = Source & { readonly kind: 'program' };

/** The panel. */
export function ProgramPanel({ program }: { readonly program: Program }) {
  return (
    <>
      <p class="summary">
        A Linux program, a process of the host: the host performs its system calls. Starting it is the first
        step; every other step is an instruction, with the system call that it makes.
      </p>
      <CallsOnly />
      <ProgramForm key={program.name} program={program} />
      <p class="muted">
        It has no files of yours, no shared libraries and no terminal: its standard input is the text above.
        Its clock advances with its instructions.
      </p>
    </>
  );
}

/** Shows system calls, signals and ends of processes only: stepping by event goes from one to the next. */
const CALLS = ['system-call', 'signal', 'process-end'] as const;

function CallsOnly() {
  const { types } = filter.value;
  const isOn = types?.every((type) => (CALLS as readonly string[]).includes(type)) ?? false;
  const toggle = () => {
    const { types: _, ...others } = filter.value;
    filter.value = isOn ? others : { ...others, types: CALLS };
  };
  return (
    <p class="live-actions">
      <button
        type="button"
        aria-pressed={isOn}
        title="The keys , and . go from one to the next"
        onClick={toggle}
      >
        Step by system calls
      </button>
    </p>
  );
}

function ProgramForm({ program }: { readonly program: Program }) {
  const line = useSignal((program.arguments ?? []).join(' '));
  const input = useSignal(program.input ?? '');
  const restart = () => {
    const words = line.value.split(' ').filter((word) => word !== '');
    void openOwn({ ...program, arguments: words, input: input.value }, { name: ownName.value });
  };
  return (
    <form
      class="guest-form"
      onSubmit={(event) => {
        event.preventDefault();
        restart();
      }}
    >
      <label class="wide">
        Arguments
        <input
          type="text"
          spellcheck={false}
          title="Separated by blanks"
          value={line.value}
          onInput={(event) => (line.value = event.currentTarget.value)}
        />
      </label>
      <label class="wide">
        Standard input
        <textarea
          rows={2}
          spellcheck={false}
          value={input.value}
          onInput={(event) => (input.value = event.currentTarget.value)}
        />
      </label>
      <button type="submit">Start again</button>
    </form>
  );
}
