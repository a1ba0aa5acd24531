/**
 * The world of a scenario: one machine and its host, processes 0 to 15, and gmaps 0 to 63.
 */

import {
  type Gmap,
  Host,
  LinuxError,
  type MemoryFile,
  type Mm,
  PROCESS_LIMIT,
  VirtualMachine,
} from '../host/index.ts';
import { hex } from '../host/internal.ts';
import { type Cpu, Machine, type Storage } from '../machine/index.ts';
import type { Trace } from '../trace/index.ts';
import { formatBytes } from './format.ts';
import { CPUS, type Operation, type OperationOf } from './operation.ts';

/** Maximum number of bytes that one line reads, so that no line can exhaust memory. */
export const READ_LIMIT = 1n << 24n;

/** Options of a world. */
export interface WorldOptions {
  /** Bytes of absolute storage; the default is 1 GiB. */
  readonly storageSize?: number;
  /** Storage to reuse: see `MachineOptions`. */
  readonly storage?: Storage;
  /** Receives the events. */
  readonly trace?: Trace;
}

/** The answer to one operation. */
export interface Answer {
  /** The lines of the answer; several for a dump. Read them before the next operation. */
  readonly lines: Iterable<string>;
  /** The bytes read, for callers that do not need all of them in hexadecimal. */
  readonly data?: Uint8Array;
  /** The message of an error. */
  readonly explanation?: string;
}

const OK: Answer = { lines: ['ok'] };

/** Performs operations, one after another. */
export class World {
  readonly host: Host;
  readonly processes = new Map<number, Mm>();
  readonly gmaps = new Map<number, Gmap>();
  /** The virtual machines, by the name of their gmap. A gmap gets one when it is first needed. */
  readonly machines = new Map<number, VirtualMachine>();
  /** Watched pages that were invalidated since the last `watched`, by the name of the gmap. Guest page numbers. */
  readonly invalidated = new Map<number, Set<number>>();
  readonly files = new Map<number, MemoryFile>();

  /** @throws RangeError for an invalid storage size; LinuxError ENOMEM for one too small for a process */
  constructor(options: WorldOptions = {}) {
    // No operation executes instructions: nothing must be ready to compile them.
    this.host = new Host(new Machine({ ...options, cpus: CPUS, engine: 'interpret' }));
    this.processes.set(0, this.host.createMm());
  }

  /** Performs an operation. An operation that fails has changed nothing; its error is the answer. */
  perform(operation: Operation): Answer {
    try {
      return this.#perform(operation);
    } catch (error) {
      if (!(error instanceof LinuxError)) throw error;
      return { lines: [`error ${error.code}`], explanation: error.message };
    }
  }

  /** Returns a process. @throws LinuxError ENOENT if it does not exist */
  process(name = 0): Mm {
    const process = this.processes.get(name);
    if (!process) throw new LinuxError('ENOENT', `process ${name} does not exist`);
    return process;
  }

  /** Returns a gmap. @throws LinuxError ENOENT if it does not exist */
  gmap(name: number): Gmap {
    const gmap = this.gmaps.get(name);
    if (!gmap) throw new LinuxError('ENOENT', `gmap ${name} does not exist`);
    return gmap;
  }

  /** Returns a file. @throws LinuxError ENOENT if it does not exist */
  file(name: number): MemoryFile {
    const file = this.files.get(name);
    if (!file) throw new LinuxError('ENOENT', `file ${name} does not exist`);
    return file;
  }

  #perform(operation: Operation): Answer {
    switch (operation.verb) {
      case 'new':
        return this.#new(operation.process ?? 0);
      case 'fork':
        return this.#fork(operation);
      case 'mremap':
        return { lines: [`ok ${hex(this.process(operation.process).mremap(operation))}`] };
      case 'file':
      case 'file read':
      case 'file write':
      case 'file close':
        return this.#ofFile(operation);
      case 'exit':
        return this.#exit(operation.process ?? 0);
      case 'mmap':
        return this.#mmap(operation);
      case 'munmap':
        this.#reaching(operation).munmap({ address: operation.address, length: operation.length });
        return OK;
      case 'mprotect': {
        const { address, length, protection } = operation;
        this.#reaching(operation).mprotect({ address, length, protection });
        return OK;
      }
      case 'dontneed':
        this.#reaching(operation).dontNeed({ address: operation.address, length: operation.length });
        return OK;
      case 'fault':
        this.process(operation.process).fault(operation.address, operation.write ?? false);
        return OK;
      case 'stats':
        return { lines: [this.#stats()] };
      case 'fail':
        this.host.kernel.frames.failIn(Number(operation.count));
        return OK;
      case 'gmap_alloc':
        return this.#alloc(operation);
      case 'slot':
      case 'dirty':
      case 'key':
      case 'set_key':
        return this.#ofMachine(operation, this.gmap(operation.gmap));
      case 'gmap_free':
      case 'gmap_map_segment':
      case 'gmap_unmap_segment':
      case 'gmap_fault':
      case 'gmap_discard':
      case 'dump':
      case 'watch':
      case 'watched':
        return this.#ofGmap(operation, this.gmap(operation.gmap));
      default:
        return this.#access(operation);
    }
  }

  #new(name: number): Answer {
    if (this.processes.has(name)) throw new LinuxError('EEXIST', `process ${name} already exists`);
    this.processes.set(name, this.host.createMm(name));
    return OK;
  }

