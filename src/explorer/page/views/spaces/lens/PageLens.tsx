/**
 * The page lens: the 256 pages of one segment as a grid, and the entry, key and contents of one of them.
 */

import './PageLens.css';
import { useSignal } from '@preact/signals';
import { PAGES_PER_SEGMENT } from '../../../../../inspect/index.ts';
import type { SpaceName } from '../../../../../player/index.ts';
import { ChangeButtons } from '../../../changes/ChangeButtons.tsx';
import { entryAt } from '../../../changes/changes.ts';
import { useQuery } from '../../../client.ts';
import { selected } from '../../../recording/state.ts';
import { lensSubject } from '../../../recording/subject.ts';
import { tab } from '../../../recording/tabs.ts';
import { addressOf, hex, pageOf } from '../../../ui/text.ts';
import { displayName } from '../model/labels.ts';
import { flagWords } from '../model/pages.ts';
import { PageBytes } from './PageBytes.tsx';
import { PageEntry } from './PageEntry.tsx';
import { PageGrid } from './PageGrid.tsx';

/** The lens; nothing until a page is selected, accessed or changed. */
export function PageLens() {
  const shown = lensSubject.value;
  const hovered = useSignal<number | null>(null);
  const page = shown === null ? 0 : pageOf(shown.address);
  const result = useQuery(shown === null ? null : { segments: [{ space: shown.space, page }] });
  const segment = result?.segments?.[0] ?? null;
  if (shown === null || segment === null) return null;
  const select = (to: number) => {
    selected.value = { space: shown.space, address: addressOf(to) };
  };
  const contents = { space: shown.space, address: addressOf(segment.page), length: 4096 };
  const index = segment.page % PAGES_PER_SEGMENT;
  const pointed = segment.first + (hovered.value ?? index);
  return (
    <section class="lens" aria-label="Pages of the segment">
      <div class="head">
        <h3>
          {displayName(shown.space)}, segment {hex(addressOf(segment.first))}
        </h3>
        <button
          type="button"
          class="plain"
          title="Show the walk to this page"
          onClick={() => show(shown.space, segment.page)}
        >
          Walk
        </button>
      </div>
      {shown.space.startsWith('gmap') && <p class="muted">{behind(segment.process)}</p>}
      <PageGrid segment={segment} select={select} hovered={hovered} />
      <p class="lens-page">
        <b>Page {hex(addressOf(pointed))}</b>: {flagWords(segment.flags[pointed - segment.first] as number)}.
      </p>
      <PageEntry segment={segment} index={index} />
      <PageBytes segment={segment} at={Number(shown.address % 4096n)} />
      {segment.table !== null && (
        <p class="lens-changes">
          PTE <ChangeButtons target={entryAt(segment.table + index * 8)} of="the page-table entry" />
        </p>
      )}
      {segment.bytes !== null && (
        <p class="lens-changes">
          Bytes <ChangeButtons target={contents} of="the contents" />
        </p>
      )}
    </section>
  );
}

/** Names what a guest segment is backed by. */
function behind(process: number | null): string {
  return process === null
    ? 'No process segment is behind it.'
    : `Process segment ${hex(addressOf(process))} is behind it.`;
}

function show(space: SpaceName, page: number): void {
  selected.value = { space, address: addressOf(page) };
  tab.value = 'walk';
}
