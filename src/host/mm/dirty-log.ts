/**
 * Dirty logs: which pages of a range of a process were written, by the process or by a guest through the page tables that
 * they share.
 */

/** The dirty log of one range. */
export class DirtyLog {
  /** Page numbers of the process, half open. */
  readonly start: number;
  readonly end: number;
  readonly #pages = new Set<number>();

  constructor(start: number, end: number) {
    this.start = start;
    this.end = end;
  }

  /** Whether the page is in the range. */
  covers(page: number): boolean {
    return page >= this.start && page < this.end;
  }

  /** Whether the page was written since the log was last taken. */
  has(page: number): boolean {
    return this.#pages.has(page);
  }

  /** Notes that the page was written. */
  note(page: number): void {
    this.#pages.add(page);
  }

  /** Returns the pages that were written, ascending, and empties the log. */
  take(): number[] {
    const pages = [...this.#pages].sort((a, b) => a - b);
    this.#pages.clear();
    return pages;
  }
}
