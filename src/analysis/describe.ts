/**
 * Events in one line, as name and fields: `link gmap=0 guest=0x0 process=0x10000000 …`.
 */

import type { TraceEvent } from '../trace/index.ts';

/** Fields that every event of a host has, and that have columns of their own. */
const COLUMNS = new Set(['type', 'name', 'command', 'thread', 'cpu', 'time', 'vcpu', 'address']);
/** Characters that a terminal obeys, or that hide others: a trace may be hostile. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/** Returns the name of an event: its type, or that of its trace point. */
export function nameOf(event: TraceEvent): string {
  return event.type === 'tracepoint' ? event.name.replace(UNSEEN, '?') : event.type;
}

/** Returns the fields of an event, without its name. */
export function fieldsOf(event: TraceEvent): string {
  if (event.type === 'tracepoint') return tracepoint(event);
  const fields = Object.entries(event).filter(([name, value]) => name !== 'type' && value !== undefined);
  return fields
    .map(([name, value]) => `${name}=${typeof value === 'bigint' ? `0x${value.toString(16)}` : value}`)
    .join(' ')
    .replace(UNSEEN, '?');
}

function tracepoint(event: TraceEvent & { type: 'tracepoint' }): string {
  const { vcpu, thread, cpu, command } = event;
  const who = vcpu === undefined ? `${command} ${thread}` : `vcpu ${vcpu}`;
  return `${who} on ${cpu}  ${event.details}`.replace(UNSEEN, '?');
}

/** Returns the fields of an event that tell it from others of its kind, for comparing two traces. */
export function comparable(event: TraceEvent, ignored: ReadonlySet<string>): string {
  const parts = [nameOf(event)];
  for (const [name, value] of Object.entries(event)) {
    const isColumn =
      event.type === 'tracepoint' && COLUMNS.has(name) && name !== 'vcpu' && name !== 'address';
    if (name !== 'type' && !isColumn && !ignored.has(name)) parts.push(`${name}=${value}`);
  }
  return parts.join(' ');
}
