/**
 * The cost of the explorer's queries on a gmap with many mapped segments, in microseconds.
 *
 *     npm run bench -- inspect [--segments N] [--json]
 */

import { Host } from '../src/host/index.ts';
import {
  explainWalk,
  extentsOf,
  guestExtents,
  pagesOf,
  processorState,
  tableOf,
} from '../src/inspect/index.ts';
import { DEFAULT_STORAGE_SIZE, Machine } from '../src/machine/index.ts';
import { type Figures, time } from './timing.ts';

const MIB = 1n << 20n;
/** Maximum number of extents in a query for a row. */
const EXTENTS = 300;
const ROUNDS = 9;

/** The queries. */
export const QUERIES = [
  'row',
  'row-linked',
  'row-scattered',
  'extents',
  'pages',
  'table',
  'walk',
  'processor',
] as const;

/**
 * Returns the median microseconds of each query: a row of all segments mapped in order (`row`), the same with 4096 of
 * them linked (`row-linked`) and with every other one mapped to a place of its own (`row-scattered`), the extents of the
 * space, 4096 pages, one table, a walk and a processor.
 */
export function benchInspect(segments: number): Figures<(typeof QUERIES)[number]> {
  const host = new Host(new Machine({ storageSize: DEFAULT_STORAGE_SIZE }));
  const mm = host.createMm();
  mm.mmap({ address: 0n, length: BigInt(segments) * MIB });
  const gmap = host.createGmap(mm);
  gmap.map({ from: 0n, to: 0n, length: BigInt(segments) * MIB });
  const end = segments * 256;
  const { storage } = host.machine;
  const row = () => guestExtents(gmap, { first: 0, end, limit: EXTENTS });
  const figures = {
    row: median(row),
    extents: median(() => extentsOf(gmap, 256)),
    'row-linked': 0,
    pages: median(() => pagesOf(gmap, { first: 0, end: 4096 })),
    table: median(() => tableOf(gmap, { level: 'segment', page: 0, from: 0, count: 100 })),
    walk: median(() => explainWalk(storage, gmap.asce, 0n, true)),
    processor: median(() => processorState(host, host.machine.cpu(0), null)),
  };
  for (let i = 0; i < Math.min(segments, 4096); i++) gmap.fault(BigInt(i) * MIB);
  figures['row-linked'] = median(row);
  gmap.unmap({ address: 0n, length: BigInt(segments) * MIB });
  for (let i = 0; i < segments / 2; i++) {
    const from = BigInt((i * 7919) % segments) * MIB;
    gmap.map({ from, to: BigInt(i * 2) * MIB, length: MIB });
  }
  return { ...figures, 'row-scattered': median(row) };
}

/** Returns the median microseconds of an action. */
function median(action: () => unknown): number {
  const times = Array.from({ length: ROUNDS }, () => time(action) / 1000);
  return times.sort((a, b) => a - b)[ROUNDS >> 1] as number;
}
