/**
 * Reads trace files: one event a line, as written by `--trace` (docs/trace.md).
 */

import { linesOf } from '../scenario/internal.ts';
import type { TraceEvent, TraceEventType } from '../trace/index.ts';
import { PlayerError } from './positions.ts';

/** Maximum number of characters in a line, and of events in a file. Recorded traces stay below both. */
const LONGEST_LINE = 1 << 16;
const EVENTS_LIMIT = 1_000_000;

/** Checks for the kinds of fields: addresses (hexadecimal text), numbers, words and booleans. */
const CHECKS = {
  address: (value: unknown) => typeof value === 'string' && /^0x[0-9a-f]{1,16}$/.test(value),
  number: (value: unknown) => Number.isSafeInteger(value) && (value as number) >= 0,
  word: (value: unknown) => typeof value === 'string' && value.length <= 64,
  boolean: (value: unknown) => typeof value === 'boolean',
} as const;

type Kind = keyof typeof CHECKS;

/** The fields of each type of event. Those with a question mark are optional. */
const FIELDS: Readonly<Record<TraceEventType, Readonly<Record<string, Kind>>>> = {
  'mm-alloc': { mm: 'number', asce: 'address' },
  'mm-free': { mm: 'number' },
  'gmap-alloc': { gmap: 'number', mm: 'number', asce: 'address' },
  'gmap-free': { gmap: 'number' },
  map: { gmap: 'number', from: 'address', to: 'address', length: 'address' },
  unmap: { gmap: 'number', address: 'address', length: 'address' },
  'gmap-fault': { gmap: 'number', guest: 'address', process: 'address' },
  link: { gmap: 'number', guest: 'address', process: 'address', entry: 'address', pageTable: 'address' },
  unlink: { gmap: 'number', guest: 'address', process: 'address', entry: 'address', reason: 'word' },
  purge: { by: 'word', 'asce?': 'address', 'pageTable?': 'address', 'page?': 'number' },
  mmap: { mm: 'number', address: 'address', length: 'address', protection: 'number' },
  munmap: { mm: 'number', address: 'address', length: 'address' },
  mprotect: { mm: 'number', address: 'address', length: 'address', protection: 'number' },
  mremap: { mm: 'number', address: 'address', length: 'address', to: 'address', newLength: 'address' },
  fork: { mm: 'number', child: 'number' },
  zap: { mm: 'number', address: 'address', length: 'address' },
  'mm-fault': { mm: 'number', address: 'address', frame: 'address', write: 'boolean' },
  'page-table': { mm: 'number', change: 'word', address: 'address', origin: 'address' },
  'large-frame': { mm: 'number', change: 'word', address: 'address', frame: 'address' },
  interruption: { cpu: 'number', guest: 'boolean', class: 'word', code: 'number', address: 'address' },
  exit: { vcpu: 'number', reason: 'word', address: 'address' },
};

/** Returns the events of a trace file. @throws PlayerError naming the file and the line */
export function readTrace(text: string, name: string): TraceEvent[] {
  const events: TraceEvent[] = [];
  let number = 0;
  for (const line of linesOf(text)) {
    number++;
    if (line.length <= LONGEST_LINE && line.trim() === '') continue;
    try {
      if (events.length === EVENTS_LIMIT) throw new PlayerError(`more than ${EVENTS_LIMIT} events`);
      events.push(eventOf(line));
    } catch (error) {
      const message = error instanceof PlayerError ? error.message : 'not a JSON object';
      throw new PlayerError(`${name}:${number}: ${message}`);
    }
  }
  if (events.length === 0) throw new PlayerError(`${name}: no events`);
  return events;
}

function eventOf(line: string): TraceEvent {
  if (line.length > LONGEST_LINE) throw new PlayerError(`longer than ${LONGEST_LINE} characters`);
  const found: unknown = JSON.parse(line);
  if (typeof found !== 'object' || found === null) throw new PlayerError('not a JSON object');
  const values = found as Record<string, unknown>;
  const { type } = values;
  if (typeof type !== 'string' || !Object.hasOwn(FIELDS, type)) {
    throw new PlayerError(`${JSON.stringify(type ?? null).slice(0, 40)} is not a type of event`);
  }
  const event: Record<string, unknown> = { type };
  for (const [key, kind] of Object.entries(FIELDS[type as TraceEventType])) {
    const field = key.replace('?', '');
    const value = Object.hasOwn(values, field) ? values[field] : undefined;
    if (value === undefined && field !== key) continue;
    if (!CHECKS[kind](value)) throw new PlayerError(`${type}: ${field} is not a valid ${kind}`);
    event[field] = kind === 'address' ? BigInt(value as string) : value;
  }
  return event as unknown as TraceEvent;
}
