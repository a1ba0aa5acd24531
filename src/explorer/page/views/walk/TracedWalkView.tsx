/**
 * What the events of a trace tell about the translation of an address.
 */

import type { TracedWalk } from '../../../../player/index.ts';
import { useQuery } from '../../client.ts';
import { hex, rawValue } from '../../ui/text.ts';
import { AddressForm } from './AddressForm.tsx';
import { useQuestion } from './question.ts';
import './WalkView.css';

/** The view of a trace, which has no tables. */
export function TracedWalkView() {
  const question = useQuestion();
  const { address, space } = question;
  const traced = useQuery(address === null ? null : { traced: [{ space, address }] })?.traced?.[0] ?? null;
  return (
    <section class="walk" aria-label="Translation of an address, as far as the events tell">
      <AddressForm question={question} changed={() => undefined} />
      {traced === null || address === null ? (
        <p class="walk-empty">The events tell nothing about this address.</p>
      ) : (
        <Told traced={traced} />
      )}
    </section>
  );
}

function Told({
  traced: { asce, segment, entry, process, table, pageEntry, frame, absolute, unknown },
}: {
  traced: TracedWalk;
}) {
  const rows: readonly (readonly [name: string, value: string | null])[] = [
    ['ASCE', asce === null ? null : rawValue(asce)],
    ['guest segment', segment],
    ['guest segment entry at', entry === null ? null : hex(entry)],
    ['process address', process === null ? null : hex(process)],
    [table?.kind === 'frame' ? '1 MiB frame' : 'page table', table === null ? null : hex(table.origin)],
    ['page-table entry at', pageEntry === null ? null : hex(pageEntry)],
    ['frame', frame === null ? null : hex(frame)],
  ];
  return (
    <>
      <p class="walk-result">
        {absolute === null
          ? 'There is no translation, as far as the events tell.'
          : `Absolute address ${hex(absolute)}.`}
      </p>
      <dl class="walk-told">
        {rows.map(([name, value]) =>
          value === null ? null : (
            <>
              <dt>{name}</dt>
              <dd>
                <code>{value}</code>
              </dd>
            </>
          ),
        )}
      </dl>
      {unknown.map((sentence) => (
        <p key={sentence} class="muted">
          {sentence}
        </p>
      ))}
    </>
  );
}
