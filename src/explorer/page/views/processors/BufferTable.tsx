/**
 * A translation-lookaside buffer: its entries, and those that were just purged.
 */

import { useSignal } from '@preact/signals';
import type { TranslationBuffer } from '../../../../inspect/index.ts';
import type { SpaceOutline } from '../../../protocol.ts';
import { selected } from '../../recording/state.ts';
import { count, hex } from '../../ui/text.ts';
import { type ComparedEntry, compareBuffers, type Fate } from './compare.ts';

/** Rows shown before the user asks for more. */
const ROWS = 40;

interface BufferTableProps {
  readonly title: string;
  readonly buffer: TranslationBuffer;
  readonly former: TranslationBuffer | null;
  /** What changes are relative to, or null if there is nothing to compare with. */
  readonly since: string | null;
  readonly outline: readonly SpaceOutline[];
}

/** The table. */
export function BufferTable({ title, buffer, former, since, outline }: BufferTableProps) {
  const all = useSignal(false);
  const rows = compareBuffers(buffer.entries, former?.entries ?? null);
  const purged = rows.filter(({ fate }) => fate === 'purged').length;
  const shown = all.value ? rows : rows.slice(0, ROWS);
  return (
    <section class="buffer">
      <h3>{title}</h3>
      <p class="muted">
        {buffer.entries.length} {buffer.entries.length === 1 ? 'entry' : 'entries'} ·{' '}
        {count(buffer.hits, 'hit')}, {count(buffer.misses, 'miss', 'misses')}
        {purged > 0 && since !== null && (
          <strong class="purged-count">
            {' '}
            · ✕ {purged} purged {since}
          </strong>
        )}
      </p>
      {rows.length === 0 ? (
        <p class="empty muted">Empty: the next access walks the tables.</p>
      ) : (
        <table>
          <thead>
            <tr>
              <th scope="col">change</th>
              <th scope="col">space</th>
              <th scope="col">address</th>
              <th scope="col">frame</th>
              <th scope="col">page table</th>
              <th scope="col">stores</th>
            </tr>
          </thead>
          <tbody>
            {shown.map((compared) => (
              <Row
                key={`${compared.entry.slot} ${compared.entry.asce} ${compared.entry.page} ${compared.fate}`}
                compared={compared}
                space={outline.find(({ asce }) => asce === compared.entry.asce)?.name ?? null}
              />
            ))}
          </tbody>
        </table>
      )}
      {buffer.entries.some(({ stale }) => stale) && (
        <p class="stale-note">
          ⚠ stale: a walk would give another result now, but the processor uses its cached one.
        </p>
      )}
      {rows.length > shown.length && (
        <button type="button" onClick={() => (all.value = true)}>
          Show all {rows.length}
        </button>
      )}
    </section>
  );
}

const GLYPHS: Readonly<Record<Fate, string>> = {
  kept: '',
  new: '+ new',
  purged: '✕ purged',
  replaced: '⟳ replaced',
};

interface RowProps {
  readonly compared: ComparedEntry;
  /** The space that the translation belongs to, if it still exists. */
  readonly space: SpaceOutline['name'] | null;
}

function Row({ compared: { entry, fate }, space }: RowProps) {
  const isRemoved = fate === 'purged' || fate === 'replaced';
  const stale = entry.stale && !isRemoved;
  const address = BigInt(entry.page) * 4096n;
  const here =
    selected.value !== null &&
    selected.value.space === space &&
    selected.value.address >> 12n === address >> 12n;
  return (
    <tr class={`${fate} ${stale ? 'stale' : ''} ${here ? 'selected' : ''}`}>
      <td class="fate">{stale ? <strong>⚠ stale</strong> : GLYPHS[fate]}</td>
      <td class={space?.startsWith('gmap') ? 'of-guest' : 'of-process'}>
        {space === null ? hex(entry.asce) : space.replace('gmap', 'guest')}
      </td>
      <td>
        {space === null || isRemoved ? (
          <span class="mono">{hex(address)}</span>
        ) : (
          <button
            type="button"
            class="plain mono"
            title="Select this address in all views"
            onClick={() => (selected.value = { space, address })}
          >
            {hex(address)}
          </button>
        )}
      </td>
      <td class="mono">{hex(entry.frame)}</td>
      <td class="mono">{entry.table === null ? '1 MiB frame' : hex(entry.table)}</td>
      <td>{entry.protected ? '✕ forbidden' : 'allowed'}</td>
    </tr>
  );
}
