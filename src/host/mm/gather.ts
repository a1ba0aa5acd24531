/**
 * The frames that an operation has unhooked from the tables, and the purges that must precede their freeing (Linux: struct
 * mmu_gather).
 *
 * An operation changes the tables first, and defers purges and freeing to a `Gather`. `finish` then purges translations,
 * once for the process and once for each gmap, and frees the frames after that: no processor can reach them any more.
 */

import type { Kernel, PurgeSite } from '../kernel.ts';
import type { PageTables } from './page-tables.ts';
import type { LinkOwner } from './reverse-maps.ts';

/** The address space of a process: its address-space-control element in halves. */
export interface GatherSpace {
  readonly asceHi: number;
  readonly asceLo: number;
}

/** Collects the purges and the freeing of one operation. */
export class Gather {
  readonly #kernel: Kernel;
  readonly #tables: PageTables;
  readonly #blocks: number[] = [];
  readonly #pageTables: number[] = [];
  readonly #owners = new Set<LinkOwner>();
  #purgeSpace = false;

  constructor(kernel: Kernel, tables: PageTables) {
    this.#kernel = kernel;
    this.#tables = tables;
  }

  /** Defers the purge of all translations of the process: an entry above the page tables has changed. */
  purgeSpace(): void {
    this.#purgeSpace = true;
  }

  /** Defers the purge of a gmap that was linked to a page table or frame to be freed or changed. */
  purgeGmap(owner: LinkOwner): void {
    this.#owners.add(owner);
  }

  /** Defers the freeing of a block. Preconditions: its translations are purged already, or a purge of them is deferred. */
  deferFree(address: number): void {
    this.#blocks.push(address);
  }

  /** Defers the freeing of a page table that no table designates any more, and the purge of the process. */
  deferPageTable(origin: number): void {
    this.#pageTables.push(origin);
    this.#purgeSpace = true;
  }

  /** Defers the freeing of a segment or region table that no table designates any more, and the purge of the process. */
  deferTable(origin: number): void {
    this.#blocks.push(origin);
    this.#purgeSpace = true;
  }

  /** Performs the deferred purges, on behalf of `site`, then the deferred freeing. */
  finish(space: GatherSpace, site: PurgeSite = 'page-table-freed'): void {
    const { frames, purges } = this.#kernel;
    if (this.#purgeSpace) purges.asce(site, space.asceHi, space.asceLo);
    for (const owner of this.#owners) purges.asce(site, owner.asceHi, owner.asceLo);
    for (const origin of this.#pageTables) this.#tables.freePageTable(origin);
    for (const block of this.#blocks) frames.free(block);
  }
}
