/**
 * Texts of events, by which a lesson of a program names them.
 */

import type { RecordedEvent } from '../../player/index.ts';
import type { TraceEvent } from '../../trace/index.ts';

/**
 * Returns the text of an event. That of a system call, a signal or the end of a process is the line that strace prints; others have
 * their type and fields, as in `link gmap 0 guest 0x100000 …`.
 */
export function textOf(event: TraceEvent): string {
  if ('text' in event) return event.text;
  const { type, ...fields } = event;
  const words = Object.entries(fields).map(([name, value]) => `${name} ${written(value)}`);
  return [type, ...words].join(' ');
}

function written(value: unknown): string {
  return typeof value === 'bigint' ? `0x${value.toString(16)}` : String(value);
}

/**
 * Finds events by the beginnings of their texts, one after another.
 * @returns how many steps are done after each of them, up to the first one that is not found
 */
export function stepsAfter(
  events: readonly RecordedEvent[],
  beginnings: readonly string[],
): readonly number[] {
  const steps: number[] = [];
  for (const { event, position } of events) {
    const wanted = beginnings[steps.length];
    if (wanted === undefined) break;
    if (textOf(event).startsWith(wanted)) steps.push(position.step + 1);
  }
  return steps;
}
