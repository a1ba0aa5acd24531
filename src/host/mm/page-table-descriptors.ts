/**
 * Descriptors of page tables and 1 MiB frames: what only the host needs to know of them (Linux: struct ptdesc, struct
 * page).
 */

/** Stands for a segment number of more than 31 bits, which is kept elsewhere. */
const WIDE = -2;

/** The descriptors of all page tables and 1 MiB frames of a host, by the 2 KiB unit of storage in which each starts. */
export class PageTableDescriptors {
  /**
   * The segment number of the process, or -1 if neither a page table nor a 1 MiB frame starts in the unit. Read directly
   * only where the number is below 2^22, as that of every segment that a guest can be given; otherwise by `segmentOf`.
   */
  readonly segment: Int32Array;
  /** The number of entries of a page table that have a frame. */
  readonly present: Uint16Array;
  /**
   * The number of entries of a page table that are watched: their PGSTEs have the notification bit. It is 0 again when the
   * page table is freed: each watch ends with a notification.
   */
  readonly watched: Uint16Array;
  readonly #wide = new Map<number, number>();

  /** @param units storage in 2 KiB units */
  constructor(units: number) {
    this.segment = new Int32Array(units).fill(-1);
    this.present = new Uint16Array(units);
    this.watched = new Uint16Array(units);
  }

  /** Returns the segment number of the page table or 1 MiB frame that starts in the unit, or -1 if none does. */
  segmentOf(unit: number): number {
    const segment = this.segment[unit] as number;
    return segment === WIDE ? (this.#wide.get(unit) as number) : segment;
  }

  /** Sets the segment number of the page table or 1 MiB frame that starts in the unit; -1 if none does any more. */
  setSegment(unit: number, segment: number): void {
    if (segment < 2 ** 31) {
      if (this.segment[unit] === WIDE) this.#wide.delete(unit);
      this.segment[unit] = segment;
    } else {
      this.segment[unit] = WIDE;
      this.#wide.set(unit, segment);
    }
  }
}
