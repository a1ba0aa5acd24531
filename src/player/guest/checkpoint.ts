/** A checkpoint: what another run of a guest needs to go on from a step. */

import type { VirtualMachine } from '../../host/index.ts';
import { guestExtents } from '../../inspect/index.ts';
import type { GuestState, MemoryMap, Monitor, SavedMemory } from '../../vmm/index.ts';

const PAGE = 4096;
const PAGES_PER_MIB = 256;

/** A checkpoint. */
export interface Checkpoint {
  /** Steps done. */
  readonly step: number;
  /** How many inputs the guest had been given. */
  readonly inputs: number;
  readonly state: GuestState;
  /** Guest segments that were linked, by number. */
  readonly linked: readonly number[];
  /** Process pages that had a frame, and contained only zeros. */
  readonly zeros: readonly number[];
}

/** Takes a checkpoint. @throws as `Monitor.save` */
export function takeCheckpoint(monitor: Monitor, step: number, inputs: number): Checkpoint {
  const state = monitor.save();
  const { maps } = state.configuration;
  return {
    ...{ step, inputs, state },
    linked: linkedSegments(monitor.vm, maps),
    zeros: zeroPages(monitor.vm, maps, state.memory),
  };
}

/**
 * Makes a guest go on from a checkpoint. What the host had made present and linked, it has again; the addresses of frames and tables
 * may be others.
 * @throws as `Monitor.restore`
 */
export function restoreCheckpoint(monitor: Monitor, { state, linked, zeros }: Checkpoint): void {
  monitor.restore(state);
  const { vm } = monitor;
  for (const page of zeros) vm.mm.fault(BigInt(page * PAGE), true);
  for (const segment of linked) vm.gmap.fault(BigInt(segment) << 20n);
}

function linkedSegments({ gmap }: VirtualMachine, maps: readonly MemoryMap[]): number[] {
  const linked: number[] = [];
  for (const { to, length } of maps) {
    const first = Number(to / BigInt(PAGE));
    const pages = Number(length / BigInt(PAGE));
    // With as many extents as segments, none are merged.
    const limit = Math.max(1, pages / PAGES_PER_MIB);
    for (const extent of guestExtents(gmap, { first, end: first + pages, limit })) {
      if (extent.linked + extent.shared === 0) continue;
      for (let page = extent.first; page < extent.end; page += PAGES_PER_MIB)
        linked.push(page / PAGES_PER_MIB);
    }
  }
  return linked;
}

function zeroPages(
  { mm }: VirtualMachine,
  maps: readonly MemoryMap[],
  memory: readonly SavedMemory[],
): number[] {
  const saved = new Set<number>();
  for (const { address, bytes } of memory) {
    const first = Number(address / BigInt(PAGE));
    for (let n = 0; n < bytes.length / PAGE; n++) saved.add(first + n);
  }
  const zeros: number[] = [];
  for (const { from, to, length } of maps) {
    const [process, guest] = [Number(from / BigInt(PAGE)), Number(to / BigInt(PAGE))];
    const resident = mm.mincore({ address: from, length });
    resident.forEach((isResident, n) => {
      if (isResident === 1 && !saved.has(guest + n)) zeros.push(process + n);
    });
  }
  return zeros;
}
