/**
 * Unlinks or relinks guest segment entries when the page table or 1 MiB frame of a process that they are linked to is freed
 * or changes.
 *
 * Preconditions of every function: the caller holds the page-table lock.
 */

import { processSegment } from '../numbers.ts';
import type { Gather } from './gather.ts';
import { writeUnlinked } from './guest-entry.ts';
import type { MmState } from './mm-state.ts';
import { setEntry } from './ptes.ts';

/** Unlinks every guest entry from the page table or 1 MiB frame at `origin`. `gather` purges their gmaps. */
export function unlinkGuestsLocked(mm: MmState, segment: number, origin: number, gather: Gather): void {
  if (mm.kernel.injectedFault === 'unlink') return;
  const { reverseMaps } = mm.common;
  const { view } = mm.kernel.storage;
  for (let node = reverseMaps.first(origin); node >= 0; node = reverseMaps.first(origin)) {
    const entry = reverseMaps.entryOf(node);
    reverseMaps.unlink(node);
    writeUnlinked(view, entry, processSegment(segment));
    gather.purgeGmap(reverseMaps.ownerOf(node));
    traceUnlink(mm, segment, node, 'page-table-freed');
  }
}

/**
 * Sets every guest entry that is linked to a 1 MiB frame to `value`, the process's own entry. `gather` purges their gmaps.
 */
export function relinkGuestsLocked(
  mm: MmState,
  segment: number,
  link: { readonly frame: number; readonly value: number },
  gather: Gather,
): void {
  const { reverseMaps } = mm.common;
  const nodes: number[] = [];
  for (let node = reverseMaps.first(link.frame); node >= 0; node = reverseMaps.after(node)) nodes.push(node);
  for (const node of nodes) {
    const entry = reverseMaps.entryOf(node);
    reverseMaps.unlink(node);
    reverseMaps.link(link.value, node);
    setEntry(mm.kernel.storage.view, entry, link.value, 0);
    gather.purgeGmap(reverseMaps.ownerOf(node));
    traceRelink(mm, segment, node);
  }
}

function traceUnlink(
  mm: MmState,
  segment: number,
  node: number,
  reason: 'page-table-freed' | 'segment-changed',
): void {
  mm.kernel.trace.listener?.({ type: 'unlink', ...linkOf(mm, segment, node), reason });
}

function traceRelink(mm: MmState, segment: number, node: number): void {
  if (mm.kernel.trace.listener === null) return;
  traceUnlink(mm, segment, node, 'segment-changed');
  const link = linkOf(mm, segment, node);
  const pageTable = mm.kernel.storage.get64(Number(link.entry)) & ~0x7ffn;
  mm.kernel.trace.listener?.({ type: 'link', ...link, pageTable });
}

/** Returns the fields of an event about a link: its gmap, the two segments, and the address of its entry. */
function linkOf(mm: MmState, segment: number, node: number) {
  const owner = mm.common.reverseMaps.ownerOf(node);
  const entry = mm.common.reverseMaps.entryOf(node);
  return {
    gmap: owner.id,
    guest: BigInt(owner.segmentOf(entry)) << 20n,
    process: BigInt(segment) << 20n,
    entry: BigInt(entry),
  };
}
