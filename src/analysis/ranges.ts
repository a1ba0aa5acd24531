/**
 * The addresses of events, as ranges: what a search for an address looks at.
 */

import type { TraceEvent } from '../trace/index.ts';
import { tracepointFacts } from './host/tracepoints.ts';

/** A range of addresses, its end not included. */
export type AddressRange = readonly [start: bigint, end: bigint];

const PAGE = 4096n;
const MIB = 1n << 20n;
/** Sizes in bytes of a table entry, of a page table, and of the tables above. */
const ENTRY = 8n;
const PAGE_TABLE = 2048n;
const TABLE = 16384n;

/** Returns the ranges that an event names: of guests, of processes, and of absolute storage. */
export function rangesOf(event: TraceEvent): readonly AddressRange[] {
  switch (event.type) {
    case 'mm-alloc':
    case 'gmap-alloc':
      return elementRanges(event.asce);
    case 'map':
      return [length(event.from, event.length), length(event.to, event.length)];
    case 'unmap':
    case 'mmap':
    case 'munmap':
    case 'mprotect':
    case 'zap':
      return [length(event.address, event.length)];
    case 'mremap':
      return [length(event.address, event.length), length(event.to, event.newLength)];
    case 'gmap-fault':
      return [around(event.guest, PAGE), around(event.process, PAGE)];
    case 'link':
      return [
        ...segmentRanges(event),
        // What it designates is a page table, or a frame of 1 MiB, which alone is aligned to it.
        length(event.pageTable, event.pageTable % MIB === 0n && event.pageTable > 0n ? MIB : PAGE_TABLE),
      ];
    case 'unlink':
      return segmentRanges(event);
    case 'purge':
      return [
        ...(event.asce === undefined ? [] : elementRanges(event.asce)),
        ...(event.pageTable === undefined ? [] : [length(event.pageTable, PAGE_TABLE)]),
      ];
    case 'mm-fault':
      return [around(event.address, PAGE), around(event.frame, PAGE)];
    case 'page-table':
      return [around(event.address, MIB), length(event.origin, PAGE_TABLE)];
    case 'large-frame':
      return [around(event.address, MIB), around(event.frame, MIB)];
    case 'interruption':
    case 'exit':
      return [length(event.address, 1n)];
    case 'tracepoint':
      return [
        ...(event.address === undefined ? [] : [length(event.address, 1n)]),
        ...(tracepointFacts(event.name, event.details)?.ranges ?? []),
      ];
    case 'mm-free':
    case 'gmap-free':
    case 'fork':
    case 'system-call':
    case 'signal':
    case 'process-end':
      return [];
  }
}

function segmentRanges(event: { guest: bigint; process: bigint; entry: bigint }): AddressRange[] {
  return [around(event.guest, MIB), around(event.process, MIB), length(event.entry, ENTRY)];
}

/** The element itself, as a number, and the table that it designates. */
function elementRanges(asce: bigint): AddressRange[] {
  return [length(asce, 1n), length(asce & ~0xfffn, TABLE)];
}

function length(start: bigint, bytes: bigint): AddressRange {
  return [start, start + bytes];
}

/** The page or segment that holds an address. */
function around(address: bigint, size: bigint): AddressRange {
  const start = address - (address % size);
  return [start, start + size];
}
