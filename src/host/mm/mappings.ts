/**
 * The mappings of a process (Linux: VMAs): which pages exist, what backs them, and which accesses are allowed.
 *
 * Addresses are page numbers (byte address / 4096), ranges half open. Adjacent mappings with the same attributes are
 * merged.
 */

import type { MemoryFile } from './memory-file.ts';
import type { ServedFaults } from './served-faults.ts';

/** Protection bits, as mmap takes them. */
export const PROT = { NONE: 0, READ: 1, WRITE: 2, EXEC: 4 } as const;

/** What backs the pages of a mapping. */
export interface Backing {
  /** The file whose pages are mapped; null for anonymous memory. */
  readonly file: MemoryFile | null;
  /** The number of a page in the file minus its number in the process; 0 without a file. */
  readonly shift: number;
  /** Whether all processes that map it see a store (MAP_SHARED). Otherwise the first store to a page copies it. */
  readonly shared: boolean;
  /** Whether whole segments get frames of 1 MiB where possible. */
  readonly large: boolean;
}

/** Private anonymous memory. */
export const ANONYMOUS: Backing = { file: null, shift: 0, shared: false, large: false };

/** A range of pages of one protection and one backing. */
export interface Mapping {
  readonly start: number;
  readonly end: number;
  /** PROT bits. */
  readonly protection: number;
  readonly backing: Backing;
  /** Who provides pages that are missing, and which (Linux: vm_userfaultfd_ctx); null for the kernel. */
  readonly served: ServedFaults | null;
}

/** All mappings of a process, in ascending order, none overlapping. */
export class Mappings {
  readonly #list: Mapping[] = [];
  #hit = 0;

  /** Returns the mapping of a page, or undefined. */
  at(page: number): Mapping | undefined {
    const hit = this.#list[this.#hit];
    if (hit !== undefined && hit.start <= page && page < hit.end) return hit;
    const index = this.#firstEndingAfter(page);
    const found = this.#list[index];
    if (!found || found.start > page) return undefined;
    this.#hit = index;
    return found;
  }

  /** Returns the start of the first mapping that ends after a page, or Infinity if there is none. */
  nextStart(page: number): number {
    return this.#list[this.#firstEndingAfter(page)]?.start ?? Infinity;
  }

  /** Whether any mapping has a page in the range. */
  touches(start: number, end: number): boolean {
    const next = this.#list[this.#firstEndingAfter(start)];
    return next !== undefined && next.start < end && start < end;
  }

  /** Returns the parts of mappings that are in a range, ascending. */
  within(start: number, end: number): Mapping[] {
    const parts: Mapping[] = [];
    for (let i = this.#firstEndingAfter(start); i < this.#list.length; i++) {
      const mapping = this.#list[i] as Mapping;
      if (mapping.start >= end || start >= end) break;
      parts.push({
        ...mapping,
        start: Math.max(mapping.start, start),
        end: Math.min(mapping.end, end),
      });
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

  /** Removes a range from all mappings. Those that extend beyond it are split. */
  remove(start: number, end: number): void {
    const removed = this.within(start, end);
    this.#cut(start, end);
    for (const part of removed) part.backing.file?.mapped(part.start - part.end);
  }

  /** Inserts a mapping into a gap, and merges it with adjacent ones of the same attributes. */
  insert(
    start: number,
    end: number,
    protection: number,
    backing = ANONYMOUS,
    served: ServedFaults | null = null,
  ): void {
    backing.file?.mapped(end - start);
    this.#join({ start, end, protection, backing, served });
  }

  /** Changes the protection of all mappings in a range. */
  protect(start: number, end: number, protection: number): void {
    this.#change(start, end, (part) => ({ ...part, protection }));
  }

  /** Changes who serves the faults of all mappings in a range. */
  serve(start: number, end: number, served: ServedFaults | null): void {
    this.#change(start, end, (part) => ({ ...part, served }));
  }

  #change(start: number, end: number, changed: (part: Mapping) => Mapping): void {
    const parts = this.within(start, end);
    this.#cut(start, end);
    for (const part of parts) this.#join(changed(part));
  }

  /** Returns the start of the highest gap of `length` pages between `bottom` and `limit`, or -1 if there is none. */
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

  /** The number of mappings. */
  get count(): number {
    return this.#list.length;
  }

  #cut(start: number, end: number): void {
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

  #join(wanted: Mapping): void {
    const { start, end } = wanted;
    let first = this.#firstEndingAfter(start - 1);
    let last = first;
    let from = start;
    let to = end;
    const before = this.#list[first];
    if (before && before.end === start) {
      last++;
      if (alike(before, wanted)) from = before.start;
      else first++;
    }
    const after = this.#list[last];
    if (after && after.start === end && alike(after, wanted)) {
      to = after.end;
      last++;
    }
    this.#list.splice(first, last - first, { ...wanted, start: from, end: to });
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

/** Whether two mappings have the same attributes: all but their range. */
function alike(a: Mapping, b: Mapping): boolean {
  const [x, y] = [a.backing, b.backing];
  return (
    a.protection === b.protection &&
    x.file === y.file &&
    x.shift === y.shift &&
    x.shared === y.shared &&
    x.large === y.large &&
    a.served?.server === b.served?.server &&
    a.served?.modes === b.served?.modes
  );
}
