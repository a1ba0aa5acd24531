/** The fast paths of a gmap for a single segment of the table found last do less work than the general path. */

import { beforeEach, describe, expect, it } from 'vitest';
import { workOf } from '../../../test/work.ts';
import type { Host } from '../host.ts';
import type { Mm } from '../mm/index.ts';
import { guestSegment, processSegment } from '../numbers.ts';
import { MIB, makeHost } from '../testing/index.ts';
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
});
