/**
 * The filters for events: by type, and by guest.
 */

import type { EventFilter } from '../../protocol.ts';
import { useQuery } from '../client.ts';
import { filter } from '../recording/state.ts';
import { Menu } from '../ui/Menu.tsx';
import { EVENT_TYPES, type EventType, LANES, TYPE_NAMES } from './kinds.ts';

/** Changes the filter; null removes a property. */
function change(by: { readonly [K in keyof EventFilter]: EventFilter[K] | null }): void {
  const next = Object.entries({ ...filter.value, ...by }).filter(([, value]) => value !== null);
  filter.value = Object.fromEntries(next) as EventFilter;
}

function setTypes(types: readonly EventType[]): void {
  change({ types: types.length === EVENT_TYPES.length ? null : types });
}

/** Shows only events with these words, as `guesthouse trace --grep` does; an empty text removes the search. */
export function setText(text: string): void {
  change({ text: text.trim() === '' ? null : text });
}

/** Shows or hides events of some types. */
export function toggleTypes(which: readonly EventType[]): void {
  const shown = filter.value.types ?? EVENT_TYPES;
  const all = which.every((type) => shown.includes(type));
  setTypes(EVENT_TYPES.filter((type) => (which.includes(type) ? !all : shown.includes(type))));
}

function setGmap(gmap: number | null): void {
  change({ gmap });
}

/** The menu of types, and the choice of a guest. */
export function Filters() {
  const shown = filter.value.types ?? EVENT_TYPES;
  return (
    <>
      <GuestChoice />
      <Menu
        name="Types of events shown"
        label={
          <>
            {shown.length === EVENT_TYPES.length ? 'all types' : `${shown.length} types`}{' '}
            <span aria-hidden="true">▾</span>
          </>
        }
        align="right"
        up
        closes={false}
      >
        <button type="button" role="menuitem" tabIndex={-1} onClick={() => setTypes(EVENT_TYPES)}>
          Show all
        </button>
        {LANES.map((lane) => (
          <fieldset key={lane.id} aria-label={lane.name} class="kinds">
            {lane.types.map((type) => (
              <button
                key={type}
                type="button"
                role="menuitemcheckbox"
                aria-checked={shown.includes(type)}
                tabIndex={-1}
                onClick={() => toggleTypes([type])}
              >
                <span class="box" aria-hidden="true">
                  {shown.includes(type) ? '☑' : '☐'}
                </span>{' '}
                <span class={`lane-${lane.id}`} aria-hidden="true">
                  {lane.glyph}
                </span>{' '}
                {TYPE_NAMES[type]}
              </button>
            ))}
          </fieldset>
        ))}
      </Menu>
    </>
  );
}

function GuestChoice() {
  const outline = useQuery({ outline: true })?.outline ?? [];
  const existing = outline.flatMap(({ name }) => (name.startsWith('gmap ') ? [Number(name.slice(5))] : []));
  const { gmap } = filter.value;
  const all = gmap === undefined || existing.includes(gmap) ? existing : [...existing, gmap];
  return (
    <label>
      <span class="hidden">Guest whose events are shown</span>
      <select
        class="guest-choice"
        title="Show the events of one guest"
        value={gmap ?? ''}
        onChange={(event) => {
          const { value } = event.currentTarget;
          setGmap(value === '' ? null : Number(value));
        }}
      >
        <option value="">all guests</option>
        {all.map((number) => (
          <option key={number} value={number}>
            guest {number}
          </option>
        ))}
      </select>
    </label>
  );
}
