/**
 * What the operations of a guest address space cost, in nanoseconds per 1 MiB segment.
 *
 *     npm run bench -- gmap [--segments N] [--json]
 *
 * Every figure is the best of several rounds after a warm-up: the machine's noise only adds.
 */

import { type Gmap, Host, type Mm } from '../src/host/index.ts';
import { Machine } from '../src/machine/index.ts';

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

type Operation = (typeof OPERATIONS)[number];
type Figures = Record<Operation, number>;

/** Frames that one linked segment needs, and those that all need; with them the storage of the bench is sized. */
const STORAGE_PER_SEGMENT = 4096 + 64;
const STORAGE_BESIDE = 64 << 20;
const PROCESS_SEGMENT = 256;
const GUEST_SEGMENT = 5000;
/** A round of a few segments is repeated until its clock readings mean something. */
const SEGMENTS_PER_FIGURE = 400_000;

/** Nanoseconds that an action takes. */
function time(action: () => void): number {
  const start = process.hrtime.bigint();
  action();
  return Number(process.hrtime.bigint() - start);
}

/** One round: each operation once on `count` segments. Returns nanoseconds a segment. */
function round(host: Host, count: number): Figures {
  const figures = {} as Figures;
  const measure = (operation: Operation, action: () => void) => {
    figures[operation] = time(action) / count;
  };
  const mm: Mm = host.createProcess();
  const address = BigInt(PROCESS_SEGMENT) << 20n;
  const length = BigInt(count) << 20n;
  mm.mmap({ address, length });
  const gmap: Gmap = host.createGmap(mm);
  const faultAll = () => {
    for (let i = 0; i < count; i++) gmap.faultSegment(GUEST_SEGMENT + i);
  };
  gmap.mapSegments(PROCESS_SEGMENT, GUEST_SEGMENT, count);
  gmap.unmapSegments(GUEST_SEGMENT, count);
  measure('map', () => gmap.mapSegments(PROCESS_SEGMENT, GUEST_SEGMENT, count));
  measure('map-each', () => {
    for (let i = 0; i < count; i++) gmap.mapSegments(PROCESS_SEGMENT + i, GUEST_SEGMENT + i, 1);
  });
  measure('fault-first', faultAll);
  measure('fault-linked', faultAll);
  gmap.mapSegments(PROCESS_SEGMENT, GUEST_SEGMENT, count);
  measure('fault-relink', faultAll);
  measure('unmap', () => gmap.unmapSegments(GUEST_SEGMENT, count));
  gmap.mapSegments(PROCESS_SEGMENT, GUEST_SEGMENT, count);
  faultAll();
  measure('munmap-notify', () => mm.munmap(address, length));
  measure('free', () => gmap.free());
  host.endProcess(mm);
  return figures;
}

/** The best of several rounds on `count` segments. */
export function benchGmap(count: number): Figures {
  const size = Math.ceil((count * STORAGE_PER_SEGMENT + STORAGE_BESIDE) / (1 << 20)) * (1 << 20);
  const host = new Host(new Machine({ storageSize: size }));
  const rounds = Math.max(5, Math.ceil(SEGMENTS_PER_FIGURE / count));
  for (let i = 0; i < Math.ceil(rounds / 2); i++) round(host, count);
  const best = round(host, count);
  for (let i = 1; i < rounds; i++) {
    const figures = round(host, count);
    for (const operation of OPERATIONS) best[operation] = Math.min(best[operation], figures[operation]);
  }
  return best;
}
