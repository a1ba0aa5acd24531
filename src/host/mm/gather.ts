/**
 * Frames that an operation has unhooked from the tables, freed when no processor can reach them any more (Linux: struct
 * mmu_gather).
 *
 * An operation changes the tables first. `finish` then purges translations, once for the process and once for every gmap
 * concerned, and frees the frames after that.
 */

import type { Kernel, PurgeSite } from '../kernel.ts';
import type { PageTables } from './page-tables.ts';
import type { LinkOwner } from './reverse-maps.ts';

/** The address space of a process: its address-space-control element in halves. */
export interface GatherSpace {
  readonly asceHi: number;
  readonly asceLo: number;
}

/** Collects what one operation frees. */
export class Gather {
  readonly #kernel: Kernel;
  readonly #tables: PageTables;
  readonly #blocks: number[] = [];
  readonly #pageTables: number[] = [];
  readonly #owners = new Set<LinkOwner>();
  #purge = false;

  constructor(kernel: Kernel, tables: PageTables) {
    this.#kernel = kernel;
    this.#tables = tables;
  }

  /** Defers the freeing of a block, whose translations were or will be purged, until `finish`. */
  deferFree(address: number): void {
    this.#blocks.push(address);
  }

  /** All translations of the process must be purged: an entry above the page tables has changed. */
  space(): void {
    this.#purge = true;
  }

  /** Defers the freeing of a page table that no table designates any more, and asks for a purge. */
  pageTable(origin: number): void {
    this.#pageTables.push(origin);
    this.#purge = true;
  }

  /** Defers the freeing of a segment or region table that no table designates any more, and asks for a purge. */
  table(origin: number): void {
    this.#blocks.push(origin);
    this.#purge = true;
  }

  /** Asks for a purge of a gmap, which was linked to what is freed. */
  owner(owner: LinkOwner): void {
    this.#owners.add(owner);
  }

  /** Purges what was asked for, on behalf of `site`, then frees. */
  finish(space: GatherSpace, site: PurgeSite = 'page-table-freed'): void {
    const { frames, purges } = this.#kernel;
    if (this.#purge) purges.asce(site, space.asceHi, space.asceLo);
    for (const owner of this.#owners) purges.asce(site, owner.asceHi, owner.asceLo);
    for (const origin of this.#pageTables) this.#tables.freePageTable(origin);
    for (const block of this.#blocks) frames.free(block);
  }
}
