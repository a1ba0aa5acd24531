/**
 * The guest segments that are linked to the page table in the middle.
 */

import type { SpaceName } from '../../../protocol.ts';
import { selected } from '../../recording/state.ts';
import { addressOf, count, hex } from '../../ui/text.ts';
import type { Column } from './columns.ts';

/** A button for each guest segment, which opens the guest's tree there. */
export function LinkedFrom({ column, process }: { column: Column | undefined; process: SpaceName }) {
  const links = column?.table.links ?? 0;
  const named = column?.table.linkedFrom ?? [];
  return (
    <div class="linked-from">
      <span>{column ? tableInWords(column, process) : 'There is no page table on this path.'}</span>
      {named.map(({ gmap, page }) => (
        <button
          key={`${gmap} ${page}`}
          type="button"
          onClick={() => {
            selected.value = { space: `gmap ${gmap}`, address: addressOf(page) };
          }}
        >
          guest {gmap} at {hex(addressOf(page))}
        </button>
      ))}
      {links > named.length && <span>and {count(links - named.length, 'other')}</span>}
    </div>
  );
}

function tableInWords({ space, table }: Column, process: SpaceName): string {
  if (space !== process)
    return `The guest’s entry designates ${hex(table.origin)}, which is no longer a page table of ${process}.`;
  return `The page table of ${process} at ${hex(table.origin)}: ${linksInWords(table.links)}`;
}

function linksInWords(links: number): string {
  if (links === 0) return 'no guest segment is linked to it.';
  return `${count(links, 'guest segment is', 'guest segments are')} linked to it:`;
}
