/**
 * Describes events in sentences.
 */

import type {
  LargeFrameEvent,
  PageTableEvent,
  PurgeEvent,
  TraceEvent,
  TraceEventOf,
  TraceEventType,
} from '../../../trace/index.ts';
import { hex, UNITS } from '../ui/text.ts';

/** Formats a length in the largest unit that divides it. */
export function length(bytes: bigint): string {
  let unit = 0;
  let value = bytes;
  while (value >= 1024n && value % 1024n === 0n && unit < UNITS.length - 1) {
    value /= 1024n;
    unit++;
  }
  return `${value} ${unit === 0 && value === 1n ? 'byte' : UNITS[unit]}`;
}

const REASONS = {
  unmap: 'it was unmapped',
  remap: 'other memory was mapped there',
  free: 'the guest address space was freed',
  'page-table-freed': 'its page table is being freed',
  'segment-changed': 'the process segment changed',
} as const;

function protection(bits: number): string {
  return bits === 0 ? 'none' : `${bits & 1 ? 'r' : ''}${bits & 2 ? 'w' : ''}${bits & 4 ? 'x' : ''}`;
}

function purge(event: PurgeEvent): string {
  if (event.by === 'ipte') {
    return `Processors purge page ${event.page ?? '?'} of page table ${hex(event.pageTable ?? 0n)} (IPTE).`;
  }
  return event.by === 'idte'
    ? `Processors purge all translations of element ${hex(event.asce ?? 0n)} (IDTE).`
    : 'Processors purge all translations.';
}

function pageTable({ change, address, origin }: PageTableEvent): string {
  return change === 'new'
    ? `A page table for process segment ${hex(address)} was created at ${hex(origin)}.`
    : `The page table at ${hex(origin)} of process segment ${hex(address)} was freed.`;
}

function largeFrame({ change, address, frame }: LargeFrameEvent): string {
  if (change === 'new') return `Process segment ${hex(address)} gets the 1 MiB frame ${hex(frame)}.`;
  return change === 'freed'
    ? `Process segment ${hex(address)} loses its 1 MiB frame ${hex(frame)}.`
    : `The 1 MiB frame ${hex(frame)} of process segment ${hex(address)} is split into pages.`;
}

type Sentences = { [T in TraceEventType]: (event: TraceEventOf<T>) => string };

const SENTENCES: Sentences = {
  'gmap-alloc': (e) => `Guest address space ${e.gmap} was created, with element ${hex(e.asce)}.`,
  'gmap-free': (e) => `Guest address space ${e.gmap} and its tables were freed.`,
  map: (e) => `${length(e.length)} of process memory at ${hex(e.from)} mapped to guest ${hex(e.to)}.`,
  unmap: (e) => `${length(e.length)} of guest memory at ${hex(e.address)} unmapped.`,
  'gmap-fault': (e) => `A fault at guest ${hex(e.guest)} was resolved to process ${hex(e.process)}.`,
  link: (e) => `Guest ${hex(e.guest)} linked to page table ${hex(e.pageTable)}.`,
  unlink: (e) => `Guest ${hex(e.guest)} unlinked: ${REASONS[e.reason] ?? e.reason}.`,
  purge,
  'mm-alloc': (e) => `Process ${e.mm} was created, with element ${hex(e.asce)}.`,
  'mm-free': (e) => `Process ${e.mm} ended; its memory and its tables were freed.`,
  mmap: (e) => `Process ${e.mm} maps ${length(e.length)} at ${hex(e.address)} (${protection(e.protection)}).`,
  munmap: (e) => `Process ${e.mm} unmaps ${length(e.length)} at ${hex(e.address)}.`,
  mprotect: (e) =>
    `${length(e.length)} of process ${e.mm} at ${hex(e.address)} now has protection ${protection(e.protection)}.`,
  mremap: (e) =>
    `${length(e.length)} at ${hex(e.address)} moved or resized: ${length(e.newLength)} at ${hex(e.to)}.`,
  fork: (e) => `Process ${e.mm} forks: the child is process ${e.child}.`,
  zap: (e) => `The pages of ${length(e.length)} at ${hex(e.address)} were dropped; their mapping stays.`,
  'mm-fault': (e) =>
    `Page ${hex(e.address)} of process ${e.mm} gets frame ${hex(e.frame)}, for a ${e.write ? 'store' : 'fetch'}.`,
  'page-table': pageTable,
  'large-frame': largeFrame,
  exit: (e) => `Virtual CPU ${e.vcpu} exits to user space at ${hex(e.address)}: ${e.reason}.`,
  interruption: (e) =>
    `CPU ${e.cpu} takes ${e.class === 'external' ? 'an' : 'a'} ${e.class} interruption, code ${hex(e.code)}, at ${hex(e.address)}${e.guest ? ', as the guest' : ''}.`,
  tracepoint: (e) => `${e.name}${e.vcpu === undefined ? '' : ` of virtual CPU ${e.vcpu}`}: ${e.details}.`,
};

/** Returns the sentence of an event, or the type if it is unknown. */
export function sentenceOf(event: TraceEvent): string {
  const say = SENTENCES[event.type] as ((event: TraceEvent) => string) | undefined;
  return say === undefined ? `${event.type}.` : say(event);
}
