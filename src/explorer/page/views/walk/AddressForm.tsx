/**
 * The form for an address and its space.
 */

import type { SpaceName, SpaceOutline } from '../../../protocol.ts';
import { displayName } from '../spaces/model/labels.ts';
import type { Question } from './question.ts';

const OWN = ' virtual';

/** The form. Enter selects the address in all views. */
export function AddressForm({ question, changed }: { question: Question; changed: () => void }) {
  const { text, error, space, isVirtual, spaces } = question;
  return (
    <form
      class="walk-form"
      onSubmit={(event) => {
        event.preventDefault();
        question.select();
      }}
    >
      <label>
        Address{' '}
        <input
          type="text"
          spellcheck={false}
          autocomplete="off"
          value={text}
          aria-invalid={error !== null}
          aria-describedby="walk-error"
          onInput={(event) => {
            question.type(event.currentTarget.value);
            changed();
          }}
        />
      </label>
      <label>
        of{' '}
        <select
          value={`${space}${isVirtual ? OWN : ''}`}
          onChange={(event) => {
            const { value } = event.currentTarget;
            question.choose(value.replace(OWN, '') as SpaceName, value.endsWith(OWN));
            changed();
          }}
        >
          {optionsOf(spaces, space).map(({ value, label }) => (
            <option key={value} value={value}>
              {label}
            </option>
          ))}
        </select>
      </label>
      <p id="walk-error" class="walk-error" aria-live="polite">
        {error ?? ''}
      </p>
    </form>
  );
}

function optionsOf(spaces: readonly SpaceOutline[], shown: SpaceName) {
  const names: SpaceName[] = spaces.map(({ name }) => name);
  // A space that does not exist at this position stays selected: it may exist at the next one.
  if (!names.includes(shown)) names.push(shown);
  return [
    ...names.map((name) => ({ value: name as string, label: displayName(name) })),
    ...spaces
      .filter(({ name, process }) => name !== process)
      .map(({ name }) => ({ value: `${name}${OWN}`, label: `${displayName(name)}, through its own tables` })),
  ];
}
