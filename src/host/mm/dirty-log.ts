/**
 * Which pages of a range of a process were written since somebody last asked: by the process, or by a guest through
 * the entries they share.
 *
 * A page that nobody wrote since then has an entry that forbids stores, so that the first store faults and is noted
 * here. Asking costs as much as pages were written, however large the range.
 */

/** The log of one range. */
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

  /** Whether the page was written since somebody last asked. */
  has(page: number): boolean {
    return this.#pages.has(page);
  }

  /** Notes that the page was written. */
  note(page: number): void {
    this.#pages.add(page);
  }

  /** The pages written, ascending; it starts again with none. */
  take(): number[] {
    const pages = [...this.#pages].sort((a, b) => a - b);
    this.#pages.clear();
    return pages;
  }
}
