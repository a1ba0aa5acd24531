/**
 * What an operation takes out of the tables, kept until no processor can reach it (Linux: mmu_gather).
 *
 * Tables are changed first; `finish` then purges, once for the process and once for every gmap concerned, and
 * only after that gives the frames back.
 */

import type { Kernel, PurgeSite } from '../kernel.ts';
import type { PageTables } from './page-tables.ts';
import type { LinkOwner } from './reverse-maps.ts';

/** The process whose translations are purged: its address-space-control element in halves. */
export interface GatherSpace {
  readonly asceHi: number;
  readonly asceLo: number;
}

/** Collects what one operation leaves over. */
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

  /** A page whose translations have been, or will be, purged. */
  deferFree(address: number): void {
    this.#blocks.push(address);
  }

  /** Something that no entry of a page table stands for has changed: all of the process's translations go. */
  space(): void {
    this.#purge = true;
  }

  /** A page table that no table designates any more, to be freed after a purge. */
  pageTable(origin: number): void {
    this.#pageTables.push(origin);
    this.#purge = true;
  }

  /** A segment or region table that no table designates any more, to be freed after a purge. */
  table(origin: number): void {
    this.#blocks.push(origin);
    this.#purge = true;
  }

  /** A gmap that was linked to a page table that goes: its translations are purged too. */
  owner(owner: LinkOwner): void {
    this.#owners.add(owner);
  }

  /** Purges, as asked from `site`, and frees. */
  finish(space: GatherSpace, site: PurgeSite = 'page-table-freed'): void {
    const { frames, purges } = this.#kernel;
    if (this.#purge) purges.asce(site, space.asceHi, space.asceLo);
    for (const owner of this.#owners) purges.asce(site, owner.asceHi, owner.asceLo);
    for (const origin of this.#pageTables) this.#tables.freePageTable(origin);
    for (const block of this.#blocks) frames.free(block);
  }
}
