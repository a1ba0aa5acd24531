/** A set of pages of a slot, of which most are in it, or most are not: its size in memory is the number of the others. */

/** A set of page numbers from 0 on. */
export class DirtyPages {
  readonly #pages: number;
  readonly #all: boolean;
  /** The pages that are not in the set if `all`, otherwise those that are. */
  readonly #others = new Set<number>();

  /**
   * @param pages the number of pages
   * @param all whether all of them are in the set at first, or none
   */
  constructor(pages: number, all: boolean) {
    this.#pages = pages;
    this.#all = all;
  }

  /** The number of pages in the set. */
  get count(): number {
    return this.#all ? this.#pages - this.#others.size : this.#others.size;
  }

  mark(page: number): void {
    if (this.#all) this.#others.delete(page);
    else this.#others.add(page);
  }

  clear(page: number): void {
    if (this.#all) this.#others.add(page);
    else this.#others.delete(page);
  }

  /** Returns the first page in the set from `from` on, or -1. */
  next(from: number): number {
    if (this.count === 0) return -1;
    return this.#all ? this.#nextNotCleared(from) : this.#nextMarked(from);
  }

  #nextNotCleared(from: number): number {
    let page = from;
    while (this.#others.has(page)) page++;
    return page < this.#pages ? page : -1;
  }

  #nextMarked(from: number): number {
    let found = -1;
    for (const page of this.#others) if (page >= from && (found < 0 || page < found)) found = page;
    return found;
  }
}
