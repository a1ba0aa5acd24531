import { expect, it } from 'vitest';
import { processSegment } from '../numbers.ts';
import {
  isUnlinked,
  unlinkedRunLength,
  wantedSegment,
  writeUnlinked,
  writeUnlinkedRun,
} from './guest-entry.ts';

/** Returns a view with the unlinked entries of these segments, from byte 0 on. */
function entriesOf(...segments: number[]): DataView {
  const view = new DataView(new ArrayBuffer(segments.length * 8));
  segments.forEach((segment, i) => {
    writeUnlinked(view, i * 8, processSegment(segment));
  });
  return view;
}

it.each([0, 1, 0xfff, 0x1000, 0x3f_ffff])('an unlinked entry states its process segment: %i', (segment) => {
  const view = entriesOf(segment);
  expect(isUnlinked(view.getUint32(4))).toBe(true);
  expect(wantedSegment(view.getUint32(0), view.getUint32(4))).toBe(segment);
});

it('a run ends after the number of entries asked for, although the next one continues it', () => {
  const view = entriesOf(5, 6, 7, 8);
  expect([1, 2, 3, 4].map((count) => unlinkedRunLength(view, 0, count, 5))).toEqual([1, 2, 3, 4]);
  expect(unlinkedRunLength(view, 16, 2, 7)).toBe(2);
});

it('a run ends before an entry whose segment is not the next one, in the low or in the high half', () => {
  expect(unlinkedRunLength(entriesOf(5, 6, 8), 0, 3, 5)).toBe(2);
  expect(unlinkedRunLength(entriesOf(5, 6, 0x1007), 0, 3, 5)).toBe(2);
  expect(unlinkedRunLength(entriesOf(0xfff, 0), 0, 2, 0xfff)).toBe(1);
  expect(unlinkedRunLength(entriesOf(0xfff, 0x1000, 0x1001), 0, 3, 0xfff)).toBe(3);
});

it('a run ends before an entry that is linked or empty', () => {
  const view = entriesOf(5, 6, 7);
  view.setUint32(12, 0x20);
  expect(unlinkedRunLength(view, 0, 3, 5)).toBe(1);
  view.setUint32(12, 0x60_0000);
  expect(unlinkedRunLength(view, 0, 3, 5)).toBe(1);
});

it.each([
  [1, 0],
  [63, 0xff0],
  [64, 0xff0],
  [65, 0],
  [5000, 0xff0],
])(
  'a run of %i entries from segment %i on is written as one by one, and nothing beyond',
  (count, segment) => {
    const bytes = new Uint8Array((count + 2) * 8).fill(0xee);
    const view = new DataView(bytes.buffer);
    writeUnlinkedRun({ bytes, view } as never, 8, count, processSegment(segment));
    const expected = entriesOf(...Array.from({ length: count }, (_, i) => segment + i));
    expect(bytes.subarray(8, -8)).toEqual(new Uint8Array(expected.buffer));
    for (const end of [bytes.subarray(0, 8), bytes.subarray(-8)])
      expect(end).toEqual(new Uint8Array(8).fill(0xee));
  },
);
