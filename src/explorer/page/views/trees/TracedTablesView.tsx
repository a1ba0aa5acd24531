/**
 * What the events of a trace tell about tables: the segment table of a guest, and the page table of a segment.
 */

import '../walk/WalkView.css';
import './TreesView.css';
import './TracedTables.css';
import type { ComponentChildren } from 'preact';
import { PAGE_FLAG, PAGES_PER_SEGMENT } from '../../../../inspect/index.ts';
import type { TracedWalk } from '../../../../player/index.ts';
import type { SpaceName } from '../../../protocol.ts';
import { useQuery } from '../../client.ts';
import { selected } from '../../recording/state.ts';
import { scrolled } from '../../ui/aria.ts';
import { addressOf, hex, pageOf } from '../../ui/text.ts';
import { displayName } from '../spaces/model/labels.ts';
import { guestExtentsOf } from '../spaces/model/layout.ts';
import { AddressForm } from '../walk/AddressForm.tsx';
import { useQuestion } from '../walk/question.ts';
import { indexIn } from './levels.ts';
import { near, segmentsOf, TABLE_PAGES } from './traced.ts';

/** The view of a trace, which has no tables. */
export function TracedTablesView() {
  const question = useQuestion();
  const { address, space, spaces } = question;
  const page = address === null ? 0 : pageOf(address);
  return (
    <section class="trees traced-tables" aria-label="Tables, as far as the events tell">
      <AddressForm question={question} changed={() => undefined} />
      {spaces.some(({ name }) => name === space) ? (
        <>
          {space.startsWith('gmap') && <SegmentTable space={space} page={page} />}
          <PageTable space={space} page={page} />
          <p class="muted">
            The events tell which segments are mapped and linked, and which pages have frames. They do not
            tell the other bits of entries, nor where the tables above are.
          </p>
        </>
      ) : (
        <p class="trees-empty">There are no tables at this position.</p>
      )}
    </section>
  );
}

interface TableProps {
  readonly space: SpaceName;
  /** The page of the selected address. */
  readonly page: number;
}

/** Asks for what is known of pages. Empty until the answer to exactly this question arrives. */
function useTraced(space: SpaceName, pages: readonly number[]): readonly (TracedWalk | null)[] {
  const traced = useQuery({ traced: pages.map((page) => ({ space, address: addressOf(page) })) })?.traced;
  return traced?.length === pages.length ? traced : [];
}

function SegmentTable({ space, page }: TableProps) {
  const first = page - (page % TABLE_PAGES);
  const range = { space, first, end: first + TABLE_PAGES, limit: TABLE_PAGES / PAGES_PER_SEGMENT };
  const rows = useQuery({ rows: [range] })?.rows ?? [];
  const all = segmentsOf(guestExtentsOf({ rows, pages: [], changed: new Set(), vanished: [] }), range);
  const shown = near(all, page);
  const walks = useTraced(space, shown);
  const [from, to] = [addressOf(first), addressOf(first + TABLE_PAGES) - 1n];
  return (
    <>
      <h3>
        Segment table of {displayName(space)}, {hex(from)} to {hex(to)}: {all.length}{' '}
        {all.length === 1 ? 'segment' : 'segments'} mapped
      </h3>
      {shown.length > 0 && (
        <div class="traced-box" {...scrolled('Entries of the segment table')}>
          <table>
            <Head names={['entry', 'guest segment', 'process segment', 'state', 'at']} />
            <tbody>
              {shown.map((segment, i) => (
                <Row
                  key={segment}
                  space={space}
                  page={segment}
                  isSelected={isIn(segment, page)}
                  level="segment"
                >
                  <td>{hexOrNone(walks[i]?.process)}</td>
                  <td>{stateOf(walks[i] ?? null)}</td>
                  <td>{hexOrNone(walks[i]?.entry)}</td>
                </Row>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {shown.length < all.length && (
        <p class="muted">The {shown.length} around the selected address are shown.</p>
      )}
    </>
  );
}

function PageTable({ space, page }: TableProps) {
  const first = page - (page % PAGES_PER_SEGMENT);
  const flags = useQuery({ pages: [{ space, first, end: first + PAGES_PER_SEGMENT }] })?.pages?.[0];
  const present = [...(flags?.first === first ? flags.flags : [])].flatMap((flag, i) =>
    flag & PAGE_FLAG.PRESENT ? [first + i] : [],
  );
  const [table = null, ...walks] = useTraced(space, [first, ...present]);
  if (table === null) return null;
  if (table.table === null) {
    return <h3>No page table for segment {hex(addressOf(first))}, as far as the events tell</h3>;
  }
  const { kind, origin } = table.table;
  if (kind === 'frame') {
    return (
      <h3>
        Segment {hex(addressOf(first))} has the 1 MiB frame at {hex(origin)}, and no page table
      </h3>
    );
  }
  return (
    <>
      <h3>
        Page table at {hex(origin)}, of segment {hex(addressOf(first))}: {present.length}{' '}
        {present.length === 1 ? 'page has a frame' : 'pages have frames'}
      </h3>
      {present.length > 0 && (
        <div class="traced-box" {...scrolled('Entries of the page table')}>
          <table>
            <Head names={['entry', 'page', 'frame', 'at']} />
            <tbody>
              {present.map((one, i) => (
                <Row key={one} space={space} page={one} isSelected={one === page} level="page">
                  <td>{walks[i]?.frame == null ? 'not in the events' : hexOrNone(walks[i]?.frame)}</td>
                  <td>{hexOrNone(walks[i]?.pageEntry)}</td>
                </Row>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </>
  );
}

function Head({ names }: { readonly names: readonly string[] }) {
  return (
    <thead>
      <tr>
        {names.map((name) => (
          <th key={name} scope="col">
            {name}
          </th>
        ))}
      </tr>
    </thead>
  );
}

interface RowProps extends TableProps {
  readonly level: 'segment' | 'page';
  readonly isSelected: boolean;
  readonly children: ComponentChildren;
}

/** An entry: its index, its address, which selects it, and more cells. */
function Row({ space, page, level, isSelected, children }: RowProps) {
  const address = addressOf(page);
  return (
    <tr aria-current={isSelected ? 'true' : undefined}>
      <td>{indexIn(level, page)}</td>
      <td>
        <button type="button" class="plain" onClick={() => (selected.value = { space, address })}>
          {hex(address)}
        </button>
      </td>
      {children}
    </tr>
  );
}

function isIn(segment: number, page: number): boolean {
  return segment <= page && page < segment + PAGES_PER_SEGMENT;
}

function hexOrNone(address: bigint | null | undefined): string {
  return address == null ? '–' : hex(address);
}

function stateOf(walk: TracedWalk | null): string {
  if (walk === null) return '';
  if (walk.segment !== 'linked') return 'mapped, not linked';
  // Otherwise the only thing that is not known is what the entry designates.
  if (walk.table === null) return walk.unknown[0] ?? '';
  return `linked to ${walk.table.kind === 'frame' ? '1 MiB frame' : 'page table'} ${hex(walk.table.origin)}`;
}
