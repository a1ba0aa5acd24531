/**
 * The fast paths of a gmap must leave the same state as the general paths. A fast path serves one segment of the table
 * found last; it takes its locks in check mode only.
 */

import { beforeEach, describe, expect, it } from 'vitest';
import type { Host } from '../host.ts';
import type { Mm } from '../mm/index.ts';
import { type GuestSegmentNumber, guestSegment, processSegment } from '../numbers.ts';
import { codeOf, entryOf, GIB, MIB, makeHost, tableBytes } from '../testing/index.ts';
import type { Gmap } from './gmap.ts';

const HOME = 0x1000_0000n;
const HOME_SEGMENT = Number(HOME >> 20n);
/** The first segment of another segment table than that of segment 0. */
const ELSEWHERE = 4096;

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
    // Low addresses, which a wrong unit could reach.
    mm.mmap({ address: 0n, length: MIB });
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

  it('emits no event without a listener', () => {
    gmap.mapSegments(processSegment(HOME_SEGMENT), guestSegment(0), 2);
    let events = 0;
    const unsubscribe = host.machine.trace.subscribe(() => events++);
    gmap.faultSegment(guestSegment(0));
    const emitted = events;
    unsubscribe();
    gmap.faultSegment(guestSegment(1));
    expect([emitted > 0, events]).toEqual([true, emitted]);
  });

  it.each([1, 2047, ELSEWHERE])(
    'takes no lock outside check mode, whether it is mapped, linked or linked already: number %i',
    (number) => {
      const segment = guestSegment(number);
      gmap.mapSegments(processSegment(HOME_SEGMENT), guestSegment(0), 1);
      gmap.faultSegment(guestSegment(0));
      gmap.mapSegments(processSegment(HOME_SEGMENT), segment, 1);
      const uses: string[] = [];
      for (const lock of [mm.mmapLock, mm.pageTableLock]) {
        lock.acquire = () => uses.push(`${lock.name} taken`);
        lock.release = () => uses.push(`${lock.name} released`);
      }
      gmap.map({ from: HOME, to: BigInt(segment) * MIB, length: MIB });
      gmap.mapSegments(processSegment(HOME_SEGMENT), segment, 1);
      for (let i = 0; i < 2; i++) expect(gmap.faultSegment(segment)).toBe(HOME_SEGMENT);
      expect(uses).toEqual([]);
      expect(snapshot()).toEqual([`0 true ${HOME_SEGMENT}`, `${segment} true ${HOME_SEGMENT}`]);
    },
  );

  it('is found linked, and not linked again, when its table is not the one found last', () => {
    gmap.mapSegments(processSegment(HOME_SEGMENT), guestSegment(5), 1);
    gmap.faultSegment(guestSegment(5));
    gmap.mapSegments(processSegment(HOME_SEGMENT), guestSegment(ELSEWHERE), 1);
    const events: string[] = [];
    host.machine.trace.subscribe(({ type }) => events.push(type));
    expect(gmap.faultSegment(guestSegment(5))).toBe(HOME_SEGMENT);
    expect(events).toEqual([]);
    expect(host.stats().rmaps).toBe(1);
  });

  it.each([
    ['is found last', 1],
    ['is not found last', ELSEWHERE],
  ])('that is not mapped is not linked to process segment 0, in a table that %s', (_, last) => {
    mm.mmap({ address: 0n, length: MIB });
    gmap.mapSegments(processSegment(HOME_SEGMENT), guestSegment(1), 1);
    gmap.mapSegments(processSegment(HOME_SEGMENT), guestSegment(ELSEWHERE), 1);
    // Without a page table of process segment 0, then with one.
    for (let i = 0; i < 2; i++) {
      gmap.faultSegment(guestSegment(last));
      expect(gmap.faultSegment(guestSegment(0))).toBe(-1);
      mm.fault(0n, false);
    }
    expect(host.stats().rmaps).toBe(1);
  });

  it('of a gmap that was freed is refused', () => {
    gmap.mapSegments(processSegment(HOME_SEGMENT), guestSegment(0), 1);
    gmap.faultSegment(guestSegment(0));
    gmap.free();
    expect(codeOf(() => gmap.mapSegments(processSegment(HOME_SEGMENT), guestSegment(0), 1))).toBe('ENOENT');
    expect(codeOf(() => gmap.faultSegment(guestSegment(0)))).toBe('ENOENT');
  });
});

