/**
 * The mappings of a process (Linux: VMAs): which pages exist, and what may be done with them.
 *
 * Addresses are page numbers (byte address / 4096, below 2^30), ranges half open. Neighbours of the same
 * protection are one mapping.
 */

/** Protection bits, as mmap takes them. */
export const PROT = { NONE: 0, READ: 1, WRITE: 2, EXEC: 4 } as const;

/** A range of pages of one protection. */
export interface Mapping {
  readonly start: number;
  readonly end: number;
  /** PROT bits. */
  readonly protection: number;
}

/** All mappings of a process, in ascending order, none overlapping. */
export class Mappings {
  readonly #list: Mapping[] = [];
  #hit = 0;

  /** The mapping that holds the page, or undefined. */
  at(page: number): Mapping | undefined {
    const hit = this.#list[this.#hit];
    if (hit !== undefined && hit.start <= page && page < hit.end) return hit;
    const index = this.#firstEndingAfter(page);
    const found = this.#list[index];
    if (!found || found.start > page) return undefined;
    this.#hit = index;
    return found;
  }

  /** Whether any mapping has a page in the range. */
  touches(start: number, end: number): boolean {
    const next = this.#list[this.#firstEndingAfter(start)];
    return next !== undefined && next.start < end && start < end;
  }

  /** The parts of mappings that lie in the range, ascending. */
  within(start: number, end: number): Mapping[] {
    const parts: Mapping[] = [];
    for (let i = this.#firstEndingAfter(start); i < this.#list.length; i++) {
      const { start: from, end: to, protection } = this.#list[i] as Mapping;
      if (from >= end || start >= end) break;
      parts.push({ start: Math.max(from, start), end: Math.min(to, end), protection });
    }
    return parts;
  }

  /** Whether mappings cover the range without a hole. */
  covers(start: number, end: number): boolean {
    let at = start;
    for (const part of this.within(start, end)) {
      if (part.start !== at) return false;
      at = part.end;
    }
    return at === end;
  }

  /** Takes the range out of all mappings, splitting those that reach beyond it. */
  remove(start: number, end: number): void {
    const first = this.#firstEndingAfter(start);
    const left: Mapping[] = [];
    let last = first;
    for (; last < this.#list.length; last++) {
      const mapping = this.#list[last] as Mapping;
      if (mapping.start >= end) break;
      if (mapping.start < start) left.push({ ...mapping, end: start });
      if (mapping.end > end) left.push({ ...mapping, start: end });
    }
    this.#list.splice(first, last - first, ...left);
  }

  /** Puts a mapping where none is, joining it with neighbours of the same protection. */
  insert(start: number, end: number, protection: number): void {
    let from = start;
    let to = end;
    let first = this.#firstEndingAfter(start - 1);
    let last = first;
    const before = this.#list[first];
    if (before && before.end === start && before.protection === protection) {
      from = before.start;
      last++;
    } else if (before && before.end === start) {
      first++;
      last++;
    }
    const after = this.#list[last];
    if (after && after.start === end && after.protection === protection) {
      to = after.end;
      last++;
    }
    this.#list.splice(first, last - first, { start: from, end: to, protection });
  }

  /** The highest start of `length` free pages below `limit` and not below `bottom`, or -1. */
  highestGap(length: number, bottom: number, limit: number): number {
    let top = limit;
    for (let i = this.#list.length - 1; i >= 0; i--) {
      const mapping = this.#list[i] as Mapping;
      if (mapping.end <= top - length) break;
      top = Math.min(top, mapping.start);
    }
    return top - length >= bottom ? top - length : -1;
  }

  /** All mappings, ascending. */
  [Symbol.iterator](): IterableIterator<Mapping> {
    return this.#list[Symbol.iterator]();
  }

  /** How many mappings there are. */
  get count(): number {
    return this.#list.length;
  }

  /** Index of the first mapping that ends after the page. */
  #firstEndingAfter(page: number): number {
    let low = 0;
    let high = this.#list.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#list[middle] as Mapping).end <= page) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
