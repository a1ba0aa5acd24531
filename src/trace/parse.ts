/**
 * Reads events from the lines of a trace file, as written by `--trace` (docs/trace.md).
 */

import type { TraceEvent, TraceEventType } from './events.ts';

/** A line that is not an event. The message says why. */
export class TraceSyntaxError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'TraceSyntaxError';
  }
}

/** Maximum number of characters in a line. Recorded traces stay below it. */
const LONGEST_LINE = 1 << 16;

/** Checks for the kinds of fields: addresses (hexadecimal text), numbers, words and booleans. */
const CHECKS = {
  address: (value: unknown) => typeof value === 'string' && /^0x[0-9a-f]{1,16}$/.test(value),
  number: (value: unknown) => Number.isSafeInteger(value) && (value as number) >= 0,
  word: (value: unknown) => typeof value === 'string' && value.length <= 64,
  text: (value: unknown) => typeof value === 'string',
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
  tracepoint: {
    name: 'word',
    cpu: 'number',
    thread: 'number',
    command: 'word',
    time: 'address',
    'vcpu?': 'number',
    'address?': 'address',
    details: 'text',
  },
  exit: { vcpu: 'number', reason: 'word', address: 'address' },
  'system-call': { process: 'number', thread: 'number', text: 'text' },
  signal: { process: 'number', thread: 'number', text: 'text' },
  'process-end': { process: 'number', thread: 'number', text: 'text' },
};

/** The types of events. */
export const EVENT_TYPES = Object.keys(FIELDS) as readonly TraceEventType[];

/** Returns the event of a line. @throws TraceSyntaxError if it is not one */
export function parseEvent(line: string): TraceEvent {
  if (line.length > LONGEST_LINE) throw new TraceSyntaxError(`longer than ${LONGEST_LINE} characters`);
  const values = objectOf(line);
  const { type } = values;
  if (typeof type !== 'string' || !Object.hasOwn(FIELDS, type)) {
    throw new TraceSyntaxError(`unknown event type ${JSON.stringify(type ?? null).slice(0, 40)}`);
  }
  const event: Record<string, unknown> = { type };
  for (const [key, kind] of Object.entries(FIELDS[type as TraceEventType])) {
    const field = key.replace('?', '');
    const value = Object.hasOwn(values, field) ? values[field] : undefined;
    if (value === undefined && field !== key) continue;
    if (!CHECKS[kind](value)) throw new TraceSyntaxError(`${type}: ${field} is not a valid ${kind}`);
    event[field] = kind === 'address' ? BigInt(value as string) : value;
  }
  return event as unknown as TraceEvent;
}

function objectOf(line: string): Record<string, unknown> {
  let found: unknown;
  try {
    found = JSON.parse(line);
  } catch {
    throw new TraceSyntaxError('not a JSON object');
  }
  if (typeof found !== 'object' || found === null) throw new TraceSyntaxError('not a JSON object');
  return found as Record<string, unknown>;
}
