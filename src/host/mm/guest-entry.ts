/**
 * The segment entry of a guest that is mapped and not linked: an *unlinked entry*.
 *
 *       0                         43 44        53 54 55 57 58 59 63
 *      +----------------------------+------------+-+------+-+------+
 *      |  process segment number    |     0      |P|   0  |I|   0  |
 *      +----------------------------+------------+-+------+-+------+
 *
 * I: the entry is invalid, so the machine reads nothing else of it. P distinguishes it from the entry of a segment that is
 * not mapped, which is I alone (`EMPTY_SEGMENT`). The number is that of the process segment that the guest segment is
 * mapped to: its address / 1 MiB.
 *
 * Code that runs once a segment reads and writes an entry as two halves of 32 bits, `hi` and `lo`.
 */

import { SEGMENT, type Storage } from '../../machine/index.ts';
import { type ProcessSegmentNumber, processSegment } from '../numbers.ts';

/** The bits of an unlinked entry below the segment number. */
const UNLINKED = SEGMENT.PROTECT | SEGMENT.INVALID;
const NUMBER_SHIFT = 20;
/** Segment numbers of which the low halves of the entries differ: the other bits of the number are in the high half. */
const LOW_NUMBERS = 2 ** 12;

/** The number of entries from which on copying them from a pattern costs less than writing each. */
const LONG_RUN = 64;
/** The unlinked entries of the first `LOW_NUMBERS` segments. The low half of any other is that of one of them. */
const PATTERN = new Uint8Array(LOW_NUMBERS * 8);
writeRun(new DataView(PATTERN.buffer), 0, LOW_NUMBERS, 0);

/** Writes the unlinked entry of a process segment below 2^22, which every segment is that a guest can be given. */
export function writeUnlinked(view: DataView, entry: number, segment: ProcessSegmentNumber): void {
  view.setInt32(entry, segment >>> 12);
  view.setInt32(entry + 4, (segment << NUMBER_SHIFT) | UNLINKED);
}

/** Writes `count` unlinked entries, of consecutive process segments. */
export function writeUnlinkedRun(
  storage: Storage,
  first: number,
  count: number,
  segment: ProcessSegmentNumber,
): void {
  if (count < LONG_RUN) writeRun(storage.view, first, count, segment);
  else copyRun(storage, first, count, segment);
}

/** Whether an entry is an unlinked one, by its low half. */
export function isUnlinked(lo: number): boolean {
  return (lo & 0xf_ffff) === UNLINKED;
}

/** Returns the process segment that an unlinked entry is mapped to. */
export function wantedSegment(hi: number, lo: number): ProcessSegmentNumber {
  return processSegment(hi * LOW_NUMBERS + (lo >>> NUMBER_SHIFT));
}

/**
 * Returns the length of the run of unlinked entries from `first` on, at most `count`, that map consecutive process
 * segments. Preconditions: the first entry maps `segment`; the segments are below 2^22, as all that a guest can be given.
 */
export function unlinkedRunLength(view: DataView, first: number, count: number, segment: number): number {
  let run = 1;
  let entry = first + 8;
  let wanted = segment + 1;
  // The loop may run a million times: it makes no calls.
  while (
    run < count &&
    view.getInt32(entry + 4) === ((wanted << NUMBER_SHIFT) | UNLINKED) &&
    view.getInt32(entry) === wanted >>> 12
  ) {
    run++;
    entry += 8;
    wanted++;
  }
  return run;
}

function writeRun(view: DataView, first: number, count: number, segment: number): void {
  for (let i = 0; i < count; i++) writeUnlinked(view, first + i * 8, processSegment(segment + i));
}

/** As `writeRun`: the low halves come from the pattern, and only high halves that are not zero are written one by one. */
function copyRun({ bytes, view }: Storage, first: number, count: number, segment: number): void {
  for (let at = segment, entry = first, left = count; left > 0; ) {
    const start = at % LOW_NUMBERS;
    const run = Math.min(left, LOW_NUMBERS - start);
    const high = (at - start) / LOW_NUMBERS;
    bytes.set(PATTERN.subarray(start * 8, (start + run) * 8), entry);
    if (high > 0) for (let i = 0; i < run; i++) view.setUint32(entry + i * 8, high);
    at += run;
    entry += run * 8;
    left -= run;
  }
}
