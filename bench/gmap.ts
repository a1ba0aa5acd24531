/**
 * The cost of the operations of a guest address space, in nanoseconds per segment of 1 MiB.
 *
 *     npm run bench -- gmap [--segments N] [--json]
 *
 * Each figure is the best of several rounds after a warm-up: noise only adds time.
 */

import { freemem } from 'node:os';
import { type Gmap, guestSegment, Host, type Mm, processSegment } from '../src/host/index.ts';
import { Machine } from '../src/machine/index.ts';
import { bestOf, type Figures, rounded, time } from './timing.ts';

/** The operations, in the order in which a round performs them. */
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

/** Operations that link nothing. The others need a page table per segment. */
const WITHOUT_LINKS: readonly Operation[] = ['map', 'map-each', 'unmap', 'free'];

/** The figures for a number of segments. */
export interface GmapResult {
  readonly segments: number;
  /** Nanoseconds per segment of the operations that were measured. */
  readonly ns: Partial<Figures<Operation>>;
  /** Why some operations were not measured, or null if all were. */
  readonly missing: string | null;
}

/** Returns a result as `--json` prints it, with figures rounded to tenths. */
export function gmapJson({ segments, ns }: GmapResult): { segments: number; ns: Record<string, number> } {
  return { segments, ns: rounded(ns as Figures<Operation>) };
}

/** Bytes of storage per linked segment, per mapped segment, and for everything else. */
const STORAGE_PER_LINK = 4096 + 64;
const STORAGE_PER_MAPPED = 64;
const STORAGE_BASE = 64 << 20;
const MIB = 1 << 20;
const PROCESS_SEGMENT = 256;
const GUEST_SEGMENT = 5000;
/** Maximum number of segments: a process has 4 TiB, and some of it lies below the segments of the benchmark. */
export const SEGMENTS_MAX = 4_000_000;
/** Rounds of few segments are repeated until this many segments were measured. */
const SEGMENTS_PER_FIGURE = 400_000;

/** Returns the bytes of storage for `count` segments, a multiple of 1 MiB. */
const storageFor = (count: number, each: number) => Math.ceil((count * each + STORAGE_BASE) / MIB) * MIB;

// One function per loop, so that V8 compiles each loop once and not again in every round.
function mapAll(gmap: Gmap, count: number): void {
  gmap.mapSegments(processSegment(PROCESS_SEGMENT), guestSegment(GUEST_SEGMENT), count);
}

function mapEach(gmap: Gmap, count: number): void {
  for (let i = 0; i < count; i++)
    gmap.mapSegments(processSegment(PROCESS_SEGMENT + i), guestSegment(GUEST_SEGMENT + i), 1);
}

function faultAll(gmap: Gmap, count: number): void {
  for (let i = 0; i < count; i++) gmap.faultSegment(guestSegment(GUEST_SEGMENT + i));
}

function unmapAll(gmap: Gmap, count: number): void {
  gmap.unmapSegments(guestSegment(GUEST_SEGMENT), count);
}

/** Creates a process with `count` segments of memory, and a gmap whose tables exist because they were mapped before. */
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

/** Measures each operation once on `count` segments. Returns nanoseconds per segment. */
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
  const munmapNotify = time(() => mm.munmap({ address, length })) / count;
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

/** Measures the operations that link nothing once: `unmap` then unmaps segments that are not linked. */
function roundWithoutLinks(host: Host, count: number): Figures<Operation> {
  const { mm, gmap } = prepare(host, count);
  const each = (action: (gmap: Gmap, count: number) => void) => time(() => action(gmap, count)) / count;
  const figures = { map: each(mapAll), 'map-each': each(mapEach), unmap: each(unmapAll) };
  const free = time(() => gmap.free()) / count;
  host.exitMm(mm);
  return { ...figures, free } as Figures<Operation>;
}

/** Returns a host with `size` bytes of storage, or the reason why it cannot be created. */
function hostWith(size: number): Host | string {
  const gib = (bytes: number) => `${(bytes / 2 ** 30).toFixed(1)} GiB`;
  const free = freemem();
  if (free < size) return `${gib(size)} of storage, and this computer has ${gib(free)} of free memory`;
  try {
    return new Host(new Machine({ storageSize: size }));
  } catch (error) {
    if (error instanceof RangeError) {
      return `${gib(size)} of storage, more than this Node can allocate`;
    }
    throw error;
  }
}

/**
 * Returns the best of several rounds on `count` segments.
 * @param linkable false to measure without storage for links: for tests
 */
export function benchGmap(
  count: number,
  linkable = true,
  rounds = Math.max(5, Math.ceil(SEGMENTS_PER_FIGURE / count)),
): GmapResult {
  const host = linkable ? hostWith(storageFor(count, STORAGE_PER_LINK)) : 'storage for links';
  if (typeof host !== 'string') {
    return { segments: count, ns: bestOf(rounds, () => round(host, count)), missing: null };
  }
  const small = new Host(new Machine({ storageSize: storageFor(count, STORAGE_PER_MAPPED) }));
  const omitted = OPERATIONS.filter((operation) => !WITHOUT_LINKS.includes(operation)).join(', ');
  return {
    segments: count,
    ns: bestOf(rounds, () => roundWithoutLinks(small, count)),
    missing: `${count} segments: ${omitted} were not measured: they link segments, which needs ${host}; unmap unmaps segments that are not linked`,
  };
}
