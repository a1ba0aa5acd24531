/**
 * Checks a trace, event by event, against the rules that its events alone can show to be broken.
 *
 * A trace may begin in the middle of a run: what happened before is unknown, and nothing is concluded from it. An operation of the
 * host emits its purges, links and table events first, and then the event that names it.
 */

import type {
  LinkEvent,
  PurgeEvent,
  TraceEvent,
  TraceEventOf,
  TraceEventType,
  UnlinkEvent,
} from '../../trace/index.ts';
import { CheckedGmaps } from './gmaps.ts';
import { type CheckedProcess, CheckedProcesses } from './processes.ts';
import type { FindingPlace, TraceFinding, TraceRule } from './rules.ts';
import { hex, pageAddress, pageNumber, segmentAddress, segmentNumber } from './units.ts';

/** The events inside operations. Every other event ends one, or happens between two. */
const INSIDE: ReadonlySet<TraceEventType> = new Set<TraceEventType>([
  'purge',
  'link',
  'unlink',
  'page-table',
  'large-frame',
]);
/** Maximum number of findings kept. Later ones are counted. */
const FINDINGS_MAX = 100;
/** The first page that needs a fourth level of tables: 4 TiB. */
const GROWN = 2 ** 30;

/** Checks the events of a trace. */
export class TraceChecker {
  /** The broken rules, at most 100. */
  readonly findings: TraceFinding[] = [];
  #broken = 0;
  #n = 0;
  /** The number of the first event of the operation in progress. */
  #operation = 0;
  /** The number of the last purge of a whole space (0 before one: the trace may begin after it), and of the last change of a 1 MiB frame that needs one. */
  #purged = 0;
  #large: { readonly n: number; readonly message: string; readonly about: FindingPlace } | null = null;
  readonly #processes = new CheckedProcesses();
  readonly #gmaps = new CheckedGmaps();

  /** How many rules were found broken, counting each place. */
  get broken(): number {
    return this.#broken;
  }

  /** Whether everything was checked: false if the trace has more pages, links or mappings than are followed. */
  get complete(): boolean {
    return this.#processes.complete && this.#gmaps.complete;
  }

  /** Checks an event. */
  add(event: TraceEvent): void {
    this.#checkLive(event);
    this.#apply(event);
    if (!INSIDE.has(event.type)) this.#endOperation();
    this.#n++;
  }

  /** Checks what must have happened by the end of the trace. */
  end(): void {
    this.#endOperation();
  }

  #report(rule: TraceRule, message: string, about: FindingPlace | null, because: number | null = null): void {
    this.#broken++;
    if (this.findings.length < FINDINGS_MAX)
      this.findings.push({ rule, n: this.#n, message, about, because });
  }

  #checkLive(event: TraceEvent): void {
    if ('gmap' in event && event.type !== 'gmap-alloc' && this.#gmaps.freed.has(event.gmap)) {
      this.#report('live-spaces', `gmap ${event.gmap} was freed`, null);
    }
    if ('mm' in event && event.type !== 'mm-alloc' && this.#processes.freed.has(event.mm)) {
      this.#report('live-spaces', `process ${event.mm} was freed`, null);
    }
  }