  #fork({ process, child }: OperationOf<'fork'>): Answer {
    const parent = this.process(process);
    if (this.processes.has(child)) throw new LinuxError('EEXIST', `process ${child} already exists`);
    this.processes.set(child, this.host.fork(parent, child));
    return OK;
  }

  #ofFile(operation: OperationOf<'file' | 'file read' | 'file write' | 'file close'>): Answer {
    const name = operation.file;
    switch (operation.verb) {
      case 'file':
        if (this.files.has(name)) throw new LinuxError('EEXIST', `file ${name} already exists`);
        this.files.set(name, this.host.createFile(operation.length));
        return OK;
      case 'file read':
        return bytes(this.file(name).read(operation.offset, readable(operation.length)));
      case 'file write':
        this.file(name).write(operation.offset, operation.bytes);
        return OK;
      case 'file close':
        this.file(name).close();
        this.files.delete(name);
        return OK;
    }
  }

  #exit(name: number): Answer {
    const process = this.process(name);
    this.host.exitMm(process);
    this.processes.delete(name);
    for (const [gmap, { mm }] of this.gmaps) if (mm === process) this.#forget(gmap);
    return OK;
  }

  #mmap(operation: OperationOf<'mmap'>): Answer {
    const { address, length, protection = 3, shared = false, large = false, offset = 0n } = operation;
    const mm = this.#reaching(operation, operation.high ?? false);
    mm.mmap({
      address,
      length,
      protection,
      taken: operation.fixed ? 'replace' : 'refuse',
      shared,
      large,
      ...(operation.file === undefined ? {} : { file: this.file(operation.file), offset }),
    });
    return OK;
  }

  /**
   * Returns the process of a range. The range must end below 4 TiB unless the process has memory beyond.
   * @throws LinuxError ENOENT, EINVAL
   */
  #reaching(
    { process, address, length }: { process?: number; address: bigint; length: bigint },
    beyond = this.process(process).tables.levels > 3,
  ): Mm {
    const mm = this.process(process);
    if (beyond || address + length <= PROCESS_LIMIT) return mm;
    throw new LinuxError('EINVAL', `${hex(address)} + ${hex(length)} is beyond 4 TiB`);
  }

  #alloc({ process, gmap: name }: OperationOf<'gmap_alloc'>): Answer {
    const mm = this.process(process);
    if (this.gmaps.has(name)) throw new LinuxError('EEXIST', `gmap ${name} already exists`);
    const gmap = this.host.createGmap(mm, name);
    this.gmaps.set(name, gmap);
    this.invalidated.set(name, new Set());
    this.#listen(name, gmap);
    return OK;
  }

  #free(name: number, gmap: Gmap): Answer {
    const machine = this.machines.get(name);
    if (machine) machine.destroy();
    else gmap.free();
    this.#forget(name);
    return OK;
  }

  #forget(gmap: number): void {
    this.gmaps.delete(gmap);
    this.machines.delete(gmap);
    this.invalidated.delete(gmap);
  }

  #ofGmap(
    operation: OperationOf<
      | 'gmap_free'
      | 'gmap_map_segment'
      | 'gmap_unmap_segment'
      | 'gmap_fault'
      | 'gmap_discard'
      | 'dump'
      | 'watch'
      | 'watched'
    >,
    gmap: Gmap,
  ): Answer {
    switch (operation.verb) {
      case 'gmap_free':
        return this.#free(operation.gmap, gmap);
      case 'gmap_map_segment':
        gmap.map(operation);
        return OK;
      case 'gmap_unmap_segment':
        gmap.unmap({ address: operation.to, length: operation.length });
        return OK;
      case 'gmap_fault':
        return { lines: [`ok ${hex(gmap.fault(operation.address))}`] };
      case 'gmap_discard':
        gmap.discard({ address: operation.from, length: operation.to - operation.from });
        return OK;
      case 'dump':
        return { lines: dump(gmap) };
      case 'watch':
        gmap.watch({ address: operation.address, length: operation.length });
        return OK;
      case 'watched': {
        const pages = this.invalidated.get(operation.gmap) as Set<number>;
        const line = listed([...pages].sort((a, b) => a - b));
        pages.clear();
        return line;
      }
    }
  }

  /** Returns the virtual machine of a gmap, created when it is first needed. */
  #machine(name: number, gmap: Gmap): VirtualMachine {
    const known = this.machines.get(name);
    if (known) return known;
    const machine = new VirtualMachine({ mm: gmap.mm, gmap });
    this.#listen(name, gmap);
    this.machines.set(name, machine);
    return machine;
  }

  /** Records watched pages of a gmap when they are invalidated. */
  #listen(name: number, gmap: Gmap): void {
    const pages = this.invalidated.get(name) as Set<number>;
    gmap.onInvalidated.subscribe((page) => void pages.add(page));
  }

  #ofMachine(operation: OperationOf<'slot' | 'dirty' | 'key' | 'set_key'>, gmap: Gmap): Answer {
    const machine = this.#machine(operation.gmap, gmap);
    switch (operation.verb) {
      case 'slot':
        machine.setMemoryRegion({
          slot: Number(operation.slot),
          flags: operation.log ? 1 : 0,
          guestPhysAddr: operation.to,
          memorySize: operation.length,
          userspaceAddr: operation.from,
        });
        return OK;
      case 'dirty': {
        const pages = machine.getDirtyLog(Number(operation.slot));
        const start = Number((machine.slots.all.get(Number(operation.slot))?.guestPhysAddr ?? 0n) >> 12n);
        return listed(pages.map((page) => start + page));
      }
      case 'key':
        return { lines: [`ok ${hex(machine.getKey(operation.address))}`] };
      case 'set_key':
        machine.setKey(operation.address, operation.key);
        return OK;
    }
  }

  #access(
    operation: OperationOf<
      'process read' | 'process write' | 'kernel read' | 'kernel write' | 'guest read' | 'guest write'
    >,
  ): Answer {
    const { host } = this;
    const { address } = operation;
    switch (operation.verb) {
      case 'process read': {
        const mm = this.process(operation.process);
        return bytes(host.readAsProcess(mm, this.#cpu(operation), address, readable(operation.length)));
      }
      case 'process write':
        host.writeAsProcess(this.process(operation.process), this.#cpu(operation), address, operation.bytes);
        return OK;
      case 'kernel read':
        return bytes(this.process(operation.process).read(address, readable(operation.length)));
      case 'kernel write':
        this.process(operation.process).write(address, operation.bytes);
        return OK;
      case 'guest read': {
        const gmap = this.gmap(operation.gmap);
        return bytes(host.readAsGuest(gmap, this.#cpu(operation), address, readable(operation.length)));
      }
      case 'guest write':
        host.writeAsGuest(this.gmap(operation.gmap), this.#cpu(operation), address, operation.bytes);
        return OK;
    }
  }

  /** Returns the processor of an access. By default, processes run on the first processor and guests on the others. */
  #cpu({ cpu, gmap }: { readonly cpu?: number; readonly gmap?: number }): Cpu {
    return this.host.machine.cpu(cpu ?? (gmap === undefined ? 0 : 1 + (gmap % (CPUS - 1))));
  }

  #stats(): string {
    const { rmaps, tables, pagetables, purges } = this.host.stats();
    return `rmaps ${rmaps} tables ${tables} pagetables ${pagetables} purges ${purges}`;
  }
}

function readable(length: bigint): number {
  if (length > READ_LIMIT) {
    throw new LinuxError(
      'EINVAL',
      `${hex(length)} bytes are more than one line may read (${hex(READ_LIMIT)})`,
    );
  }
  return Number(length);
}

function bytes(data: Uint8Array): Answer {
  return data.length === 0 ? OK : { data, lines: hexadecimalLine(data) };
}

/** Yields one line, formatted when it is read: it has twice as many characters as there are bytes. */
function* hexadecimalLine(data: Uint8Array): IterableIterator<string> {
  yield `ok ${formatBytes(data)}`;
}

/** Formats guest page numbers as addresses in one line. */
function listed(pages: readonly number[]): Answer {
  return { lines: [['ok', ...pages.map((page) => hex(BigInt(page) << 12n))].join(' ')] };
}

/** Yields a line for each segment, formatted when it is read: there may be millions. */
function* dump(gmap: Gmap): IterableIterator<string> {
  for (const { guest, process, linked } of gmap.segments()) {
    // With an injected fault, a segment may be linked to a table that is not the process's.
    const behind = process < 0n ? 'to no page table' : hex(process);
    yield `segment ${hex(guest)} ${linked ? 'linked' : 'mapped'} ${behind}`;
  }
  yield 'end';
}
