/**
 * What the events of a trace tell about the translation of an address. Tables, links and frames are in the events; the contents of
 * entries are not.
 */

import { PAGES_PER_SEGMENT } from '../../inspect/index.ts';
import { segmentNumberOf, type TraceGmap } from './trace-gmap.ts';
import type { TraceProcess } from './trace-process.ts';

/** A translation as far as events tell it. Addresses are absolute unless they are called process addresses. */
export interface TracedWalk {
  /** The address-space-control element, or null if the trace begins after the space. */
  readonly asce: bigint | null;
  /** Of a guest: whether the segment is linked, mapped only, or neither. Null for a process. */
  readonly segment: 'linked' | 'mapped' | 'none' | null;
  /** The guest segment entry; null if the segment is not linked, or for a process. */
  readonly entry: bigint | null;
  /** The process address behind the address, or null if there is none. */
  readonly process: bigint | null;
  /** The page table or 1 MiB frame of the segment, or null if there is none. */
  readonly table: { readonly kind: 'page-table' | 'frame'; readonly origin: bigint } | null;
  /** The page-table entry, or null without a page table. */
  readonly pageEntry: bigint | null;
  /** The frame of the page, or null if it has none, as far as events tell. */
  readonly frame: bigint | null;
  /** The absolute address, or null if there is no translation, as far as events tell. */
  readonly absolute: bigint | null;
  /** What the trace does not tell, in sentences. */
  readonly unknown: readonly string[];
}

const PAGE = 4096n;
const SEGMENT = 1n << 20n;
const ENTRY = 8n;

/** Returns what is known about a process address. */
export function walkOfProcess(process: TraceProcess, address: bigint): TracedWalk {
  const table = process.table(segmentNumberOf(address));
  const origin = table?.origin ?? null;
  const index = Number((address / PAGE) % BigInt(PAGES_PER_SEGMENT));
  const isLarge = table?.large === true;
  const frame = isLarge ? origin : (table?.present.get(index) ?? null);
  const unknown = [
    'The events do not tell where the tables above the page tables are.',
    ...(frame === null ? [] : ['The events do not tell whether stores are allowed now.']),
    ...(frame === null && table?.present.has(index)
      ? ['The page has a frame since a fork; the events do not tell which.']
      : []),
    ...(process.asce === null
      ? ['The trace begins after the process: there may be more than events tell.']
      : []),
  ];
  return {
    asce: process.asce,
    segment: null,
    entry: null,
    process: address,
    table: origin === null ? null : { kind: isLarge ? 'frame' : 'page-table', origin },
    pageEntry: origin === null || isLarge ? null : origin + BigInt(index) * ENTRY,
    frame,
    absolute: frame === null ? null : frame + (address % (isLarge ? SEGMENT : PAGE)),
    unknown,
  };
}

/** Returns what is known about a guest address. */
export function walkOfGmap(gmap: TraceGmap, address: bigint): TracedWalk {
  const number = segmentNumberOf(address);
  const link = gmap.link(number);
  const mapped = gmap.segment(number);
  if (mapped === null || mapped.process === null) return nothing(gmap.asce, 'none', null);
  const process = (BigInt(mapped.process) << 20n) + (address % SEGMENT);
  // Without a link, a fault comes first.
  if (link === null) return nothing(gmap.asce, 'mapped', process);
  const behind = walkOfProcess(gmap.process, process);
  if (behind.table?.origin === link.table) {
    return { ...behind, asce: gmap.asce, segment: 'linked', entry: link.entry };
  }
  const known =
    behind.table === null
      ? 'the process has no page table there'
      : `that of the process is 0x${behind.table.origin.toString(16)}`;
  const since = gmap.process.asce === null ? ', as far as the events tell' : '';
  const unknown = [`The entry designates 0x${link.table.toString(16)}, but ${known}${since}.`];
  return { ...nothing(gmap.asce, 'linked', process), entry: link.entry, unknown };
}

function nothing(asce: bigint, segment: TracedWalk['segment'], process: bigint | null): TracedWalk {
  const rest = { entry: null, table: null, pageEntry: null, frame: null, absolute: null, unknown: [] };
  return { asce, segment, process, ...rest };
}