  #apply(event: TraceEvent): void {
    switch (event.type) {
      case 'mm-alloc':
        this.#processes.create(event.mm, event.asce);
        break;
      case 'mm-free':
        this.#freeProcess(event.mm);
        break;
      case 'gmap-alloc':
        this.#gmaps.create(event.gmap, event.mm, event.asce);
        break;
      case 'gmap-free':
        this.#freeGmap(event.gmap);
        break;
      case 'map':
      case 'unmap':
        this.#map(event);
        break;
      case 'link':
        this.#link(event);
        break;
      case 'unlink':
        this.#unlink(event);
        break;
      case 'gmap-fault':
        this.#fault(event);
        break;
      case 'purge':
        this.#purge(event);
        break;
      case 'page-table':
        this.#pageTable(event);
        break;
      case 'large-frame':
        this.#largeFrame(event);
        break;
      case 'mm-fault':
        this.#pageFault(event);
        break;
      case 'mmap':
        this.#grow(event.mm, event.address + event.length);
        // It may replace other mappings.
        this.#drop(event.mm, event.address, event.length);
        break;
      case 'munmap':
      case 'zap':
        this.#drop(event.mm, event.address, event.length);
        break;
      case 'mremap':
        this.#mremap(event);
        break;
      case 'mprotect':
        this.#protect(event);
        break;
      case 'fork':
        this.#processes.of(event.child).isSmall &&= this.#processes.of(event.mm).isSmall;
        break;
      case 'interruption':
      case 'exit':
      case 'system-call':
      case 'signal':
      case 'process-end':
      case 'tracepoint':
        break;
    }
  }

  #freeProcess(mm: number): void {
    for (const gmap of this.#gmaps.ofProcess(mm)) {
      this.#report('freed-linked', `process ${mm} is freed before its gmap ${gmap.id}`, null);
    }
    this.#processes.remove(mm);
    this.#processes.freed.add(mm);
  }

  #freeGmap(id: number): void {
    const gmap = this.#gmaps.of(id);
    for (const [segment, { since }] of gmap.links) {
      this.#report(
        'freed-linked',
        `gmap ${id} is freed while guest ${segmentAddress(segment)} is linked`,
        inGmap(id, segment),
        since,
      );
      break;
    }
    this.#endUnlinks();
    this.#gmaps.remove(id);
    this.#gmaps.freed.add(id);
  }

  #map(event: TraceEventOf<'map'> | TraceEventOf<'unmap'>): void {
    const gmap = this.#gmaps.of(event.gmap);
    const first = segmentNumber(event.type === 'map' ? event.to : event.address);
    const process = event.type === 'map' ? segmentNumber(event.from) : null;
    this.#gmaps.map(gmap, first, first + segmentNumber(event.length), process);
  }

  #link(event: LinkEvent): void {
    const gmap = this.#gmaps.of(event.gmap);
    const [segment, process] = [segmentNumber(event.guest), segmentNumber(event.process)];
    const before = gmap.links.get(segment);
    const guest = `gmap ${event.gmap}: guest ${hex(event.guest)}`;
    const about = inGmap(event.gmap, segment);
    if (before !== undefined) this.#report('link-state', `${guest} is linked already`, about, before.since);
    const mapped = gmap.mapped.at(segment);
    if (gmap.isMapped && mapped !== process) {
      const behind = mapped === null ? 'nothing' : `process ${segmentAddress(mapped)}`;
      this.#report(
        'link-mapping',
        `${guest} is linked to process ${hex(event.process)}, but ${behind} is mapped there`,
        about,
      );
    }
    if (gmap.mm !== null) this.#checkTable(event, this.#processes.of(gmap.mm));
    this.#gmaps.link(gmap, segment, { process, table: event.pageTable, since: this.#n });
  }

  /** Checks that a link designates the table of its process segment. */
  #checkTable({ gmap, guest, process: address, pageTable }: LinkEvent, process: CheckedProcess): void {
    const segment = segmentNumber(address);
    const known = process.tables.get(segment) ?? process.large.get(segment);
    if (known === pageTable || (known === undefined && !process.isKnown) || !this.complete) return;
    const has = known === undefined ? 'has none' : `has ${hex(known)}`;
    this.#report(
      'link-table',
      `gmap ${gmap}: guest ${hex(guest)} is linked to ${hex(pageTable)}, but the process segment ${has}`,
      inGmap(gmap, segmentNumber(guest)),
    );
  }

  #unlink(event: UnlinkEvent): void {
    const gmap = this.#gmaps.of(event.gmap);
    const segment = segmentNumber(event.guest);
    if (!gmap.links.has(segment) && gmap.mm !== null && this.complete) {
      this.#report(
        'link-state',
        `gmap ${event.gmap}: guest ${hex(event.guest)} is unlinked, but was not linked`,
        inGmap(event.gmap, segment),
      );
    }
    this.#gmaps.unlink(gmap, segment);
    if (gmap.asce === null || gmap.pending !== null) return;
    gmap.pending = { n: this.#n, guest: event.guest };
    this.#gmaps.pending.add(gmap);
  }

  #fault(event: TraceEventOf<'gmap-fault'>): void {
    const gmap = this.#gmaps.of(event.gmap);
    const link = gmap.links.get(segmentNumber(event.guest));
    const guest = `gmap ${event.gmap}: the fault at guest ${hex(event.guest)}`;
    const about = { space: `gmap ${event.gmap}`, address: event.guest } as const;
    if (link === undefined) {
      if (gmap.mm !== null && this.complete)
        this.#report('fault-link', `${guest} was resolved, but its segment is not linked`, about);
    } else if (link.process !== segmentNumber(event.process)) {
      const behind = segmentAddress(link.process);
      this.#report(
        'fault-link',
        `${guest} was resolved to process ${hex(event.process)}, but its segment is linked to ${behind}`,
        about,
        link.since,
      );
    }
  }

  #purge({ by, asce, pageTable, page }: PurgeEvent): void {
    if (by === 'ipte') {
      this.#processes.purgePage(pageTable ?? 0n, page ?? 0, this.#n);
      return;
    }
    this.#purged = this.#n;
    this.#gmaps.purge(by === 'all' ? null : (asce ?? 0n));
  }

  /** Whether the translations of a whole space were purged in the operation in progress. */
  get #isPurged(): boolean {
    return this.#purged >= this.#operation;
  }

  #pageTable({ mm, change, address, origin }: TraceEventOf<'page-table'>): void {
    const process = this.#processes.of(mm);
    const segment = segmentNumber(address);
    if (change === 'new') {
      this.#processes.addTable(process, segment, origin);
      return;
    }
    this.#checkUnlinked(origin, `page table ${hex(origin)} of process ${mm}`);
    this.#endUnlinks();
    if (!this.#isPurged) {
      const message = `page table ${hex(origin)} of process ${mm} is freed without a purge`;
      this.#report('table-purge', message, { space: `process ${mm}`, address });
    }
    this.#processes.removeTable(process, segment, origin);
  }

  #largeFrame({ mm, change, address, frame }: TraceEventOf<'large-frame'>): void {
    const process = this.#processes.of(mm);
    const segment = segmentNumber(address);
    if (change === 'new') {
      process.large.set(segment, frame);
      return;
    }
    process.large.delete(segment);
    const what = `the 1 MiB frame ${hex(frame)} of process ${mm}`;
    if (change === 'freed') this.#checkUnlinked(frame, what);
    const about = { space: `process ${mm}`, address } as const;
    this.#large ??= { n: this.#n, message: `${what} is ${change} without a purge`, about };
  }

  /** Checks that nothing is linked to what is being freed. */
  #checkUnlinked(table: bigint, what: string): void {
    for (let linked = this.#gmaps.linkedTo(table); linked !== null; linked = this.#gmaps.linkedTo(table)) {
      const { gmap, segment } = linked;
      const since = gmap.links.get(segment)?.since ?? null;
      this.#report(
        'freed-linked',
        `${what} is freed while guest ${segmentAddress(segment)} of gmap ${gmap.id} is linked to it`,
        inGmap(gmap.id, segment),
        since,
      );
      this.#gmaps.unlink(gmap, segment);
    }
  }

  #pageFault({ mm, address, frame, write }: TraceEventOf<'mm-fault'>): void {
    const process = this.#processes.of(mm);
    const page = pageNumber(address);
    for (const before of process.pagesIn(page, page + 1)) {
      if (before.frame !== frame && before.purged < this.#operation && before.accessible) {
        this.#pageNotPurged(mm, page, before.since, 'gets another frame');
      }
    }
    const purged = -1;
    this.#processes.setPage(process, {
      page,
      frame,
      writable: write,
      accessible: true,
      since: this.#n,
      purged,
    });
  }

  #pageNotPurged(mm: number, page: number, since: number, what: string): void {
    const message = `page ${pageAddress(page)} of process ${mm} ${what} without a purge`;
    this.#report('page-purge', message, { space: `process ${mm}`, address: BigInt(page) << 12n }, since);
  }

  /** A process gets memory up to an address. */
  #grow(mm: number, end: bigint): void {
    const process = this.#processes.of(mm);
    if (!process.isSmall || pageNumber(end) <= GROWN) return;
    process.isSmall = false;
    if (!this.#isPurged)
      this.#report('growth-purge', `process ${mm} gets a fourth level of tables without a purge`, null);
  }

  /** Pages lose their frames. */
  #drop(mm: number, address: bigint, length: bigint): void {
    const process = this.#processes.of(mm);
    const start = pageNumber(address);
    for (const page of [...process.pagesIn(start, start + pageNumber(length))]) {
      if (page.purged < this.#operation && page.accessible && !this.#isPurged) {
        this.#pageNotPurged(mm, page.page, page.since, 'loses its frame');
      }
      this.#processes.dropPage(process, page.page);
    }
  }

  #mremap({ mm, address, length, to, newLength }: TraceEventOf<'mremap'>): void {
    this.#grow(mm, to + newLength);
    // Pages that move keep their frames, but where the trace does not follow them.
    if (to !== address) {
      this.#drop(mm, address, length);
      this.#drop(mm, to, newLength);
    } else if (newLength < length) this.#drop(mm, address + newLength, length - newLength);
  }

  #protect({ mm, address, length, protection }: TraceEventOf<'mprotect'>): void {
    const process = this.#processes.of(mm);
    const start = pageNumber(address);
    for (const page of process.pagesIn(start, start + pageNumber(length))) {
      const loses = protection === 0 ? page.accessible : page.writable && (protection & 2) === 0;
      if (loses && page.purged < this.#operation && !this.#isPurged) {
        this.#pageNotPurged(
          mm,
          page.page,
          page.since,
          protection === 0 ? 'becomes inaccessible' : 'becomes read-only',
        );
      }
      page.accessible = protection !== 0;
      if ((protection & 2) === 0) page.writable = false;
    }
  }

  /** Reports unlinks that no purge has followed. */
  #endUnlinks(): void {
    for (const gmap of this.#gmaps.pending) {
      const { n, guest } = gmap.pending as NonNullable<typeof gmap.pending>;
      const message = `gmap ${gmap.id}: guest ${hex(guest)} was unlinked without a purge`;
      this.#report('unlink-purge', message, { space: `gmap ${gmap.id}`, address: guest }, n);
    }
    this.#gmaps.purge(null);
  }

  #endOperation(): void {
    this.#endUnlinks();
    if (this.#large !== null && !this.#isPurged)
      this.#report('large-purge', this.#large.message, this.#large.about, this.#large.n);
    this.#large = null;
    this.#operation = this.#n + 1;
  }
}

/** Returns a segment of a guest. */
function inGmap(gmap: number, segment: number): FindingPlace {
  return { space: `gmap ${gmap}`, address: BigInt(segment) << 20n };
}
