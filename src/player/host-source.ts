/**
 * Snapshots of a host, which may be in the middle of an operation.
 */

import { type Gmap, GUEST_SEGMENTS, type Host, type HostStats, type Mm, type Vcpu } from '../host/index.ts';
import {
  explainOwnWalk,
  explainWalk,
  ownTablesOf,
  PAGES_PER_SEGMENT,
  type ProcessorState,
  processorState,
  type SegmentPages,
  segmentPagesOf,
  type Table,
  type TableQuery,
  tableOf,
} from '../inspect/index.ts';
import { viewOf } from '../inspect/internal.ts';
import { absoluteAddress } from '../machine/index.ts';
import { NO_SYMBOLS, type SymbolTable } from '../vmm/index.ts';
import {
  type MachineView,
  parseName,
  type SnapshotSource,
  type Space,
  type SpaceName,
  type WalkAnswer,
  type WalkOptions,
} from './snapshot.ts';

/** Pages that a guest can have. */
export const GUEST_PAGES = GUEST_SEGMENTS * PAGES_PER_SEGMENT;

/** A host as a source of snapshots. */
export class HostSource implements SnapshotSource, MachineView {
  readonly machine: MachineView = this;
  readonly #host: Host;
  readonly #vcpu: () => Vcpu | null;
  readonly #symbols: SymbolTable;

  /**
   * @param vcpu returns the virtual CPU that runs on the first processor, or null
   * @param symbols of the image of the guest
   */
  constructor(host: Host, vcpu: () => Vcpu | null = () => null, symbols: SymbolTable = NO_SYMBOLS) {
    this.#host = host;
    this.#vcpu = vcpu;
    this.#symbols = symbols;
  }

  *spaces(): Iterable<Space> {
    for (const mm of [...this.#host.processes].sort((a, b) => a.id - b.id)) {
      yield spaceOf(mm);
      for (const gmap of [...this.#host.gmapsOf(mm)].sort((a, b) => a.id - b.id)) yield spaceOf(gmap);
    }
  }

  space(name: SpaceName): Space | null {
    const found = this.#find(name);
    return found && spaceOf(found);
  }

  stats(): HostStats {
    return this.#host.stats();
  }

  table(name: SpaceName, query: TableQuery): Table | null {
    const space = this.#find(name);
    return space && tableOf(space, query);
  }

  segmentPages(name: SpaceName, page: number): SegmentPages | null {
    const space = this.#find(name);
    return space && segmentPagesOf(space, page);
  }

  walk(name: SpaceName, address: bigint, { virtual = false }: WalkOptions = {}): WalkAnswer | null {
    const space = this.#find(name);
    if (space === null) return null;
    const { storage } = this.#host.machine;
    const mm = space.kind === 'gmap' ? space.mm : space;
    const byHost = (own: WalkAnswer['own'], absolute: bigint | null): WalkAnswer => ({
      own,
      absolute,
      walk: absolute === null ? null : explainWalk(storage, space.asce, absolute, mm.tables.pgstes),
    });
    if (!virtual) return byHost(null, address);
    const vcpu = this.#vcpu();
    if (vcpu === null || vcpu.vm.gmap !== space) return null;
    const tables = ownTablesOf(this.#host.machine.cpu(0), vcpu);
    // With DAT off, a virtual address of the guest is a real one.
    if (tables === null) return byHost(null, absoluteAddress(address, vcpu.block.prefix));
    const own = explainOwnWalk(storage, space.asce, tables, address);
    return byHost(own, own.absolute);
  }

  processors(): ProcessorState[] {
    const vcpu = this.#vcpu();
    return this.#host.machine.cpus.map((cpu, i) =>
      this.#withSymbols(processorState(this.#host, cpu, i === 0 ? vcpu : null)),
    );
  }

  #withSymbols(state: ProcessorState): ProcessorState {
    if (this.#symbols.size === 0) return state;
    const code = state.registers.code.map((line) => {
      const symbol = this.#symbols.nameOf(line.address);
      return symbol === null ? line : { ...line, symbol };
    });
    return { ...state, registers: { ...state.registers, code } };
  }

  #find(name: SpaceName): Mm | Gmap | null {
    const { isGmap, id } = parseName(name);
    for (const mm of this.#host.processes) {
      if (!isGmap && mm.id === id) return mm;
      const gmap = isGmap ? this.#host.gmapsOf(mm).find((one) => one.id === id) : undefined;
      if (gmap) return gmap;
    }
    return null;
  }
}

function spaceOf(space: Mm | Gmap): Space {
  const view = viewOf(space);
  const { asce, id } = space;
  return space.kind === 'gmap'
    ? { name: `gmap ${id}`, process: `process ${space.mm.id}`, asce, limit: GUEST_PAGES, view }
    : { name: `process ${id}`, process: `process ${id}`, asce, limit: space.tables.limit, view };
}
