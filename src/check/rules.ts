/**
 * The rules that are checked, and what one look over the tables gathers for them.
 */

import { type Host, hex, type Purpose } from '../host/index.ts';

/** What can be broken. */
export const RULES = {
  'stale-translation': 'No processor uses a translation that a walk would not find now.',
  'table-format': 'Every table entry is empty, a promise, or valid, bit for bit as its level has it.',
  link: 'A linked guest entry designates the page table of the process segment that it translates.',
  'reverse-map': 'The reverse map of a page table holds exactly the guest entries that designate it.',
  'page-table':
    'A page table exists only where a mapping touches its segment, and knows its segment and its pages.',
  mapping: 'A page has a frame only inside a mapping, with the protection of that mapping.',
  frames: 'Every frame in use belongs to exactly one table or page; none is lost, none has two owners.',
  locks: 'Locks are taken in order, held where needed, and released when an operation ends.',
} as const;

/** The name of a rule. */
export type Rule = keyof typeof RULES;

/** A rule that was found broken, and where. */
export interface Finding {
  readonly rule: Rule;
  readonly message: string;
}

/** What one look over all tables of a host has seen. */
export class Census {
  readonly host: Host;
  readonly report: (finding: Finding) => void;
  /** Who owns each block in use: its absolute address, what it is for. */
  readonly owners = new Map<number, Purpose>();
  /** Live address-space-control elements, as `hi:lo`. */
  readonly spaces = new Set<string>();
  /** Linked guest entries, by the page table they designate. */
  readonly links = new Map<number, Set<number>>();
  /** Halves of frames that hold page tables without PGSTEs, by frame. */
  readonly halves = new Map<number, number>();

  constructor(host: Host, report: (finding: Finding) => void) {
    this.host = host;
    this.report = report;
  }

  /** Says that the element is live. */
  space(hi: number, lo: number): void {
    this.spaces.add(`${hi}:${lo}`);
  }

  /** Notes the owner of a block; a second owner is a finding. */
  own(address: number, purpose: Purpose): void {
    if (this.owners.has(address)) {
      this.report({ rule: 'frames', message: `frame ${hex(address)} has two owners` });
    }
    this.owners.set(address, purpose);
  }

  /** Compares the links seen with the reverse maps. */
  finish(): void {
    const { reverseMaps } = this.host.common;
    let seen = 0;
    for (const [table, entries] of this.links) {
      seen += entries.size;
      this.#compare(table, entries);
    }
    if (seen !== reverseMaps.count) {
      const message = `${seen} guest entries are linked, the reverse maps hold ${reverseMaps.count}`;
      this.report({ rule: 'reverse-map', message });
    }
  }

  #compare(table: number, entries: Set<number>): void {
    const { reverseMaps } = this.host.common;
    const left = new Set(entries);
    let steps = 0;
    for (let node = reverseMaps.first(table); node >= 0; node = reverseMaps.after(node)) {
      const entry = reverseMaps.entryOf(node);
      if (!left.delete(entry) || ++steps > entries.size) {
        const message = `page table ${hex(table)}: entry ${hex(entry)} is in the reverse map and not linked`;
        this.report({ rule: 'reverse-map', message });
        return;
      }
    }
    for (const entry of left) {
      const message = `page table ${hex(table)}: entry ${hex(entry)} is linked and not in the reverse map`;
      this.report({ rule: 'reverse-map', message });
    }
  }
}
