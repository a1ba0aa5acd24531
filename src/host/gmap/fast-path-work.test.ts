/**
 * The fast paths of a gmap for a single segment of the table found last do less work than the general path, and check
 * their arguments as strictly.
 */

import { beforeEach, describe, expect, it } from 'vitest';
import { workOf } from '../../../test/work.ts';
import type { Host } from '../host.ts';
import type { Mm } from '../mm/index.ts';
import { guestSegment, processSegment } from '../numbers.ts';
import { codeOf, MIB, makeHost } from '../testing/index.ts';
import type { Gmap } from './gmap.ts';

const HOME = 0x1000_0000n;
const HOME_SEGMENT = Number(HOME >> 20n);
const SEGMENTS = 64;
/** The first segment of another segment table. */
const ELSEWHERE = 4096;
const TIMES = 20;

let host: Host;
let mm: Mm;
let gmap: Gmap;

beforeEach(() => {
  ({ host } = makeHost({ checked: false }));
  mm = host.createMm();
  gmap = host.createGmap(mm);
  mm.mmap({ address: HOME, length: BigInt(SEGMENTS) * MIB });
  gmap.mapSegments(processSegment(HOME_SEGMENT), guestSegment(ELSEWHERE), SEGMENTS);
  gmap.mapSegments(processSegment(HOME_SEGMENT), guestSegment(0), SEGMENTS);
  for (let n = 0; n < SEGMENTS; n++) gmap.faultSegment(guestSegment(n));
  for (let n = 0; n < SEGMENTS; n++) gmap.faultSegment(guestSegment(ELSEWHERE + n));
});

/** The work of `act` for `2 * TIMES` segments of the table found last. */
const work = (act: (segment: number) => void) =>
  workOf(() => {
    for (let segment = 0; segment < 2 * TIMES; segment++) act(segment);
  });

describe('a fast path does less work than the general path', () => {
  /** Unmapping has no fast path: locks, a search for the table, an entry. */
  function general(): number {
    const other = host.createGmap(mm);
    other.mapSegments(processSegment(HOME_SEGMENT), guestSegment(0), 1);
    return work((segment) => other.unmapSegments(guestSegment(segment), 1));
  }

  it('to map a segment', () => {
    gmap.unmapSegments(guestSegment(0), SEGMENTS);
    expect(
      work((segment) => gmap.mapSegments(processSegment(HOME_SEGMENT), guestSegment(segment), 1)),
    ).toBeLessThan(general() / 2);
  });

  it('to fault a segment that is linked', () => {
    gmap.faultSegment(guestSegment(0));
    expect(work((segment) => gmap.faultSegment(guestSegment(segment)))).toBeLessThan(general() / 2);
  });

  it('to link a segment to an existing page table', () => {
    gmap.mapSegments(processSegment(HOME_SEGMENT), guestSegment(0), SEGMENTS);
    expect(work((segment) => gmap.faultSegment(guestSegment(segment)))).toBeLessThan(general());
    expect(host.stats().rmaps).toBe(SEGMENTS + 2 * TIMES);
  });

  it('emits no event without a listener', () => {
    let events = 0;
    gmap.mapSegments(processSegment(HOME_SEGMENT), guestSegment(0), SEGMENTS);
    const unsubscribe = host.machine.trace.subscribe(() => events++);
    gmap.faultSegment(guestSegment(0));
    expect(events).toBe(1);
    unsubscribe();
    gmap.faultSegment(guestSegment(1));
    expect(events).toBe(1);
  });
});

describe('a number that is no segment', () => {
  const wrong = ['0', 0n, 0.5, -1, Number.NaN, null, undefined, [0], true, 2 ** 44] as unknown as number[];

  it.each(wrong.map((_, at) => at))(
    'no. %i is EINVAL to fault, map and unmap, though the table found last has segment 0',
    (at) => {
      const value = wrong[at] as number;
      const before = [...gmap.segments()];
      for (const act of [
        () => gmap.faultSegment(guestSegment(value)),
        () => gmap.mapSegments(processSegment(HOME_SEGMENT), guestSegment(value), 1),
        () => gmap.mapSegments(processSegment(value), guestSegment(0), 1),
        () => gmap.unmapSegments(guestSegment(value), 1),
      ]) {
        gmap.faultSegment(guestSegment(0));
        expect(codeOf(act)).toBe('EINVAL');
      }
      expect([...gmap.segments()]).toEqual(before);
    },
  );

  it('a count of 2^44 or more is refused, and the error names it', () => {
    expect(() => gmap.unmapSegments(guestSegment(0), 2 ** 44)).toThrow(/count/);
    expect(() => gmap.unmapSegments(guestSegment(0), 2 ** 44 + 1)).toThrow(/count/);
  });

  it('a fault returns -1 where nothing is mapped, in the table found last and elsewhere', () => {
    gmap.unmapSegments(guestSegment(0), SEGMENTS);
    expect([
      gmap.faultSegment(guestSegment(0)),
      gmap.faultSegment(guestSegment(2047)),
      gmap.faultSegment(guestSegment(3 * ELSEWHERE)),
    ]).toEqual([-1, -1, -1]);
  });
});
