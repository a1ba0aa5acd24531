/**
 * The walk of an address, level by level.
 */

import { useSignal } from '@preact/signals';
import { useRef } from 'preact/hooks';
import { ChangeButtons } from '../../changes/ChangeButtons.tsx';
import { entryAt } from '../../changes/changes.ts';
import { useQuery } from '../../client.ts';
import { useMedia } from '../../ui/useMedia.ts';
import { useWidth } from '../../ui/useWidth.ts';
import { EntryDetail } from '../common/EntryDetail.tsx';
import { displayName } from '../spaces/model/labels.ts';
import { AddressForm } from './AddressForm.tsx';
import { useQuestion } from './question.ts';
import { resultOf, rowsOf, WalkDrawing } from './WalkDrawing.tsx';
import './WalkView.css';

/** The view. */
export function WalkView() {
  const box = useRef<HTMLDivElement>(null);
  const width = useWidth(box);
  const isLow = useMedia('(max-height: 900px)');
  const chosen = useSignal<string | null>(null);
  const question = useQuestion();
  const { address, error, space, isVirtual } = question;
  const result = useQuery(
    address === null ? null : { walks: [{ space, address, ...(isVirtual ? { virtual: true } : {}) }] },
  );
  const answer = result?.walks?.[0] ?? null;
  const rows = answer && address !== null ? rowsOf(answer, space, address, isVirtual) : [];
  const steps = rows.flatMap((row) => (row.kind === 'step' ? [row] : []));
  // By default, the last step is open: it shows why the walk ended.
  const step = steps.find(({ key }) => key === chosen.value) ?? steps[steps.length - 1];
  return (
    <section class="walk" aria-label="Translation of an address">
      <AddressForm
        question={question}
        changed={() => {
          chosen.value = null;
        }}
      />
      {answer && rows.length > 0 && <p class="walk-result">{resultOf(answer)}</p>}
      <div class="walk-box" ref={box}>
        {rows.length > 0 && width > 0 ? (
          <WalkDrawing
            rows={rows}
            paper={{ width, isLow }}
            chosen={step?.key ?? null}
            choose={(key) => {
              chosen.value = key;
            }}
          />
        ) : (
          <p class="walk-empty">{emptySentence(error, result !== null, displayName(space), isVirtual)}</p>
        )}
      </div>
      {rows.length > 0 && (
        <p class="walk-fields">
          RFX, RSX, RTX: region-first, -second and -third index; SX: segment index; PX: page index; BX: byte
          index.
        </p>
      )}
      {step && (
        <div class="walk-detail">
          <div class="entry-head">
            <h3>
              {step.step.level === 'asce'
                ? 'Address-space-control element'
                : `Entry of the ${step.step.level} table`}
            </h3>
            {/* The guest's own tables are at guest addresses. */}
            {step.step.at !== null && step.key.startsWith('host') && (
              <ChangeButtons target={entryAt(step.step.at)} of="this entry" />
            )}
          </div>
          <EntryDetail level={step.step.level} value={step.step.value} />
        </div>
      )}
      {answer?.walk?.pgste != null && step?.step.level === 'page' && (
        <div class="walk-detail">
          <h3>Its page-status-table entry</h3>
          <EntryDetail level="pgste" value={answer.walk.pgste} />
        </div>
      )}
    </section>
  );
}

function emptySentence(error: string | null, known: boolean, space: string, isVirtual: boolean): string {
  if (error !== null) return 'Type an address, or select one in another view.';
  if (!known) return 'The tables at this position are not known yet.';
  return isVirtual
    ? `No processor of ${space} uses tables of its own at this position.`
    : `There is no ${space} at this position.`;
}
