/**
 * What happened in a run of a guest, for `boot --stats`: counts of events that are emitted when a guest leaves interpretive execution or a
 * table changes, so that they cost nothing per instruction, and counts that machine and devices have anyway.
 */

import type { Host } from '../host/index.ts';
import type { TraceEvent } from '../trace/index.ts';
import type { DeviceTraffic, Monitor } from '../vmm/index.ts';
import { columns } from './output.ts';

/** Numbers by names, in the order in which the names were met. */
type Counts = Readonly<Record<string, number>>;

/** The statistics of a run. */
export interface Statistics {
  /** Wall-clock time of the run, and the units of work done in it: instructions and interruptions. */
  readonly seconds: number;
  readonly instructions: number;
  /** Exits to the monitor by KVM's names of their reasons. */
  readonly exits: Counts;
  /** Interruptions that the guest took, by class. */
  readonly interruptions: Counts;
  /** Guest segments that were linked to page tables of the process, that lost their link, by reason, and that are linked now. */
  readonly links: number;
  readonly unlinks: Counts;
  readonly linked: number;
  /** Pages of the process that got a frame, and the page tables that it got and lost. */
  readonly pages: number;
  readonly pageTables: Counts;
  /** Purges of translations, by what purged them. */
  readonly purges: Counts;
  /** Look-ups in the translation-lookaside buffers: translations of the host, and the guest's own. */
  readonly tlb: { readonly host: TlbCounts; readonly guest: TlbCounts };
  readonly devices: readonly DeviceTraffic[];
}

interface TlbCounts {
  readonly hits: number;
  readonly misses: number;
}

/** Counts the events of a run from now on. */
export class RunStatistics {
  readonly #host: Host;
  readonly #started = performance.now();
  readonly #executed: number;
  readonly #exits: Record<string, number> = {};
  readonly #interruptions: Record<string, number> = {};
  readonly #unlinks: Record<string, number> = {};
  readonly #pageTables: Record<string, number> = {};
  readonly #purges: Record<string, number> = {};
  #links = 0;
  #pages = 0;

  constructor(host: Host) {
    this.#host = host;
    this.#executed = host.machine.cpu(0).executed;
    host.machine.trace.subscribe((event) => this.#add(event));
  }

  #add(event: TraceEvent): void {
    switch (event.type) {
      case 'interruption':
        if (event.guest) count(this.#interruptions, event.class);
        break;
      case 'exit':
        count(this.#exits, event.reason);
        break;
      case 'mm-fault':
        this.#pages++;
        break;
      case 'link':
        this.#links++;
        break;
      case 'unlink':
        count(this.#unlinks, event.reason);
        break;
      case 'page-table':
        count(this.#pageTables, event.change);
        break;
      case 'purge':
        count(this.#purges, event.by);
        break;
      default:
    }
  }

  /** Returns the statistics up to now. */
  of(monitor: Monitor): Statistics {
    const { machine } = this.#host;
    const { executed, tlb, guestTlb } = machine.cpu(0);
    return {
      ...{ seconds: (performance.now() - this.#started) / 1000, instructions: executed - this.#executed },
      ...{ exits: this.#exits, interruptions: this.#interruptions },
      ...{ links: this.#links, unlinks: this.#unlinks, linked: this.#host.stats().rmaps },
      ...{ pages: this.#pages, pageTables: this.#pageTables, purges: this.#purges },
      tlb: { host: lookups(tlb), guest: lookups(guestTlb) },
      devices: monitor.traffic,
    };
  }
}

function count(counts: Record<string, number>, name: string): void {
  counts[name] = (counts[name] ?? 0) + 1;
}

function lookups({ hits, misses }: TlbCounts): TlbCounts {
  return { hits, misses };
}

/** Returns statistics as lines for people. */
export function statisticsLines(statistics: Statistics): string[] {
  const { seconds, instructions, exits, interruptions, links, linked, unlinks } = statistics;
  const { pages, pageTables, purges, tlb, devices } = statistics;
  const rate = seconds > 0 ? `, ${(instructions / seconds / 1e6).toFixed(1)} million a second` : '';
  return columns([
    ['  time', `${seconds.toFixed(1)} s`],
    ['  instructions', `${grouped(instructions)}${rate}`],
    ['  exits', listed(exits)],
    ['  interruptions', listed(interruptions)],
    ['  guest segments', `${grouped(links)} linked, ${grouped(linked)} still; unlinked: ${listed(unlinks)}`],
    [
      '  pages',
      `${grouped(pages)} got a frame (${megabytes(pages * 4096)}); page tables: ${listed(pageTables)}`,
    ],
    ['  purges', listed(purges)],
    ['  TLB, host', hitsAndMisses(tlb.host)],
    ['  TLB, guest', hitsAndMisses(tlb.guest)],
    ...devices.map(deviceRow),
  ]);
}

/** Numbers are grouped by commas, whatever the language of the computer. */
function grouped(value: number): string {
  return value.toLocaleString('en-US');
}

/** Lists counts, the highest first. */
function listed(counts: Counts): string {
  const sorted = Object.entries(counts).sort(([, a], [, b]) => b - a);
  return sorted.map(([name, value]) => `${name} ${grouped(value)}`).join(', ') || 'none';
}

function hitsAndMisses({ hits, misses }: TlbCounts): string {
  return `${grouped(hits)} hits, ${grouped(misses)} misses`;
}

function megabytes(bytes: number): string {
  return `${(bytes / (1 << 20)).toFixed(1)} MiB`;
}

function deviceRow({ number, name, requests, bytesOut, bytesIn }: DeviceTraffic): [string, string] {
  const title = `  0.0.${number.toString(16).padStart(4, '0')}`;
  return [
    title,
    `${name}: ${grouped(requests)} requests, ${grouped(bytesOut)} bytes out, ${grouped(bytesIn)} in`,
  ];
}
