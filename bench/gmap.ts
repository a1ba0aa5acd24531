/**
 * What the operations of a guest address space cost, in nanoseconds per 1 MiB segment.
 *
 *     npm run bench -- gmap [--segments N] [--json]
 *
 * Every figure is the best of several rounds after a warm-up: the machine's noise only adds.
 */

import { freemem } from 'node:os';
import { type Gmap, Host, type Mm } from '../src/host/index.ts';
import { Machine } from '../src/machine/index.ts';
import { bestOf, type Figures, rounded, time } from './timing.ts';

/** The operations, in the order in which a round does them. */
export const OPERATIONS = [
  'map',
  'map-each',
  'fault-first',
  'fault-linked',
  'fault-relink',
  'unmap',
  'munmap-notify',
  'free',
] as const;

/** A measured operation. */
export type Operation = (typeof OPERATIONS)[number];

/** Those that link segments, and so need a page table for each: all but these. */
const WITHOUT_LINKS: readonly Operation[] = ['map', 'map-each', 'unmap', 'free'];

/** What was measured on so many segments. */
export interface GmapResult {
  readonly segments: number;
  /** Nanoseconds a segment. Operations that were left out are missing. */
  readonly ns: Partial<Figures<Operation>>;
  /** Why operations were left out; null when none was. */
  readonly leftOut: string | null;
}

/** A result as `--json` prints it: figures rounded to tenths, operations that were left out missing. */
export function gmapJson({ segments, ns }: GmapResult): { segments: number; ns: Record<string, number> } {
  return { segments, ns: rounded(ns as Figures<Operation>) };
}

/** Frames that one linked segment needs, and those that all need; with them the storage of the bench is sized. */
const STORAGE_PER_LINK = 4096 + 64;
const STORAGE_PER_PROMISE = 64;
const STORAGE_BESIDE = 64 << 20;
const MIB = 1 << 20;
const PROCESS_SEGMENT = 256;
const GUEST_SEGMENT = 5000;
/** A process has 4 TiB, and some of it lies below the segments of the bench. */
export const MOST_SEGMENTS = 4_000_000;
/** A round of a few segments is repeated until its clock readings mean something. */
const SEGMENTS_PER_FIGURE = 400_000;

/** Bytes of storage for `count` segments, a multiple of 1 MiB. */
const storageFor = (count: number, each: number) => Math.ceil((count * each + STORAGE_BESIDE) / MIB) * MIB;

// Loops stand by themselves, so that the engine compiles each once and not anew in every round.
function mapAll(gmap: Gmap, count: number): void {
  gmap.mapSegments(PROCESS_SEGMENT, GUEST_SEGMENT, count);
}

function mapEach(gmap: Gmap, count: number): void {
  for (let i = 0; i < count; i++) gmap.mapSegments(PROCESS_SEGMENT + i, GUEST_SEGMENT + i, 1);
}

function faultAll(gmap: Gmap, count: number): void {
  for (let i = 0; i < count; i++) gmap.faultSegment(GUEST_SEGMENT + i);
}

function unmapAll(gmap: Gmap, count: number): void {
  gmap.unmapSegments(GUEST_SEGMENT, count);
}

/** A process with `count` segments of memory, and a gmap in which they were mapped once, so that tables exist. */
function prepare(host: Host, count: number): { mm: Mm; gmap: Gmap; address: bigint; length: bigint } {
  const mm = host.createMm();
  const address = BigInt(PROCESS_SEGMENT) << 20n;
  const length = BigInt(count) << 20n;
  mm.mmap({ address, length });
  const gmap = host.createGmap(mm);
  mapAll(gmap, count);
  unmapAll(gmap, count);
  return { mm, gmap, address, length };
}

/** One round: each operation once on `count` segments. Returns nanoseconds a segment. */
function round(host: Host, count: number): Figures<Operation> {
  const { mm, gmap, address, length } = prepare(host, count);
  const each = (action: (gmap: Gmap, count: number) => void) => time(() => action(gmap, count)) / count;
  const map = each(mapAll);
  const mapOneByOne = each(mapEach);
  const faultFirst = each(faultAll);
  const faultLinked = each(faultAll);
  mapAll(gmap, count);
  const faultRelink = each(faultAll);
  const unmap = each(unmapAll);
  mapAll(gmap, count);
  faultAll(gmap, count);
  const munmapNotify = time(() => mm.munmap(address, length)) / count;
  const free = time(() => gmap.free()) / count;
  host.exitMm(mm);
  return {
    map,
    'map-each': mapOneByOne,
    'fault-first': faultFirst,
    'fault-linked': faultLinked,
    'fault-relink': faultRelink,
    unmap,
    'munmap-notify': munmapNotify,
    free,
  };
}

/** One round of the operations that link nothing: `unmap` then takes promises back. */
function roundWithoutLinks(host: Host, count: number): Figures<Operation> {
  const { mm, gmap } = prepare(host, count);
  const each = (action: (gmap: Gmap, count: number) => void) => time(() => action(gmap, count)) / count;
  const figures = { map: each(mapAll), 'map-each': each(mapEach), unmap: each(unmapAll) };
  const free = time(() => gmap.free()) / count;
  host.exitMm(mm);
  return { ...figures, free } as Figures<Operation>;
}

/** A host with so much storage, or in words why there can be none. */
function hostWith(size: number): Host | string {
  const inWords = `${(size / 2 ** 30).toFixed(1)} GiB of storage`;
  if (freemem() < size) {
    return `${inWords} and ${(freemem() / 2 ** 30).toFixed(1)} GiB of free memory on this computer`;
  }
  try {
    return new Host(new Machine({ storageSize: size }));
  } catch (error) {
    if (error instanceof RangeError) return `${inWords}, which this Node cannot give`;
    throw error;
  }
}

/**
 * The best of several rounds on `count` segments.
 * @param linkable told to find out what there is without storage for links: for tests
 */
export function benchGmap(
  count: number,
  linkable = true,
  rounds = Math.max(5, Math.ceil(SEGMENTS_PER_FIGURE / count)),
): GmapResult {
  const host = linkable ? hostWith(storageFor(count, STORAGE_PER_LINK)) : 'storage that was not asked for';
  if (typeof host !== 'string') {
    return { segments: count, ns: bestOf(rounds, () => round(host, count)), leftOut: null };
  }
  const small = new Host(new Machine({ storageSize: storageFor(count, STORAGE_PER_PROMISE) }));
  const left = OPERATIONS.filter((operation) => !WITHOUT_LINKS.includes(operation)).join(', ');
  return {
    segments: count,
    ns: bestOf(rounds, () => roundWithoutLinks(small, count)),
    leftOut: `${count} segments: left out ${left}, which link segments: there is not enough for ${host}; unmap takes promises back`,
  };
}
