/**
 * The rules that the events of a trace alone can show to be broken. They follow from docs/gmap.md; docs/trace.md lists them.
 */

/** The rules, by name. */
export const TRACE_RULES = {
  'live-spaces': 'No event names a process or a gmap that was freed.',
  'link-state': 'A segment is linked only if it is unlinked, and unlinked only if it is linked.',
  'link-table': 'A link designates the page table or the 1 MiB frame of the process segment.',
  'link-mapping': 'A link leads to the process segment that was mapped to the guest segment.',
  'fault-link':
    'A guest fault is resolved through a segment that is linked, to the process address behind it.',
  'freed-linked':
    'No page table, 1 MiB frame, process or gmap is freed while a guest segment is linked to it.',
  'unlink-purge': 'After an unlink, the translations of the gmap are purged before the operation ends.',
  'table-purge': 'Before a page table is freed, the translations through it are purged.',
  'page-purge':
    'When a page loses its frame, gets another one or becomes read-only, its translations are purged.',
  'large-purge': 'When a 1 MiB frame is split or freed, the translations through it are purged.',
  'growth-purge': 'When a process gets a fourth level of tables, its translations are purged.',
} as const;

/** The name of a rule. */
export type TraceRule = keyof typeof TRACE_RULES;

/** The place that a finding is about. */
export interface FindingPlace {
  /** The space: `gmap 0` or `process 0`. */
  readonly space: `gmap ${number}` | `process ${number}`;
  /** An address in it. */
  readonly address: bigint;
}

/** A broken rule. */
export interface TraceFinding {
  readonly rule: TraceRule;
  /** The number, from 0, of the event that breaks it. */
  readonly n: number;
  /** What is wrong, in a sentence without its end. */
  readonly message: string;
  /** The guest segment, process segment or page that it is about, or null. */
  readonly about: FindingPlace | null;
  /** The number of the earlier event that it follows from, or null. */
  readonly because: number | null;
}
