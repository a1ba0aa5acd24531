/**
 * The gmaps of a trace that is checked: what is mapped and linked, and which unlinks wait for a purge.
 */

import { MappedExtents } from './extents.ts';

/** Maximum number of links and of mapped extents that are followed. */
const LINKS_MAX = 2_000_000;
const EXTENTS_MAX = 200_000;

/** A linked segment. */
export interface CheckedLink {
  /** The process segment. */
  readonly process: number;
  /** The page table or 1 MiB frame that the entry designates. */
  readonly table: bigint;
  /** The number of the event that linked it. */
  readonly since: number;
}

/** A gmap. */
export class CheckedGmap {
  readonly id: number;
  /** The number of its process, and its element; null if the trace begins after it. */
  readonly mm: number | null;
  readonly asce: bigint | null;
  readonly mapped = new MappedExtents();
  /** Whether everything mapped is known. */
  isMapped: boolean;
  readonly links = new Map<number, CheckedLink>();
  /** The first unlink that waits for a purge. */
  pending: { readonly n: number; readonly guest: bigint } | null = null;

  constructor(id: number, mm: number | null, asce: bigint | null) {
    this.id = id;
    this.mm = mm;
    this.asce = asce;
    this.isMapped = mm !== null;
  }
}

/** The gmaps. */
export class CheckedGmaps {
  readonly #gmaps = new Map<number, CheckedGmap>();
  /** Numbers of gmaps that were freed. */
  readonly freed = new Set<number>();
  /** The gmaps with an unlink that waits for a purge. */
  readonly pending = new Set<CheckedGmap>();
  /** The links to each page table or frame. */
  readonly #linked = new Map<bigint, Map<string, { readonly gmap: CheckedGmap; readonly segment: number }>>();
  #links = 0;
  /** Whether every link and mapping is followed. */
  complete = true;

  create(id: number, mm: number, asce: bigint): void {
    this.remove(id);
    this.freed.delete(id);
    this.#gmaps.set(id, new CheckedGmap(id, mm, asce));
  }

  /** Returns a gmap, which the trace may not have introduced. */
  of(id: number): CheckedGmap {
    const known = this.#gmaps.get(id);
    if (known) return known;
    const made = new CheckedGmap(id, null, null);
    this.#gmaps.set(id, made);
    return made;
  }

  *ofProcess(mm: number): Iterable<CheckedGmap> {
    for (const gmap of this.#gmaps.values()) if (gmap.mm === mm) yield gmap;
  }

  remove(id: number): void {
    const gmap = this.#gmaps.get(id);
    if (gmap === undefined) return;
    for (const segment of [...gmap.links.keys()]) this.unlink(gmap, segment);
    this.pending.delete(gmap);
    this.#gmaps.delete(id);
  }

  map(gmap: CheckedGmap, first: number, end: number, process: number | null): void {
    gmap.mapped.replace(first, end, process === null ? null : { first, end, process });
    if (gmap.mapped.all.length <= EXTENTS_MAX) return;
    gmap.isMapped = false;
    this.complete = false;
  }

  link(gmap: CheckedGmap, segment: number, link: CheckedLink): void {
    this.unlink(gmap, segment);
    if (this.#links >= LINKS_MAX) {
      this.complete = false;
      return;
    }
    this.#links++;
    gmap.links.set(segment, link);
    const linked = this.#linked.get(link.table) ?? new Map();
    this.#linked.set(link.table, linked.set(`${gmap.id} ${segment}`, { gmap, segment }));
  }

  unlink(gmap: CheckedGmap, segment: number): void {
    const link = gmap.links.get(segment);
    if (link === undefined) return;
    this.#links--;
    gmap.links.delete(segment);
    const linked = this.#linked.get(link.table);
    linked?.delete(`${gmap.id} ${segment}`);
    if (linked?.size === 0) this.#linked.delete(link.table);
  }

  /** Returns a segment that is linked to a page table or frame, or null if there is none. */
  linkedTo(table: bigint): { readonly gmap: CheckedGmap; readonly segment: number } | null {
    const [first] = this.#linked.get(table)?.values() ?? [];
    return first ?? null;
  }

  /** Notes a purge of the translations of an element, or of all (null). */
  purge(asce: bigint | null): void {
    for (const gmap of this.pending) {
      if (asce !== null && gmap.asce !== asce) continue;
      gmap.pending = null;
      this.pending.delete(gmap);
    }
  }
}
