/**
 * Which process segments are mapped to the segments of a guest, as extents of consecutive ones. All numbers are segment numbers.
 */

/** Consecutive guest segments that are mapped to consecutive process segments. */
export interface MappedExtent {
  readonly first: number;
  /** Not included. */
  readonly end: number;
  readonly process: number;
}

/** The mapped extents of a guest, in ascending order, none overlapping. */
export class MappedExtents {
  readonly #extents: MappedExtent[] = [];

  get all(): readonly MappedExtent[] {
    return this.#extents;
  }

  /** Cuts a range out of all extents, and puts another one in its place, if one is given. */
  replace(first: number, end: number, other: MappedExtent | null): void {
    if (first >= end) return;
    const from = this.firstEndingAfter(first);
    const left: MappedExtent[] = [];
    const right: MappedExtent[] = [];
    let to = from;
    for (; to < this.#extents.length; to++) {
      const extent = this.#extents[to] as MappedExtent;
      if (extent.first >= end) break;
      if (extent.first < first) left.push({ ...extent, end: first });
      if (extent.end > end) {
        right.push({ first: end, end: extent.end, process: extent.process + end - extent.first });
      }
    }
    this.#extents.splice(from, to - from, ...left, ...(other === null ? [] : [other]), ...right);
  }

  /** Returns the process segment behind a guest segment, or null if none is mapped there. */
  at(segment: number): number | null {
    const extent = this.#extents[this.firstEndingAfter(segment)];
    return extent && extent.first <= segment ? extent.process + segment - extent.first : null;
  }

  /** Returns the index of the first extent that ends after a segment. */
  firstEndingAfter(segment: number): number {
    let low = 0;
    let high = this.#extents.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#extents[middle] as MappedExtent).end <= segment) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
