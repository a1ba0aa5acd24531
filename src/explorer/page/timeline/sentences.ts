/**
 * Describes events in sentences.
 */

import type {
  LargeFrameEvent,
  PageTableEvent,
  PurgeEvent,
  TaskEvent,
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

/** What a sentence can say beyond its event. */
export interface SentenceContext {
  /** Returns the name of the space that an ASCE belongs to, or null if it is not known. */
  readonly nameOf?: (asce: bigint) => string | null;
  /** What came of a guest fault, or null if it is not known: see `outcomeOf`. */
  readonly outcome?: string | null;
}

function protection(bits: number): string {
  return bits === 0 ? 'no access' : `${bits & 1 ? 'r' : '-'}${bits & 2 ? 'w' : '-'}${bits & 4 ? 'x' : '-'}`;
}

/** Describes the new protection of memory. */
function madeTo(bits: number): string {
  if (bits === 0) return 'inaccessible';
  if (bits & 4) return `executable (${protection(bits)})`;
  return bits & 2 ? 'writable' : 'read-only';
}

function purge(event: PurgeEvent, { nameOf = () => null }: SentenceContext): string {
  if (event.by === 'all') return 'All TLB entries are purged.';
  if (event.by === 'ipte') {
    return `TLB entries of page ${event.page ?? '?'} of page table ${hex(event.pageTable ?? 0n)} are purged (IPTE).`;
  }
  const asce = event.asce ?? 0n;
  return `All TLB entries of ${nameOf(asce) ?? 'an address space'} are purged (IDTE, ASCE ${hex(asce)}).`;
}

function pageTable({ mm, change, address, origin }: PageTableEvent): string {
  return change === 'new'
    ? `Process ${mm}: segment ${hex(address)} gets a page table at ${hex(origin)}.`
    : `Process ${mm}: the page table at ${hex(origin)} of segment ${hex(address)} is freed.`;
}

function largeFrame({ mm, change, address, frame }: LargeFrameEvent): string {
  if (change === 'new') return `Process ${mm}: segment ${hex(address)} gets the 1 MiB frame ${hex(frame)}.`;
  return change === 'freed'
    ? `Process ${mm}: segment ${hex(address)} loses its 1 MiB frame ${hex(frame)}.`
    : `Process ${mm}: the 1 MiB frame ${hex(frame)} of segment ${hex(address)} is split into pages.`;
}

/** Names the thread, if it is not the first one of its process. */
function threadOf({ process, thread }: TaskEvent): string {
  return thread === process ? '' : `, thread ${thread}`;
}

type Sentences = { [T in TraceEventType]: (event: TraceEventOf<T>, context: SentenceContext) => string };

const SENTENCES: Sentences = {
  'gmap-alloc': (e) => `Guest ${e.gmap}: the guest address space is created (ASCE ${hex(e.asce)}).`,
  'gmap-free': (e) => `Guest ${e.gmap}: the guest address space and its tables are freed.`,
  map: (e) =>
    `Guest ${e.gmap}: ${length(e.length)} at ${hex(e.to)} is mapped to process address ${hex(e.from)}.`,
  unmap: (e) => `Guest ${e.gmap}: ${length(e.length)} at ${hex(e.address)} is unmapped.`,
  'gmap-fault': (e, { outcome = null }) =>
    `Guest ${e.gmap}: fault at ${hex(e.guest)}, backed by process address ${hex(e.process)}${outcome === null ? '' : `: ${outcome}`}.`,
  link: (e) => `Guest ${e.gmap}: segment ${hex(e.guest)} is linked to page table ${hex(e.pageTable)}.`,
  unlink: (e) => `Guest ${e.gmap}: segment ${hex(e.guest)} is unlinked: ${REASONS[e.reason] ?? e.reason}.`,
  purge,
  'mm-alloc': (e) => `Process ${e.mm} is created (ASCE ${hex(e.asce)}).`,
  'mm-free': (e) => `Process ${e.mm} ends; its memory and its tables are freed.`,
  mmap: (e) => `Process ${e.mm} maps ${length(e.length)} at ${hex(e.address)} (${protection(e.protection)}).`,
  munmap: (e) => `Process ${e.mm} unmaps ${length(e.length)} at ${hex(e.address)}.`,
  mprotect: (e) => `Process ${e.mm} makes ${length(e.length)} at ${hex(e.address)} ${madeTo(e.protection)}.`,
  mremap: (e) =>
    e.to === e.address
      ? `Process ${e.mm} resizes ${length(e.length)} at ${hex(e.address)} to ${length(e.newLength)}.`
      : `Process ${e.mm} moves ${length(e.length)} at ${hex(e.address)}: ${length(e.newLength)} at ${hex(e.to)}.`,
  fork: (e) => `Process ${e.mm} forks: the child is process ${e.child}.`,
  zap: (e) =>
    `Process ${e.mm}: the pages of ${length(e.length)} at ${hex(e.address)} are dropped; their mapping stays.`,
  'mm-fault': (e) =>
    `Process ${e.mm}: page ${hex(e.address)} gets frame ${hex(e.frame)}, for a ${e.write ? 'store' : 'load'}.`,
  'page-table': pageTable,
  'large-frame': largeFrame,
  exit: (e) => `vCPU ${e.vcpu} exits to user space at ${hex(e.address)}: ${e.reason}.`,
  interruption: (e) =>
    `CPU ${e.cpu} takes ${e.class === 'external' ? 'an' : 'a'} ${e.class} interruption, code ${hex(e.code)}, at ${hex(e.address)}${e.guest ? ', as the guest' : ''}.`,
  'system-call': (e) => `Process ${e.process}${threadOf(e)}: ${e.text}`,
  signal: (e) => `Process ${e.process}${threadOf(e)}: ${e.text}`,
  'process-end': (e) => `Process ${e.process}: ${e.text}`,
  tracepoint: (e) => `${e.name}${e.vcpu === undefined ? '' : ` of virtual CPU ${e.vcpu}`}: ${e.details}.`,
};

/** Returns the sentence of an event, or the type if it is unknown. */
export function sentenceOf(event: TraceEvent, context: SentenceContext = {}): string {
  const say = SENTENCES[event.type] as ((event: TraceEvent, context: SentenceContext) => string) | undefined;
  return say === undefined ? `${event.type}.` : say(event, context);
}
