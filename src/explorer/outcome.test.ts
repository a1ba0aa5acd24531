import { describe, expect, it } from 'vitest';
import type { RecordedEvent } from '../player/index.ts';
import type { TraceEvent } from '../trace/index.ts';
import { folded, outcomeOf } from './outcome.ts';

const link = {
  type: 'link',
  gmap: 0,
  guest: 0n,
  process: 0x1000_0000n,
  entry: 0x1000n,
  pageTable: 0x28000n,
} as const;
const fault = { type: 'gmap-fault', gmap: 0, guest: 0x1000n, process: 0x1000_1000n } as const;
const page = { type: 'mm-fault', mm: 0, address: 0x1000_1000n, frame: 0x2a000n, write: true } as const;

/** Records events, all in one step unless `steps` says otherwise. */
function recorded(events: readonly TraceEvent[], steps: readonly number[] = []): RecordedEvent[] {
  return events.map((event, n) => ({ n, position: { step: steps[n] ?? 0, event: n + 1 }, event }));
}

describe('the outcome of a guest fault', () => {
  it.each([
    ['a link and a page', [link, fault, page], 1, 'segment linked, page made present'],
    ['a link', [link, fault], 1, 'segment linked'],
    ['a page', [fault, page], 0, 'page made present'],
    ['nothing', [fault], 0, null],
    ['the page of another fault', [fault, fault, page], 0, null],
    ['another page', [fault, { ...page, address: 0x1000_2000n }], 0, null],
    ['the link of another guest', [{ ...link, gmap: 1 }, fault], 1, null],
    ['the link of another segment', [{ ...link, guest: 1n << 20n }, fault], 1, null],
  ] as const)('with %s', (_, events, index, outcome) => {
    expect(outcomeOf(recorded(events), index)).toBe(outcome);
  });

  it('does not come from other steps', () => {
    expect(outcomeOf(recorded([link, fault, page], [0, 1, 2]), 1)).toBeNull();
  });

  it('is of faults only', () => expect(outcomeOf(recorded([link]), 0)).toBeNull());
});

describe('repeated events of a step', () => {
  it('are one item', () => {
    const events = recorded([link, fault, page, fault, page, fault, page, { ...page, mm: 1 }]);
    expect(folded(events).map(({ first, index, count }) => [first.event.type, index, count])).toEqual([
      ['link', 0, 1],
      ['gmap-fault', 1, 3],
      ['mm-fault', 2, 3],
      ['mm-fault', 7, 1],
    ]);
  });

  it('are shown one by one if they are few', () => {
    expect(folded(recorded([page, page, page]))).toHaveLength(3);
  });
});
