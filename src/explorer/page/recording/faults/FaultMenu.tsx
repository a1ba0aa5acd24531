/**
 * Leaves something out that the host must do, to see what becomes of it.
 */

import './FaultMenu.css';
import type { InjectedFault } from '../../../../host/index.ts';
import { settings, source } from '../state.ts';
import { injectFault, lesson } from '../workspace.ts';
import { INJECTED_FAULTS, SITES } from './faults.ts';

/** The choice of what is left out. */
export function BreakIt() {
  const chosen = settings.value.injectedFault;
  const suggested = lesson.value?.breaks ?? [];
  const others = INJECTED_FAULTS.filter((one) => !suggested.includes(one));
  const option = (one: InjectedFault) => (
    <option key={one} value={one}>
      without {SITES[one].name}
    </option>
  );
  return (
    <label class="breaks">
      <span class="hidden">Break it: what the host leaves out</span>
      <select
        class={chosen === null ? '' : 'on'}
        title={chosen === null ? 'Leave out something that the host must do' : SITES[chosen].sentence}
        disabled={source.value === null || source.value.kind === 'trace'}
        value={chosen ?? ''}
        onChange={(event) => injectFault((event.currentTarget.value || null) as InjectedFault | null)}
      >
        <option value="">Break it… (nothing left out)</option>
        {suggested.length > 0 && <optgroup label="Worth trying here">{suggested.map(option)}</optgroup>}
        <optgroup label={suggested.length > 0 ? 'Others' : 'Leave out'}>{others.map(option)}</optgroup>
      </select>
    </label>
  );
}