describe('several segments of the table found last', () => {
  it.each<[string, (first: GuestSegmentNumber, count: number) => void]>([
    ['mapped', (first, count) => gmap.mapSegments(processSegment(HOME_SEGMENT), first, count)],
    ['unmapped', (first, count) => gmap.unmapSegments(first, count)],
  ])('that are %s up to the end of the table leave it the one found last', (_, act) => {
    gmap.mapSegments(processSegment(HOME_SEGMENT), guestSegment(0), ELSEWHERE);
    act(guestSegment(2040), 8);
    let locked = 0;
    mm.mmapLock.acquire = () => locked++;
    gmap.mapSegments(processSegment(HOME_SEGMENT), guestSegment(2047), 1);
    expect(locked).toBe(0);
  });

  it('are all mapped', () => {
    gmap.mapSegments(processSegment(HOME_SEGMENT), guestSegment(0), 1);
    gmap.mapSegments(processSegment(HOME_SEGMENT), guestSegment(1), 3);
    expect(snapshot()).toEqual([0, 0, 1, 2].map((n, guest) => `${guest} false ${HOME_SEGMENT + n}`));
  });
});

describe('a number that is no segment', () => {
  const wrong = ['0', 0n, 0.5, -1, Number.NaN, null, undefined, [0], true, 2 ** 44] as unknown as number[];

  it.each(wrong.map((_, at) => at))(
    'no. %i is EINVAL to fault, map and unmap, though the table found last has segments 0, linked, and 1, not linked',
    (at) => {
      const value = wrong[at] as number;
      gmap.mapSegments(processSegment(HOME_SEGMENT), guestSegment(0), 2);
      gmap.faultSegment(guestSegment(0));
      const before = snapshot();
      for (const act of [
        () => gmap.faultSegment(guestSegment(value)),
        () => gmap.mapSegments(processSegment(HOME_SEGMENT), guestSegment(value), 1),
        () => gmap.mapSegments(processSegment(value), guestSegment(0), 1),
        () => gmap.mapSegments(processSegment(value), guestSegment(1), 1),
        () => gmap.unmapSegments(guestSegment(value), 1),
      ]) {
        gmap.faultSegment(guestSegment(0));
        expect(codeOf(act)).toBe('EINVAL');
      }
      expect(snapshot()).toEqual(before);
    },
  );

  it.each<[string, (fresh: Gmap) => void]>([
    ['has found no table yet', () => {}],
    [
      'has lost the table found last for lack of memory',
      (fresh) => {
        host.kernel.frames.failIn(4);
        expect(codeOf(() => fresh.map({ from: 0n, to: 2n * GIB - MIB, length: 2n * MIB }))).toBe('ENOMEM');
      },
    ],
    [
      'was freed',
      (fresh) => {
        fresh.map({ from: 0n, to: 0n, length: MIB });
        fresh.free();
      },
    ],
  ])('below 0 is EINVAL to map and fault, in a gmap that %s', (_, prepare) => {
    const fresh = host.createGmap(mm);
    prepare(fresh);
    // Tables of another gmap, so that a wrong node has a place in the reverse maps.
    gmap.mapSegments(processSegment(0), guestSegment(0), 4096);
    const before = host.machine.storage.bytes.slice();
    for (const segment of [-1, -2, -2047, -2048]) {
      const wrong = guestSegment(segment);
      expect(codeOf(() => fresh.mapSegments(processSegment(1), wrong, 1))).toBe('EINVAL');
      expect(codeOf(() => fresh.faultSegment(wrong))).toBe('EINVAL');
    }
    expect(Buffer.compare(host.machine.storage.bytes, before)).toBe(0);
  });

  it('a count of 2^44 or more is refused, and the error names it', () => {
    expect(() => gmap.unmapSegments(guestSegment(0), 2 ** 44)).toThrow(/^count/);
    expect(() => gmap.unmapSegments(guestSegment(0), 2 ** 44 + 1)).toThrow(/^count/);
  });
});

it('a fault returns -1 where nothing is mapped, in the table found last and elsewhere', () => {
  gmap.mapSegments(processSegment(HOME_SEGMENT), guestSegment(1), 1);
  expect([0, 2047, ELSEWHERE].map((segment) => gmap.faultSegment(guestSegment(segment)))).toEqual([
    -1, -1, -1,
  ]);
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
