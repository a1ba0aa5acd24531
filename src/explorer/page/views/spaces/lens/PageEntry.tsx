/**
 * The page-table entry, the PGSTE and the storage key of a page.
 */

import { entryFields, type Field, type SegmentPages } from '../../../../../inspect/index.ts';
import { hex, rawValue } from '../../../ui/text.ts';

interface PageEntryProps {
  readonly segment: SegmentPages;
  /** Index of the page in the segment. */
  readonly index: number;
}

/** What the tables hold for a page. */
export function PageEntry({ segment: { frames, keys, entries, pgstes }, index }: PageEntryProps) {
  const frame = frames[index] as number;
  const entry = entries?.[index];
  const pgste = pgstes?.[index];
  return (
    <dl class="lens-entry">
      <dt>frame</dt>
      <dd>{frame < 0 ? 'none' : <code>{hex(frame)}</code>}</dd>
      {frame >= 0 && (
        <>
          <dt>key</dt>
          <dd>
            <code>{hex(keys[index] as number)}</code> {keySentence(keys[index] as number)}
          </dd>
        </>
      )}
      {entry !== undefined && (
        <>
          <dt title="page-table entry">PTE</dt>
          <dd>
            <code>{rawValue(entry)}</code> {bitsOn(entryFields('page', entry))}
          </dd>
        </>
      )}
      {pgste !== undefined && (
        <>
          <dt title="page-status-table entry">PGSTE</dt>
          <dd>
            <code>{rawValue(pgste)}</code> {bitsOn(entryFields('pgste', pgste))}
          </dd>
        </>
      )}
    </dl>
  );
}

/** Describes a storage key: access control, fetch protection, reference and change bit. */
function keySentence(key: number): string {
  const bits = [
    `ACC ${key >> 4}`,
    ...(key & 8 ? ['fetch-protected'] : []),
    ...(key & 4 ? ['referenced'] : []),
    ...(key & 2 ? ['changed'] : []),
  ];
  return bits.join(', ');
}

/** Names the single bits of an entry that are on. */
function bitsOn(fields: readonly Field[]): string {
  return fields
    .filter(({ bits: [first, last], value, name }) => first === last && value !== 0n && name !== 'unused')
    .map(({ name }) => name)
    .join(' ');
}
