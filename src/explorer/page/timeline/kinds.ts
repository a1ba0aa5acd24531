/**
 * The types of events, grouped into lanes with a glyph and a colour each.
 */

import type { TraceEventType } from '../../../trace/index.ts';

/** The type of an event. */
export type EventType = TraceEventType;

/** Types that belong together: a lane of the strip. */
export interface Lane {
  readonly name: string;
  /** Distinguishes the lane without colour. */
  readonly glyph: string;
  /** The class that gives the colour. */
  readonly id: 'mapping' | 'link' | 'purge' | 'process' | 'table' | 'run';
  readonly types: readonly EventType[];
}

/** The lanes, from top to bottom. */
export const LANES: readonly Lane[] = [
  { id: 'mapping', name: 'mappings', glyph: '◇', types: ['gmap-alloc', 'map', 'unmap', 'gmap-free'] },
  { id: 'link', name: 'links', glyph: '●', types: ['gmap-fault', 'link', 'unlink'] },
  { id: 'purge', name: 'purges', glyph: '✕', types: ['purge'] },
  {
    id: 'process',
    name: 'process',
    glyph: '■',
    types: ['mm-alloc', 'mmap', 'munmap', 'mprotect', 'mremap', 'fork', 'mm-free'],
  },
  { id: 'table', name: 'pages', glyph: '▲', types: ['mm-fault', 'zap', 'page-table', 'large-frame'] },
  {
    id: 'run',
    name: 'runs',
    glyph: '▶',
    types: ['exit', 'interruption', 'system-call', 'signal', 'process-end', 'tracepoint'],
  },
];

/** All types of events, lane by lane. */
export const EVENT_TYPES: readonly EventType[] = LANES.flatMap((lane) => lane.types);

const LANE_OF = new Map(LANES.flatMap((lane) => lane.types.map((type) => [type, lane] as const)));

/** Returns the lane of a type. A type of a newer trace is in the lane of pages. */
export function laneOf(type: EventType): Lane {
  return LANE_OF.get(type) ?? (LANES[4] as Lane);
}

/** The names of types in menus. */
export const TYPE_NAMES: Readonly<Record<EventType, string>> = {
  'gmap-alloc': 'guest address space created',
  map: 'guest memory mapped',
  unmap: 'guest memory unmapped',
  'gmap-free': 'guest address space freed',
  'gmap-fault': 'guest fault resolved',
  link: 'segment linked',
  unlink: 'segment unlinked',
  purge: 'translations purged',
  'mm-alloc': 'process created',
  'mm-free': 'process ended',
  mmap: 'process memory mapped',
  munmap: 'process memory unmapped',
  mprotect: 'protection changed',
  mremap: 'mapping moved or resized',
  fork: 'process forked',
  'mm-fault': 'page got a frame',
  zap: 'pages dropped',
  'page-table': 'page table created or freed',
  'large-frame': '1 MiB frame',
  exit: 'exit to user space',
  interruption: 'interruption',
  'system-call': 'system call',
  signal: 'signal',
  'process-end': 'program ended',
  tracepoint: 'trace point of a host',
};
