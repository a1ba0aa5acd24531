/**
 * The fast paths of a gmap must leave the same state as the general paths. A fast path serves one segment of the table
 * found last; it takes its locks in check mode only.
 */

import { beforeEach, describe, expect, it } from 'vitest';
import type { Host } from '../host.ts';
import type { Mm } from '../mm/index.ts';
import { guestSegment, processSegment } from '../numbers.ts';
import { codeOf, entryOf, MIB, makeHost, tableBytes } from '../testing/index.ts';
import type { Gmap } from './gmap.ts';

const HOME = 0x1000_0000n;
const HOME_SEGMENT = Number(HOME >> 20n);

let host: Host;
let mm: Mm;
let gmap: Gmap;

beforeEach(() => {
  ({ host } = makeHost({ checked: false }));
  mm = host.createMm();
  gmap = host.createGmap(mm);
  mm.mmap({ address: HOME, length: 8n * MIB });
});

const snapshot = () => [...gmap.segments()].map((s) => `${s.guest >> 20n} ${s.linked} ${s.process >> 20n}`);

describe('a single segment', () => {
  it('a linked segment that is mapped by itself is unlinked, and purged', () => {
    gmap.mapSegments(processSegment(HOME_SEGMENT), guestSegment(0), 2);
    gmap.faultSegment(guestSegment(0));
    const { purges } = host.stats();
    gmap.mapSegments(processSegment(HOME_SEGMENT + 1), guestSegment(0), 1);
    gmap.mapSegments(processSegment(HOME_SEGMENT), guestSegment(1), 1);
    expect(snapshot()).toEqual([`0 false ${HOME_SEGMENT + 1}`, `1 false ${HOME_SEGMENT}`]);
    expect(host.stats()).toMatchObject({ rmaps: 0, purges: purges + 1 });
  });

  it('links an unlinked entry to a page table that the process has, bit for bit', () => {
    gmap.mapSegments(processSegment(HOME_SEGMENT), guestSegment(0), 2);
    expect(gmap.faultSegment(guestSegment(0))).toBe(HOME_SEGMENT);
    gmap.mapSegments(processSegment(HOME_SEGMENT), guestSegment(1), 1);
    expect(gmap.faultSegment(guestSegment(1))).toBe(HOME_SEGMENT);
    expect(entryOf(host, gmap.asce, MIB, 0)).toBe(entryOf(host, mm.asce, HOME, 0));
    expect(host.stats().rmaps).toBe(2);
    mm.munmap({ address: HOME, length: MIB });
    expect(snapshot()).toEqual([`0 false ${HOME_SEGMENT}`, `1 false ${HOME_SEGMENT}`]);
    expect(gmap.faultSegment(guestSegment(1))).toBe(-1);
  });

  it('links nothing where the process has no mapping at the first byte, but one behind it', () => {
    gmap.mapSegments(processSegment(HOME_SEGMENT), guestSegment(0), 1);
    gmap.faultSegment(guestSegment(0));
    mm.munmap({ address: HOME, length: 4096n });
    gmap.mapSegments(processSegment(HOME_SEGMENT), guestSegment(0), 1);
    expect(gmap.faultSegment(guestSegment(0))).toBe(-1);
    expect(snapshot()).toEqual([`0 false ${HOME_SEGMENT}`]);
  });

  it('emits an event for every link', () => {
    gmap.mapSegments(processSegment(HOME_SEGMENT), guestSegment(0), 2);
    gmap.faultSegment(guestSegment(0));
    gmap.unmapSegments(guestSegment(0), 1);
    gmap.mapSegments(processSegment(HOME_SEGMENT), guestSegment(0), 1);
    const seen: string[] = [];
    host.machine.trace.subscribe(({ type }) => seen.push(type));
    gmap.faultSegment(guestSegment(0));
    expect(seen).toEqual(['link']);
  });

  it('of a gmap that was freed is refused', () => {
    gmap.mapSegments(processSegment(HOME_SEGMENT), guestSegment(0), 1);
    gmap.faultSegment(guestSegment(0));
    gmap.free();
    expect(codeOf(() => gmap.mapSegments(processSegment(HOME_SEGMENT), guestSegment(0), 1))).toBe('ENOENT');
    expect(codeOf(() => gmap.faultSegment(guestSegment(0)))).toBe('ENOENT');
  });
});

describe('a long run of unlinked entries', () => {
  it.each([0, 1, 4095, 4096, 2 ** 22 - 5000])(
    'has the same bits as entries written one by one, from segment %i on',
    (from) => {
      const other = host.createGmap(mm);
      gmap.mapSegments(processSegment(from), guestSegment(2000), 5000);
      for (let i = 0; i < 5000; i++) other.mapSegments(processSegment(from + i), guestSegment(2000 + i), 1);
      const tables = (of: Gmap) => [...tableBytes(host, of)].map(([, text]) => text);
      // Region tables differ in the origins of their entries; the last three tables are segment tables.
      expect(tables(gmap).slice(-4)).toEqual(tables(other).slice(-4));
      expect(snapshot()).toHaveLength(5000);
    },
  );
});
