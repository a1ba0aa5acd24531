/**
 * What every part of the host stands on: the machine, its frames, the locks, and the purges.
 */

import type { Machine, Storage } from '../machine/index.ts';
import type { Trace } from '../trace/index.ts';
import { Frames } from './frames.ts';
import { Locks } from './locks.ts';

const HALF = 0x1_0000_0000;

/**
 * The absolute byte address with these halves (`lo` signed or unsigned): what tables hold, as one number. Below
 * 2 GiB the result is a small integer to the engine, which a product with 2^32 would not be, not even with 0.
 */
export function absolute(hi: number, lo: number): number {
  return hi === 0 ? lo >>> 0 : hi * HALF + (lo >>> 0);
}

/** The places where the host purges remembered translations. */
export const PURGE_SITES = [
  'gmap-map',
  'gmap-unmap',
  'gmap-free',
  'page-table-gone',
  'page-invalidated',
  'page-protected',
  'page-copied',
  'segment-changed',
  'space-grown',
  'enable-sie',
] as const;

/** A place where the host purges remembered translations. */
export type PurgeSite = (typeof PURGE_SITES)[number];

/**
 * The purges of the host, each with the place it is asked from. A place can be left out, which breaks the
 * machine on purpose: tests do so to see that the checker notices.
 */
export class Purges {
  /** Purges asked for by gmap operations since the start. */
  byGmap = 0;
  /** For tests and demonstrations: the purge of this place is left out. */
  leftOut: PurgeSite | null = null;

  readonly #machine: Machine;

  constructor(machine: Machine) {
    this.#machine = machine;
  }

  /** Purges the page of entry `index` of the page table at `origin` everywhere. */
  page(site: PurgeSite, origin: number, index: number): void {
    if (site !== this.leftOut) this.#machine.purgePage(origin, index);
  }

  /** Purges everything that came by an address-space-control element, given in halves. */
  asce(site: PurgeSite, hi: number, lo: number): void {
    if (site !== this.leftOut) this.#machine.purgeAsce(hi, lo);
  }
}

/** The ground of one host. */
export class Kernel {
  readonly machine: Machine;
  readonly storage: Storage;
  readonly trace: Trace;
  readonly locks = new Locks();
  readonly frames: Frames;
  readonly purges: Purges;
  /**
   * For tests and demonstrations: guests stay linked to page tables that go, which breaks the machine on purpose as
   * `Purges.leftOut` does.
   */
  unlinkLeftOut = false;

  constructor(machine: Machine) {
    this.machine = machine;
    this.storage = machine.storage;
    this.trace = machine.trace;
    this.frames = new Frames(machine.storage, this.locks);
    this.purges = new Purges(machine);
  }
}
