/** The pages of a range of a process that were written since the log was last read. */
export class LogModel {
  readonly start: number;
  readonly end: number;
  readonly written = new Set<number>();

  constructor(start: number, end: number) {
    this.start = start;
    this.end = end;
  }

  /** Whether the page is in the range. */
  covers(page: number): boolean {
    return page >= this.start && page < this.end;
  }
}
