/**
 * The world that a scenario happens in: one machine, one process, and gmaps named 0 to 63.
 */

import { type Gmap, Host, hex, LinuxError, type Mm, PROCESS_LIMIT } from '../host/index.ts';
import { type Cpu, Machine } from '../machine/index.ts';
import type { Trace } from '../trace/index.ts';
import type { Operation } from './parse.ts';

/** Processors of the world: the process's code runs on the first, guests share the others. */
const CPUS = 4;
/** Bytes that one line may read: what a person can look at, and a hostile line cannot fill the memory with. */
const READ_LIMIT = 1n << 24n;

/** How the world is made. */
export interface WorldOptions {
  /** Bytes of absolute storage; default 1 GiB. */
  readonly storageSize?: number;
  /** Where events go. */
  readonly trace?: Trace;
}

/** The answer to one operation. */
export interface Answer {
  /** What the scenario's reader sees, one line or, for a dump, several: to be read before the next operation. */
  readonly lines: Iterable<string>;
  /** The sentence that goes with an error. */
  readonly explanation?: string;
}

const OK: Answer = { lines: ['ok'] };

/** A world, to which operations happen one after another. */
export class World {
  readonly host: Host;
  readonly process: Mm;
  readonly gmaps = new Map<number, Gmap>();

  /** @throws RangeError for a storage size that cannot be; LinuxError ENOMEM for one too small for a process */
  constructor(options: WorldOptions = {}) {
    this.host = new Host(new Machine({ ...options, cpus: CPUS }));
    this.process = this.host.createProcess();
  }

  /** Performs an operation. An operation that ends with an error has changed nothing, and is answered with it. */
  perform(operation: Operation): Answer {
    try {
      return this.#perform(operation);
    } catch (error) {
      if (!(error instanceof LinuxError)) throw error;
      return { lines: [`error ${error.code}`], explanation: error.message };
    }
  }

  /** The gmap of that name. @throws LinuxError ENOENT */
  gmap(name: number): Gmap {
    const gmap = this.gmaps.get(name);
    if (!gmap) throw new LinuxError('ENOENT', `there is no gmap ${name}`);
    return gmap;
  }

  #perform(operation: Operation): Answer {
    const { process } = this;
    switch (operation.verb) {
      case 'mmap':
        demandLow(operation);
        process.mmap({ address: operation.address, length: operation.length });
        return OK;
      case 'munmap':
        demandLow(operation);
        process.munmap(operation.address, operation.length);
        return OK;
      case 'gmap_alloc':
        return this.#alloc(operation.gmap);
      case 'gmap_free':
        this.gmap(operation.gmap).free();
        this.gmaps.delete(operation.gmap);
        return OK;
      case 'gmap_map_segment':
        this.gmap(operation.gmap).map(operation);
        return OK;
      case 'gmap_unmap_segment':
        this.gmap(operation.gmap).unmap(operation);
        return OK;
      case 'gmap_fault':
        return { lines: [`ok ${hex(this.gmap(operation.gmap).fault(operation.address))}`] };
      case 'gmap_discard':
        this.gmap(operation.gmap).discard({ from: operation.from, to: operation.to });
        return OK;
      case 'dump':
        return { lines: dump(this.gmap(operation.gmap)) };
      case 'stats':
        return { lines: [this.#stats()] };
      case 'fail':
        this.host.kernel.frames.failIn(Number(operation.count));
        return OK;
      default:
        return this.#access(operation);
    }
  }

  #alloc(name: number): Answer {
    if (this.gmaps.has(name)) throw new LinuxError('EEXIST', `there is a gmap ${name} already`);
    this.gmaps.set(name, this.host.createGmap(this.process, name));
    return OK;
  }

  #access(
    operation: Extract<Operation, { verb: 'process read' | 'process write' | 'guest read' | 'guest write' }>,
  ): Answer {
    const { host, process } = this;
    const { address } = operation;
    switch (operation.verb) {
      case 'process read':
        return bytes(host.readAsProcess(process, host.machine.cpu(0), address, readable(operation.length)));
      case 'process write':
        host.writeAsProcess(process, host.machine.cpu(0), address, operation.bytes);
        return OK;
      case 'guest read': {
        const gmap = this.gmap(operation.gmap);
        return bytes(
          host.readAsGuest(gmap, this.#cpuOf(operation.gmap), address, readable(operation.length)),
        );
      }
      default:
        host.writeAsGuest(this.gmap(operation.gmap), this.#cpuOf(operation.gmap), address, operation.bytes);
        return OK;
    }
  }

  #cpuOf(gmap: number): Cpu {
    return this.host.machine.cpu(1 + (gmap % (CPUS - 1)));
  }

  #stats(): string {
    const { rmaps, tables, pagetables, purges } = this.host.stats();
    return `rmaps ${rmaps} tables ${tables} pagetables ${pagetables} purges ${purges}`;
  }
}

/** What a scenario maps is where a guest can have it. */
function demandLow({ address, length }: { readonly address: bigint; readonly length: bigint }): void {
  if (address + length <= PROCESS_LIMIT) return;
  throw new LinuxError('EINVAL', `${hex(address)} + ${hex(length)} is beyond 4 TiB`);
}

function readable(length: bigint): number {
  if (length > READ_LIMIT) {
    throw new LinuxError(
      'EINVAL',
      `${hex(length)} bytes are more than the ${hex(READ_LIMIT)} that one line may read`,
    );
  }
  return Number(length);
}

function bytes(data: Uint8Array): Answer {
  if (data.length === 0) return OK;
  let text = 'ok ';
  for (const byte of data) text += byte.toString(16).padStart(2, '0');
  return { lines: [text] };
}

/** A line a segment, made as they are read: there may be millions. */
function* dump(gmap: Gmap): IterableIterator<string> {
  for (const { guest, process, linked } of gmap.segments()) {
    yield `segment ${hex(guest)} ${linked ? 'linked' : 'mapped'} ${hex(process)}`;
  }
  yield 'end';
}
