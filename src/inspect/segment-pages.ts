/**
 * The 256 pages of one segment in detail, and the contents of one of them.
 */

import type { Gmap, Mm } from '../host/index.ts';
import { HALF, hasFrame, PAGES_PER_SEGMENT, PGSTE_OFFSET } from '../host/internal.ts';
import { FRAME_SIZE, PAGE, SEGMENT, type SegmentNumber, segmentNumber } from '../machine/index.ts';
import type { SegmentPages } from './answers.ts';
import { demandPage, demandSpace } from './arguments.ts';
import { segmentEntry, viewOf } from './host-views.ts';
import { pagesOfView } from './pages.ts';

/**
 * Returns the pages of the segment that holds a page, and the contents of that page.
 * @param page number of a page of the space
 * @throws LinuxError EINVAL for an invalid page; ESRCH, ENOENT for a space that has ended
 */
export function segmentPagesOf(space: Mm | Gmap, page: number): SegmentPages {
  demandSpace(space);
  demandPage('page', page);
  const segment = segmentNumber(Math.floor(page / PAGES_PER_SEGMENT));
  const first = segment * PAGES_PER_SEGMENT;
  const mm = space.kind === 'gmap' ? space.mm : space;
  const process = processSegmentOf(space, segment);
  const { flags } = pagesOfView(viewOf(space), { first, end: first + PAGES_PER_SEGMENT });
  const answer: SegmentPages = {
    first,
    page,
    process: process === null ? null : process * PAGES_PER_SEGMENT,
    flags,
    frames: new Float64Array(PAGES_PER_SEGMENT).fill(-1),
    keys: new Int16Array(PAGES_PER_SEGMENT).fill(-1),
    table: null,
    entries: null,
    pgstes: null,
    bytes: null,
  };
  return process === null ? answer : withFrames(answer, mm, process);
}

/** Returns the process segment behind a segment, or null if there is none. */
function processSegmentOf(space: Mm | Gmap, segment: SegmentNumber): SegmentNumber | null {
  if (space.kind !== 'gmap') return segment;
  const view = viewOf(space);
  return view.kind === 'guest' ? (view.segment(segment)?.process ?? null) : null;
}

/** Adds what the tables of the process and the storage keys say. */
function withFrames(answer: SegmentPages, mm: Mm, process: SegmentNumber): SegmentPages {
  const { storage } = mm.kernel;
  const [hi, lo] = segmentEntry(mm, process);
  if (lo & SEGMENT.INVALID) return answer;
  const isLarge = (lo & SEGMENT.FORMAT_CONTROL) !== 0;
  const origin = hi * HALF + ((lo & (isLarge ? SEGMENT.FRAME : SEGMENT.ORIGIN)) >>> 0);
  const { frames, keys } = answer;
  for (let i = 0; i < PAGES_PER_SEGMENT; i++) {
    const frame = isLarge ? origin + i * FRAME_SIZE : frameOf(mm, origin + i * 8);
    if (frame < 0 || !storage.has(frame, FRAME_SIZE)) continue;
    frames[i] = frame;
    keys[i] = storage.keys[frame / FRAME_SIZE] as number;
  }
  const frame = frames[answer.page % PAGES_PER_SEGMENT] as number;
  return {
    ...answer,
    table: isLarge ? null : origin,
    entries: isLarge ? null : doublewords(mm, origin),
    pgstes: isLarge || !mm.tables.pgstes ? null : doublewords(mm, origin + PGSTE_OFFSET),
    bytes: frame < 0 ? null : storage.bytes.slice(frame, frame + FRAME_SIZE),
  };
}

/** Returns the frame that a page-table entry designates, or -1. */
function frameOf({ kernel: { storage } }: Mm, entry: number): number {
  const lo = storage.get32(entry + 4);
  return hasFrame(lo) ? storage.get32(entry) * HALF + ((lo & PAGE.FRAME) >>> 0) : -1;
}

function doublewords({ kernel: { storage } }: Mm, at: number): BigUint64Array {
  return BigUint64Array.from({ length: PAGES_PER_SEGMENT }, (_, i) => storage.get64(at + i * 8));
}
