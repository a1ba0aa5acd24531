import { describe, expect, it } from 'vitest';
import { type GuestExtent, PAGE_FLAG, type Row } from '../../../../../inspect/index.ts';
import { layOut, place } from './axis.ts';
import { changedExtents } from './changed.ts';
import { guestSentence, processSentence, protectionLetters, sharesOf, tableSentence } from './labels.ts';
import { pageExtents, pageSentence } from './pages.ts';
import { bandPath } from './ribbon-paths.ts';
import { pagesInView, rowsInView } from './row-queries.ts';
import { vanishedExtents } from './vanished.ts';
import { panned, viewOf, wholeView } from './view.ts';

const NONE = { unlinked: 0, unbacked: 0, linked: 0, shared: 0, large: 0, present: 0 };
const extent = (first: number, segments: number, of: Partial<GuestExtent>): GuestExtent => ({
  ...NONE,
  first,
  end: first + segments * 256,
  processFirst: first,
  processEnd: first + segments * 256,
  exact: true,
  ...of,
});

describe('the queries of a line', () => {
  const axis = layOut([{ first: 0, end: 2 ** 28 }], 2 ** 52, 900);

  it('ask for a few hundred extents at most, at any scale', () => {
    for (let near = 0; near < 28; near++) {
      const view = viewOf(axis, 2 ** 27, 2 ** 27 + 2 ** near);
      const limit = rowsInView(place(axis, view)).reduce((sum, row) => sum + row.limit, 0);
      expect(limit).toBeLessThanOrEqual(700);
    }
  });

  it('are the same after a small pan', () => {
    const view = viewOf(axis, 2 ** 27, 2 ** 27 + 65536);
    const asked = new Set<string>();
    for (let x = 0; x < 64; x++) asked.add(JSON.stringify(rowsInView(place(axis, panned(axis, view, x)))));
    expect(asked.size).toBeLessThanOrEqual(3);
  });

  it('ask for pages only if they are large enough', () => {
    expect(pagesInView(place(axis, wholeView(axis)))).toEqual([]);
    const [range] = pagesInView(place(axis, viewOf(axis, 1000, 1010)));
    expect(range && range.first <= 1000 && range.end >= 1010 && range.end - range.first <= 4096).toBe(true);
  });
});

describe('descriptions of extents', () => {
  it('describe guest extents', () => {
    expect(guestSentence({ ...extent(2 ** 18, 2, { unlinked: 2 }), processFirst: 2 ** 17 })).toBe(
      'guest 0x40000000, 2 MiB, mapped, not linked yet: process 0x20000000',
    );
    expect(guestSentence(extent(0, 1, { linked: 1, shared: 1, present: 1 }))).toContain('1 page present');
    const mixed = extent(0, 4, { unlinked: 2, linked: 2, shared: 1, exact: false });
    expect(guestSentence(mixed)).toContain('4 segments, 2 not linked, 2 linked and 1 of them shared');
    expect(sharesOf(mixed)).toEqual([
      { kind: 'unlinked', share: 0.5 },
      { kind: 'linked', share: 0.25 },
      { kind: 'shared', share: 0.25 },
    ]);
  });

  it('describe mappings and page tables', () => {
    const one = {
      first: 256,
      end: 512,
      mappings: 1,
      protection: 3,
      sharedMemory: false,
      file: false,
      largeMemory: false,
    };
    expect(processSentence(one)).toBe('process 0x100000, 1 MiB: private memory, read and write');
    expect(protectionLetters(5)).toBe('r-x');
    expect(tableSentence({ first: 256, end: 512, tables: 1, large: 0, present: 3, links: 2 })).toBe(
      'process 0x100000, 1 MiB: 1 page table, 3 pages present, 2 guest segments linked',
    );
  });

  it('join pages with the same flags', () => {
    const { MAPPED, PRESENT, CHANGED } = PAGE_FLAG;
    const pages = { first: 10, flags: Uint8Array.from([0, MAPPED, MAPPED, MAPPED | PRESENT | CHANGED]) };
    const extents = pageExtents(pages, false);
    expect(extents.map(({ first, end }) => [first, end])).toEqual([
      [11, 13],
      [13, 14],
    ]);
    expect(pageExtents(pages, true)).toHaveLength(3);
    expect(pageSentence(extents[1] as (typeof extents)[0], 'guest')).toBe(
      'guest 0xd000, page: present and changed',
    );
  });
});

describe('a changed extent', () => {
  const guest = (...extents: GuestExtent[]): Row => ({ kind: 'guest', extents });
  const extents = [{ first: 0, end: 1024 }];
  const before = { extents, rows: [guest(extent(0, 4, { unlinked: 4 }))] };

  it('is the one that was linked, not its neighbours', () => {
    const rows = [
      guest(extent(0, 1, { unlinked: 1 }), extent(256, 1, { linked: 1 }), extent(512, 2, { unlinked: 2 })),
    ];
    expect([...changedExtents(before, { extents, rows })]).toEqual(['extents 256 512']);
  });

  it('is one newly mapped, not one that was never queried', () => {
    const more = [...extents, { first: 4096, end: 4352 }];
    const rows = [guest(extent(0, 4, { unlinked: 4 }), extent(4096, 1, { unlinked: 1 }))];
    expect([...changedExtents(before, { extents: more, rows })]).toEqual(['extents 4096 4352']);
    const all = { extents: more, rows };
    expect([...changedExtents({ extents: more, rows: [] }, all)]).toEqual([]);
    expect([...changedExtents(null, all)]).toEqual([]);
  });

  it('leads to other memory, or has another number of pages', () => {
    const moved = [guest({ ...extent(0, 4, { unlinked: 4 }), processFirst: 4096 })];
    expect(changedExtents(before, { extents, rows: moved }).size).toBe(1);
    const linked = (present: number) => ({ extents, rows: [guest(extent(0, 1, { linked: 1, present }))] });
    expect(changedExtents(linked(1), linked(2)).size).toBe(1);
    expect(changedExtents(linked(1), linked(1)).size).toBe(0);
  });
});

describe('a vanished extent', () => {
  it('was visible before and is not mapped now', () => {
    const rows: Row[] = [{ kind: 'guest', extents: [extent(0, 4, { unlinked: 4 })] }];
    const before = { extents: [{ first: 0, end: 1024 }], rows };
    const extents = [
      { first: 0, end: 256 },
      { first: 512, end: 768 },
    ];
    expect(vanishedExtents(before, { extents, rows: [] })).toEqual([
      { first: 256, end: 512 },
      { first: 768, end: 1024 },
    ]);
    expect(vanishedExtents(null, { extents, rows: [] })).toEqual([]);
    expect(vanishedExtents(before, before)).toEqual([]);
  });
});

describe('ribbons', () => {
  it('have small coordinates, however far the other end is', () => {
    const path = bandPath({
      top: { left: 5, right: 9 },
      bottom: { left: -1e15, right: 1e15 },
      yTop: 0,
      yBottom: 70,
      width: 900,
    });
    expect(path).not.toMatch(/e|\d{5}/);
  });
});
