/**
 * A host at a position, as a snapshot.
 */

import { Gmap, GUEST_SEGMENTS, type Host, type HostStats, type Mm, type Vcpu } from '../host/index.ts';
import {
  explainOwnWalk,
  explainWalk,
  extentsOf,
  guestRow,
  mappingExtents,
  ownTablesOf,
  PAGES_PER_SEGMENT,
  type Pages,
  type ProcessorState,
  pagesOf,
  processorState,
  type Row,
  type Table,
  type TableQuestion,
  tableExtents,
  tableOf,
} from '../inspect/index.ts';
import { absoluteAddress } from '../machine/index.ts';
import { EXTENTS, type Snapshot, type SpaceName, type SpaceOutline, type WalkAnswer } from './snapshot.ts';

const GUEST_PAGES = GUEST_SEGMENTS * PAGES_PER_SEGMENT;

/** A snapshot of a host, which may be in the middle of an operation. */
export class HostSnapshot implements Snapshot {
  readonly #host: Host;
  readonly #vcpu: () => Vcpu | null;

  /** @param vcpu the virtual CPU that runs on the first processor, if there is one */
  constructor(host: Host, vcpu: () => Vcpu | null = () => null) {
    this.#host = host;
    this.#vcpu = vcpu;
  }

  stats(): HostStats {
    return this.#host.stats();
  }

  outline(): SpaceOutline[] {
    const outlines: SpaceOutline[] = [];
    for (const mm of [...this.#host.processes].sort((a, b) => a.id - b.id)) {
      const process: SpaceName = `process ${mm.id}`;
      outlines.push(outlineOf(process, process, mm, mm.tables.limit));
      const guests = [...mm.gmaps].filter((guest) => guest instanceof Gmap).sort((a, b) => a.id - b.id);
      for (const gmap of guests) outlines.push(outlineOf(`gmap ${gmap.id}`, process, gmap, GUEST_PAGES));
    }
    return outlines;
  }

  row(name: SpaceName, first: number, end: number, limit: number): Row | null {
    const space = this.#space(name);
    if (space === null) return null;
    if (space instanceof Gmap) return { kind: 'guest', extents: guestRow(space, first, end, limit) };
    const extents = mappingExtents(space.mappings, first, end, limit);
    return { kind: 'process', extents, tables: tableExtents(space, first, end, limit) };
  }

  pages(name: SpaceName, first: number, end: number): Pages | null {
    const space = this.#space(name);
    return space === null ? null : pagesOf(space, first, end);
  }

  table(name: SpaceName, question: TableQuestion): Table | null {
    const space = this.#space(name);
    return space === null ? null : tableOf(space, question);
  }

  walk(name: SpaceName, address: bigint, virtual: boolean): WalkAnswer | null {
    const space = this.#space(name);
    if (space === null) return null;
    const { storage } = this.#host.machine;
    const mm = space instanceof Gmap ? space.mm : space;
    const byHost = (own: WalkAnswer['own'], absolute: bigint | null): WalkAnswer => ({
      own,
      absolute,
      walk: absolute === null ? null : explainWalk(storage, space.asce, absolute, mm.tables.pgstes),
    });
    if (!virtual) return byHost(null, address);
    const vcpu = this.#vcpu();
    if (vcpu === null || vcpu.vm.gmap !== space) return null;
    const tables = ownTablesOf(this.#host.machine.cpu(0), vcpu);
    // Without DAT a guest's virtual address is a real one.
    if (tables === null) return byHost(null, absoluteAddress(address, vcpu.block.prefix));
    const own = explainOwnWalk(storage, space.asce, tables, address);
    return byHost(own, own.absolute);
  }

  processors(): ProcessorState[] {
    const vcpu = this.#vcpu();
    return this.#host.machine.cpus.map((cpu, i) => processorState(this.#host, cpu, i === 0 ? vcpu : null));
  }

  #space(name: SpaceName): Mm | Gmap | null {
    const [kind, number] = name.split(' ') as [string, string];
    const id = Number(number);
    for (const mm of this.#host.processes) {
      if (kind === 'process') {
        if (mm.id === id) return mm;
      } else {
        for (const guest of mm.gmaps) if (guest instanceof Gmap && guest.id === id) return guest;
      }
    }
    return null;
  }
}

function outlineOf(name: SpaceName, process: SpaceName, space: Mm | Gmap, limit: number): SpaceOutline {
  return { name, process, asce: space.asce, limit, ...extentsOf(space, EXTENTS) };
}
