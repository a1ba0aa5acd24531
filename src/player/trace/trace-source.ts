/**
 * Snapshots of a trace: the spaces as its events describe them. A trace has no tables and no processors.
 */

import type { TraceEvent } from '../../trace/index.ts';
import { GUEST_PAGES } from '../host-source.ts';
import { parseName, type SnapshotSource, type Space, type SpaceName } from '../snapshot.ts';
import { segmentNumberOf, TraceGmap } from './trace-gmap.ts';
import { TraceProcess } from './trace-process.ts';
import { type TracedWalk, walkOfGmap, walkOfProcess } from './traced-walk.ts';

/** Pages that three levels of tables translate: the least that a process can have. */
const LEAST_LIMIT = 2 ** 30;
/** Maximum number of mappings and pages that all forks together copy: each fork may double them. */
const COPIES_LIMIT = 1_000_000;
/** Maximum number of spaces listed. */
const SPACES_LIMIT = 500;

/** The spaces of a trace. */
export class TraceSource implements SnapshotSource {
  readonly machine = null;
  readonly #processes = new Map<number, TraceProcess>();
  readonly #gmaps = new Map<number, TraceGmap>();
  #copies = 0;

  /** Applies an event. @throws Error if forks copy more than the limit */
  add(event: TraceEvent): void {
    switch (event.type) {
      case 'mm-alloc':
        this.#processes.set(event.mm, new TraceProcess(event.asce));
        break;
      case 'mm-free':
        this.#processes.delete(event.mm);
        break;
      case 'gmap-alloc':
        this.#gmaps.set(event.gmap, new TraceGmap(event.mm, this.#process(event.mm), event.asce));
        break;
      case 'gmap-free':
        this.#gmaps.delete(event.gmap);
        break;
      case 'map':
      case 'unmap':
      case 'link':
      case 'unlink':
        this.#gmaps.get(event.gmap)?.add(event);
        break;
      default:
        if ('mm' in event) this.#applyTo(this.#process(event.mm), event);
    }
  }

  /** Returns a process, which the trace may not have introduced. */
  #process(mm: number): TraceProcess {
    const known = this.#processes.get(mm);
    if (known) return known;
    const made = new TraceProcess(null);
    this.#processes.set(mm, made);
    return made;
  }

  #applyTo(process: TraceProcess, event: TraceEvent & { readonly mm: number }): void {
    switch (event.type) {
      case 'mmap':
        process.map(pageOf(event.address), pageOf(event.length), event.protection);
        break;
      case 'munmap':
        process.unmap(pageOf(event.address), pageOf(event.length));
        break;
      case 'mprotect':
        process.protect(pageOf(event.address), pageOf(event.length), event.protection);
        break;
      case 'mremap': {
        const { address, length, to, newLength } = event;
        process.move(pageOf(address), pageOf(length), pageOf(to), pageOf(newLength));
        break;
      }
      case 'fork':
        this.#fork(process, event.child);
        break;
      case 'zap':
        process.drop(pageOf(event.address), pageOf(event.length));
        break;
      case 'mm-fault':
        process.setPresent(pageOf(event.address), event.frame);
        break;
      case 'page-table':
        if (event.change === 'new') process.addTable(segmentNumberOf(event.address), false, event.origin);
        else process.removeTable(segmentNumberOf(event.address), event.origin);
        break;
      case 'large-frame':
        if (event.change === 'new') process.addTable(segmentNumberOf(event.address), true, event.frame);
        else if (event.change === 'freed') process.removeTable(segmentNumberOf(event.address), event.frame);
        else process.split(segmentNumberOf(event.address), event.frame);
        break;
    }
  }

  #fork(parent: TraceProcess, id: number): void {
    const child = this.#process(id);
    if (child === parent) return;
    this.#copies += parent.weight;
    if (this.#copies > COPIES_LIMIT) throw new Error('forks copy more than a million mappings and pages');
    child.copy(parent);
  }

  *spaces(): Iterable<Space> {
    const gmaps = this.#gmapsByProcess();
    let count = 0;
    for (const [id, process] of [...this.#processes].sort((a, b) => a[0] - b[0])) {
      const guests = (gmaps.get(id) ?? []).map(([number, gmap]) => guestSpace(number, gmap));
      for (const space of [processSpace(id, process), ...guests]) {
        if (count++ === SPACES_LIMIT) return;
        yield space;
      }
    }
  }

  #gmapsByProcess(): Map<number, [number, TraceGmap][]> {
    const found = new Map<number, [number, TraceGmap][]>();
    for (const [number, gmap] of [...this.#gmaps].sort((a, b) => a[0] - b[0])) {
      const others = found.get(gmap.mm);
      if (others) others.push([number, gmap]);
      else found.set(gmap.mm, [[number, gmap]]);
    }
    return found;
  }

  traced(name: SpaceName, address: bigint): TracedWalk | null {
    const { isGmap, id } = parseName(name);
    if (!isGmap) {
      const process = this.#processes.get(id);
      return process === undefined ? null : walkOfProcess(process, address);
    }
    const gmap = this.#gmaps.get(id);
    return gmap === undefined ? null : walkOfGmap(gmap, address);
  }

  space(name: SpaceName): Space | null {
    const { isGmap, id } = parseName(name);
    if (isGmap) {
      const gmap = this.#gmaps.get(id);
      return gmap ? guestSpace(id, gmap) : null;
    }
    const process = this.#processes.get(id);
    return process ? processSpace(id, process) : null;
  }
}

function processSpace(id: number, view: TraceProcess): Space {
  const name: SpaceName = `process ${id}`;
  return { name, process: name, asce: view.asce, limit: Math.max(LEAST_LIMIT, view.mappedEnd), view };
}

function guestSpace(id: number, view: TraceGmap): Space {
  return { name: `gmap ${id}`, process: `process ${view.mm}`, asce: view.asce, limit: GUEST_PAGES, view };
}

function pageOf(address: bigint): number {
  return Number(address >> 12n);
}
