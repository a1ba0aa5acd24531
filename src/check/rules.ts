/**
 * The rules of check mode, and the census: the data that one pass over all tables collects for them.
 */

import type { Gmap, Host } from '../host/index.ts';
import { hex, PURPOSES, type Purpose } from '../host/internal.ts';
import { FRAME_SIZE, TableScan } from '../machine/index.ts';

/** The rules, by name. */
export const RULES = {
  'stale-translation': 'No processor uses a translation that a walk would not find now.',
  'table-format': 'Every table entry is empty, unlinked, or valid, bit for bit as its level requires.',
  link: 'A linked guest entry designates the page table of the process segment that it translates.',
  'reverse-map': 'The reverse map of a page table holds exactly the guest entries that designate it.',
  'page-table':
    'A page table exists only where a mapping touches its segment, and its descriptor has its segment and its pages.',
  mapping: 'A page has a frame only inside a mapping, and allows only what that mapping allows.',
  'copy-on-write': 'No entry allows stores to a private page whose frame is shared.',
  'dirty-log': 'No entry of a logged page allows stores unless the log has the page.',
  watch: 'The descriptor of a page table counts its watched pages, and those are present and writable.',
  frames: 'Every frame in use belongs to one table, or to as many pages as share it; none is lost.',
  locks: 'Locks are taken in order, held where needed, and released when an operation ends.',
} as const;

/** The name of a rule. */
export type Rule = keyof typeof RULES;

/** A broken rule, and where it is broken. */
export interface Finding {
  readonly rule: Rule;
  readonly message: string;
}

/** The tables of a gmap, as the last check of its region tables found them. */
export interface KnownTables {
  readonly region: number[];
  readonly segment: number[];
}

const PURPOSE_NUMBER = new Map(PURPOSES.map((purpose, number) => [purpose, number]));

/**
 * The data that one pass over all tables of a host collects. One object serves all passes: its notes about a frame carry
 * the number of the pass, so they need not be cleared.
 */
export class Census {
  readonly host: Host;
  readonly report: (finding: Finding) => void;
  readonly scan: TableScan;
  /** The tables of the gmaps whose region tables are known not to have changed. */
  readonly tables = new Map<Gmap, KnownTables>();
  /** Live address-space-control elements, as `hi:lo`. */
  readonly spaces = new Set<string>();
  /** Linked guest entries: the origin of the page table or 1 MiB frame that each designates. */
  readonly links = new Map<number, number>();
  /** Page tables and frames of 1 MiB of processes. */
  readonly designated: number[] = [];
  /** Halves of frames that hold page tables without PGSTEs, by frame. */
  readonly halves = new Map<number, number>();
  /** Blocks seen, by purpose. */
  readonly blocks = new Float64Array(PURPOSES.length);
  #pass = 0;
  /** For each frame that starts a block: the pass that saw it, its purpose, and the number of its owners. */
  readonly #seen: Int32Array;
  readonly #purpose: Uint8Array;
  readonly #owners: Int32Array;
  /** The blocks seen in this pass. */
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

  /** Begins a pass. */
  begin(): void {
    this.#pass++;
    this.spaces.clear();
    this.links.clear();
    this.designated.length = 0;
    this.halves.clear();
    this.blocks.fill(0);
    this.#found.length = 0;
  }

  /** Notes that an address-space-control element is live. */
  space(hi: number, lo: number): void {
    this.spaces.add(`${hi}:${lo}`);
  }

  /** Notes an owner of a block. `checkFrames` checks their number. */
  own(address: number, purpose: Purpose): void {
    const frame = address / FRAME_SIZE;
    const number = PURPOSE_NUMBER.get(purpose) as number;
    if (this.#seen[frame] !== this.#pass) {
      this.#seen[frame] = this.#pass;
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

  /** The number of blocks seen. */
  get size(): number {
    return this.#found.length;
  }

  /** Visits every block seen: its address, its purpose, and the number of its owners. */
  eachBlock(callback: (address: number, purpose: Purpose, owners: number) => void): void {
    for (const address of this.#found) {
      const frame = address / FRAME_SIZE;
      const purpose = PURPOSES[this.#purpose[frame] as number] as Purpose;
      callback(address, purpose, this.#owners[frame] as number);
    }
  }

  /** Compares the links that the pass has seen with the reverse maps, and reports differences. */
  checkLinks(): void {
    const { reverseMaps } = this.host.common;
    let listed = 0;
    for (const origin of this.designated) listed += this.#checkList(origin);
    if (listed === this.links.size && listed === reverseMaps.count) return;
    const linked =
      this.links.size === 1 ? '1 guest segment entry is' : `${this.links.size} guest segment entries are`;
    const message =
      listed === this.links.size
        ? `${linked} linked, but the reverse maps list ${reverseMaps.count}, some for tables that no longer exist`
        : `${linked} linked, but the reverse maps of the page tables in use list ${listed}`;
    this.report({ rule: 'reverse-map', message });
    this.#reportUnlisted();
  }

  /** Checks one reverse map. Returns the number of its entries. */
  #checkList(origin: number): number {
    const { reverseMaps } = this.host.common;
    let listed = 0;
    for (let node = reverseMaps.first(origin); node >= 0; node = reverseMaps.after(node)) {
      const entry = reverseMaps.entryOf(node);
      if (this.links.get(entry) !== origin || ++listed > this.links.size) {
        const message = `page table ${hex(origin)}: its reverse map lists the guest segment entry at ${hex(entry)}, which is not linked to it`;
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
      const message = `page table ${hex(origin)}: the guest segment entry at ${hex(entry)} is linked to it, but is not in its reverse map`;
      this.report({ rule: 'reverse-map', message });
    }
  }
}
