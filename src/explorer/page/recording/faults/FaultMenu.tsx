/**
 * The menu that injects a fault into the host.
 */

import './FaultMenu.css';
import type { InjectedFault } from '../../../../host/index.ts';
import { isLive, settings, source } from '../state.ts';
import { injectFault, lesson } from '../workspace.ts';
import { FAULTS, INJECTED_FAULTS } from './faults.ts';

/** The menu. Faults that the lesson suggests come first. */
export function FaultMenu() {
  const chosen = settings.value.injectedFault;
  const suggested = lesson.value?.faults ?? [];
  const others = INJECTED_FAULTS.filter((one) => !suggested.includes(one));
  const option = (one: InjectedFault) => (
    <option key={one} value={one}>
      leave out {FAULTS[one].name}
    </option>
  );
  return (
    <label class="fault-menu">
      <span class="hidden">Inject a bug into the host</span>
      <select
        class={chosen === null ? '' : 'on'}
        title={
          chosen === null ? 'Make the host leave out something that it must do' : FAULTS[chosen].sentence
        }
        disabled={source.value === null || source.value.kind === 'trace' || isLive.value}
        value={chosen ?? ''}
        onChange={(event) => injectFault((event.currentTarget.value || null) as InjectedFault | null)}
      >
        <option value="">Inject a bug… (none)</option>
        {suggested.length > 0 && <optgroup label="Suggested here">{suggested.map(option)}</optgroup>}
        <optgroup label={suggested.length > 0 ? 'Others' : 'Faults'}>{others.map(option)}</optgroup>
      </select>
    </label>
  );
}
