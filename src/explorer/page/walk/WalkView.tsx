/**
 * One address, translated level by level.
 */

import { useComputed, useSignal, useSignalEffect } from '@preact/signals';
import { useRef } from 'preact/hooks';
import type { SpaceName } from '../../protocol.ts';
import { useLook } from '../machine.ts';
import { spoken } from '../spaces/parts.ts';
import { useWidth } from '../spaces/useWidth.ts';
import { selected } from '../state.ts';
import { hex } from '../text.ts';
import { EntryDetail } from '../trees/EntryDetail.tsx';
import { parseAddress } from './address.ts';
import { rowsOf, WalkDrawing } from './WalkDrawing.tsx';
import './walk.css';

/** The view. */
export function WalkView() {
  const box = useRef<HTMLDivElement>(null);
  const width = useWidth(box);
  const text = useSignal('0');
  const space = useSignal<SpaceName>('process 0');
  const isVirtual = useSignal(false);
  const chosen = useSignal<string | null>(null);
  useSignalEffect(() => {
    const one = selected.value;
    if (one === null) return;
    text.value = hex(one.address);
    space.value = one.space;
    isVirtual.value = false;
  });
  const parsed = useComputed(() => parseAddress(text.value));
  const { address, error } = parsed.value;
  const walks =
    address === null ? [] : [{ space: space.value, address, ...(isVirtual.value ? { virtual: true } : {}) }];
  const look = useLook({ outline: true, walks });
  const spaces = look?.outline ?? [];
  const answer = look?.walks?.[0] ?? null;
  const rows = answer && address !== null ? rowsOf(answer, address) : [];
  const steps = rows.flatMap((row) => (row.kind === 'step' ? [row] : []));
  // Without a choice the last step is open: it says why the walk ended as it did.
  const step = steps.find(({ key }) => key === chosen.value) ?? steps[steps.length - 1];
  return (
    <section class="walk" aria-label="Translation of an address">
      <form class="walk-form" onSubmit={(event) => event.preventDefault()}>
        <label>
          Address{' '}
          <input
            type="text"
            spellcheck={false}
            autocomplete="off"
            value={text.value}
            aria-invalid={error !== null}
            aria-describedby="walk-error"
            onInput={(event) => {
              text.value = event.currentTarget.value;
              chosen.value = null;
            }}
          />
        </label>
        <label>
          of{' '}
          <select
            value={`${space.value}${isVirtual.value ? ' virtual' : ''}`}
            onChange={(event) => {
              const value = event.currentTarget.value;
              isVirtual.value = value.endsWith(' virtual');
              space.value = value.replace(' virtual', '') as SpaceName;
              chosen.value = null;
            }}
          >
            {spaces.length === 0 && <option value={space.value}>{spoken(space.value)}</option>}
            {spaces.map(({ name }) => (
              <option key={name} value={name}>
                {spoken(name)}
              </option>
            ))}
            {spaces
              .filter(({ name, process }) => name !== process)
              .map(({ name }) => (
                <option key={name} value={`${name} virtual`}>
                  {spoken(name)}, by its own tables first
                </option>
              ))}
          </select>
        </label>
        <p id="walk-error" class="walk-error" aria-live="polite">
          {error ?? ''}
        </p>
      </form>
      <div class="walk-box" ref={box}>
        {rows.length > 0 && width > 0 ? (
          <WalkDrawing
            rows={rows}
            width={width}
            chosen={step?.key ?? null}
            choose={(key) => {
              chosen.value = key;
            }}
          />
        ) : (
          <p class="walk-empty">{emptySentence(error, look !== null, spoken(space.value))}</p>
        )}
      </div>
      {step && (
        <div class="walk-detail">
          <h3>
            {step.step.level === 'asce'
              ? 'Address-space-control element'
              : `Entry of the ${step.step.level} table`}
          </h3>
          <EntryDetail level={step.step.level} value={step.step.value} />
        </div>
      )}
      {answer?.walk?.pgste != null && step?.step.level === 'page' && (
        <div class="walk-detail">
          <h3>Page-status-table entry beside it</h3>
          <EntryDetail level="pgste" value={answer.walk.pgste} />
        </div>
      )}
    </section>
  );
}

function emptySentence(error: string | null, known: boolean, space: string): string {
  if (error !== null) return 'Type an address, or select one in another view.';
  return known ? `There is no ${space} at this moment.` : 'Nothing is known of the tables at this moment.';
}
