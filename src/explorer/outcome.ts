/**
 * What came of guest faults, from the events around them.
 *
 * The host links the segment first, then reports the fault, and then makes the page present.
 */

import type { RecordedEvent } from '../player/index.ts';
import { subjectOf } from './folds.ts';

/** The end of the outcome of a fault whose page was made present. */
export const PAGE_PRESENT = 'page made present';

const PAGE = 12n;
const SEGMENT = 20n;

/**
 * Returns what came of the guest fault at an index of consecutive events of a recording; null if the event is no guest fault, or if the
 * events around it do not tell.
 */
export function outcomeOf(events: readonly RecordedEvent[], index: number): string | null {
  const fault = events[index];
  if (fault?.event.type !== 'gmap-fault') return null;
  const { gmap, guest, process } = fault.event;
  const before = events[index - 1];
  const linked =
    before?.position.step === fault.position.step &&
    before.event.type === 'link' &&
    before.event.gmap === gmap &&
    before.event.guest >> SEGMENT === guest >> SEGMENT;
  let at = index + 1;
  while (mayIntervene(events[at], fault)) at++;
  const made = events[at];
  const present =
    made?.event.type === 'mm-fault' &&
    made.event.address >> PAGE === process >> PAGE &&
    made.position.step === fault.position.step;
  const words = [...(linked ? ['segment linked'] : []), ...(present ? [PAGE_PRESENT] : [])];
  return words.length === 0 ? null : words.join(', ');
}

/** Whether an event may be between a fault and the one that tells that the page is present. */
function mayIntervene(between: RecordedEvent | undefined, fault: RecordedEvent): boolean {
  if (between === undefined || between.position.step !== fault.position.step) return false;
  return between.event.type !== 'gmap-fault' && between.event.type !== 'mm-fault';
}

/** Events of the same kind about the same space, in one step. */
export interface RepeatedEvent {
  readonly first: RecordedEvent;
  /** Index of the first among the events of the step. */
  readonly index: number;
  readonly count: number;
}

/** A step with more events than this has its repeated ones folded. */
const FOLDED_FROM = 6;

/** Folds repeated events of one step: those of one type about one space are one item. A step with few events is not folded. */
export function folded(events: readonly RecordedEvent[]): readonly RepeatedEvent[] {
  if (events.length <= FOLDED_FROM) return events.map((first, index) => ({ first, index, count: 1 }));
  const items = new Map<string, RepeatedEvent>();
  for (const [index, one] of events.entries()) {
    const key = subjectOf(one.event);
    const item = items.get(key);
    items.set(key, item ? { ...item, count: item.count + 1 } : { first: one, index, count: 1 });
  }
  return [...items.values()];
}
