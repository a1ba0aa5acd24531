/**
 * The processes of a trace that is checked: their page tables, and the pages whose frames are known.
 */

import { segmentOf } from './units.ts';

/** Maximum number of pages and of page tables that are followed. */
const PAGES_MAX = 1_000_000;
const TABLES_MAX = 1_000_000;

/** A page that has a frame. */
export interface CheckedPage {
  /** Page number in its process. */
  readonly page: number;
  readonly frame: bigint;
  /** Whether its entry allows stores, as far as the trace shows. */
  writable: boolean;
  /** Whether its entry is valid: not if the page has no access. */
  accessible: boolean;
  /** The number of the fault that gave it the frame, and of the last purge of its translations (-1 before one). */
  readonly since: number;
  purged: number;
}

/** A process. Segments and pages are numbers. */
export class CheckedProcess {
  /** Whether the trace has its beginning. */
  readonly isKnown: boolean;
  /** Whether it has three levels of tables. */
  isSmall: boolean;
  /** Page tables and 1 MiB frames, by segment. */
  readonly tables = new Map<number, bigint>();
  readonly large = new Map<number, bigint>();
  /** Pages, by segment and page number. */
  readonly pages = new Map<number, Map<number, CheckedPage>>();

  constructor(isKnown: boolean, isSmall: boolean) {
    this.isKnown = isKnown;
    this.isSmall = isSmall;
  }

  /** Yields the pages of a range that have frames. Searches the range or the pages, whichever is shorter. */
  *pagesIn(start: number, end: number): Iterable<CheckedPage> {
    const [first, last] = [segmentOf(start), segmentOf(Math.max(start, end - 1))];
    for (const segment of within(this.pages, first, last)) {
      const pages = this.pages.get(segment) as Map<number, CheckedPage>;
      for (const page of pages.values()) if (page.page >= start && page.page < end) yield page;
    }
  }
}

/** Returns the keys of a map between two numbers. */
function within(map: ReadonlyMap<number, unknown>, first: number, last: number): number[] {
  if (last - first >= map.size) return [...map.keys()].filter((key) => key >= first && key <= last);
  return Array.from({ length: last - first + 1 }, (_, i) => first + i).filter((key) => map.has(key));
}

/** The processes. */
export class CheckedProcesses {
  readonly #processes = new Map<number, CheckedProcess>();
  /** Numbers of processes that were freed. */
  readonly freed = new Set<number>();
  /** The segment of each page table, by origin. */
  readonly #owners = new Map<bigint, { readonly process: CheckedProcess; readonly segment: number }>();
  #count = 0;
  /** Whether every page and table is followed. */
  complete = true;

  create(mm: number, asce: bigint): void {
    this.remove(mm);
    this.freed.delete(mm);
    this.#processes.set(mm, new CheckedProcess(true, (asce & 0xcn) === 0x4n));
  }

  /** Returns a process, which the trace may not have introduced. */
  of(mm: number): CheckedProcess {
    const known = this.#processes.get(mm);
    if (known) return known;
    const made = new CheckedProcess(false, false);
    this.#processes.set(mm, made);
    return made;
  }

  remove(mm: number): void {
    const process = this.#processes.get(mm);
    if (process === undefined) return;
    for (const [segment, origin] of process.tables) this.#disown(origin, process, segment);
    for (const pages of process.pages.values()) this.#count -= pages.size;
    this.#processes.delete(mm);
  }

  addTable(process: CheckedProcess, segment: number, origin: bigint): void {
    if (this.#owners.size >= TABLES_MAX) {
      this.complete = false;
      return;
    }
    process.tables.set(segment, origin);
    this.#owners.set(origin, { process, segment });
  }

  /** Removes a page table, and with it the pages, unless another table has taken its place. */
  removeTable(process: CheckedProcess, segment: number, origin: bigint): void {
    this.#disown(origin, process, segment);
    if (process.tables.get(segment) !== origin) return;
    process.tables.delete(segment);
    this.#count -= process.pages.get(segment)?.size ?? 0;
    process.pages.delete(segment);
  }

  #disown(origin: bigint, process: CheckedProcess, segment: number): void {
    const owner = this.#owners.get(origin);
    if (owner?.process === process && owner.segment === segment) this.#owners.delete(origin);
  }

  /** Notes the purge of the page of an entry of a page table. */
  purgePage(origin: bigint, index: number, n: number): void {
    const owner = this.#owners.get(origin);
    const page = owner?.process.pages.get(owner.segment)?.get(owner.segment * 256 + index);
    if (page === undefined) return;
    page.purged = n;
    // Why is not in the trace: for a log of writes, or because the frame is shared from now on.
    page.writable = false;
  }

  setPage(process: CheckedProcess, page: CheckedPage): void {
    const segment = segmentOf(page.page);
    const pages = process.pages.get(segment) ?? new Map<number, CheckedPage>();
    if (!pages.has(page.page) && this.#count >= PAGES_MAX) {
      this.complete = false;
      return;
    }
    if (!pages.has(page.page)) this.#count++;
    process.pages.set(segment, pages.set(page.page, page));
  }

  dropPage(process: CheckedProcess, page: number): void {
    if (process.pages.get(segmentOf(page))?.delete(page)) this.#count--;
  }
}
