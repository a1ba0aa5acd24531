/**
 * The rules that are checked, and what one look over the tables gathers for them.
 */

import type { Gmap, Host } from '../host/index.ts';
import { hex, PURPOSES, type Purpose } from '../host/internal.ts';
import { FRAME_SIZE, TableScan } from '../machine/index.ts';

/** What can be broken. */
export const RULES = {
  'stale-translation': 'No processor uses a translation that a walk would not find now.',
  'table-format': 'Every table entry is empty, a promise, or valid, bit for bit as its level has it.',
  link: 'A linked guest entry designates the page table of the process segment that it translates.',
  'reverse-map': 'The reverse map of a page table holds exactly the guest entries that designate it.',
  'page-table':
    'A page table exists only where a mapping touches its segment, and knows its segment and its pages.',
  mapping: 'A page has a frame only inside a mapping, and may be used only as that mapping allows.',
  'copy-on-write': 'No entry allows stores to a private page that somebody else has too.',
  'dirty-log': 'No entry of a logged page allows stores unless the log has the page.',
  watch: 'A page table knows how many of its pages are watched, and those are present and writable.',
  frames: 'Every frame in use belongs to one table, or to as many pages as share it; none is lost.',
  locks: 'Locks are taken in order, held where needed, and released when an operation ends.',
} as const;

/** The name of a rule. */
export type Rule = keyof typeof RULES;

/** A rule that was found broken, and where. */
export interface Finding {
  readonly rule: Rule;
  readonly message: string;
}

/** The tables of a gmap, as a look at all of its region tables found them. */
export interface KnownTables {
  readonly region: number[];
  readonly segment: number[];
}

const PURPOSE_NUMBER = new Map(PURPOSES.map((purpose, number) => [purpose, number]));

/**
 * What one look over all tables of a host has seen. One object serves look after look: what it notes of a frame
 * carries the number of the look, so that nothing needs to be wiped.
 */
export class Census {
  readonly host: Host;
  readonly report: (finding: Finding) => void;
  readonly scan: TableScan;
  /** The tables of gmaps, as far as they are known not to have changed. */
  readonly tables = new Map<Gmap, KnownTables>();
  /** Live address-space-control elements, as `hi:lo`. */
  readonly spaces = new Set<string>();
  /** Linked guest entries, and what they designate. */
  readonly links = new Map<number, number>();
  /** Page tables and frames of 1 MiB of processes. */
  readonly designated: number[] = [];
  /** Halves of frames that hold page tables without PGSTEs, by frame. */
  readonly halves = new Map<number, number>();
  /** Blocks seen, by purpose. */
  readonly blocks = new Float64Array(PURPOSES.length);
  #look = 0;
  /** Of each frame that starts a block: the look that saw it, what for, and how many have it. */
  readonly #seen: Int32Array;
  readonly #purpose: Uint8Array;
  readonly #owners: Int32Array;
  /** Blocks seen in this look. */
  readonly #found: number[] = [];

  constructor(host: Host, report: (finding: Finding) => void) {
    this.host = host;
    this.report = report;
    this.scan = new TableScan(host.machine.storage);
    const frames = host.machine.storage.size / FRAME_SIZE;
    this.#seen = new Int32Array(frames);
    this.#purpose = new Uint8Array(frames);
    this.#owners = new Int32Array(frames);
  }

  /** A new look: nothing was seen yet. */
  begin(): void {
    this.#look++;
    this.spaces.clear();
    this.links.clear();
    this.designated.length = 0;
    this.halves.clear();
    this.blocks.fill(0);
    this.#found.length = 0;
  }

  /** Says that the element is live. */
  space(hi: number, lo: number): void {
    this.spaces.add(`${hi}:${lo}`);
  }

  /** Notes one of those who have a block. Whether so many may is for `checkFrames` to say. */
  own(address: number, purpose: Purpose): void {
    const frame = address / FRAME_SIZE;
    const number = PURPOSE_NUMBER.get(purpose) as number;
    if (this.#seen[frame] !== this.#look) {
      this.#seen[frame] = this.#look;
      this.#purpose[frame] = number;
      this.#owners[frame] = 1;
      this.#found.push(address);
      this.blocks[number]!++;
    } else if (this.#purpose[frame] === number && purpose === 'page') {
      this.#owners[frame]!++;
    } else {
      this.report({ rule: 'frames', message: `frame ${hex(address)} has two owners` });
    }
  }

  /** Every block seen: its address, what for, and how many have it. */
  eachBlock(callback: (address: number, purpose: Purpose, owners: number) => void): void {
    for (const address of this.#found) {
      const frame = address / FRAME_SIZE;
      const purpose = PURPOSES[this.#purpose[frame] as number] as Purpose;
      callback(address, purpose, this.#owners[frame] as number);
    }
  }

  /** Compares the links seen with the reverse maps. */
  checkLinks(): void {
    const { reverseMaps } = this.host.common;
    let listed = 0;
    for (const origin of this.designated) listed += this.#checkList(origin);
    if (listed === this.links.size && listed === reverseMaps.count) return;
    const message = `${this.links.size} guest entries are linked, the reverse maps hold ${reverseMaps.count}`;
    this.report({ rule: 'reverse-map', message });
    this.#reportUnlisted();
  }

  /** Checks one reverse map; says how many entries it has. */
  #checkList(origin: number): number {
    const { reverseMaps } = this.host.common;
    let listed = 0;
    for (let node = reverseMaps.first(origin); node >= 0; node = reverseMaps.after(node)) {
      const entry = reverseMaps.entryOf(node);
      if (this.links.get(entry) !== origin || ++listed > this.links.size) {
        const message = `page table ${hex(origin)}: entry ${hex(entry)} is in the reverse map and not linked`;
        this.report({ rule: 'reverse-map', message });
        break;
      }
    }
    return listed;
  }

  #reportUnlisted(): void {
    const { reverseMaps } = this.host.common;
    const listed = new Set<number>();
    for (const origin of this.designated) {
      for (let node = reverseMaps.first(origin); node >= 0; node = reverseMaps.after(node)) {
        if (listed.size > this.links.size) return;
        listed.add(reverseMaps.entryOf(node));
      }
    }
    for (const [entry, origin] of this.links) {
      if (listed.has(entry)) continue;
      const message = `page table ${hex(origin)}: entry ${hex(entry)} is linked and not in the reverse map`;
      this.report({ rule: 'reverse-map', message });
    }
  }
}
