/**
 * The cost of unlinking a guest segment whose page table is shared, in nanoseconds per unlink.
 *
 *     npm run bench -- sharers [--json]
 *
 * The number of links is the same for every number of sharers: with more sharers there are fewer page tables.
 */

import { type Gmap, guestSegment, Host, processSegment } from '../src/host/index.ts';
import { Machine } from '../src/machine/index.ts';
import { bestOf, type Figures, time } from './timing.ts';

/** Numbers of guest segments that share a page table. */
export const SHARERS = [1, 10, 100, 1000] as const;

/**
 * Ways to unlink. `unmap`: the gmap unmaps one segment after the other, without purges, and the entry that was linked
 * first is unlinked first; `unmap-last`: the same in reverse order. `munmap`: the process unmaps its memory, minus the
 * cost of that with nothing linked; `munmap-gmaps`: the same if every sharer is a gmap of its own, with its purge.
 */
export const WAYS = ['unmap', 'unmap-last', 'munmap', 'munmap-gmaps'] as const;
export type Way = (typeof WAYS)[number];
type Measured = Way | 'munmap-unlinked' | 'munmap-gmaps-unlinked';

const LINKS = 20_000;
const ROUNDS = 9;
const STORAGE = 256 << 20;
const PROCESS_SEGMENT = 256;

/** Links `sharers` segments of the guest to each of `tables` page tables: segment i to page table i % tables. */
function link(gmap: Gmap, tables: number, sharers: number): void {
  for (let turn = 0; turn < sharers; turn++)
    gmap.mapSegments(processSegment(PROCESS_SEGMENT), guestSegment(turn * tables), tables);
  for (let i = 0; i < tables * sharers; i++) gmap.faultSegment(guestSegment(i));
}

function unmapUp(gmap: Gmap, links: number): void {
  for (let i = 0; i < links; i++) gmap.unmapSegments(guestSegment(i), 1);
}

function unmapDown(gmap: Gmap, links: number): void {
  for (let i = links - 1; i >= 0; i--) gmap.unmapSegments(guestSegment(i), 1);
}

/** Measures each way once on `links` links, to page tables with `sharers` sharers each. */
function round(host: Host, links: number, sharers: number): Figures<Measured> {
  const tables = Math.max(1, Math.floor(links / sharers));
  const mm = host.createMm();
  const address = BigInt(PROCESS_SEGMENT) << 20n;
  const length = BigInt(tables) << 20n;
  const gmap = host.createGmap(mm);
  const { kernel } = host;
  const munmap = () => time(() => mm.munmap({ address, length }));
  mm.mmap({ address, length });
  link(gmap, tables, sharers);
  // A purge costs far more than an unlink, and is not measured here.
  kernel.injectedFault = 'gmap-unmap';
  const unmap = time(() => unmapUp(gmap, tables * sharers));
  link(gmap, tables, sharers);
  const unmapLast = time(() => unmapDown(gmap, tables * sharers));
  kernel.injectedFault = null;
  const unlinked = munmap();
  mm.mmap({ address, length });
  link(gmap, tables, sharers);
  const linked = munmap();
  host.exitMm(mm);
  const each = tables * sharers;
  return {
    unmap: unmap / each,
    'unmap-last': unmapLast / each,
    munmap: linked / each,
    'munmap-unlinked': unlinked / each,
    'munmap-gmaps': gmapsOfOneTable(host, sharers, true),
    'munmap-gmaps-unlinked': gmapsOfOneTable(host, sharers, false),
  };
}

/** As `munmap`, for one page table and `sharers` gmaps linked to it, purges included. */
function gmapsOfOneTable(host: Host, sharers: number, linked: boolean): number {
  const mm = host.createMm();
  const address = BigInt(PROCESS_SEGMENT) << 20n;
  const length = 1n << 20n;
  mm.mmap({ address, length });
  for (let i = 0; i < sharers; i++) {
    const gmap = host.createGmap(mm);
    gmap.mapSegments(processSegment(PROCESS_SEGMENT), guestSegment(0), 1);
    if (linked) gmap.faultSegment(guestSegment(0));
  }
  mm.fault(address, false);
  const taken = time(() => mm.munmap({ address, length }));
  host.exitMm(mm);
  return taken / sharers;
}

/** Returns the best of several rounds, for a number of sharers. */
export function benchSharers(sharers: number, links = LINKS, rounds = ROUNDS): Figures<Way> {
  const host = new Host(new Machine({ storageSize: STORAGE }));
  const best = bestOf(rounds, () => round(host, links, sharers));
  return {
    unmap: best.unmap,
    'unmap-last': best['unmap-last'],
    munmap: best.munmap - best['munmap-unlinked'],
    'munmap-gmaps': best['munmap-gmaps'] - best['munmap-gmaps-unlinked'],
  };
}
